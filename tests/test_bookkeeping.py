"""What a call is billed and what is written of it, with fakes for counters, book and alerts."""

from collections.abc import Mapping
from typing import Any

import pytest

from llmgw.accounting import Account, Admission
from llmgw.bookkeeping import PROCESS_DIED, Bill, Books
from llmgw.call import Call
from llmgw.chat.bounds import Bounds
from llmgw.chat.usage import Usage
from llmgw.config.model import TestRequest as Request
from llmgw.config.secrets import Secret
from llmgw.errors import LedgerUnavailableError
from llmgw.graph.model import Graph, Leaf, Target
from llmgw.policy.billing import NOTHING, Spent
from llmgw.policy.claims import Crossed, Refused, Scarce, Standing
from llmgw.policy.entry import Charge, Entry, Reserved, Settled
from llmgw.routing.facts import pretended
from llmgw.routing.plan import Refusal
from llmgw.transcript import AttemptRecord
from tests.fakes import TWO_TARGETS, FakeAlerts, FakeClock, FakeLedger, FakeQuota, fake_call, fake_transcript

PRICED = TWO_TARGETS.replace("two: p/up-two", "two: {target: p/up-two, price: free}, dark: p/dark")
BUDGET = "budgets: [{name: day, each: metadata.project, models: [chat], limit_usd: 1, per: day}]\n"
SHADOW = BUDGET.replace("per: day", "per: day, enforce: shadow")
LIMIT = "limits: [{name: rate, requests: 9/m}]\n"
BOUNDS = Bounds(100, 50, input_tokens_about=10)
SPENT = Spent(Usage(10, 20))  # 50,000 nano-dollars at `one`
KEY = "sk-the-callers-own-key"


class Desk:
    """The bill of one call."""

    def __init__(self, rules: str = BUDGET, config: str = PRICED, project: str = "x", **said: Any) -> None:
        self.call: Call = fake_call(config + rules, **said)
        self.graph: Graph = self.call.graph
        self.quota = FakeQuota(reserves_nanousd=90_000)
        self.ledger, self.alerts, self.clock = FakeLedger(), FakeAlerts(), FakeClock()
        self.transcript = fake_transcript(self.call)
        known = pretended(Request(model=self.call.request.model, metadata={"project": project}))
        self.account = Account(self.quota, self.graph.rules, known)
        books = Books(self.quota, self.ledger, self.alerts)
        self.bill = Bill(self.account, books, self.clock, self.call, self.transcript)

    async def admitted(self, target: str = "one") -> Admission:
        found = await self.account.admit(self._target(target), lambda: BOUNDS, self.clock.now_s(), lambda _: ())
        assert isinstance(found, Admission)
        return found

    def _target(self, name: str) -> Target:
        resolved = self.graph.resolve(name)
        assert resolved is not None
        assert isinstance(resolved.route.node, Leaf)
        target = resolved.route.node.target
        return target.concrete(resolved.star) if resolved.star else target

    async def begin(self, target: str = "one") -> Admission:
        admission = await self.admitted(target)
        await self.bill.begin(admission)
        clean = self.transcript.clean  # as the gateway does
        self.transcript.attempts.append(AttemptRecord(clean(target), clean(f"chat/{target}"), 0.0))
        return admission

    async def fail(self, target: str = "one", spent: Spent = SPENT, outcome: str = "protocol") -> None:
        await self.bill.settle(await self.begin(target), spent, whole=False)
        self.transcript.attempts[-1].outcome = outcome

    @property
    def written(self) -> list[Mapping[str, Any]]:
        """Of each record what tells it from the others."""
        return [shown(record) for record in self.ledger.records]

    @property
    def row(self) -> Entry:
        (row,) = self.ledger.rows
        return row


def shown(record: Reserved | Settled) -> Mapping[str, Any]:
    entry = record.entry
    told = {"attempt": entry.attempt, "outcome": entry.outcome, "cost": entry.cost_nanousd}
    if isinstance(record, Reserved):
        return {"reserved": record.number, **told}
    return {"ends": record.ends, **told} if record.is_row else {"ends": record.ends}


# A call that is answered.


@pytest.mark.parametrize(("tier", "is_guess"), [("", False), ("flex", False), ("ultrafast", True)])
async def test_a_service_tier_that_nobody_has_priced_is_billed_as_the_usual_one_and_that_is_said(
    tier: str, is_guess: bool
) -> None:
    desk = Desk()
    await desk.bill.settle(await desk.begin(), Spent(Usage(10, 20, service_tier=tier)), whole=True)

    assert (desk.row.cost_nanousd, desk.row.estimated, desk.transcript.estimated) == (50_000, is_guess, is_guess)


async def test_what_is_reserved_stands_in_the_book_before_anybody_is_asked_and_ends_with_the_answer() -> None:
    desk = Desk()
    admission = await desk.begin()
    before = [*desk.written]
    await desk.bill.settle(admission, SPENT, whole=True)
    settled = [*desk.written]
    await desk.bill.close()

    assert before == [{"reserved": 1, "attempt": 0, "outcome": PROCESS_DIED, "cost": 90_000}]
    assert settled == desk.written == [*before, {"ends": 1, "attempt": 0, "outcome": "ok", "cost": 50_000}]
    assert (desk.quota.settled, desk.quota.held, desk.ledger.reserved) == ([(50_000, 30)], {}, [])
    assert (desk.transcript.cost_nanousd, desk.transcript.usage, desk.transcript.estimated) == (
        50_000,
        SPENT.usage,
        False,
    )


async def test_without_a_budget_nothing_is_reserved_and_its_row_is_there_all_the_same() -> None:
    desk = Desk(LIMIT)
    await desk.bill.settle(await desk.begin(), SPENT, whole=True)
    await desk.bill.close()

    assert desk.written == [{"ends": 0, "attempt": 0, "outcome": "ok", "cost": 50_000}]
    assert (desk.quota.settled, desk.quota.held) == ([(0, 30)], {})


async def test_a_row_says_who_asked_whom_for_what_and_what_came_of_it() -> None:
    desk = Desk(user="u-1")
    transcript = desk.transcript
    transcript.key, transcript.team, transcript.user = "k", "t", "u"
    transcript.client_request_id, transcript.status, transcript.first_token_s = "theirs", 200, 0.25
    admission = await desk.begin()
    await desk.clock.sleep(1.5)
    await desk.bill.settle(admission, SPENT, whole=True)
    expected = Entry(
        request_id=desk.call.request_id,
        at_ms=1_700_000_000_000,
        key="k",
        team="t",
        user="u",
        request_user="u-1",
        model="chat",
        route="chat/one",
        target="one",
        provider="p",
        endpoint="chat",
        status=200,
        outcome="ok",
        usage=Usage(10, 20),
        cost_nanousd=50_000,
        latency_ms=1500.0,
        first_token_ms=250.0,
        client_request_id="theirs",
        metadata={"project": "x"},
        charges=(Charge(desk.graph.rules.budgets[0].id, '["x"]', 0),),
    )

    assert expected == desk.row


async def test_the_standing_of_all_counters_is_there_for_whoever_answers() -> None:
    desk = Desk(LIMIT)
    desk.account.standing = Standing(budget_left_nanousd=5)
    admission = Admission(desk.graph.targets["one"], 1, 0.0, lambda: BOUNDS, output_cap=300)
    await desk.bill.begin(admission)

    assert (desk.transcript.standing, desk.transcript.output_cap) == (Standing(budget_left_nanousd=5), 300)


# Attempts that fail.


async def test_a_failed_attempt_that_is_billed_has_a_row_of_its_own() -> None:
    desk = Desk()
    await desk.fail()
    await desk.bill.settle(await desk.begin(), SPENT, whole=True)

    assert desk.written == [
        {"reserved": 1, "attempt": 0, "outcome": PROCESS_DIED, "cost": 90_000},
        {"ends": 1, "attempt": 1, "outcome": "protocol", "cost": 50_000},
        {"reserved": 2, "attempt": 0, "outcome": PROCESS_DIED, "cost": 90_000},
        {"ends": 2, "attempt": 0, "outcome": "ok", "cost": 50_000},
    ]
    assert desk.transcript.cost_nanousd == 100_000


async def test_one_that_cost_nothing_has_none_but_its_reservation_ends() -> None:
    desk = Desk()
    await desk.fail(spent=NOTHING)
    await desk.bill.settle(await desk.begin(), SPENT, whole=True)

    assert [it.get("ends") for it in desk.written] == [None, 1, None, 2]
    assert (desk.row.cost_nanousd, desk.ledger.reserved) == (50_000, [])


async def test_one_that_cost_nothing_and_had_nothing_reserved_leaves_no_trace() -> None:
    desk = Desk(LIMIT)
    await desk.fail(spent=NOTHING)
    await desk.bill.settle(await desk.begin(), SPENT, whole=True)

    assert desk.written == [{"ends": 0, "attempt": 0, "outcome": "ok", "cost": 50_000}]


async def test_one_without_a_reservation_is_billed_too() -> None:
    desk = Desk(LIMIT)
    await desk.fail()
    await desk.bill.settle(await desk.begin(), SPENT, whole=True)

    assert desk.written[0] == {"ends": 0, "attempt": 1, "outcome": "protocol", "cost": 50_000}


async def test_if_nobody_answers_the_last_attempt_is_the_requests_own() -> None:
    desk = Desk()
    await desk.fail()
    await desk.fail(outcome="timeout")
    desk.transcript.outcome, desk.transcript.status = "timeout", 504
    await desk.bill.close()

    assert desk.written[-1] == {"ends": 2, "attempt": 0, "outcome": "timeout", "cost": 50_000}
    assert [row.attempt for row in desk.ledger.rows] == [1, 0]
    assert (desk.ledger.reserved, desk.transcript.cost_nanousd) == ([], 100_000)


async def test_an_attempt_that_was_never_asked_has_no_outcome_and_the_next_one_goes_on() -> None:
    desk = Desk()
    for _ in range(2):  # no attempt is written down: what would have gone out could not be made
        admission = await desk.admitted()
        await desk.bill.begin(admission)
        await desk.bill.settle(admission, NOTHING, whole=False)
    await desk.bill.close()

    assert [it.get("ends") for it in desk.written] == [None, 1, None, 2]
    assert (desk.row.cost_nanousd, desk.ledger.reserved) == (0, [])


async def test_a_request_that_nobody_was_asked_has_a_row_that_says_so() -> None:
    desk = Desk()
    desk.transcript.outcome, desk.transcript.status = "budget_exceeded", 402
    await desk.bill.close()

    assert (desk.row.outcome, desk.row.status, desk.row.cost_nanousd, desk.row.target) == (
        "budget_exceeded",
        402,
        0,
        "",
    )
    assert (desk.row.at_ms, desk.row.charges, desk.row.metadata) == (1_700_000_000_000, (), {"project": "x"})


async def test_also_who_is_refused_is_told_how_limits_stand() -> None:
    standing = Standing(budget_left_nanousd=3)
    desk = Desk()
    desk.quota._refusals.append(Refused(0, desk.graph.rules.budgets[0], ("x",), Scarce.BUDGET, standing=standing))
    refusal = await desk.account.admit(desk.graph.targets["one"], lambda: BOUNDS, 0.0, lambda _: ())
    await desk.bill.close()

    assert isinstance(refusal, Refusal)
    assert desk.transcript.standing == standing


# What it costs.


@pytest.mark.parametrize(
    ("target", "spent", "expected"),
    [
        ("one", SPENT, 50_000),
        ("one", Spent(Usage(10, 200)), 410_000),
        ("one", Spent(Usage(10, 200), estimated=True), 90_000),
        ("one", Spent(Usage(10), estimated=True), 10_000),
        ("one", Spent(Usage(10), estimated=True, all_reserved=True), 90_000),
        ("one", NOTHING, 0),
        ("two", SPENT, 0),
        ("dark", SPENT, None),
        ("dark", NOTHING, 0),
    ],
    ids=["told", "more than reserved", "guessed", "guessed less", "unknown", "nothing", "free", "unpriced", "counted"],
)
async def test_an_attempt_costs_what_is_told_and_a_guess_never_more_than_was_reserved(
    target: str, spent: Spent, expected: int | None
) -> None:
    desk = Desk(SHADOW)
    await desk.bill.settle(await desk.begin(target), spent, whole=True)

    assert (desk.row.cost_nanousd, desk.row.estimated) == (expected, spent.estimated)
    assert desk.quota.settled == [(expected or 0, spent.tokens)]
    assert desk.transcript.cost_nanousd == expected


async def test_where_nothing_was_reserved_a_guess_is_what_it_is() -> None:
    desk = Desk("")
    await desk.bill.settle(await desk.begin(), Spent(Usage(10), estimated=True, all_reserved=True), whole=False)
    await desk.bill.close()

    assert desk.row.cost_nanousd == 10_000


async def test_what_was_lost_at_no_cost_is_not_told_as_one() -> None:
    desk = Desk()
    await desk.fail(spent=NOTHING)

    assert (desk.transcript.cost_nanousd, desk.transcript.usage) == (None, None)


async def test_an_overrun_is_marked_and_whoever_is_to_know_hears_what_was_crossed() -> None:
    desk = Desk()
    crossed = Crossed(desk.graph.rules.budgets[0], ("x",), 0.8, 80, 100, 0)
    desk.quota.overrun, desk.quota.crossed = True, (crossed, replace_at(crossed, 1.0))
    await desk.bill.settle(await desk.begin(), SPENT, whole=True)

    assert (desk.row.overrun, [it.at for it in desk.alerts.told]) == (True, [0.8, 1.0])


def replace_at(crossed: Crossed, at: float) -> Crossed:
    return Crossed(crossed.rule, crossed.values, at, crossed.spent_nanousd, crossed.limit_nanousd, crossed.slot)


# What goes wrong.


@pytest.mark.parametrize("rules", [BUDGET, LIMIT, BUDGET + LIMIT, ""], ids=["budget", "limit", "both", "nothing"])
async def test_whatever_was_begun_and_not_settled_is_given_back_when_the_call_ends(rules: str) -> None:
    desk = Desk(rules)
    await desk.begin()
    desk.transcript.outcome = "internal_error"
    await desk.bill.close()

    assert (desk.quota.held, desk.ledger.reserved) == ({}, [])
    assert (desk.row.outcome, desk.row.cost_nanousd) == ("internal_error", 0)


async def test_what_cannot_be_reserved_in_the_book_is_not_asked_for_and_given_back() -> None:
    desk = Desk(BUDGET + LIMIT)
    desk.ledger.full = True
    with pytest.raises(LedgerUnavailableError):
        await desk.begin()
    with pytest.raises(LedgerUnavailableError):
        await desk.bill.close()

    assert (desk.quota.held, desk.ledger.records, desk.quota.settled) == ({}, [], [(0, 0), (0, 0)])


async def test_an_answer_that_cannot_be_booked_is_booked_when_the_call_ends() -> None:
    desk = Desk()
    admission = await desk.begin()
    desk.ledger.full = True
    with pytest.raises(LedgerUnavailableError):
        await desk.bill.settle(admission, SPENT, whole=True)
    desk.ledger.full = False
    await desk.bill.close()

    assert (desk.quota.held, desk.ledger.reserved) == ({}, [])
    assert [(row.attempt, row.cost_nanousd) for row in desk.ledger.rows] == [(0, 50_000)]


async def test_a_failed_attempt_that_cannot_be_booked_is_not_forgotten() -> None:
    desk = Desk()
    await desk.bill.settle(await desk.begin(), SPENT, whole=False)
    desk.ledger.full = True
    with pytest.raises(LedgerUnavailableError):
        await desk.begin()
    desk.ledger.full = False
    await desk.bill.close()

    assert (desk.quota.held, desk.ledger.reserved) == ({}, [])
    assert sum(row.cost_nanousd or 0 for row in desk.ledger.rows) == 50_000


# What a caller writes may hold his key.


async def test_no_key_stands_in_a_row_by_the_name_of_a_model() -> None:
    """All else that a caller says is cleaned where it comes in."""
    model, any_model = f"any-{KEY}", PRICED.replace("dark: p/dark", '"any-*": {target: p/*, price: free}')
    desk = Desk(BUDGET.replace("[chat]", '["any-*"]'), any_model, model=model)
    desk.transcript.secrets = (Secret(KEY), Secret("short"))
    desk.transcript.model = desk.transcript.clean(model)
    await desk.bill.settle(await desk.begin(model), SPENT, whole=True)
    row = desk.row

    assert KEY not in repr(desk.ledger.records)
    assert (row.model, row.target) == ("any-***", "any-***")


# An answer that somebody has had already.


async def test_what_is_kept_has_a_row_that_says_what_it_saves() -> None:
    desk = Desk()
    desk.transcript.note_kept("hit", "one", "chat/one", ())
    await desk.bill.save(50_000)
    written = desk.row
    await desk.bill.close()

    assert desk.row == written
    assert (written.cost_nanousd, written.saved_nanousd, written.cached) == (0, 50_000, "hit")
    assert (written.outcome, written.target, written.route) == ("ok", "one", "chat/one")


async def test_what_has_no_price_saves_nothing_that_is_known() -> None:
    desk = Desk()
    desk.transcript.note_kept("coalesced", "one", "chat/one", ())
    await desk.bill.save(None)

    assert (desk.row.saved_nanousd, desk.row.cached) == (0, "coalesced")


async def test_a_call_that_has_paid_for_its_answer_saves_nothing() -> None:
    desk = Desk()
    await desk.bill.settle(await desk.begin(), SPENT, whole=True)
    await desk.bill.save(50_000)

    assert (desk.row.cost_nanousd, desk.row.saved_nanousd, desk.row.cached) == (50_000, 0, "")


async def test_what_is_saved_is_tried_again_when_the_book_has_refused_it() -> None:
    desk = Desk()
    desk.transcript.note_kept("hit", "one", "chat/one", ())
    desk.ledger.full = True
    with pytest.raises(LedgerUnavailableError):
        await desk.bill.save(50_000)
    desk.ledger.full = False
    await desk.bill.close()

    assert (desk.row.saved_nanousd, desk.row.outcome) == (50_000, desk.transcript.outcome)


async def test_an_answer_that_goes_on_for_others_is_billed_to_him_who_has_left() -> None:
    desk = Desk()
    admission = await desk.begin()
    desk.transcript.left, desk.transcript.status = True, 200
    await desk.bill.settle(admission, SPENT, whole=True)

    assert (desk.row.outcome, desk.row.status, desk.row.cost_nanousd) == ("client_closed", 499, 50_000)
