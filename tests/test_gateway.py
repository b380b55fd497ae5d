"""The straight path with fakes at its ports: what is tried, what is waited for, and what is recorded, once."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.bookkeeping import Books
from llmgw.call import Call
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.errors import (
    BudgetExceededError,
    FailureClass,
    GatewayError,
    InvalidRequestError,
    LedgerUnavailableError,
    OverloadedError,
    RateLimitedError,
    RequestError,
    StreamCutError,
    UnboundedCostError,
    UnknownModelError,
    UpstreamConnectError,
    UpstreamError,
    UpstreamStatusError,
)
from llmgw.gateway import Gateway
from llmgw.policy.entry import Record
from llmgw.ports import Quota
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.transcript import Transcript
from tests.fakes import (
    TWO_TARGETS,
    Answer,
    FakeAlerts,
    FakeClient,
    FakeClock,
    FakeJournal,
    FakeLedger,
    FakeQuota,
    FakeStream,
    FakeUpstream,
    event_stream,
    fake_call,
    fake_transcript,
    json_stream,
)
from tests.partners import bodies
from tests.partners.bodies import chat_answer, chat_events

HELLO = chat_events("Hello there")
GOOD = json_stream(chat_answer("Hello there"))


class Stage:
    """A gateway among fakes, and one call through it."""

    def __init__(self, *answers: Answer, client: FakeClient | None = None, quota: FakeQuota | None = None) -> None:
        self.upstream = FakeUpstream(*answers)
        self.client = client or FakeClient()
        self.clock = FakeClock()
        self.journal = FakeJournal()
        self.quota, self.ledger, self.alerts = quota or FakeQuota(), FakeLedger(), FakeAlerts()
        self.gateway = self.made(self.quota)

    def made(self, quota: Quota) -> Gateway:
        return Gateway(self.upstream, self.clock, self.journal, Books(quota, self.ledger, self.alerts))

    async def play(self, call: Call | None = None) -> Transcript:
        """The transcript, recorded once, also if the gateway raises."""
        call = call or fake_call()
        transcript = fake_transcript(call)
        try:
            await self.gateway.answer(call, self.client, transcript)
        finally:
            assert [transcript] == self.journal.transcripts
            assert self.upstream.open_now == 0
        return transcript

    @property
    def tried(self) -> list[str]:
        return [call.target.id for call in self.upstream.calls]


def refusal(failure: FailureClass, status: int = 500, wait_s: float | None = None) -> UpstreamStatusError:
    return UpstreamStatusError(
        failure, "no", status=status, headers={}, body=b'{"error":{"message":"no"}}', retry_after_s=wait_s
    )


OVERLOADED = refusal(FailureClass.OVERLOADED, 503)


async def test_the_first_target_answers() -> None:
    stage = Stage(GOOD)
    transcript = await stage.play()

    assert (stage.tried, stage.client.status, transcript.committed) == (["one"], 200, True)
    assert (transcript.outcome, transcript.status, stage.clock.slept) == ("ok", 200, [])
    assert stage.client.body == b"".join(stage.client.written) == bytes(transcript.response_body or b"")


async def test_failures_lead_on_until_one_answers() -> None:
    stage = Stage(OVERLOADED, OVERLOADED, GOOD)
    transcript = await stage.play()

    assert stage.tried == ["one", "one", "two"]
    assert [attempt.outcome for attempt in transcript.attempts] == ["overloaded", "overloaded", "ok"]
    assert transcript.path == "chat/fallback[1]=two"


async def test_waits_are_slept_on_the_clock_and_written_down() -> None:
    stage = Stage(OVERLOADED, OVERLOADED, OVERLOADED, GOOD)
    transcript = await stage.play()

    delays = [attempt.delay_s for attempt in transcript.attempts]
    assert stage.clock.slept == [delay for delay in delays if delay]
    assert (delays[0], 0 < delays[1] <= 0.25, delays[2], 0 < delays[3] <= 0.25) == (0.0, True, 0.0, True)
    assert sum(delays) == pytest.approx(transcript.waited_s)


async def test_a_wait_that_was_asked_for_is_kept() -> None:
    limited = refusal(FailureClass.RATE_LIMITED, 429, wait_s=3.5)
    stage = Stage(limited, limited, GOOD)
    await stage.play()

    assert stage.clock.slept == [3.5]


async def test_the_deadline_allows_no_wait_beyond_it() -> None:
    limited = refusal(FailureClass.RATE_LIMITED, 429, wait_s=3.5)
    stage = Stage(limited)
    with pytest.raises(RouteExhaustedError, match="deadline reached") as caught:
        await stage.play(replace(fake_call(), timeout_s=3.0))

    assert (stage.tried, caught.value.retry_after_s) == (["one", "two"], 3.5)


async def test_after_all_have_failed_the_error_carries_every_attempt() -> None:
    stage = Stage(refusal(FailureClass.UNAUTHORIZED, 401), UpstreamConnectError("refused"))
    stage.upstream._answers.append(UpstreamConnectError("refused"))
    with pytest.raises(RouteExhaustedError) as caught:
        await stage.play()

    assert list(caught.value.attempts) == [
        {"target": "one", "class": "unauthorized", "status": 401},
        {"target": "two", "class": "connection", "status": None},
        {"target": "two", "class": "connection", "status": None},
    ]
    (transcript,) = stage.journal.transcripts
    assert (transcript.outcome, transcript.status, transcript.committed) == ("route_exhausted", 502, False)


async def test_a_model_that_nobody_knows_is_recorded_too() -> None:
    stage = Stage(GOOD)
    with pytest.raises(UnknownModelError):
        await stage.play(fake_call(model="nobody"))

    (transcript,) = stage.journal.transcripts
    assert (transcript.outcome, transcript.status, stage.tried) == ("model_not_found", 404, [])


async def test_equal_ids_draw_equal_waits() -> None:
    first, second = Stage(OVERLOADED, GOOD), Stage(OVERLOADED, GOOD)
    await first.play()
    await second.play()

    assert first.clock.slept == second.clock.slept


async def test_the_weekday_is_that_of_the_configured_place() -> None:
    config = TWO_TARGETS.replace(
        "{chat: {fallback: [one, two]}}", "{chat: {when: [{if: 'time.hour == 23', use: one}, {use: two}]}}"
    )
    near = fake_call(config + 'server: {timezone: "Europe/Berlin"}')  # 22:13:20 UTC is 23:13:20 there
    for call, expected in ((near, "one"), (fake_call(config), "two")):
        stage = Stage(GOOD)
        await stage.play(call)

        assert [expected] == stage.tried


# Streams.


async def test_a_stream_that_breaks_ends_with_an_error_event_and_no_other_attempt() -> None:
    stage = Stage(event_stream(b"".join(HELLO[:2]), StreamCutError("cut")))
    transcript = await stage.play(fake_call(stream=True))

    assert (stage.tried, stage.client.started) == (["one"], True)
    assert b'"code":"stream_cut"' in stage.client.written[-1]
    assert (transcript.outcome, transcript.status) == ("stream_cut", 200)


async def test_a_caller_that_left_before_the_error_could_be_told() -> None:
    stage = Stage(event_stream(b"".join(HELLO[:2]), StreamCutError("cut")), client=FakeClient(leaves_at=1))
    transcript = await stage.play(fake_call(stream=True))

    assert transcript.outcome == "stream_cut"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_caller_that_turns_out_to_have_left(stream: bool) -> None:
    good = event_stream(b"".join(HELLO)) if stream else GOOD
    stage = Stage(good, client=FakeClient(leaves_at=0))
    transcript = await stage.play(fake_call(stream=stream))

    assert (
        transcript.outcome,
        transcript.status,
        transcript.attempts[0].outcome,
    ) == ("client_closed", 499, "unfinished")


async def test_a_call_that_is_cancelled_is_recorded_and_stays_cancelled() -> None:
    stage = Stage(event_stream(b"".join(HELLO[:2]), 60.0))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stage.play(fake_call(stream=True))

    (transcript,) = stage.journal.transcripts
    assert (transcript.outcome, transcript.status) == ("client_closed", 499)


# The end of the process.


async def stopped(stage: Stage, call: Call) -> Transcript:
    """The gateway stops while the call waits for its upstream."""
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(stage.play(call))
        await asyncio.sleep(0.05)
        stage.gateway.stop()
    return playing.result()


async def test_a_stream_that_is_stopped_ends_with_an_error_event_and_is_recorded_so() -> None:
    stage = Stage(event_stream(b"".join(HELLO[:2]), 60.0))
    transcript = await stopped(stage, fake_call(stream=True))

    assert b'"code":"stream_cut"' in stage.client.written[-1]
    assert b"the gateway is stopping" in stage.client.written[-1]
    assert (transcript.outcome, transcript.status) == ("stopped", 200)
    assert transcript.attempts[0].outcome == "unfinished"


async def test_an_early_stream_that_is_stopped_ends_with_an_event_too() -> None:
    stage = Stage(event_stream(60.0))
    transcript = await stopped(stage, early())

    assert b"the gateway is stopping" in stage.client.written[-1]
    assert (transcript.outcome, transcript.status) == ("stopped", 200)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_call_that_is_stopped_before_its_commit_raises(stream: bool) -> None:
    stage = Stage(event_stream(60.0) if stream else FakeStream(200, {"content-type": "application/json"}, [60.0]))
    with pytest.raises(ExceptionGroup) as caught:
        await stopped(stage, fake_call(stream=stream))

    (error,) = caught.value.exceptions
    assert isinstance(error, OverloadedError)
    assert (error.code, error.retry_after_s) == ("stopped", 1.0)
    (transcript,) = stage.journal.transcripts
    assert (transcript.outcome, transcript.status, stage.client.started) == ("stopped", 503, False)


async def test_who_comes_after_the_stop_is_stopped_too() -> None:
    stage = Stage(GOOD)
    stage.gateway.stop()
    with pytest.raises(OverloadedError):
        await stage.play()

    assert stage.journal.transcripts[0].outcome == "stopped"


async def test_a_stream_that_is_whole_is_not_stopped() -> None:
    stage = Stage(event_stream(b"".join(HELLO), 0.2))
    transcript = await stopped(stage, fake_call(stream=True))

    assert (transcript.outcome, transcript.status) == ("ok", 200)
    assert b"error" not in stage.client.body


class SlowClient(FakeClient):
    """Takes its time to read."""

    async def write(self, data: bytes) -> None:
        await asyncio.sleep(0.2)
        await super().write(data)


async def test_nothing_follows_an_end_mark_that_is_on_its_way() -> None:
    stage = Stage(event_stream(b"".join(HELLO)), client=SlowClient())
    transcript = await stopped(stage, fake_call(stream=True))

    assert (transcript.outcome, transcript.attempts[0].outcome, stage.client.written) == ("ok", "ok", [])


async def test_a_whole_answer_on_its_way_arrives() -> None:
    stage = Stage(GOOD, client=SlowClient())
    transcript = await stopped(stage, fake_call())

    assert (transcript.outcome, transcript.status) == ("ok", 200)


async def test_a_whole_answer_that_does_not_arrive_in_time_was_cut_by_us() -> None:
    stage = Stage(GOOD, client=SlowClient())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await stopped(stage, fake_call())

    (transcript,) = stage.journal.transcripts
    assert (transcript.outcome, transcript.status) == ("stopped", 200)


async def test_a_fault_of_ours_is_recorded_as_one() -> None:
    stage = Stage(event_stream(b"".join(HELLO[:2]), ZeroDivisionError("a fault of ours")))
    with pytest.raises(ZeroDivisionError):
        await stage.play(fake_call(stream=True))

    assert stage.journal.transcripts[0].outcome == "internal_error"


async def test_a_timeout_that_is_not_ours_is_a_fault_of_ours() -> None:
    stage = Stage(FakeStream(200, {"content-type": "application/json"}, [TimeoutError("somebody else's")]))
    with pytest.raises(TimeoutError, match="somebody else's"):
        await stage.play()

    assert stage.journal.transcripts[0].outcome == "internal_error"


# Early signs of life.

WAITING = b": waiting\n\n"


def early(every_s: float = 0.02) -> Call:
    return replace(fake_call(stream=True), early_keepalive_s=every_s)


async def test_comments_come_until_there_is_content_and_no_longer() -> None:
    stage = Stage(event_stream(0.07, b"".join(HELLO[:3]), 0.07, b"".join(HELLO[3:])))
    await stage.play(early())

    said = [data == WAITING for data in stage.client.written]
    assert True in said
    assert said == sorted(said, reverse=True)  # none after what is said
    assert stage.client.headers == {}


@pytest.mark.parametrize("error", [OVERLOADED, refusal(FailureClass.INVALID_REQUEST, 400)], ids=["ours", "passed on"])
async def test_an_early_stream_fails_with_an_event(error: UpstreamStatusError) -> None:
    stage = Stage(event_stream(0.05, StreamCutError("cut")), StreamCutError("cut"), error, error)
    transcript = await stage.play(early())

    assert stage.client.written[0] == WAITING
    assert stage.client.written[-1].startswith(b'data: {"error":{"message":"no target answered')
    assert transcript.status == 200


async def test_a_call_that_fails_before_the_first_sign_raises() -> None:
    stage = Stage(refusal(FailureClass.INVALID_REQUEST, 400))
    with pytest.raises(RouteExhaustedError):
        await stage.play(early(5.0))

    assert (stage.journal.transcripts[0].status, stage.client.started) == (400, False)


async def test_a_caller_that_leaves_meanwhile_ends_the_attempt() -> None:
    stage = Stage(event_stream(60.0), client=FakeClient(leaves_at=2))
    transcript = await stage.play(early())

    assert (transcript.outcome, stage.client.written) == ("client_closed", [WAITING] * 2)


async def test_a_cancelled_call_stops_its_signs_of_life() -> None:
    before = asyncio.all_tasks()
    stage = Stage(event_stream(60.0))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stage.play(early())

    assert before == asyncio.all_tasks()
    assert stage.journal.transcripts[0].outcome == "client_closed"


def test_errors_of_attempts_are_told_apart_from_ours() -> None:
    assert isinstance(OVERLOADED, UpstreamError)


# Limits and budgets. A prompt of two letters may come to 1,100 tokens: $0.0011 at `one`, and a tenth of it at `two`.

CHEAPER = "two: {target: p/up-two, price: {input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.2}}"
PRICED = TWO_TARGETS.replace("two: p/up-two", f"{CHEAPER}, free: {{target: p/up-free, price: free}}")
LIMIT = "limits: [{name: rate, requests: 1/m}]\n"


def budget(usd: str, more: str = "") -> str:
    return f"{PRICED}budgets: [{{name: day, limit_usd: {usd}, per: day{more}}}]\n"


class Counted(Stage):
    """With the counters that serve."""

    def __init__(self, config: str, *answers: Answer, client: FakeClient | None = None, **asked: object) -> None:
        super().__init__(*answers, client=client)
        self.call = fake_call(config, **asked)  # type: ignore[arg-type]
        self.counters = MemoryQuota(self.clock, self.call.graph.rules)
        self.gateway = self.made(self.counters)

    async def play(self, call: Call | None = None) -> Transcript:
        self.journal.transcripts.clear()
        return await super().play(call or self.call)

    async def refused(self, kind: type[RequestError]) -> RequestError:
        with pytest.raises(kind) as caught:
            await self.play()
        return caught.value

    @property
    def held(self) -> list[tuple[int, int]]:
        """Of every bucket of a budget that anything is reserved in."""
        return [(it.reserved_nanousd, it.in_flight) for it in self.counters.standings() if it.in_flight]


async def test_whoever_is_over_a_limit_is_told_how_it_stands_and_nobody_is_asked() -> None:
    stage = Counted(PRICED + LIMIT, GOOD)
    await stage.play()
    error = await stage.refused(RateLimitedError)
    (transcript,) = stage.journal.transcripts
    room = transcript.standing.requests
    assert room is not None

    assert str(error).startswith("the limit 'rate' has no requests left: try again in 60")
    assert (room.limit, room.remaining, stage.tried) == (1, 0, ["one"])
    assert (transcript.outcome, transcript.status) == ("rate_limit_exceeded", 429)
    assert [(row.outcome, row.status, row.cost_nanousd) for row in stage.ledger.rows][1] == (
        "rate_limit_exceeded",
        429,
        0,
    )


async def test_what_is_too_dear_for_a_budget_is_passed_by() -> None:
    stage = Counted(budget("0.001"), GOOD)
    transcript = await stage.play()

    assert (stage.tried, transcript.path) == (["two"], "chat/fallback[1]=two")
    assert (stage.client.headers["x-llmgw-attempts"], stage.held) == ("1", [])
    assert [(row.target, row.cost_nanousd) for row in stage.ledger.rows] == [("two", 1500)]


async def test_what_is_too_dear_everywhere_says_what_it_may_cost_and_what_is_left() -> None:
    stage = Counted(budget("0.0001"), GOOD)
    error = await stage.refused(BudgetExceededError)
    (transcript,) = stage.journal.transcripts

    assert str(error).startswith("the budget 'day' has $0.000100000 left, and this may cost $0.001568000 or more")
    assert (stage.tried, transcript.outcome, transcript.status) == ([], "budget_exceeded", 402)
    assert (transcript.standing.budget_left_nanousd, stage.held) == (100_000, [])


async def test_a_budget_may_lead_elsewhere_when_nothing_else_is_left() -> None:
    stage = Counted(budget("0.0001", ", on_exceeded: {use: free}"), GOOD)
    transcript = await stage.play()

    assert (stage.tried, transcript.outcome) == (["free"], "ok")


async def test_what_nobody_can_bound_is_refused_in_words_of_its_own() -> None:
    stage = Counted(budget("1"), GOOD, web_search_options={})
    error = await stage.refused(UnboundedCostError)

    assert "(web_search_options)" in str(error)
    assert (stage.tried, stage.journal.transcripts[0].outcome) == ([], "unbounded_cost")


async def test_what_nobody_can_bound_may_be_allowed() -> None:
    stage = Counted(budget("1", ", unbounded: allow"), GOOD, web_search_options={})
    await stage.play()

    assert [(row.cost_nanousd, row.overrun) for row in stage.ledger.rows] == [(15_000, False)]


async def test_a_value_that_a_rule_wants_is_asked_for() -> None:
    stage = Counted(f"{PRICED}limits: [{{name: rate, each: metadata.user, missing: reject, requests: 9/m}}]\n", GOOD)
    error = await stage.refused(InvalidRequestError)

    assert (error.param, stage.tried, stage.journal.transcripts[0].status) == ("metadata.user", [], 400)


async def test_a_cap_reaches_the_provider_and_is_told() -> None:
    stage = Counted(budget("0.003"), GOOD)
    await stage.play()
    (call,) = stage.upstream.calls
    cap = msgspec.json.decode(call.body)["max_tokens"]

    assert 256 <= cap < 1000
    assert str(cap) == stage.client.headers["x-llmgw-output-cap"]
    assert "x-llmgw-budget-remaining-usd" in stage.client.headers


async def test_of_an_answer_at_once_it_is_told_what_is_left_after_it() -> None:
    stage = Counted(budget("0.01"), GOOD)
    await stage.play()

    assert stage.client.headers["x-llmgw-budget-remaining-usd"] == "0.009985000"
    assert stage.client.headers["x-llmgw-cost-usd"] == "0.000015000"


async def test_more_than_was_reserved_is_booked_marked_and_told() -> None:
    answer = json_stream(chat_answer(usage=bodies.Usage(9, 4000)))
    alert = ', alert: {at: [0.5, 1.0], webhook: "http://127.0.0.1:9/"}'
    stage = Counted(budget("0.01", alert), answer, max_tokens=100)
    await stage.play()

    assert [(row.cost_nanousd, row.overrun) for row in stage.ledger.rows] == [(8_009_000, True)]
    assert [(crossed.at, crossed.spent_nanousd) for crossed in stage.alerts.told] == [(0.5, 8_009_000)]


async def test_a_count_of_tokens_costs_nothing_and_has_a_row() -> None:
    stage = Counted(budget("0.0001"))
    await stage.play(replace(stage.call, counter=anthropic_messages))

    assert [(row.outcome, row.cost_nanousd, row.usage) for row in stage.ledger.rows] == [("ok", 0, Usage())]


# The book.


class Witness(FakeClient):
    """Looks at the book whenever something reaches it. `saw` says how many rows there were each time."""

    ledger: FakeLedger

    def __init__(self) -> None:
        super().__init__()
        self.saw: list[int] = []

    async def write(self, data: bytes) -> None:
        self.saw.append(len(self.ledger.rows))
        await super().write(data)

    async def end(self) -> None:
        self.saw.append(len(self.ledger.rows))
        await super().end()


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (HELLO, [0, 0, 0, 1, 1]),
        ([b"".join(HELLO)], [1, 1]),
        (HELLO[:-1], [0, 0, 0, 1]),
        ([b"".join(chat_events(""))], [1, 1]),
    ],
    ids=["event by event", "at once", "without an end mark", "empty"],
)
@pytest.mark.parametrize("config", [PRICED, budget("1")], ids=["no budget", "budget"])
async def test_a_row_is_in_the_book_before_the_end_of_its_stream_leaves(
    pieces: list[bytes], expected: list[int], config: str
) -> None:
    client = Witness()
    stage = Counted(config, event_stream(*pieces), client=client, stream=True)
    client.ledger = stage.ledger
    await stage.play()

    assert (client.saw, stage.ledger.reserved, len(stage.ledger.rows)) == (expected, [], 1)


@pytest.mark.parametrize("config", [PRICED, budget("1")], ids=["no budget", "budget"])
async def test_a_row_is_in_the_book_before_an_answer_at_once_leaves(config: str) -> None:
    client = Witness()
    stage = Counted(config, GOOD, client=client)
    client.ledger = stage.ledger
    await stage.play()

    assert (client.saw, [row.outcome for row in stage.ledger.rows]) == ([1], ["ok"])


@pytest.mark.parametrize("config", [PRICED, budget("1")], ids=["no budget", "budget"])
async def test_what_could_not_be_booked_is_not_even_asked(config: str) -> None:
    stage = Counted(config, GOOD)
    stage.ledger.full = True
    with pytest.raises(LedgerUnavailableError):
        await stage.play()
    (transcript,) = stage.journal.transcripts

    assert (transcript.outcome, transcript.status, stage.tried, stage.held) == ("ledger_unavailable", 503, [], [])


class FillingLedger(FakeLedger):
    """It has room for a few records."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    async def append(self, record: Record) -> None:
        self.full = len(self.records) >= self.room
        await super().append(record)


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_cannot_be_booked_does_not_leave_whole(stream: bool) -> None:
    stage = Counted(budget("1"), event_stream(*HELLO) if stream else GOOD, stream=stream)
    stage.ledger = FillingLedger(1)
    stage.gateway = stage.made(stage.counters)
    if stream:
        await stage.play()
    else:
        with pytest.raises(LedgerUnavailableError):
            await stage.play()
    (transcript,) = stage.journal.transcripts

    assert (transcript.outcome, stage.held) == ("ledger_unavailable", [])
    assert bodies.DONE not in stage.client.written
    assert len(stage.ledger.reserved) == 1  # it will be booked as it was reserved
    assert (b'"code":"ledger_unavailable"' in stage.client.body) is stream


# What is paid for.

GARBAGE = FakeStream(200, {"content-type": "application/json"}, [b"{"])
LATE = FakeStream(200, {"content-type": "application/json"}, [60.0])


async def test_a_failed_attempt_that_is_billed_has_a_row_of_its_own() -> None:
    stage = Stage(GARBAGE, FakeStream(503, {}, [b"no"]), GOOD, quota=FakeQuota(reserves_nanousd=90_000))
    transcript = await stage.play(fake_call(budget("1")))
    rows = [(row.attempt, row.target, row.outcome, row.cost_nanousd) for row in stage.ledger.rows]

    assert rows == [(1, "one", "protocol", 90_000), (0, "two", "ok", 1500)]
    assert (transcript.cost_nanousd, stage.client.headers["x-llmgw-cost-usd"]) == (91_500, "0.000091500")


@pytest.mark.parametrize(
    "lost",
    [
        UpstreamConnectError("refused"),
        UpstreamError(FailureClass.UNAUTHORIZED, "no credentials"),
        FakeStream(503, {}, [b"no"]),
        FakeStream(401, {}, [b"no"]),
        FakeStream(200, {"content-type": "text/html"}, [b"<p>"]),
    ],
    ids=["no connection", "no credentials", "overloaded", "unauthorized", "something else"],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_an_attempt_that_was_lost_costs_nothing(lost: Answer, stream: bool) -> None:
    stage = Stage(lost, quota=FakeQuota(reserves_nanousd=90_000))
    with pytest.raises(GatewayError):
        await stage.play(fake_call(budget("1"), stream=stream))

    assert {nanousd for nanousd, _ in stage.quota.settled} == {0}
    assert [row.cost_nanousd for row in stage.ledger.rows] == [0]
    assert (stage.quota.held, stage.ledger.reserved) == ({}, [])


async def left(stage: Stage, call: Call) -> Transcript:
    """The caller hangs up while the provider is at work."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stage.play(call)
    (transcript,) = stage.journal.transcripts
    return transcript


async def test_who_hangs_up_on_a_stream_pays_for_the_prompt_and_what_was_produced() -> None:
    events = chat_events("a " * 40)
    stage = Stage(event_stream(*events[:31], 60.0), quota=FakeQuota(reserves_nanousd=900_000))
    await left(stage, fake_call(budget("1"), stream=True))
    (row,) = stage.ledger.rows

    assert (row.outcome, row.estimated, row.usage.output_tokens) == ("client_closed", True, 30)
    assert 0 < row.usage.input_tokens < 30
    assert row.cost_nanousd == row.usage.input_tokens * 1000 + 30 * 2000
    assert [(row.cost_nanousd, row.usage.input_tokens + 30)] == stage.quota.settled


async def test_who_hangs_up_before_an_answer_at_once_pays_for_all_that_was_reserved() -> None:
    stage = Stage(LATE, quota=FakeQuota(reserves_nanousd=90_000))
    await left(stage, fake_call(budget("1")))
    (row,) = stage.ledger.rows

    assert (row.outcome, row.estimated, row.cost_nanousd) == ("client_closed", True, 90_000)
    assert (stage.quota.held, stage.ledger.reserved) == ({}, [])


async def test_a_stream_that_breaks_is_paid_for_as_far_as_it_came() -> None:
    stage = Stage(event_stream(*HELLO[:3], StreamCutError("cut")), quota=FakeQuota(reserves_nanousd=90_000))
    await stage.play(fake_call(budget("1"), stream=True))
    (row,) = stage.ledger.rows

    assert (row.outcome, row.estimated, row.usage.output_tokens) == ("stream_cut", True, 2)


# Whatever happens, and whenever.

ENDINGS: dict[str, tuple[bool, tuple[Answer, ...]]] = {
    "answer": (False, (GOOD,)),
    "stream": (True, (event_stream(*HELLO),)),
    "failures, then an answer": (False, (OVERLOADED, GARBAGE, GOOD)),
    "failures, then a stream": (True, (OVERLOADED, event_stream(StreamCutError("cut")), event_stream(*HELLO))),
    "failures": (False, (OVERLOADED, GARBAGE, OVERLOADED, GARBAGE)),
    "a cut": (True, (event_stream(*HELLO[:3], StreamCutError("cut")),)),
}
EVERYTHING = budget("1") + "limits: [{name: rate, requests: 9/m}, {name: of-target, each: target, concurrent: 9}]\n"
_CALLS = {stream: fake_call(EVERYTHING, stream=stream) for stream in (True, False)}


async def ended(stage: Stage, call: Call, waits: list[int], stops_at: int) -> None:
    """After so many turns of the loop, and so many more, the call is cancelled; or the process stops, once."""

    async def play() -> None:
        with suppress(GatewayError):
            await stage.play(call)

    async with asyncio.TaskGroup() as group:
        playing = group.create_task(play())
        for index, wait in enumerate(waits):
            for _ in range(wait):
                await asyncio.sleep(0)
            if index == stops_at:
                stage.gateway.stop()
            else:
                playing.cancel()


@given(
    name=st.sampled_from(sorted(ENDINGS)),
    waits=st.lists(st.integers(0, 60), max_size=3),
    stops_at=st.integers(0, 3),
    room=st.none() | st.integers(0, 5),
)
@settings(max_examples=300, deadline=None)
def test_at_any_moment_all_that_was_taken_is_given_back_once(
    name: str, waits: list[int], stops_at: int, room: int | None
) -> None:
    stream, answers = ENDINGS[name]
    stage = Stage(*answers, quota=FakeQuota(reserves_nanousd=90_000))
    if room is not None:
        stage.ledger = FillingLedger(room)
        stage.gateway = stage.made(stage.quota)
    asyncio.run(ended(stage, _CALLS[stream], waits, stops_at))
    own = [row for row in stage.ledger.rows if not row.attempt]

    assert stage.quota.held == {}
    if room is None:
        assert stage.ledger.reserved == []
        assert len(own) == len(stage.journal.transcripts) <= 1
        spent = sum(nanousd for nanousd, _ in stage.quota.settled)
        assert spent == sum(row.cost_nanousd or 0 for row in stage.ledger.rows)
