"""Routes become trees: every name replaced by what it leads to, every limit by what holds there.

Each public name gets a tree of its own, so that a request only follows references; what the tree says about
limits is what the attempt will get. The nearest to the caller wins: the outermost route, then the routes inside
it, then the model, then the defaults.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from llmgw.config import model as file
from llmgw.config.problems import KeyPath
from llmgw.errors import FailureClass
from llmgw.graph import targets
from llmgw.graph.condition import Condition, ConditionError, compile_condition
from llmgw.graph.links import Links
from llmgw.graph.models import Models
from llmgw.graph.patterns import STAR
from llmgw.graph.report import Report
from llmgw.graph.route import Branch, Entry, Fallback, Leaf, Member, Node, Pool, When


@dataclass(frozen=True, slots=True)
class _Rules:
    """Rules of the routes on the way down, the outermost first. Of the whole request only one can hold."""

    timeouts: tuple[file.TimeoutEntry, ...] = ()
    retries: tuple[file.RetryEntry, ...] = ()
    deadline: float | None = None
    max_attempts: int | None = None

    def under(self, entry: file.RouteEntry | file.ModelEntry) -> "_Rules":
        timeouts = (*self.timeouts, entry.timeout) if entry.timeout else self.timeouts
        retries = (*self.retries, entry.retry) if entry.retry else self.retries
        rules = _Rules(timeouts, retries, self.deadline, self.max_attempts)
        return rules.or_else(entry.deadline, entry.max_attempts) if isinstance(entry, file.RouteEntry) else rules

    def or_else(self, deadline: float | None, max_attempts: int | None) -> "_Rules":
        """For the whole request: what has not been said further out."""
        return replace(
            self,
            deadline=deadline if self.deadline is None else self.deadline,
            max_attempts=max_attempts if self.max_attempts is None else self.max_attempts,
        )


class Trees:
    """Builds the tree of any name, of what the links found sound."""

    def __init__(self, config: file.ConfigFile, models: Models, links: Links, report: Report) -> None:
        self._config = config
        self._models = models
        self._links = links
        self._report = report
        self._conditions: dict[KeyPath, Condition | None] = {}

    def tree(self, name: str, path: str = "") -> Node | None:
        """The tree of a model or route, reached by that path (else its name); None if nothing of it is left."""
        return self._node(name, path or name, _Rules())

    def _node(self, use: str, path: str, rules: _Rules) -> Node | None:
        """The tree under a name, or None if it is broken or absent (said elsewhere)."""
        meaning = self._links.meaning(use)
        if meaning is None:
            return None
        if meaning.name in self._config.routes:
            node = self._route(meaning.name, path, rules)
        else:
            node = self._leaf(meaning.name, path, rules)
        return _filled(node, meaning.star, len(path)) if node is not None and meaning.star else node

    def _leaf(self, name: str, path: str, rules: _Rules) -> Leaf | None:
        target = self._models.targets.get(name)
        if target is None or name in self._models.absent:
            return None
        rules = rules.under(self._models.entry(name))
        defaults = self._config.defaults
        return Leaf(
            target=target,
            path=path,
            limits=targets.time_limits([*rules.timeouts, defaults.timeout], local=self._models.is_local(target)),
            retry=targets.retry([*rules.retries, defaults.retry]),
        )

    def _route(self, name: str, path: str, rules: _Rules) -> Node | None:
        entry = self._config.routes[name]
        rules = rules.under(entry)
        if entry.when is not None:
            return self._when(name, entry.when, path, rules)
        # A request may go through several of these entries: none of them has a say in the whole of it.
        rules = rules.or_else(self._config.defaults.deadline, self._config.defaults.max_attempts)
        if entry.fallback is not None:
            return self._fallback(entry.fallback, path, rules)
        return self._pool(entry, path, rules)

    def _fallback(self, entries: tuple[file.FallbackEntry, ...], path: str, rules: _Rules) -> Node | None:
        nodes = [
            (self._node(entry.use, f"{path}/fallback[{index}]={entry.use}", rules), entry)
            for index, entry in enumerate(entries)
        ]
        there = [(node, entry) for node, entry in nodes if node is not None]
        # Where all before it are absent the first entry that waits for no failure leads; if none is left, the first.
        has_lead = any(entry.on_failure is None for _, entry in there)
        linked = tuple(
            Entry(node, _failures(entry) if index or has_lead else None) for index, (node, entry) in enumerate(there)
        )
        return Fallback(path, linked) if linked else None

    def _pool(self, route: file.RouteEntry, path: str, rules: _Rules) -> Node | None:
        members = tuple(
            Member(node, entry.weight, entry.use)
            for index, entry in enumerate(route.pool or ())
            if (node := self._node(entry.use, f"{path}/pool[{index}]={entry.use}", rules)) is not None
        )
        return Pool(path, members, route.by, route.sticky or "") if members else None

    def _when(self, name: str, entries: tuple[file.WhenEntry, ...], path: str, rules: _Rules) -> Node | None:
        branches = []
        is_left = False
        for index, entry in enumerate(entries):
            condition = self._condition(entry, ("routes", name, "when", index))
            branch_path = f"{path}/when[{index}]={entry.use}"
            node = self._node(entry.use, branch_path, rules)
            is_left = is_left or node is not None
            if condition is not None or entry.if_ is None:
                # An absent branch is a dead end: its requests must not slip into one that was meant for others.
                branches.append(self._branch(entry.use, node or Fallback(branch_path, ()), condition, rules))
        return When(path, tuple(branches)) if is_left else None

    def _branch(self, use: str, node: Node, condition: Condition | None, rules: _Rules) -> Branch:
        """A request takes one branch, so what the route behind it says holds for the whole request."""
        meaning = self._links.meaning(use)
        inner = rules.under(self._config.routes.get(meaning.name, file.RouteEntry())) if meaning else rules
        return Branch(
            node,
            condition,
            deadline_s=inner.deadline if rules.deadline is None else None,
            max_attempts=inner.max_attempts if rules.max_attempts is None else None,
        )

    def _condition(self, entry: file.WhenEntry, place: KeyPath) -> Condition | None:
        """Compiled once, however many routes lead there."""
        if entry.if_ is None:
            return None
        if place not in self._conditions:
            try:
                self._conditions[place] = compile_condition(entry.if_)
            except ConditionError as error:
                self._conditions[place] = None
                self._report.error((*place, "if"), str(error))
        return self._conditions[place]


def _failures(entry: file.FallbackEntry) -> frozenset[FailureClass] | None:
    return None if entry.on_failure is None else frozenset(entry.on_failure)


def _filled(node: Node, star: str, kept: int) -> Node:
    """A tree of a pattern, its star filled in at load because an entry named a concrete model.

    The first `kept` characters of each path belong to the routes above, which may hold a star of their own.
    """
    path = node.path[:kept] + node.path[kept:].replace(STAR, star)
    match node:
        case Leaf():
            return replace(node, target=node.target.concrete(star), path=path)
        case Fallback(_, entries):
            return Fallback(path, tuple(Entry(_filled(e.node, star, kept), e.on_failure) for e in entries))
        case Pool(_, members):
            return replace(
                node, path=path, members=tuple(replace(m, node=_filled(m.node, star, kept)) for m in members)
            )
        case When(_, branches):
            return When(path, tuple(replace(b, node=_filled(b.node, star, kept)) for b in branches))
        case _:
            assert_never(node)
