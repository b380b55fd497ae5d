"""Graph, facts and health → candidates in order, each drop with its reason. Pure: the dice come in.

A walk resolves what depends on the request (`when`, pools, what a target cannot do); what follows after a failure
is the plan's business, so every candidate carries the turns by which it was reached.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from llmgw.chat.unsupported import refused
from llmgw.errors import FailureClass
from llmgw.graph.model import Branch, Fallback, Leaf, Node, Pool, Resolved, Retry, Target, TimeLimits, When
from llmgw.graph.patterns import STAR
from llmgw.routing.balance import by_weight
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
    leaves = _visit(node, (), facts, dice)
    candidates = tuple(_candidate(leaf, turns, resolved.star, facts, health) for leaf, turns in leaves)
    return Itinerary(candidates, deadline_s, max_attempts)


def _taken(when: When, facts: Facts) -> Branch | None:
    """The first branch whose condition holds."""
    holding = (branch for branch in when.branches if branch.condition is None or branch.condition.holds(facts))
    return next(holding, None)


def _visit(node: Node, turns: tuple[Turn, ...], facts: Facts, dice: Dice) -> Iterator[tuple[Leaf, tuple[Turn, ...]]]:
    match node:
        case Leaf():
            yield node, turns
        case Fallback(path, entries):
            for index, entry in enumerate(entries):
                yield from _visit(entry.node, (*turns, Turn(path, index, entry.on_failure)), facts, dice)
        case Pool(path, members):
            drawn = by_weight([member.weight for member in members], dice.draw)
            for rank, index in enumerate(drawn):
                yield from _visit(members[index].node, (*turns, Turn(path, rank)), facts, dice)
        case When():
            if (branch := _taken(node, facts)) is not None:
                yield from _visit(branch.node, turns, facts, dice)
        case _:
            assert_never(node)


def _candidate(leaf: Leaf, turns: tuple[Turn, ...], star: str, facts: Facts, health: View) -> Candidate:
    target = leaf.target.concrete(star) if star else leaf.target
    path = leaf.path.replace(STAR, star) if star else leaf.path
    unfit, ejected = _cannot(target, facts), health.ejected(target)
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
