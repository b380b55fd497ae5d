"""One call on its way to its attempts, with fakes for the counters and the book."""

from dataclasses import replace

import msgspec
import pytest

from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.asking import Admitted, Asking
from llmgw.bookkeeping import Bill, Books
from llmgw.call import Call
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.errors import (
    BudgetExceededError,
    FailureClass,
    ForbiddenModelError,
    InvalidRequestError,
    LedgerUnavailableError,
    MissingCredentialError,
    RateLimitedError,
    UnknownModelError,
    UpstreamConnectError,
)
from llmgw.graph.model import Retry, TimeLimits
from llmgw.graph.principal import Principal
from llmgw.policy.claims import Refused, Scarce
from llmgw.ports import Quota
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.routing.health_board import HealthBoard
from llmgw.routing.plan import AttemptPlan, GiveUp, Refusal, Try, Why
from llmgw.routing.walk import Candidate
from tests.fakes import TWO_TARGETS, FakeAlerts, FakeClock, FakeLedger, FakeQuota, fake_call, fake_transcript

PRICED = TWO_TARGETS.replace("two: p/up-two", "two: {target: p/up-two, price: free}")
BUDGET = "budgets: [{name: day, limit_usd: 1, per: day}]\n"
SEATS = """
providers: {seats: {like: anthropic, base_url: "http://127.0.0.1:9", auth: client}}
models: {one: {target: seats/claude, price: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}
"""


class Scene:
    """A call, and the bill that it would stand on."""

    def __init__(self, call: Call, quota: Quota | None = None) -> None:
        self.call = call
        self.quota = quota or FakeQuota(reserves_nanousd=500)
        self.ledger, self.clock = FakeLedger(), FakeClock()
        self.asking = Asking(call, self.quota, self.clock, HealthBoard())
        books = Books(self.quota, self.ledger, FakeAlerts())
        self.transcript = fake_transcript(call)
        self.bill = Bill(self.asking.account, books, self.clock, call, self.transcript)

    async def ask(self, target: str = "one") -> Admitted | Refusal:
        return await self.asking.admitted(step(self.call, target), self.bill)


def step(call: Call, target: str) -> Try:
    return Try(Candidate(call.graph.targets[target], target, TimeLimits(), Retry(), ()), 1, 1, 0.0)


def rule_of(call: Call, *, scarce: Scarce = Scarce.BUDGET) -> Refused:
    return Refused(0, call.graph.rules.budgets[0], (), scarce, needed_nanousd=2, left_nanousd=1)


# Where it may go.


def paths(scene: Scene) -> list[str]:
    return [candidate.path for candidate in scene.asking.itinerary().candidates]


def test_a_name_leads_to_its_candidates() -> None:
    assert paths(Scene(fake_call())) == ["chat/fallback[0]=one", "chat/fallback[1]=two"]


@pytest.mark.parametrize("name", ["nobody", "m" * 257])
def test_a_name_that_is_none_says_so(name: str) -> None:
    config = TWO_TARGETS.replace("routes: {", 'routes: {"m*": {fallback: [one]}, ')
    with pytest.raises(UnknownModelError, match="no model"):
        Scene(fake_call(config, model=name)).asking.itinerary()


def test_who_may_not_use_it_hears_that() -> None:
    call = replace(fake_call(), principal=Principal("k", models=("one",)))
    with pytest.raises(ForbiddenModelError):
        Scene(call).asking.itinerary()


@pytest.mark.parametrize(("timeout_s", "expected"), [(None, 600.0), (5.0, 5.0), (900.0, 600.0)])
def test_a_caller_may_only_lower_the_deadline(timeout_s: float | None, expected: float) -> None:
    assert expected == Scene(replace(fake_call(), timeout_s=timeout_s)).asking.itinerary().deadline_s


@pytest.mark.parametrize(("spent_nanousd", "expected"), [(499_000_000, "two"), (500_000_000, "one")])
def test_how_much_of_a_budget_is_used_may_decide(spent_nanousd: int, expected: str) -> None:
    config = PRICED.replace("{fallback: [one, two]}", "{when: [{if: 'budget.used >= 0.5', use: one}, {use: two}]}")
    call = fake_call(config + BUDGET)
    quota = MemoryQuota(FakeClock(), call.graph.rules)
    quota.restore(call.graph.rules.budgets[0].id, [("[]", 4_000_000_000_000, spent_nanousd)])

    assert [path.rpartition("=")[2] for path in paths(Scene(call, quota))] == [expected]


@pytest.mark.parametrize(("own", "why"), [({}, "it is called with the caller's own credential"), ({"a": "b"}, None)])
def test_a_target_that_is_called_with_the_callers_own_credential_wants_one(
    own: dict[str, str], why: str | None
) -> None:
    call = replace(fake_call(SEATS, model="one"), own=own)
    told = Scene(call).asking.unfit(call.graph.targets["one"])

    assert (told is None) is (why is None)
    assert (why or "") in (told or "")


# What it may draw on, and what goes out.


async def test_an_attempt_that_may_be_made_comes_with_what_goes_out() -> None:
    call = fake_call(PRICED + BUDGET)
    scene = Scene(call)
    found = await scene.ask()
    assert isinstance(found, Admitted)

    assert (found.admission.reserved_nanousd, found.bill) == (500, scene.bill)
    assert b"tokens" not in found.prepared.body
    assert scene.ledger.reserved == [(call.request_id, 1)]


async def test_a_cap_goes_out() -> None:
    scene = Scene(fake_call(PRICED + BUDGET), FakeQuota(reserves_nanousd=500, output_cap=300))
    found = await scene.ask()
    assert isinstance(found, Admitted)

    assert msgspec.json.decode(found.prepared.body)["max_tokens"] == 300
    assert scene.transcript.output_cap == 300


async def test_where_a_cap_cannot_be_said_the_target_is_out_and_nothing_is_held() -> None:
    call = fake_call(PRICED.replace("drop: [seed]", "drop: [max_tokens, max_completion_tokens]") + BUDGET)
    quota = FakeQuota(reserves_nanousd=500, output_cap=300)
    scene = Scene(call, quota)
    found = await scene.ask()
    await scene.bill.close()

    assert isinstance(found, Refusal)
    assert (found.stands_for, type(found.error)) == (FailureClass.QUOTA_EXHAUSTED, BudgetExceededError)
    told = "the budget 'day' has room for an answer of 300 tokens only, and one cannot be told so"
    assert found.reason == f"{told}: ask for less (max_tokens)"
    assert scene.transcript.output_cap is None
    assert (quota.held, quota.settled, scene.ledger.reserved) == ({}, [(0, 0)], [])


class TooDeep(type(anthropic_messages)):  # type: ignore[misc]  # the class of a constant
    """Counts nothing that it is given."""

    def write_count_request(self, *_: object) -> tuple[bytes, tuple[str, ...]]:
        raise RecursionError


async def test_a_body_that_nobody_can_be_asked_to_count_is_the_callers_fault_and_holds_nothing() -> None:
    call = replace(fake_call(PRICED + "limits: [{name: rate, requests: 9/m}]\n"), counter=TooDeep())
    scene = Scene(call)
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        await scene.ask()
    await scene.bill.close()

    assert scene.quota.held == {}  # type: ignore[attr-defined]  # of the fake


async def test_what_is_refused_is_neither_booked_nor_made() -> None:
    call = fake_call(PRICED + BUDGET)
    scene = Scene(call, FakeQuota(rule_of(call)))
    found = await scene.ask()

    assert isinstance(found, Refusal)
    assert scene.ledger.records == []


async def test_what_cannot_be_booked_is_not_asked() -> None:
    quota = FakeQuota(reserves_nanousd=500)
    scene = Scene(fake_call(PRICED + BUDGET), quota)
    scene.ledger.full = True
    with pytest.raises(LedgerUnavailableError):
        await scene.ask()
    scene.ledger.full = False
    await scene.bill.close()

    assert quota.held == {}


async def test_a_budget_may_lead_to_the_candidates_of_another_route() -> None:
    leading = BUDGET.replace("per: day", "per: day, on_exceeded: {use: two}")
    call = fake_call(PRICED + leading)
    scene = Scene(call, FakeQuota(rule_of(call)))
    found = await scene.ask()
    assert isinstance(found, Refusal)
    assert found.instead is not None

    assert [candidate.target.id for candidate in found.instead()] == ["two"]


async def test_a_count_of_tokens_is_under_limits_and_under_no_budget() -> None:
    limits = "limits: [{name: rate, requests: 9/m, tokens: 9k/m}]\n"
    config = SEATS.replace("auth: client", "api_key: k") + limits + BUDGET
    call = replace(fake_call(config, model="one"), counter=anthropic_messages, dialect=anthropic_messages)
    quota = FakeQuota(reserves_nanousd=500)
    scene = Scene(call, quota)
    found = await scene.ask()
    assert isinstance(found, Admitted)

    assert [(len(claim.limits), len(claim.budgets)) for claim in quota.claims] == [(1, 0)]
    assert found.admission.reserved_nanousd == 0


# How it ends if nobody answers.

FAILURES = [("one", UpstreamConnectError("refused"))]
REFUSED = RateLimitedError("no requests left")


def test_after_failures_it_ends_as_they_do() -> None:
    error = Scene(fake_call()).asking.exhausted(GiveUp(Why.NO_CANDIDATE, (), REFUSED), FAILURES)

    assert isinstance(error, RouteExhaustedError)
    assert [attempt["target"] for attempt in error.attempts] == ["one"]


def test_who_was_only_refused_hears_by_whom() -> None:
    assert REFUSED is Scene(fake_call()).asking.exhausted(GiveUp(Why.NO_CANDIDATE, (), REFUSED), [])


def test_without_either_nobody_was_there() -> None:
    error = Scene(fake_call()).asking.exhausted(GiveUp(Why.NO_CANDIDATE), [])

    assert isinstance(error, RouteExhaustedError)


def test_who_shows_no_credential_of_his_own_is_asked_for_one() -> None:
    scene = Scene(fake_call(SEATS, model="one"))
    plan = AttemptPlan(scene.asking.itinerary(), scene.asking.dice.draw, scene.asking.unfit)
    end = plan.start()
    assert isinstance(end, GiveUp)

    assert isinstance(scene.asking.exhausted(end, []), MissingCredentialError)
