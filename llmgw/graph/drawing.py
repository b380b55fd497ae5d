"""The whole graph as boxes and arrows, for whoever draws it: what is alike is one box, however many routes lead there.

Trees are unfolded by public name (`graph.trees`), with the limits that hold there. Here they are folded again: a
route inside of another is the same box only if everything in it holds alike. Limits are told where they are not the
file's defaults.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from llmgw.config.model import DefaultsSection
from llmgw.graph import targets
from llmgw.graph.explain import as_spelled, conditions, kind_of, whole_limits
from llmgw.graph.model import Graph
from llmgw.graph.route import Leaf, Node, Pool, Route, children, entry_name

NOTHING_LEFT = "nothing left"
_TIMES = ("connect", "first_token", "idle", "total")
_WAITS = ("backoff", "max_backoff")


@dataclass(frozen=True, slots=True)
class Box:
    """A route or a target. Equal ones are the same."""

    name: str
    kind: str  # fallback, pool, when, target; or that nothing is left of it
    notes: tuple[str, ...] = ()
    arrows: tuple["Arrow", ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """What leads from a box to the next; `place` counts from 1 where the order matters, else it is 0."""

    to: Box
    notes: tuple[str, ...]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Root:
    """A name that callers may ask for, or a budget that leads elsewhere: then `when` says so."""

    name: str
    box: Box
    notes: tuple[str, ...] = ()
    when: str = ""


def drawn(graph: Graph, defaults: DefaultsSection) -> tuple[Root, ...]:
    """All that a graph leads to: routes in the file's order, then patterns, models, and budgets."""
    drawing = _Drawing(defaults)
    public = {**graph.routes, **{pattern.name: pattern.route for pattern in graph.patterns}}
    roots = [drawing.root(name, route) for name, route in public.items()]
    roots.sort(key=lambda root: root.box.kind == "target")
    exceeded = [(rule.scope.name, rule.on_exceeded) for rule in graph.rules.budgets if rule.on_exceeded is not None]
    return (*roots, *(drawing.root(route.name, route, f"budget {name} is used up") for name, route in exceeded))


def boxes(roots: Iterable[Root]) -> tuple[Box, ...]:
    """Each once, the outer before the inner."""
    found: dict[Box, None] = {}
    waiting = [root.box for root in roots][::-1]
    while waiting:
        box = waiting.pop()
        if box not in found:
            found[box] = None
            waiting.extend(arrow.to for arrow in reversed(box.arrows))
    return tuple(found)


class _Drawing:
    """Knows what is usual."""

    def __init__(self, defaults: DefaultsSection) -> None:
        self._usual = [targets.time_limits([defaults.timeout], local=local) for local in (False, True)]
        self._usual_retry = targets.retry([defaults.retry])
        self._usual_whole = whole_limits(defaults.deadline, defaults.max_attempts)

    def root(self, name: str, route: Route, when: str = "") -> Root:
        whole = (note for note in whole_limits(route.deadline_s, route.max_attempts) if note not in self._usual_whole)
        return Root(name, self._box(route.node, name), (*whole, *self._own(route.node)), when)

    def _box(self, node: Node, name: str) -> Box:
        if isinstance(node, Leaf):
            return Box(node.target.id, "target", (f"{node.target.provider}/{node.target.edits.model}",))
        arrows = tuple(self._arrows(node))
        return Box(name, kind_of(node) if arrows else NOTHING_LEFT, (), arrows)

    def _arrows(self, node: Node) -> Iterator[Arrow]:
        for place, (child, notes) in enumerate(zip(children(node), conditions(node), strict=True), 1):
            box = self._box(child, entry_name(child, node))
            told = tuple(note for note in notes if note not in self._usual_whole)
            yield Arrow(box, (*told, *self._own(child)), 0 if isinstance(node, Pool) else place)

    def _own(self, node: Node) -> tuple[str, ...]:
        """The limits of a target as it is reached, where they are not the usual ones."""
        if not isinstance(node, Leaf):
            return ()
        own = [
            f"{name} {as_spelled(time_s)}"
            for name, time_s, usual in (*self._times(node), *self._waits(node))
            if time_s not in usual
        ]
        tries = [] if node.retry.attempts == self._usual_retry.attempts else [f"attempts {node.retry.attempts}"]
        return (*own, *tries)

    def _times(self, leaf: Leaf) -> Iterator[tuple[str, float, list[float]]]:
        for name in _TIMES:
            usual = [getattr(limits, f"{name}_s") for limits in self._usual]
            yield name, getattr(leaf.limits, f"{name}_s"), usual

    def _waits(self, leaf: Leaf) -> Iterator[tuple[str, float, list[float]]]:
        for name in _WAITS:
            yield name, getattr(leaf.retry, f"{name}_s"), [getattr(self._usual_retry, f"{name}_s")]
