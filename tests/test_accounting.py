"""What a request may draw on, attempt by attempt: what it asks the counters, and what their answers mean for it."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from llmgw.accounting import Account, Admission, used
from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.chat.bounds import Bounds
from llmgw.chat.usage import Usage
from llmgw.config.model import TestRequest as Request
from llmgw.errors import BudgetExceededError, FailureClass, InvalidRequestError, RateLimitedError
from llmgw.graph.model import Graph
from llmgw.graph.route import Route
from llmgw.policy.billing import NOTHING, Spent
from llmgw.policy.claims import Claim, Grant, Granted, Part, Refused, Room, Scarce, Settlement, Standing, WorstCase
from llmgw.routing.facts import Facts, pretended
from llmgw.routing.plan import Refusal
from llmgw.routing.walk import Candidate
from tests.fakes import FakeQuota
from tests.graph.files import sound
from tests.policy.rules import HandClock
from tests.routing.itineraries import candidate

NOW_S = 1_790_856_000.0
FILE = """
models:
  gpt: {target: simulator/gpt, price: {input_usd_per_mtok: 1, output_usd_per_mtok: 10}}
  free: {target: simulator/free, price: free}
"""
UNPRICED = 'providers: {p: {like: openai, base_url: "http://h", auth: none}}\nmodels: {gpt: p/unheard-of}\n'
LIMITS = """
limits:
  - {name: whole, each: request.user, requests: 9/m, tokens: 10k/m}
  - {name: by-target, each: target, requests: 5/m}
"""
BUDGET = "budgets: [{name: day, each: [request.user, target], limit_usd: 1, per: day}]\n"
LEADING = "budgets: [{name: day, limit_usd: 1, per: day, on_exceeded: {use: free}}]\n"
BOUNDS = Bounds(1000, 200, input_tokens_about=250)
ROOM = Room(9, 3, 20.0)


def nowhere(_route: Route) -> Sequence[Candidate]:
    raise AssertionError("nobody asked for that")


class Scene:
    """The account of one request to a file."""

    def __init__(self, text: str, quota: FakeQuota | None = None, **fields: Any) -> None:
        self.graph: Graph = sound(text)
        self.quota = quota or FakeQuota(reserves_nanousd=500)
        self.facts = facts(**fields)
        self.account = Account(self.quota, self.graph.rules, self.facts)

    async def ask(self, target: str = "gpt", bounds: Bounds = BOUNDS) -> Admission | Refusal:
        return await self.account.admit(self.graph.targets[target], lambda: bounds, NOW_S, nowhere)

    async def admitted(self, target: str = "gpt", bounds: Bounds = BOUNDS) -> Admission:
        found = await self.ask(target, bounds)
        assert isinstance(found, Admission)
        return found

    async def refusal(self, target: str = "gpt") -> Refusal:
        found = await self.ask(target)
        assert isinstance(found, Refusal)
        return found


def facts(**fields: Any) -> Facts:
    return pretended(Request(model="gpt", user="ada", **fields))


def refused(text: str, scarce: Scarce = Scarce.BUDGET, **fields: Any) -> Refused:
    """By the last rule of the text."""
    rules = sound(text).rules
    rule = rules.budgets[-1] if rules.budgets else rules.limits[-1]
    return Refused(0, rule, ("ada",), scarce, **fields)


# What it asks.


async def test_where_there_are_no_rules_nobody_is_asked() -> None:
    scene = Scene(FILE)
    admission = await scene.admitted()
    await scene.account.settle(admission, NOTHING, 0)
    await scene.account.close()

    assert (admission.grant, admission.reserved_nanousd, admission.output_cap) == (None, 0, None)
    assert (scene.quota.claims, scene.quota.settled, scene.account.is_held) == ([], [], False)


async def test_the_request_and_its_first_attempt_are_taken_together_and_further_attempts_alone() -> None:
    scene = Scene(FILE + LIMITS + BUDGET)
    first, second = await scene.admitted(), await scene.admitted("free")
    drawn = [
        [(limit.rule.scope.name, limit.values) for limit in claim.limits]
        + [(budget.rule.scope.name, budget.values) for budget in claim.budgets]
        for claim in scene.quota.claims
    ]

    assert drawn == [
        [("whole", ("ada",))],
        [("by-target", ("gpt",)), ("day", ("ada", "gpt"))],
        [("by-target", ("free",)), ("day", ("ada", "free"))],
    ]
    assert (first.number, second.number) == (1, 2)
    assert (first.reserved_nanousd, first.at_s, first.input_tokens_about) == (500, NOW_S, 250)


async def test_an_attempt_may_draw_on_nothing_of_its_own() -> None:
    scene = Scene(FILE + "limits: [{name: whole, requests: 9/m}]\n")
    admission = await scene.admitted()

    assert (len(scene.quota.claims), admission.grant, scene.account.is_held) == (1, None, True)


async def test_a_request_may_draw_on_nothing_but_its_attempts() -> None:
    scene = Scene(FILE + BUDGET)
    admission = await scene.admitted()
    assert admission.grant is not None

    assert (scene.quota.claims, scene.account.is_held) == ([admission.grant.claim], False)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (Bounds(1000, 200, input_tokens_about=250), (250, None)),
        (Bounds(1000, 200, 3, is_capped=True, input_tokens_about=250), (250, 600)),
        (Bounds(1000, None, is_capped=True, input_tokens_about=250), (250, 0)),
    ],
    ids=["no cap", "a cap for each of three answers", "nobody may cap it"],
)
async def test_limits_are_asked_for_what_it_will_probably_use(bounds: Bounds, expected: tuple[int, int | None]) -> None:
    scene = Scene(FILE + LIMITS)
    await scene.admitted(bounds=bounds)

    assert [expected] * 2 == [(it.input_tokens, it.output_tokens_max) for c in scene.quota.claims for it in c.limits]


@pytest.mark.parametrize(
    ("text", "target", "bounds", "expected"),
    [
        (FILE, "gpt", BOUNDS, (WorstCase(1_000_000, 10_000_000_000, 200, may_cap=True), "")),
        (FILE, "gpt", Bounds(9, 7, 3, is_capped=True), (WorstCase(9_000, 30_000_000_000, 7, may_cap=False), "")),
        (FILE, "gpt", Bounds(9, None), (WorstCase(9_000, 10_000_000_000, None, may_cap=True), "")),
        (FILE, "free", Bounds(None, None, unbounded="tools[0]"), (WorstCase(0, 0, None, may_cap=True), "")),
        (FILE, "gpt", Bounds(9, 7, unbounded="tools[0]"), (None, "tools[0]")),
        (FILE, "gpt", Bounds(None, 7), (None, "the size of its input")),
        (FILE, "gpt", Bounds(9, 7, service_tier="fast"), (None, "service_tier: fast")),
        (FILE, "gpt", Bounds(9, 7, service_tier="flex"), (WorstCase(9_000, 10_000_000_000, 7, may_cap=True), "")),
        (FILE, "free", Bounds(9, 7, service_tier="fast"), (WorstCase(0, 0, None, may_cap=True), "")),
        (UNPRICED, "gpt", BOUNDS, (None, "the price of gpt is not known")),
    ],
    ids=[
        "uncapped",
        "capped",
        "length unknown",
        "free",
        "unbounded",
        "input unknown",
        "dearer",
        "cheaper",
        "fast and free",
        "unpriced",
    ],
)
async def test_budgets_are_asked_for_the_worst_case_or_why_there_is_none(
    text: str, target: str, bounds: Bounds, expected: tuple[WorstCase | None, str]
) -> None:
    scene = Scene(FILE + BUDGET)
    await scene.account.admit(sound(text).targets[target], lambda: bounds, NOW_S, nowhere)

    assert [expected] == [(claim.cost, claim.why_unbounded) for claim in scene.quota.claims]


async def test_without_a_budget_nobody_asks_what_it_may_cost() -> None:
    scene = Scene(FILE + LIMITS)
    await scene.admitted()

    assert [(claim.cost, claim.why_unbounded) for claim in scene.quota.claims] == [(None, "")] * 2


async def test_a_cap_is_told_with_the_admission() -> None:
    scene = Scene(FILE + BUDGET, FakeQuota(output_cap=300))

    assert (await scene.admitted()).output_cap == 300


# Who refuses.


async def test_a_limit_of_the_request_refuses_all_of_it_and_nothing_is_held() -> None:
    text = FILE + "limits: [{name: whole, requests: 9/m}]\n"
    standing = Standing(requests=ROOM)
    scene = Scene(text, FakeQuota(refused(text, Scarce.REQUESTS, retry_after_s=2.0, standing=standing)))
    with pytest.raises(RateLimitedError, match="'whole' of ada has no requests left") as caught:
        await scene.ask()

    assert (caught.value.retry_after_s, scene.account.standing) == (2.0, standing)
    assert (scene.quota.held, scene.account.is_held) == ({}, False)


async def test_a_limit_of_a_target_refuses_that_one_and_the_request_is_asked_for_again() -> None:
    scene = Scene(FILE + LIMITS, FakeQuota(refused(FILE + LIMITS, Scarce.REQUESTS)))
    refusal = await scene.refusal()
    await scene.admitted("free")

    assert (refusal.stands_for, type(refusal.error)) == (FailureClass.RATE_LIMITED, RateLimitedError)
    assert refusal.reason == "the limit 'by-target' of ada has no requests left"
    assert [claim.limits[0].rule.scope.name for claim in scene.quota.claims] == ["whole", "by-target"] * 2


async def test_a_budget_refuses_a_target_because_another_one_may_be_cheaper() -> None:
    scene = Scene(FILE + BUDGET, FakeQuota(refused(FILE + BUDGET, needed_nanousd=7, left_nanousd=5)))
    refusal = await scene.refusal()

    assert (refusal.stands_for, refusal.instead) == (FailureClass.QUOTA_EXHAUSTED, None)
    assert isinstance(refusal.error, BudgetExceededError)
    assert refusal.reason == "the budget 'day' of ada has $0.000000005 left, and this may cost $0.000000007 or more"


async def test_a_budget_may_lead_elsewhere() -> None:
    text = FILE + LEADING
    scene, led = Scene(text, FakeQuota(refused(text))), [candidate("free")]
    asked: list[str] = []

    def leading(route: Route) -> Sequence[Candidate]:
        asked.append(route.name)
        return led

    refusal = await scene.account.admit(scene.graph.targets["gpt"], lambda: BOUNDS, NOW_S, leading)
    assert isinstance(refusal, Refusal)
    assert refusal.instead is not None
    assert asked == []

    assert (refusal.instead(), asked) == (led, ["free"])


@pytest.mark.parametrize("scarce", [Scarce.UNBOUNDED, Scarce.BUCKETS])
async def test_what_is_not_exceeded_leads_nowhere(scarce: Scarce) -> None:
    scene = Scene(FILE + LEADING, FakeQuota(refused(FILE + LEADING, scarce)))

    assert (await scene.refusal()).instead is None


@pytest.mark.parametrize("section", ["limits: [{requests: 9/m,", "budgets: [{limit_usd: 1, per: day,"])
async def test_a_value_that_is_missing_refuses_the_request_before_anybody_is_asked(section: str) -> None:
    scene = Scene(f"{FILE}{section} name: n, each: metadata.x, missing: reject}}]")
    with pytest.raises(InvalidRequestError, match=r"wants a value of metadata\.x") as caught:
        await scene.ask()

    assert (caught.value.param, scene.quota.claims) == ("metadata.x", [])


async def test_where_a_rule_is_about_the_target_a_missing_value_refuses_only_that_one() -> None:
    rule = "{name: n, each: metadata.x, missing: reject, requests: 9/m, match: 'target == \"gpt\"'}"
    scene = Scene(f"{FILE}limits: [{rule}]")
    refusal = await scene.refusal()
    await scene.admitted("free")

    assert isinstance(refusal.error, InvalidRequestError)
    assert scene.quota.claims == []


# What it comes to.


async def test_an_attempt_is_settled_at_what_it_used_and_the_request_at_the_sum() -> None:
    scene = Scene(FILE + LIMITS + BUDGET)
    first = await scene.admitted()
    await scene.account.settle(first, Spent(Usage(10, 5)), 70)
    second = await scene.admitted()
    settlement = await scene.account.settle(second, Spent(Usage(20, 1)), 30)
    held = scene.account.is_held
    await scene.account.close()
    await scene.account.close()

    assert settlement is not None
    assert (scene.quota.settled, scene.quota.held) == ([(70, 15), (30, 21), (0, 36)], {})
    assert (held, scene.account.is_held) == (True, False)


async def test_what_nothing_was_held_for_counts_for_the_request() -> None:
    scene = Scene(FILE + "limits: [{name: whole, requests: 9/m}]\n")
    settlement = await scene.account.settle(await scene.admitted(), Spent(Usage(10, 5)), 0)
    await scene.account.close()

    assert (settlement, scene.quota.settled) == (None, [(0, 15)])


class Told(FakeQuota):
    """Tells how things stand, admission by admission; after each settlement 7 nano-dollars are left."""

    def __init__(self, *standings: Standing) -> None:
        super().__init__()
        self.standings = list(standings)

    async def admit(self, claims: Sequence[Claim]) -> Granted | Refused:
        return replace(await super().admit(claims), standing=self.standings.pop(0))

    async def settle(self, grant: Grant, *, nanousd: int, tokens: int, output_tokens: int) -> Settlement:
        settlement = await super().settle(grant, nanousd=nanousd, tokens=tokens, output_tokens=output_tokens)
        return replace(settlement, budget_left_nanousd=7)


async def test_what_the_request_has_taken_is_told_also_after_another_attempt() -> None:
    scene = Scene(FILE + "limits: [{name: whole, requests: 9/m}]\n", Told(Standing(ROOM, ROOM)))
    await scene.admitted()
    await scene.admitted()

    assert scene.account.standing == Standing(ROOM, ROOM)


async def test_the_tighter_of_request_and_attempt_is_told() -> None:
    tight, wide = Room(9, 1, 20.0), Room(9, 8, 2.0)
    scene = Scene(FILE + LIMITS, Told(Standing(ROOM, ROOM), Standing(tight, wide)))
    await scene.admitted()
    await scene.admitted()

    assert scene.account.standing == Standing(tight, ROOM)


async def test_what_is_left_of_a_budget_is_told_as_it_is_after_settling() -> None:
    scene = Scene(FILE + LIMITS + BUDGET, Told(Standing(ROOM, ROOM, 1000)))
    admission = await scene.admitted()
    before = scene.account.standing
    await scene.account.settle(admission, NOTHING, 0)

    assert (before, scene.account.standing) == (Standing(ROOM, ROOM, 1000), Standing(ROOM, ROOM, 7))


def test_what_a_caller_says_of_himself_is_there_for_the_row() -> None:
    assert Scene(FILE, metadata={"tier": "free"}).account.metadata == {"tier": "free"}


# How much is used.


def share(text: str, spent: dict[str, int], **fields: Any) -> float:
    """With so many nano-dollars spent of each budget, in the bucket that all share."""
    rules = sound(FILE + text).rules
    quota = MemoryQuota(HandClock(), rules)
    for rule in rules.budgets:
        quota.restore(rule.id, [("[]", 4_000_000_000_000, spent.get(rule.scope.name, 0))])
    return used(quota, rules.budgets, facts(**fields))


def test_how_much_is_used_is_that_of_the_tightest_budget() -> None:
    two = "budgets: [{name: a, limit_usd: 1, per: day}, {name: b, limit_usd: 4, per: day}]"

    assert share(two, {"a": 500_000_000, "b": 3_000_000_000}) == 0.75
    assert share("", {}) == 0.0


def test_budgets_of_targets_say_nothing_before_one_is_chosen() -> None:
    assert share("budgets: [{name: a, limit_usd: 0, per: day, each: target}]", {}) == 0.0


def test_nobody_need_know_of_a_request_that_will_be_refused() -> None:
    assert share("budgets: [{name: a, limit_usd: 0, per: day, each: metadata.x, missing: reject}]", {}) == 0.0


# An answer for which nobody is asked.


async def test_what_is_kept_takes_a_request_and_holds_nothing() -> None:
    scene = Scene(FILE + LIMITS + BUDGET)
    await scene.account.admit_kept()
    ((limit,),) = [claim.limits for claim in scene.quota.claims]

    assert (limit.rule.scope.name, limit.values, limit.part) == ("whole", ("ada",), Part.REQUEST)
    assert (scene.quota.settled, scene.quota.held, scene.account.is_held) == ([(0, 0)], {}, False)


async def test_what_is_kept_takes_one_request_however_often_it_is_looked_for() -> None:
    scene = Scene(FILE + LIMITS)
    for _ in range(3):
        await scene.account.admit_kept()

    assert len(scene.quota.claims) == 1


async def test_who_has_been_counted_takes_only_the_rest_when_he_asks_after_all() -> None:
    scene = Scene(FILE + LIMITS)
    await scene.account.admit_kept()
    await scene.admitted()
    parts = [[limit.part for limit in claim.limits] for claim in scene.quota.claims]

    assert parts == [[Part.REQUEST], [Part.REST], [Part.ALL]]


async def test_where_nothing_limits_requests_what_is_kept_asks_nobody() -> None:
    scene = Scene(FILE + BUDGET)
    await scene.account.admit_kept()

    assert scene.quota.claims == []


async def test_a_limit_that_is_used_up_refuses_what_is_kept_too() -> None:
    scene = Scene(FILE + LIMITS, FakeQuota(refused(FILE + LIMITS, Scarce.REQUESTS)))
    with pytest.raises(RateLimitedError):
        await scene.account.admit_kept()


async def test_a_value_that_a_limit_wants_is_wanted_of_what_is_kept_too() -> None:
    scene = Scene(FILE + "limits: [{name: whole, each: metadata.project, requests: 9/m, missing: reject}]\n")
    with pytest.raises(InvalidRequestError):
        await scene.account.admit_kept()
