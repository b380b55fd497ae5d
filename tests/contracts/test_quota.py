"""What every `Quota` does: it takes all that is asked for or nothing, and gives back exactly what was taken."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from llmgw.adapters.counters import BucketStanding
from llmgw.adapters.memory_quota import Booked, MemoryQuota
from llmgw.graph.rules import BudgetRule, Calendar, LimitRule, Rolling, Rules, Unit
from llmgw.policy.claims import Claim, Grant, Granted, Refused, Room, Scarce, Settlement, WorstCase
from llmgw.policy.entry import Charge, bucket_name
from llmgw.policy.windows import since_ms, slot_ms
from llmgw.ports import Clock, Quota
from tests.policy.rules import NOON_S, PRICE, HandClock, budget, cappable, exactly, limit, limited, paying

OCTOBER_MS = 1_790_812_800_000  # 2026-10-01 00:00 UTC
MONTH_S = 31 * 86_400.0


class Counting(Quota, Protocol):
    """What else every adapter can, for the one who puts it in its place."""

    def take(self, rules: Rules) -> None: ...

    def restore(self, budget_id: str, booked: Iterable[Booked]) -> None: ...

    def standings(self) -> Sequence[BucketStanding]: ...


Make = Callable[[Clock, Rules], Counting]


def of_memory(clock: Clock, rules: Rules) -> Counting:
    return MemoryQuota(clock, rules)


every = pytest.mark.parametrize("make", [of_memory])


def made(make: Make, *rules: LimitRule | BudgetRule, clock: HandClock | None = None) -> Counting:
    return make(clock or HandClock(), of(*rules))


def of(*rules: LimitRule | BudgetRule) -> Rules:
    return Rules(
        tuple(it for it in rules if isinstance(it, LimitRule)), tuple(it for it in rules if isinstance(it, BudgetRule))
    )


async def granted(quota: Quota, *claims: Claim) -> Granted:
    answer = await quota.admit(claims)
    assert isinstance(answer, Granted)
    return answer


async def refused(quota: Quota, *claims: Claim) -> Refused:
    answer = await quota.admit(claims)
    assert isinstance(answer, Refused)
    return answer


async def settled(quota: Quota, grant: Grant, nanousd: int = 0, tokens: int = 0) -> Settlement:
    return await quota.settle(grant, nanousd=nanousd, tokens=tokens, output_tokens=tokens)


def money(quota: Counting) -> list[tuple[str, tuple[str, ...], int, int, int]]:
    """Of buckets in which there is something."""
    found = [(it.budget, it.values, it.spent_nanousd, it.reserved_nanousd, it.in_flight) for it in quota.standings()]
    return sorted(it for it in found if it[2:] != (0, 0, 0))


@every
async def test_what_is_granted_is_told_claim_by_claim(make: Make) -> None:
    per_key, month = limit(requests=5), budget(1000)
    quota = made(make, per_key, month)
    answer = await granted(quota, limited(per_key), paying(month, cost=exactly(400)))

    assert [(grant.reserved_nanousd, grant.charges) for grant in answer.grants] == [
        (0, ()),
        (400, (Charge("b-id", bucket_name(("k",)), OCTOBER_MS),)),
    ]
    assert answer.output_cap is None


@every
async def test_nothing_asked_is_granted(make: Make) -> None:
    answer = await granted(made(make))

    assert (answer.grants, answer.output_cap) == ((), None)


@every
async def test_it_tells_what_is_left_of_the_tightest(make: Make) -> None:
    rules = [limit("a", requests=5, tokens=1000), limit("b", requests=2)]
    budgets = [budget(1000, name="x"), budget(900, name="y", hard=False)]
    quota = made(make, *rules, *budgets)
    answer = await granted(quota, limited(*rules), paying(*budgets, cost=exactly(400)))
    after = await settled(quota, answer.grants[1], nanousd=100)

    requests, tokens = answer.standing.requests, answer.standing.tokens
    assert requests is not None
    assert tokens is not None
    assert (requests.limit, requests.remaining, tokens.limit, tokens.remaining) == (2, 1, 1000, 980)
    assert [requests.reset_s, tokens.reset_s] == pytest.approx([60, 60], abs=0.1)
    assert answer.standing.budget_left_nanousd == 500
    assert after.budget_left_nanousd == 800


@every
async def test_one_refusal_and_nothing_is_taken(make: Make) -> None:
    one, other, month = limit("a", requests=1, tokens=20, concurrent=1), limit("b", requests=0), budget(1000)
    quota = made(make, one, other, month)
    claims = [limited(one), paying(month, cost=exactly(400)), limited(other)]
    answer = await refused(quota, *claims)

    assert (answer.claim, answer.rule, answer.scarce) == (2, other, Scarce.REQUESTS)
    assert money(quota) == []
    await granted(quota, *claims[:2])


@every
async def test_a_budget_refuses_after_a_limit_was_taken_and_it_is_given_back(make: Make) -> None:
    one, small, month = limit(requests=1, tokens=20, concurrent=1), budget(10, name="s"), budget(1000)
    quota = made(make, one, small, month)
    answer = await refused(quota, limited(one), paying(month, small, cost=exactly(400)))

    assert (answer.claim, answer.rule, answer.values, answer.scarce) == (1, small, ("k",), Scarce.BUDGET)
    assert (answer.needed_nanousd, answer.left_nanousd, answer.retry_after_s) == (400, 10, None)
    assert answer.standing.requests == Room(1, 1, 0.0)
    assert answer.standing.budget_left_nanousd == 10
    assert money(quota) == []
    await granted(quota, limited(one), paying(month, cost=exactly(400)))


@every
async def test_limits_refuse_before_budgets(make: Make) -> None:
    none, broke = limit(requests=0), budget(0)
    quota = made(make, none, broke)

    assert (await refused(quota, paying(broke, cost=exactly(1)), limited(none))).rule is none


@every
async def test_claims_on_one_bucket_add_up(make: Make) -> None:
    one, month = limit(requests=1), budget(1000)
    quota = made(make, one, month)
    half = paying(month, cost=exactly(501))

    assert (await refused(quota, limited(one), limited(one))).claim == 1
    assert (await refused(quota, half, half)).left_nanousd == 499
    assert money(quota) == []


@every
async def test_a_limit_says_when_to_come_back_and_then_there_is_room(make: Make) -> None:
    clock, one = HandClock(), limit(requests=2)
    quota = made(make, one, clock=clock)
    for _ in range(2):
        await granted(quota, limited(one))
        clock.move(10)
    answer = await refused(quota, limited(one))

    assert answer.retry_after_s == pytest.approx(40.06, abs=0.1)
    assert answer.standing.requests is not None
    assert answer.standing.requests.remaining == 0
    clock.move(answer.retry_after_s or 0)
    await granted(quota, limited(one))


@every
async def test_a_place_is_held_until_it_is_settled(make: Make) -> None:
    one = limit(concurrent=1)
    quota = made(make, one)
    held = await granted(quota, limited(one))
    answer = await refused(quota, limited(one))
    await settled(quota, held.grants[0])

    assert (answer.scarce, answer.retry_after_s) == (Scarce.CONCURRENT, 1.0)
    await granted(quota, limited(one))


@every
async def test_callers_do_not_draw_on_each_other(make: Make) -> None:
    one, month = limit(requests=1), budget(1000)
    quota = made(make, one, month)
    for key in ("a", "b"):
        await granted(quota, limited(one, key=key), paying(month, cost=exactly(900), key=key))

    assert [it[1:4] for it in money(quota)] == [(("a",), 0, 900), (("b",), 0, 900)]


@every
async def test_an_answer_is_capped_where_the_worst_case_does_not_fit(make: Make) -> None:
    month = budget(2000)
    quota = made(make, month)
    caps = [(await granted(quota, paying(month, cost=cappable(0, 5000)))).output_cap]
    caps.append((await granted(quota, paying(month, cost=cappable(0, 0)))).output_cap)
    answer = await refused(quota, paying(month, cost=cappable(0, 5000)))

    assert caps == [2000, None]
    assert (answer.needed_nanousd, answer.left_nanousd) == (256, 0)


@every
async def test_of_several_caps_the_smallest_holds(make: Make) -> None:
    small, large = budget(300, name="s"), budget(700, name="l")
    quota = made(make, small, large)
    claims = [paying(it, cost=cappable(0, 5000)) for it in (large, small)]

    assert (await granted(quota, *claims)).output_cap == 300


@every
async def test_what_cannot_be_bounded_says_why(make: Make) -> None:
    month = budget(1000)
    answer = await refused(made(make, month), paying(month, cost=None, why="a file"))

    assert (answer.scarce, answer.why) == (Scarce.UNBOUNDED, "a file")


@every
async def test_unbounded_cost_is_booked_when_it_is_known_and_is_no_overrun(make: Make) -> None:
    month = budget(1000, allow=True)
    quota = made(make, month)
    grant = (await granted(quota, paying(month, cost=None))).grants[0]
    after = await settled(quota, grant, nanousd=1200)
    answer = await refused(quota, paying(month, cost=None))

    assert (grant.reserved_nanousd, after.overrun, after.budget_left_nanousd) == (0, False, -200)
    assert answer.scarce is Scarce.BUDGET


@every
async def test_an_overrun_is_told_whatever_fraction_has_been_come_to(make: Make) -> None:
    month = budget(1000, alert_at=(0.9,))
    quota = made(make, month)
    grant = (await granted(quota, paying(month, cost=exactly(400)))).grants[0]
    after = await settled(quota, grant, nanousd=401)

    assert [(crossed.at, crossed.spent_nanousd) for crossed in after.crossed] == [(0.401, 401)]


@every
async def test_after_an_overrun_only_what_is_free_is_admitted(make: Make) -> None:
    clock, month = HandClock(), budget(1000)
    quota = made(make, month, clock=clock)
    grant = (await granted(quota, paying(month, cost=exactly(400)))).grants[0]
    after = await settled(quota, grant, nanousd=1100)

    assert after.overrun
    assert (await refused(quota, paying(month, cost=exactly(1)))).left_nanousd == -100
    await granted(quota, paying(month, cost=exactly(0)))
    clock.move(MONTH_S)
    await granted(quota, paying(month, cost=exactly(1000)))


@every
async def test_a_shadow_counts_and_refuses_nobody(make: Make) -> None:
    shadow = budget(100, hard=False)
    quota = made(make, shadow)
    grant = (await granted(quota, paying(shadow, cost=exactly(400)))).grants[0]
    after = await settled(quota, grant, nanousd=900)

    assert (after.overrun, after.budget_left_nanousd) == (False, -800)
    assert quota.used(shadow, ("k",)) == 9.0


@every
async def test_a_settlement_says_which_parts_of_a_budget_it_crossed(make: Make) -> None:
    month = budget(1000, alert_at=(0.8, 1.0))
    quota = made(make, month)
    crossed = []
    for nanousd in (700, 150, 150):
        grant = (await granted(quota, paying(month, cost=exactly(nanousd)))).grants[0]
        crossed.append([(it.at, it.slot) for it in (await settled(quota, grant, nanousd)).crossed])

    assert crossed == [[], [(0.8, OCTOBER_MS)], [(1.0, OCTOBER_MS)]]


@every
async def test_a_grant_is_settled_once(make: Make) -> None:
    month = budget(1000)
    quota = made(make, month)
    grant = (await granted(quota, paying(month, cost=exactly(400)))).grants[0]
    await settled(quota, grant, nanousd=300)
    with pytest.raises(RuntimeError, match="settled before"):
        await settled(quota, grant, nanousd=300)

    assert money(quota) == [("b", ("k",), 300, 0, 0)]


@every
async def test_what_was_reserved_before_the_window_turned_is_booked_there(make: Make) -> None:
    clock, month = HandClock(), budget(1000)
    quota = made(make, month, clock=clock)
    grant = (await granted(quota, paying(month, cost=exactly(400)))).grants[0]
    clock.move(MONTH_S)
    after_turn = money(quota)
    await settled(quota, grant, nanousd=400)

    assert (after_turn, money(quota)) == ([("b", ("k",), 0, 400, 1)], [])


@every
async def test_a_wall_clock_that_goes_back_brings_no_window_back(make: Make) -> None:
    clock, month = HandClock(), budget(1000)
    quota = made(make, month, clock=clock)
    clock.move(MONTH_S)
    grant = (await granted(quota, paying(month, cost=exactly(900)))).grants[0]
    await settled(quota, grant, nanousd=900)
    clock.wall_s = NOON_S

    assert (await refused(quota, paying(month, cost=exactly(900)))).left_nanousd == 100


@every
async def test_limits_do_not_care_for_the_wall_clock(make: Make) -> None:
    clock, one = HandClock(), limit(requests=1)
    quota = made(make, one, clock=clock)
    await granted(quota, limited(one))
    clock.wall_s += MONTH_S

    assert (await refused(quota, limited(one))).scarce is Scarce.REQUESTS


@every
async def test_how_much_is_used_of_a_budget(make: Make) -> None:
    month = budget(1000, by_value={"rich": 4000})
    quota = made(make, month)
    await granted(quota, paying(month, cost=exactly(500)), paying(month, cost=exactly(1000), key="rich"))

    assert [quota.used(month, (key,)) for key in ("k", "rich", "other")] == [0.5, 0.25, 0.0]
    assert quota.used(budget(0, name="unheard"), ("k",)) == 1.0


@every
async def test_what_the_ledger_says_was_spent_is_spent(make: Make) -> None:
    month = budget(1000)
    quota = made(make, month)
    quota.restore(month.id, [('["k"]', OCTOBER_MS, 700), ('["k"]', OCTOBER_MS - 1, 5000), ('["l"]', OCTOBER_MS, 1)])
    quota.restore("nobody's", [('["k"]', OCTOBER_MS, 700)])

    assert [it[1:4] for it in money(quota)] == [(("k",), 700, 0), (("l",), 1, 0)]
    assert (await refused(quota, paying(month, cost=exactly(301)))).left_nanousd == 300


@every
async def test_it_may_be_told_again(make: Make) -> None:
    month = budget(1000)
    quota = made(make, month)
    for nanousd in (300, 200, 300):
        quota.restore(month.id, [('["k"]', OCTOBER_MS, nanousd)])
    grant = (await granted(quota, paying(month, cost=exactly(400)))).grants[0]
    quota.restore(month.id, [('["k"]', OCTOBER_MS, 300)])
    await settled(quota, grant, nanousd=400)

    assert money(quota) == [("b", ("k",), 700, 0, 0)]


@every
async def test_a_part_of_a_budget_that_was_spent_before_is_not_told_again(make: Make) -> None:
    month = budget(1000, alert_at=(0.5,))
    quota = made(make, month)
    quota.restore(month.id, [('["k"]', OCTOBER_MS, 600)])
    grant = (await granted(quota, paying(month, cost=exactly(100)))).grants[0]

    assert (await settled(quota, grant, nanousd=100)).crossed == ()


@every
async def test_a_reload_with_other_amounts_keeps_what_was_counted(make: Make) -> None:
    one, month = limit(requests=5, concurrent=5), budget(1000)
    quota = made(make, one, month)
    for _ in range(2):
        await granted(quota, limited(one), paying(month, cost=exactly(400)))
    quota.take(of(limit(requests=2, concurrent=5), budget(700)))

    assert (await refused(quota, limited(one))).scarce is Scarce.REQUESTS
    assert (await refused(quota, paying(month, cost=exactly(1)))).left_nanousd == -100
    quota.take(of(limit(requests=3, concurrent=5), budget(900)))
    await granted(quota, limited(one), paying(month, cost=exactly(100)))


@every
async def test_a_shadow_that_turns_hard_holds_from_then_on(make: Make) -> None:
    quota = made(make, budget(100, hard=False))
    await granted(quota, paying(budget(100, hard=False), cost=exactly(400)))
    quota.take(of(budget(100)))

    assert (await refused(quota, paying(budget(100), cost=exactly(1)))).left_nanousd == -300


@every
async def test_requests_under_way_finish_under_rules_that_have_left(make: Make) -> None:
    one, month = limit(concurrent=1), budget(1000)
    quota = made(make, one, month)
    held = await granted(quota, limited(one), paying(month, cost=exactly(400)))
    quota.take(of())
    again = await granted(quota, paying(month, cost=exactly(500)))
    for grant in (*held.grants, *again.grants):
        await settled(quota, grant, nanousd=300)
    quota.take(of(one, month))

    assert money(quota) == [("b", ("k",), 600, 0, 0)]
    await granted(quota, limited(one))


@every
async def test_a_budget_that_left_and_is_back_is_what_the_ledger_says(make: Make) -> None:
    month = budget(1000)
    quota = made(make, month)
    grant = (await granted(quota, paying(month, cost=exactly(400)))).grants[0]
    await settled(quota, grant, nanousd=400)
    quota.take(of())
    gone = money(quota)
    quota.take(of(month))
    quota.restore(month.id, [('["k"]', OCTOBER_MS, 400)])

    assert (gone, money(quota)) == ([], [("b", ("k",), 400, 0, 0)])


KEYS = ("a", "b")
HOUR = Calendar(Unit.HOUR, "Asia/Kolkata")
LIMITED = ({"requests": 4, "concurrent": 3}, {"requests": 2, "concurrent": 4}, {"requests": 6, "concurrent": 1})
TOKENS = (2000, 1000)
PER_S = 10.0
MONEY = (3000, 1000, 9000)
BUDGETS: dict[str, Callable[[int], BudgetRule]] = {
    "hour": lambda nanousd: budget(nanousd, name="hour", window=HOUR),
    "rolling": lambda nanousd: budget(nanousd, name="rolling", window=Rolling(90.0)),
    "shadow": lambda nanousd: budget(nanousd, name="shadow", window=Calendar(Unit.DAY), hard=False),
}
costs = st.one_of(
    st.builds(exactly, st.sampled_from([500, 501, 1000, 3000]) | st.integers(0, 1500)),
    st.builds(cappable, st.integers(0, 300), st.none() | st.integers(0, 3000), st.sampled_from([0, PRICE, 2 * PRICE])),
    st.builds(WorstCase, st.integers(0, 300), st.just(PRICE), st.integers(0, 1500), st.just(False)),
)


@dataclass
class Held:
    """A grant that is not settled yet, as the machine knows it."""

    grant: Grant
    key: str


@dataclass
class Book:
    """What was spent of one bucket, as a ledger would know it."""

    by_slot: dict[int, int] = field(default_factory=dict)

    def spent(self, since: int) -> int:
        return sum(nanousd for slot, nanousd in self.by_slot.items() if slot >= since)


class QuotaMachine(RuleBasedStateMachine):
    """Requests that come, end or never end, clocks that jump and files that change, in any order.

    Beside the quota stands a model that remembers every request and every payment, and counts them anew each time.
    """

    def __init__(self, make: Make) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = HandClock()
        self.wall_s = self.clock.wall_s  # the latest that the quota has seen
        self.held: list[Held] = []
        self.admitted: dict[str, list[float]] = {key: [] for key in KEYS}
        self.books: dict[tuple[str, str], Book] = {(name, key): Book() for name in BUDGETS for key in KEYS}
        self.excused: set[tuple[str, str]] = set()  # buckets that were overrun, or whose limit was lowered

        self.limits = [limit("requests", per_s=PER_S, **LIMITED[0]), limit("tokens", tokens=TOKENS[0], per_s=PER_S)]
        self.budgets = {name: of_amount(MONEY[0]) for name, of_amount in BUDGETS.items()}
        self.quota = make(self.clock, of(*self.limits, *self.budgets.values()))

    def run(self, waiting: Any) -> Any:
        answer = self.runner.run(waiting)
        self.wall_s = max(self.wall_s, self.clock.wall_s)
        return answer

    @rule(
        key=st.sampled_from(KEYS),
        names=st.sets(st.sampled_from(sorted(BUDGETS)), min_size=1),
        cost=costs,
        tokens=st.none() | st.integers(0, 400),
        payers=st.lists(st.sampled_from(KEYS), min_size=1, max_size=2),
    )
    def admit(self, key: str, names: set[str], cost: WorstCase, tokens: int | None, payers: list[str]) -> None:
        wanted = [self.budgets[name] for name in sorted(names & self.budgets.keys())]
        claims = [paying(*wanted, cost=cost, key=payer) for payer in payers]
        if tokens is not None:
            claims.insert(0, limited(*self.limits, key=key, input_tokens=tokens, output_tokens=tokens))
        before = money(self.quota)
        answer = self.run(self.quota.admit(claims))
        if isinstance(answer, Refused):
            assert money(self.quota) == before
            self.check_refusal(answer, key)
        else:
            if tokens is not None:
                self.check_request(key)
            for grant, payer in zip(answer.grants[-len(payers) :], payers, strict=True):
                self.check_attempt(grant, payer, cost, answer.output_cap)
            whose = payers if tokens is None else [key, *payers]
            self.held += [Held(*it) for it in zip(answer.grants, whose, strict=True)]

    def check_refusal(self, answer: Refused, key: str) -> None:
        """None that could have been granted."""
        rates = self.limits[0]
        match answer.scarce:
            case Scarce.REQUESTS:
                nearly = self.clock.run_s - PER_S * 1.002
                assert rates.requests is not None
                assert rates.requests.others is not None
                assert sum(at_s >= nearly for at_s in self.admitted[key]) >= rates.requests.others.amount
            case Scarce.CONCURRENT:
                assert rates.concurrent is not None
                assert self.under_way(key) >= (rates.concurrent.others or 0)
            case Scarce.BUDGET:
                assert answer.needed_nanousd > answer.left_nanousd

    def check_request(self, key: str) -> None:
        """None that was one too many."""
        rates = self.limits[0]
        assert rates.requests is not None
        assert rates.requests.others is not None
        assert rates.concurrent is not None
        within = [at_s for at_s in self.admitted[key] if at_s > self.clock.run_s - PER_S]

        assert len(within) < rates.requests.others.amount
        assert self.under_way(key) < (rates.concurrent.others or 0)
        self.admitted[key].append(self.clock.run_s)

    def check_attempt(self, grant: Grant, key: str, cost: WorstCase, cap: int | None) -> None:
        reserved = grant.reserved_nanousd
        if cap is None and grant.claim.budgets and cost.tokens_max is not None:
            assert reserved == cost.nanousd(cost.tokens_max)
        if cap is not None:
            assert cost.may_cap
            assert reserved >= cost.nanousd(cap)
        for claim, charge in zip(grant.claim.budgets, grant.charges, strict=True):
            assert charge == Charge(claim.rule.id, bucket_name((key,)), slot_ms(claim.rule.window, self.wall_s))
            if reserved and claim.rule.is_hard:
                self.excused.discard((claim.rule.scope.name, key))  # nothing is admitted before it holds

    @rule(name=st.sampled_from(sorted(BUDGETS)), key=st.sampled_from(KEYS), more=st.integers(-1, 2))
    def admit_all_that_is_left(self, name: str, key: str, more: int) -> None:
        """Or one nano-dollar less, or one or two more."""
        for it in self.standings():
            if (it.budget, it.values) == (name, (key,)) and it.limit_nanousd is not None:
                left = it.limit_nanousd - it.spent_nanousd - it.reserved_nanousd
                self.admit(key, {name}, exactly(max(left + more, 0)), None, [key])

    @rule(
        numbers=st.lists(st.integers(0, 100), min_size=1, max_size=4),
        share=st.sampled_from([0.0, 0.3, 1.0, 2.5]),
        tokens=st.integers(0, 900),
    )
    def settle(self, numbers: list[int], share: float, tokens: int) -> None:
        for number in numbers:
            if self.held:
                self.end(self.held.pop(number % len(self.held)), share, tokens)

    def end(self, held: Held, share: float, tokens: int) -> None:
        reserved = held.grant.reserved_nanousd
        nanousd = int(reserved * share) if held.grant.claim.budgets else 0
        settlement = self.run(self.quota.settle(held.grant, nanousd=nanousd, tokens=tokens, output_tokens=tokens))
        is_hard = False
        for claim, charge in zip(held.grant.claim.budgets, held.grant.charges, strict=True):
            bucket = (claim.rule.scope.name, held.key)
            by_slot = self.books[bucket].by_slot
            by_slot[charge.slot] = by_slot.get(charge.slot, 0) + nanousd
            is_hard = is_hard or claim.rule.is_hard
            if nanousd > reserved:
                self.excused.add(bucket)

        assert settlement.overrun == (nanousd > reserved and is_hard)

    @rule(
        seconds=st.one_of(
            st.floats(0.001, 12.0),
            st.sampled_from([0.01, PER_S - 0.001, PER_S, PER_S + 0.011]),
            st.floats(10.0, 5000.0),
            st.just(86_400.0),
        )
    )
    def wait(self, seconds: float) -> None:
        self.clock.move(seconds)

    @rule(seconds=st.floats(-90_000.0, 4000.0))
    def set_wall_clock(self, seconds: float) -> None:
        self.clock.wall_s += seconds

    @rule(rates=st.sampled_from(LIMITED), tokens=st.sampled_from(TOKENS), nanousd=st.sampled_from(MONEY))
    def change_amounts(self, rates: dict[str, int], tokens: int, nanousd: int) -> None:
        self.limits = [limit("requests", per_s=PER_S, **rates), limit("tokens", tokens=tokens, per_s=PER_S)]
        self.reload({name: BUDGETS[name](nanousd) for name in self.budgets})

    @rule(names=st.sets(st.sampled_from(sorted(BUDGETS))))
    def change_budgets(self, names: set[str]) -> None:
        self.reload({name: self.budgets.get(name) or BUDGETS[name](MONEY[1]) for name in names})

    def reload(self, budgets: dict[str, BudgetRule]) -> None:
        self.budgets = budgets
        self.quota.take(of(*self.limits, *budgets.values()))
        for (name, key), book in self.books.items():
            if name in budgets:
                booked = [(bucket_name((key,)), slot, nanousd) for slot, nanousd in book.by_slot.items()]
                self.quota.restore(budgets[name].id, booked)
        self.excused |= {(it.budget, it.values[0]) for it in self.standings() if is_over(it)}

    @invariant()
    def what_is_counted_is_what_was_paid_and_is_held(self) -> None:
        for it in self.standings():
            (key,) = it.values
            window = BUDGETS[it.budget](0).window
            held = [one.grant.reserved_nanousd for one in self.held if one.key == key and pays(one.grant, it.budget)]

            assert it.spent_nanousd == self.books[it.budget, key].spent(since_ms(window, self.wall_s))
            assert (it.reserved_nanousd, it.in_flight) == (sum(held), len(held))

    @invariant()
    def no_hard_budget_is_overdrawn(self) -> None:
        for it in self.standings():
            bucket = (it.budget, it.values[0])
            if it.budget != "shadow" and it.budget in self.budgets and bucket not in self.excused:
                assert not is_over(it)

    def standings(self) -> list[BucketStanding]:
        found = list(self.quota.standings())
        self.wall_s = max(self.wall_s, self.clock.wall_s)
        return found

    def under_way(self, key: str) -> int:
        return sum(held.key == key and bool(held.grant.claim.limits) for held in self.held)

    def teardown(self) -> None:
        while self.held:
            self.end(self.held.pop(), 1.0, 0)

        assert [it for it in money(self.quota) if it[3:] != (0, 0)] == []
        self.runner.close()


def is_over(standing: BucketStanding) -> bool:
    assert standing.limit_nanousd is not None
    return standing.spent_nanousd + standing.reserved_nanousd > standing.limit_nanousd


def pays(grant: Grant, name: str) -> bool:
    return any(claim.rule.scope.name == name for claim in grant.claim.budgets)


@every
def test_any_order_of_things_leaves_it_right(make: Make) -> None:
    class Machine(QuotaMachine):
        def __init__(self) -> None:
            super().__init__(make)

    run_state_machine_as_test(Machine, settings=settings(max_examples=120, stateful_step_count=50, deadline=None))
