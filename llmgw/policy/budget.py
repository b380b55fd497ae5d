"""Reserve, then settle: what a bucket of a budget has spent and may still spend, in whole nano-dollars.

What is spent and what is reserved never come to more than a hard limit. If a settlement breaks that all the same,
because it came to more than was reserved, nothing more is admitted until it holds again. What is reserved counts for as
long as it is held, also when the window turns in the meantime; it is booked in the slot in which it was reserved.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from llmgw.graph.rules import BudgetRule
from llmgw.policy.claims import CAP_TOKENS_MIN, CAP_TOKENS_UNKNOWN, Crossed, Scarce, WorstCase
from llmgw.policy.entry import Charge, bucket_name
from llmgw.policy.windows import Cell, CurrentSlot, Tally

_TOKENS_PER_MTOK = 1_000_000


class BudgetBucket:
    """What one budget counts of those who share these values. `turns` is its window, shared by all of its buckets.

    A bucket is entered before anything is asked of it, and left by settling or undoing, so `in_flight` counts the one
    that asks too.
    """

    __slots__ = (
        *("_charge", "_lowered", "_told"),
        *("in_flight", "is_hard", "limit", "reserved", "rule", "since_ms", "spent", "turns", "values"),
    )

    def __init__(self, rule: BudgetRule, values: tuple[str, ...], turns: CurrentSlot) -> None:
        self.values = values
        self.turns = turns
        self.since_ms = turns.since_ms  # what was before that is forgotten
        self.spent = Tally()
        self.reserved = 0
        self.in_flight = 0
        self._charge = Charge(rule.id, bucket_name(values), turns.slot_ms)
        self._lowered: frozenset[float] = frozenset()  # fractions that were come to because the limit was lowered
        self._hold(rule)

    def follow(self, rule: BudgetRule) -> None:
        """Another amount holds from now on, for what has been counted too, and what it is a part of is told anew.

        What has been come to because it is lower now is told by the next settlement: here nobody would hear it.
        """
        before = self.limit
        self._hold(rule)
        limit, spent = self.limit, self.spent.total
        if rule.alert is not None and limit and (before is None or limit < before):
            passed = [at for at in rule.alert.at if _is_at(spent, at, limit) and not _is_at(spent, at, before)]
            self._lowered |= {*passed}

    def _hold(self, rule: BudgetRule) -> None:
        self.rule = rule
        self.limit = rule.limit_nanousd.of(self.values)
        self.is_hard = rule.is_hard and self.limit is not None
        self._told: dict[float, int] = {}  # fractions of it that were crossed, and in which slot

    @property
    def left(self) -> int:
        """Of its limit, if it has one. Below zero after an overrun, or after the limit was lowered."""
        return (self.limit or 0) - self.spent.total - self.reserved

    @property
    def used(self) -> float:
        """Which share of its limit is spent or reserved."""
        return used(self.limit, self.spent.total + self.reserved)

    @property
    def allows_unbounded(self) -> bool:
        return self.rule.allows_unbounded or not self.is_hard

    def move(self) -> None:
        """It is as late as `turns` says."""
        if self.since_ms != self.turns.since_ms:
            self.since_ms = self.turns.since_ms
            self.spent.forget(self.since_ms)

    def enter(self) -> None:
        self.in_flight += 1

    def reserve(self, nanousd: int) -> Cell:
        """Where it is to be booked."""
        self.reserved += nanousd
        return self.spent.cell(self.turns.slot_ms)

    def leave(self, reserved: int) -> None:
        """What was reserved is free again."""
        self.in_flight -= 1
        self.reserved -= reserved

    def settle(self, cell: Cell, reserved: int, nanousd: int) -> tuple[Crossed, ...]:
        """What it came to, instead; and the fractions of the limit that it has crossed."""
        self.in_flight -= 1
        self.reserved -= reserved
        self.move()
        is_counted = self.spent.change(cell, nanousd)
        return self._crossed(nanousd) if is_counted and self.rule.alert is not None else ()

    def told_of_overrun(self) -> tuple[Crossed, ...]:
        """Somebody should hear of it, whatever fraction has been come to."""
        if self.rule.alert is None or not self.limit:
            return ()
        at, since_ms = self.spent.total / self.limit, self.turns.since_ms
        return (Crossed(self.rule, self.values, at, self.spent.total, self.limit, since_ms),)

    def charge(self, cell: Cell) -> Charge:
        """As the ledger is told."""
        if self._charge.slot != cell.at:
            self._charge = Charge(self._charge.budget, self._charge.bucket, cell.at)
        return self._charge

    def is_idle(self, _now: int) -> bool:
        """Whether nothing would be forgotten with it."""
        self.move()
        return not self.in_flight and not self.spent.total

    def _crossed(self, nanousd: int) -> tuple[Crossed, ...]:
        alert, limit, spent = self.rule.alert, self.limit, self.spent.total
        if alert is None or limit is None:
            return ()
        before = spent - nanousd
        fractions = [at for at in alert.at if self._is_new(at, before, spent, limit) and not self._was_told(at)]
        self._lowered = frozenset()
        self._told.update(dict.fromkeys(fractions, self.turns.slot_ms))
        since_ms = self.turns.since_ms
        return tuple(Crossed(self.rule, self.values, at, spent, limit, since_ms) for at in fractions)

    def _is_new(self, at: float, before: int, spent: int, limit: int) -> bool:
        """Whether that fraction has been come to just now."""
        return _is_at(spent, at, limit) and (at in self._lowered or not _is_at(before, at, limit))

    def _was_told(self, at: float) -> bool:
        """In this window."""
        return self._told.get(at, -1) >= self.turns.since_ms


class Short(NamedTuple):
    """Which of the buckets refuses, and why. What is needed is always more than what is left for it."""

    bucket: int  # its index
    scarce: Scarce
    needed_nanousd: int = 0
    left_nanousd: int = 0


Reservation = tuple[int, int | None]
"""So many nano-dollars, and how many tokens the answer may have at most; None: as many as it likes."""


def reservation(cost: WorstCase | None, buckets: Sequence[BudgetBucket]) -> Reservation | Short:
    """What is to be reserved in each of these, which have been entered. What is free always fits."""
    if cost is None:
        return _unbounded(buckets)
    is_known = cost.tokens_max is not None or not cost.nanousd_per_mtok
    tokens = CAP_TOKENS_UNKNOWN if cost.tokens_max is None else cost.tokens_max
    nanousd = cost.nanousd(tokens)
    if not nanousd:
        return 0, None
    for index, bucket in enumerate(buckets):
        if bucket.is_hard and (nanousd > bucket.left or not is_known):
            if cost.may_cap and cost.nanousd_per_mtok:
                return _capped(cost, tokens, buckets)
            return Short(index, Scarce.BUDGET, nanousd, bucket.left)
    return nanousd, None


def _capped(cost: WorstCase, tokens: int, buckets: Sequence[BudgetBucket]) -> Reservation | Short:
    """As much of the answer as fits into an equal share of what is left for all that are under way in the bucket."""
    needed = cost.nanousd(min(tokens, CAP_TOKENS_MIN))
    for index, bucket in enumerate(buckets):
        if bucket.is_hard:
            share = bucket.left // bucket.in_flight
            fitting = (share - cost.fixed_nanousd) * _TOKENS_PER_MTOK // cost.nanousd_per_mtok
            if fitting < min(tokens, CAP_TOKENS_MIN):
                return Short(index, Scarce.BUDGET, needed, share)
            tokens = min(tokens, fitting)
    return cost.nanousd(tokens), tokens


def _unbounded(buckets: Sequence[BudgetBucket]) -> Reservation | Short:
    """Nothing can be reserved. A budget that allows that does so for as long as anything is left of it."""
    for index, bucket in enumerate(buckets):
        if not bucket.allows_unbounded:
            return Short(index, Scarce.UNBOUNDED, left_nanousd=bucket.left)
        if bucket.is_hard and bucket.left <= 0:
            return Short(index, Scarce.BUDGET, 1, bucket.left)
    return 0, None


def least_left(buckets: Iterable[BudgetBucket]) -> int | None:
    """Of the budgets that have a limit."""
    least: int | None = None
    for bucket in buckets:
        if bucket.limit is not None:
            left = bucket.limit - bucket.spent.total - bucket.reserved
            least = left if least is None or left < least else least
    return least


def _is_at(nanousd: int, at: float, limit: int | None) -> bool:
    """Whether that comes to this fraction of a limit."""
    return limit is not None and nanousd >= round(at * limit)


def used(limit_nanousd: int | None, nanousd: int) -> float:
    """Which share of a limit that is; of none nothing, and of nothing all."""
    if limit_nanousd is None:
        return 0.0
    return nanousd / limit_nanousd if limit_nanousd else 1.0
