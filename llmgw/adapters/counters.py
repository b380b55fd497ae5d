"""What is counted of one rule, bucket by bucket, and what one claim holds of it all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from llmgw.adapters.buckets import Buckets, Values
from llmgw.graph.rules import BudgetRule, LimitRule
from llmgw.policy.budget import BudgetBucket, Short, reservation, used
from llmgw.policy.claims import Claim
from llmgw.policy.limits import LimitBucket, LimitHold
from llmgw.policy.windows import Cell, CurrentSlot


@dataclass(frozen=True, slots=True)
class BucketStanding:
    """How a bucket of a budget stands; `limit_nanousd` None: it has none. `slot` is the one that is now."""

    budget: str  # its name
    values: Values
    limit_nanousd: int | None
    spent_nanousd: int
    reserved_nanousd: int
    in_flight: int
    slot: int

    @property
    def used(self) -> float:
        """Which share of its limit is spent or reserved."""
        return used(self.limit_nanousd, self.spent_nanousd + self.reserved_nanousd)


class LimitCounter:
    """A limit, and who is under it."""

    __slots__ = ("buckets", "rule")

    def __init__(self, rule: LimitRule, buckets_max: int) -> None:
        self.rule = rule
        self.buckets: Buckets[LimitBucket] = Buckets(buckets_max)

    def open(self, values: Values, now_us: int) -> LimitBucket | None:
        """A bucket to take from; None: there are too many."""
        bucket = self.buckets.find(values) or self.buckets.open(values, self._make, now_us)
        if bucket is not None and bucket.rule is not self.rule:
            bucket.follow(self.rule)
        return bucket

    def find(self, values: Values, now_us: int) -> LimitBucket | None:
        """The bucket as it stands now, if there is one."""
        bucket = self.buckets.find(values)
        if bucket is not None:
            bucket.move(now_us)
        return bucket

    @property
    def is_busy(self) -> bool:
        return any(bucket.in_flight for bucket in self.buckets)

    def _make(self, values: Values) -> LimitBucket:
        return LimitBucket(self.rule, values)


class BudgetCounter:
    """A budget, and who is under it."""

    __slots__ = ("buckets", "rule", "turns")

    def __init__(self, rule: BudgetRule, buckets_max: int, now_ms: int) -> None:
        self.rule = rule
        self.turns = CurrentSlot(rule.window, now_ms)
        self.buckets: Buckets[BudgetBucket] = Buckets(buckets_max)

    def open(self, values: Values, now_ms: int) -> BudgetBucket | None:
        """A bucket to reserve in; None: there are too many."""
        return self.find(values, now_ms) or self.buckets.open(values, self._make, now_ms)

    def find(self, values: Values, now_ms: int) -> BudgetBucket | None:
        """The bucket as it stands now, if there is one."""
        turns = self.turns
        if now_ms >= turns.turns_ms:
            turns.move(now_ms)
        bucket = self.buckets.find(values)
        if bucket is not None and (bucket.since_ms != turns.since_ms or bucket.rule is not self.rule):
            self._refresh(bucket)
        return bucket

    def restore(self, values: Values, amounts: Iterable[tuple[int, int]], now_ms: int) -> None:
        """So much was spent, at least. However many have spent something that counts, none of it is forgotten."""
        bucket = self.find(values, now_ms)
        counting = [(slot, nanousd) for slot, nanousd in amounts if nanousd and slot >= self.turns.since_ms]
        if counting:
            bucket = bucket or self.buckets.add(values, self._make)
            bucket.spent.raise_to(counting)

    def correct(self, values: Values, amounts: Iterable[tuple[int, int]], now_ms: int) -> None:
        """So much more was spent than has been counted in these slots, or less. Who has no bucket is to be restored."""
        bucket = self.find(values, now_ms)
        if bucket is None:
            return
        cells = {cell.at: cell for cell in bucket.spent}
        more = []
        for slot, nanousd in amounts:
            cell = cells.get(slot)
            if cell is not None:
                bucket.spent.change(cell, max(nanousd, -cell.amount))
            elif nanousd > 0 and slot >= self.turns.since_ms:
                more.append((slot, nanousd))
        bucket.spent.raise_to(more)

    def standings(self, now_ms: int, buckets: Iterable[BudgetBucket] | None = None) -> Iterator[BucketStanding]:
        """Of all of its buckets, or of these."""
        self.turns.move(now_ms)
        for it in self.buckets if buckets is None else buckets:
            self._refresh(it)
            name, slot = self.rule.scope.name, self.turns.slot_ms
            yield BucketStanding(name, it.values, it.limit, it.spent.total, it.reserved, it.in_flight, slot)

    @property
    def is_busy(self) -> bool:
        return any(bucket.in_flight for bucket in self.buckets)

    def _refresh(self, bucket: BudgetBucket) -> None:
        bucket.move()
        if bucket.rule is not self.rule:
            bucket.follow(self.rule)

    def _make(self, values: Values) -> BudgetBucket:
        return BudgetBucket(self.rule, values, self.turns)


class Holding(msgspec.Struct, gc=False):
    """All that one claim holds: what it took of limits, and what is reserved in budgets."""

    claim: Claim
    limits: list[LimitHold] = []
    budgets: list[BudgetBucket] = []  # entered
    cells: list[Cell] = []  # of these, as soon as something is reserved in them
    nanousd: int = 0  # in each
    cap: int | None = None

    def reserve(self) -> Short | None:
        """In all the buckets that were entered, or in none."""
        found = reservation(self.claim.cost, self.budgets)
        if isinstance(found, Short):
            return found
        self.nanousd, self.cap = found
        self.cells = [bucket.reserve(self.nanousd) for bucket in self.budgets]
        return None

    def undo(self) -> None:
        """As if nothing had been asked for."""
        for hold in self.limits:
            hold.undo()
        for bucket in self.budgets:
            bucket.leave(self.nanousd)
