"""A route as a tree of plain lines: how people check that the file says what they meant.

Plain values and plain text; colours are the command line's business. Each line knows its path through the graph,
so that the way a request took can be marked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from llmgw.errors import FailureClass
from llmgw.graph.model import Resolved
from llmgw.graph.patterns import STAR
from llmgw.graph.route import Branch, Fallback, Leaf, Node, Pool, When, children, entry_name


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a route: `branch` draws the tree, `notes` say how this step is reached and what it is."""

    branch: str
    name: str
    kind: str  # fallback, pool, when, target
    notes: tuple[str, ...]
    path: str

    def __str__(self) -> str:
        return f"{self.branch}{self.name}" + (f"  {' · '.join(self.notes)}" if self.notes else "")

    def leads_to(self, path: str) -> bool:
        """Whether a candidate of this path was reached through this line."""
        return path == self.path or path.startswith(f"{self.path}/")


def explain(resolved: Resolved) -> tuple[Line, ...]:
    """The whole route, top down, with the star of a pattern filled in where the name asked for gives it."""
    route = resolved.route
    top = Line("", route.name, kind_of(route.node), whole_limits(route.deadline_s, route.max_attempts), route.node.path)
    return tuple(_lines(route.node, top, "", resolved.star))


def _lines(node: Node, line: Line, below: str, star: str) -> Iterator[Line]:
    """`line` is what the parent knows of the node; `below` stands before all lines under it."""
    own = _target_notes(node, star) if isinstance(node, Leaf) else (_told(node, line.kind),)
    yield Line(line.branch, _filled(line.name, star), line.kind, (*line.notes, *own), _filled(line.path, star))
    entries = list(zip(children(node), conditions(node), strict=True))
    for index, (child, notes) in enumerate(entries):
        mark, further = ("├─ ", "│  ") if index < len(entries) - 1 else ("└─ ", "   ")
        child_line = Line(below + mark, entry_name(child, node), kind_of(child), notes, child.path)
        yield from _lines(child, child_line, below + further, star)


def conditions(node: Node) -> Iterator[tuple[str, ...]]:
    """How each entry of a node is reached."""
    match node:
        case Leaf():
            return
        case Fallback(_, entries):
            yield from (_on_failure(entry.on_failure) for entry in entries)
        case Pool(_, members, by):
            total = sum(member.weight for member in members) if by == "weight" else 0.0
            yield from (_share(member.weight, total) for member in members)
        case When(_, branches):
            yield from (
                (_condition(branch), *whole_limits(branch.deadline_s, branch.max_attempts)) for branch in branches
            )
        case _:
            assert_never(node)


def _condition(branch: Branch) -> str:
    return f"if {branch.condition.source}" if branch.condition else "else"


def whole_limits(deadline_s: float | None, max_attempts: int | None) -> tuple[str, ...]:
    """Of the whole request, as far as they are said here."""
    deadline = () if deadline_s is None else (f"deadline {as_spelled(deadline_s)}",)
    return deadline if max_attempts is None else (*deadline, f"max_attempts {max_attempts}")


def kind_of(node: Node) -> str:
    return "target" if isinstance(node, Leaf) else type(node).__name__.lower()


def _target_notes(leaf: Leaf, star: str) -> tuple[str, ...]:
    limits, retry = leaf.limits, leaf.retry
    times = (limits.connect_s, limits.first_token_s, limits.idle_s, limits.total_s)
    connect, first_token, idle, total = map(as_spelled, times)
    return (
        f"{leaf.target.provider}/{_filled(leaf.target.edits.model, star)}",
        f"connect {connect}, first_token {first_token}, idle {idle}, total {total}",
        f"{retry.attempts} attempts" if retry.attempts > 1 else "1 attempt",
    )


def _on_failure(failures: frozenset[FailureClass] | None) -> tuple[str, ...]:
    if failures is None:
        return ()
    return (f"on_failure {', '.join(failure.value for failure in FailureClass if failure in failures)}",)


def _told(node: Node, kind: str) -> str:
    """What a step is that is no target; of a pool, how it chooses, where it does not just draw."""
    if not children(node):
        return "nothing left"
    if not isinstance(node, Pool):
        return kind
    by = "" if node.by == "weight" else f" by {node.by}"
    return f"{kind}{by}, sticky {node.sticky}" if node.sticky else f"{kind}{by}"


def _share(weight: float, total: float) -> tuple[str, ...]:
    """`total` 0: it is not by weight that is chosen."""
    if weight == 0:
        return ("weight 0: drained",)
    if total:
        return (f"weight {weight:g} ({weight / total:.0%})",)
    return () if weight == 1 else (f"weight {weight:g}",)


def as_spelled(time_s: float) -> str:
    """As the file would spell it."""
    for unit, size_s in (("d", 86400), ("h", 3600), ("m", 60)):
        if time_s >= size_s and time_s % size_s == 0:
            return f"{time_s / size_s:g}{unit}"
    return f"{time_s:g}s" if time_s >= 1 else f"{time_s * 1000:g}ms"


def _filled(text: str, star: str) -> str:
    return text.replace(STAR, star) if star else text
