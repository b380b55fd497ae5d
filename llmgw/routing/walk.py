"""Graph, facts and health → candidates in order, each drop with its reason. Pure: the dice come in.

A walk resolves what depends on the request (`when`, pools, what a target cannot do); what follows after a failure
is the plan's business, so every candidate carries the turns by which it was reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from llmgw.chat.unsupported import refused
from llmgw.errors import FailureClass
from llmgw.graph.model import Branch, Fallback, Leaf, Node, Pool, Resolved, Retry, Target, TimeLimits, When
from llmgw.graph.patterns import STAR
from llmgw.routing import pooling
from llmgw.routing.dice import Dice
from llmgw.routing.facts import Facts
from llmgw.routing.health_board import Ejected, View


@dataclass(frozen=True, slots=True)
class Turn:
    """Which entry was taken at one place. `on_failure` None: the default classes."""

    place: str
    index: int
    on_failure: frozenset[FailureClass] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target as this request may reach it.

    `dropped` says why it will not be tried; `stands_for` counts that drop as a failure, so that entries waiting
    for one are reached.
    """

    target: Target
    path: str
    limits: TimeLimits
    retry: Retry
    turns: tuple[Turn, ...]
    dropped: str | None = None
    stands_for: FailureClass | None = None
    ejected: Ejected | None = None  # dropped for nothing but that

    @property
    def is_unfit(self) -> bool:
        """Dropped for nothing but what this very request asks: no other moment would change that."""
        return self.dropped is not None and self.stands_for is None


@dataclass(frozen=True, slots=True)
class Itinerary:
    """All that the plan needs to know of a request."""

    candidates: tuple[Candidate, ...]
    deadline_s: float
    max_attempts: int


def walk(resolved: Resolved, facts: Facts, health: View, dice: Dice) -> Itinerary:
    """The candidates for one request, in the order of preference."""
    route = resolved.route
    node, deadline_s, max_attempts = route.node, route.deadline_s, route.max_attempts
    while isinstance(node, When) and (branch := _taken(node, facts)) is not None:
        node = branch.node
        deadline_s = deadline_s if branch.deadline_s is None else branch.deadline_s
        max_attempts = max_attempts if branch.max_attempts is None else branch.max_attempts
    ways = _Walker(resolved.star, facts, health, dice).visit(node)
    return Itinerary(tuple(_candidate(stop, turns) for stop, turns in ways), deadline_s, max_attempts)


def _taken(when: When, facts: Facts) -> Branch | None:
    """The first branch whose condition holds."""
    holding = (branch for branch in when.branches if branch.condition is None or branch.condition.holds(facts))
    return next(holding, None)


class _Stop(NamedTuple):
    """A leaf on the way, its star filled in, and what speaks against it."""

    leaf: Leaf
    path: str
    target: Target
    unfit: str | None
    ejected: Ejected | None


_Way = tuple[_Stop, tuple[Turn, ...]]


class _Walker:
    """Of one request: it knows who asks, and how the targets are."""

    __slots__ = ("_dice", "_facts", "_health", "_star")

    def __init__(self, star: str, facts: Facts, health: View, dice: Dice) -> None:
        self._star = star
        self._facts = facts
        self._health = health
        self._dice = dice

    def visit(self, node: Node) -> list[_Way]:
        """The leaves in order, each with the turns by which it is reached from there."""
        match node:
            case Leaf():
                return [(self._stop(node), ())]
            case Fallback(path, entries):
                return [
                    (stop, (Turn(path, index, entry.on_failure), *turns))
                    for index, entry in enumerate(entries)
                    for stop, turns in self.visit(entry.node)
                ]
            case Pool():
                return self._pool(node)
            case When():
                branch = _taken(node, self._facts)
                return [] if branch is None else self.visit(branch.node)
            case _:
                assert_never(node)

    def _pool(self, pool: Pool) -> list[_Way]:
        """What a member leads to is looked at first: it is chosen for that."""
        seen = [(member, self.visit(member.node)) for member in pool.members if member.weight > 0]
        led = [(member, ways) for member, ways in seen if ways]
        members, firsts = [member for member, _ in led], [_first(ways) for _, ways in led]
        order = pooling.order(pool, members, firsts, self._facts, self._health, self._dice)
        return [
            (stop, (Turn(pool.path, rank), *turns)) for rank, index in enumerate(order) for stop, turns in led[index][1]
        ]

    def _stop(self, leaf: Leaf) -> _Stop:
        star = self._star
        target = leaf.target.concrete(star) if star else leaf.target
        path = leaf.path.replace(STAR, star) if star else leaf.path
        return _Stop(leaf, path, target, _cannot(target, self._facts), self._health.ejected(target))


def _first(ways: Sequence[_Way]) -> Target:
    """The first target that may be tried; if none may, the first."""
    for stop, _ in ways:
        if stop.unfit is None and stop.ejected is None:
            return stop.target
    return ways[0][0].target


def _candidate(stop: _Stop, turns: tuple[Turn, ...]) -> Candidate:
    leaf, path, target, unfit, ejected = stop
    if ejected is None:
        return Candidate(target, path, leaf.limits, leaf.retry, turns, unfit)
    alone = None if unfit else ejected
    return Candidate(target, path, leaf.limits, leaf.retry, turns, unfit or ejected.reason, ejected.failure, alone)


def _cannot(target: Target, facts: Facts) -> str | None:
    """What this request asks that the target is known not to do."""
    if asked := refused(target.unsupported & facts.fields, target.edits.policy):
        return f"unsupported: {', '.join(asked)}"
    if lacking := sorted(name for name in target.lacks if facts.value(f"request.{name}")):
        return f"lacks {', '.join(lacking)}"
    wanted = facts.value("request.max_tokens")
    if target.max_output is not None and wanted > target.max_output:
        return f"max_tokens {wanted} is over max_output {target.max_output}"
    return None
