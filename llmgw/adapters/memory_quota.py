"""What has been used of limits and budgets, in this process.

Nothing here waits, so what is taken together is taken at once. Claims are taken one by one and given back if a later
one is refused: so a bucket that several of them draw on is never asked for more than it has. Counters belong to a
rule's identity and outlive reloads: a limit is the same if it is about the same requests, a budget if its id is. Of
amounts only those hold that were taken last.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import nlargest
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from llmgw.adapters.buckets import Values
from llmgw.adapters.counters import BucketStanding, BudgetCounter, Holding, LimitCounter
from llmgw.graph.rules import NO_RULES, BudgetRule, LimitRule, Rules, Scope
from llmgw.policy.budget import BudgetBucket, Short, least_left, used
from llmgw.policy.claims import (
    BudgetClaim,
    Claim,
    Crossed,
    Grant,
    Granted,
    LimitClaim,
    Refused,
    Scarce,
    Settlement,
    Standing,
)
from llmgw.policy.entry import bucket_values
from llmgw.policy.limits import LimitBucket, LimitHold, tightest
from llmgw.ports import Clock, Quota

BUCKETS_MAX = 100_000  # of one rule
BUCKETS_RETRY_S = 1.0
STANDINGS_MAX = 1000
LOOKED_AT = 2000  # buckets, before requests get their turn

_SETTLED = Settlement(overrun=False, crossed=())  # of what no budget pays

Booked = tuple[str, int, int]
"""The name of a bucket, a slot, and how many nano-dollars were spent there."""


class MostUsed(NamedTuple):
    """`is_cut`: there are more."""

    standings: list[BucketStanding]
    is_cut: bool


class MemoryQuota:
    """Who counts, as long as one process serves alone."""

    def __init__(self, clock: Clock, rules: Rules = NO_RULES, *, buckets_max: int = BUCKETS_MAX) -> None:
        self._clock = clock
        self._buckets_max = buckets_max
        self._limits: dict[Scope, LimitCounter] = {}
        self._limits_by_rule: dict[int, LimitCounter] = {}  # by `id` of the rules taken last: hashing a scope is slow
        self._budgets: dict[str, BudgetCounter] = {}
        self._held: dict[int, Holding] = {}
        self._grants = 0
        self._now_us = 0
        self._now_ms = 0
        self.take(rules)

    async def admit(self, claims: Sequence[Claim]) -> Granted | Refused:
        self._move()
        holdings = [Holding(claim) for claim in claims]
        refused = self._take_limits(holdings) or self._reserve(holdings)
        if refused is None:
            return self._granted(holdings)
        for holding in holdings:
            holding.undo()
        return replace(refused, standing=self._standing_of(claims))

    async def settle(self, grant: Grant, *, nanousd: int, tokens: int, output_tokens: int) -> Settlement:
        holding = self._held.pop(grant.id, None)
        if holding is None:
            raise RuntimeError(f"grant {grant.id} has been settled before, or was never given")
        self._move()
        for hold in holding.limits:
            hold.settle(self._now_us, tokens, output_tokens)
        return self._settled(holding, nanousd) if holding.budgets else _SETTLED

    def _settled(self, holding: Holding, nanousd: int) -> Settlement:
        is_over = nanousd > holding.nanousd
        overrun = False
        crossed: tuple[Crossed, ...] = ()
        for bucket, cell in zip(holding.budgets, holding.cells, strict=True):
            if self._now_ms >= bucket.turns.turns_ms:
                bucket.turns.move(self._now_ms)
            passed = bucket.settle(cell, holding.nanousd, nanousd)
            if is_over and not bucket.allows_unbounded:
                overrun, passed = True, passed or bucket.told_of_overrun()
            if passed:
                crossed += passed
        return Settlement(overrun, crossed, least_left(holding.budgets))

    def take(self, rules: Rules) -> None:
        """These hold from now on. What has left is kept only for as long as requests under it are under way.

        What is new, or back again, starts at nothing: `restore` says what has been spent of it.
        """
        self._move()
        scopes = {rule.scope for rule in rules.limits}
        self._limits = {scope: it for scope, it in self._limits.items() if it.is_busy or scope in scopes}
        self._limits_by_rule = {id(rule): self._limit(rule) for rule in rules.limits}
        for limit in rules.limits:
            self._limit(limit).rule = limit
        ids = {rule.id for rule in rules.budgets}
        self._budgets = {name: it for name, it in self._budgets.items() if it.is_busy or name in ids}
        for rule in rules.budgets:
            self._budget(rule).rule = rule

    def restore(self, budget_id: str, booked: Iterable[Booked]) -> None:
        """What the ledger says was spent. Where more has been counted here, that holds: it may be told at any time.

        Of a budget that is not in the rules nothing is kept.
        """
        self._move()
        budget = self._budgets.get(budget_id)
        if budget is not None:
            for values, amounts in _by_values(booked):
                budget.restore(values, amounts, self._now_ms)

    def correct(self, budget_id: str, late: Iterable[Booked]) -> None:
        """What was spent besides all that is counted here, or less than nothing where it was in another slot.

        To be followed by `restore`: only that makes buckets.
        """
        self._move()
        budget = self._budgets.get(budget_id)
        if budget is not None:
            for values, amounts in _by_values(late):
                budget.correct(values, amounts, self._now_ms)

    def used(self, rule: BudgetRule, values: Values) -> float:
        """Which share of its limit a bucket has spent or reserved."""
        self._move()
        bucket = self._budget(rule).find(values, self._now_ms)
        return used(rule.limit_nanousd.of(values), 0) if bucket is None else bucket.used

    def standings(self, most: int = STANDINGS_MAX) -> tuple[BucketStanding, ...]:
        """How the buckets of the budgets stand, at most so many."""
        self._move()
        return tuple(islice((it for budget in self._budgets.values() for it in budget.standings(self._now_ms)), most))

    async def most_used(self, ids: Collection[str], most: int = STANDINGS_MAX) -> MostUsed:
        """So many of the buckets of these budgets, the most used first. Requests get their turns meanwhile."""
        import asyncio  # for a dry run, which never comes here, it would take a third of its time

        found: list[BucketStanding] = []
        count = 0
        for budget in [it for budget_id, it in self._budgets.items() if budget_id in ids]:
            buckets = [*budget.buckets]
            count += len(buckets)
            for at in range(0, len(buckets), LOOKED_AT):
                self._move()
                some = budget.standings(self._now_ms, buckets[at : at + LOOKED_AT])
                found = nlargest(most, [*found, *some], key=attrgetter("used"))
                await asyncio.sleep(0)
        return MostUsed(found, is_cut=count > len(found))

    def _move(self) -> None:
        """It is that late now. A wall clock that is put back does not bring back a window."""
        self._now_us = int(self._clock.elapsed_s() * 1_000_000)
        self._now_ms = max(int(self._clock.now_s() * 1000), self._now_ms)

    def _take_limits(self, holdings: Sequence[Holding]) -> Refused | None:
        now_us = self._now_us
        for index, holding in enumerate(holdings):
            for claim in holding.claim.limits:
                bucket = self._limit(claim.rule).open(claim.values, now_us)
                if bucket is None:
                    return _too_many(index, claim)
                taken = bucket.take(now_us, claim)
                if not isinstance(taken, LimitHold):
                    return Refused(index, claim.rule, claim.values, taken, bucket.wait_s(now_us, claim, taken))
                holding.limits.append(taken)
        return None

    def _reserve(self, holdings: Sequence[Holding]) -> Refused | None:
        for index, holding in enumerate(holdings):
            for claim in holding.claim.budgets:
                bucket = self._budget(claim.rule).open(claim.values, self._now_ms)
                if bucket is None:
                    return _too_many(index, claim)
                bucket.enter()
                holding.budgets.append(bucket)
            short = holding.reserve() if holding.budgets else None
            if short is not None:
                return _short(index, holding.claim, short)
        return None

    def _granted(self, holdings: Sequence[Holding]) -> Granted:
        limits = [hold.bucket for holding in holdings for hold in holding.limits]
        budgets = [bucket for holding in holdings for bucket in holding.budgets]
        caps = [holding.cap for holding in holdings if holding.cap is not None]
        grants = tuple([self._grant(holding) for holding in holdings])
        return Granted(grants, min(caps) if caps else None, self._standing(limits, budgets))

    def _grant(self, holding: Holding) -> Grant:
        self._grants += 1
        self._held[self._grants] = holding
        if not holding.budgets:
            return Grant(self._grants, holding.claim, 0, ())
        charges = [bucket.charge(cell) for bucket, cell in zip(holding.budgets, holding.cells, strict=True)]
        return Grant(self._grants, holding.claim, holding.nanousd, tuple(charges))

    def _standing(self, limits: Sequence[LimitBucket], budgets: Sequence[BudgetBucket]) -> Standing:
        """Of buckets that stand as they do now."""
        if not limits:
            return Standing(None, None, least_left(budgets))
        requests, tokens = tightest([it.requests for it in limits]), tightest([it.tokens for it in limits])
        return Standing(
            None if requests is None else requests.room(self._now_us),
            None if tokens is None else tokens.room(self._now_us),
            least_left(budgets),
        )

    def _standing_of(self, claims: Sequence[Claim]) -> Standing:
        """Of all that apply, reached or not. Who has no bucket yet has used nothing."""
        limits = [self._limit(it.rule).find(it.values, self._now_us) for claim in claims for it in claim.limits]
        budgets = [self._budget(it.rule).find(it.values, self._now_ms) for claim in claims for it in claim.budgets]
        return self._standing([it for it in limits if it], [it for it in budgets if it])

    def _limit(self, rule: LimitRule) -> LimitCounter:
        """A request under way may be under a rule that has left since."""
        limit = self._limits_by_rule.get(id(rule)) or self._limits.get(rule.scope)
        if limit is None:
            limit = self._limits[rule.scope] = LimitCounter(rule, self._buckets_max)
        return limit

    def _budget(self, rule: BudgetRule) -> BudgetCounter:
        budget = self._budgets.get(rule.id)
        if budget is None:
            budget = self._budgets[rule.id] = BudgetCounter(rule, self._buckets_max, self._now_ms)
        return budget


def _by_values(booked: Iterable[Booked]) -> Iterator[tuple[Values, list[tuple[int, int]]]]:
    by_bucket: dict[str, list[tuple[int, int]]] = {}
    for name, slot, nanousd in booked:
        by_bucket.setdefault(name, []).append((slot, nanousd))
    return ((bucket_values(name), amounts) for name, amounts in by_bucket.items())


def _too_many(index: int, claim: LimitClaim | BudgetClaim) -> Refused:
    return Refused(index, claim.rule, claim.values, Scarce.BUCKETS, BUCKETS_RETRY_S)


def _short(index: int, claim: Claim, short: Short) -> Refused:
    budget = claim.budgets[short.bucket]
    return Refused(
        index,
        budget.rule,
        budget.values,
        short.scarce,
        needed_nanousd=short.needed_nanousd,
        left_nanousd=short.left_nanousd,
        why=claim.why_unbounded,
    )


_: type[Quota] = MemoryQuota
