"""One try with fakes at its ports: limits by name, the commit, the usage, and what is said of failures."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from llmgw.accounting import Account, Admission
from llmgw.asking import Admitted
from llmgw.attempt import ANSWER_BYTES_MAX, Attempt
from llmgw.bookkeeping import Bill, Books
from llmgw.call import Call
from llmgw.chat.bounds import Bounds
from llmgw.config.model import TestRequest as Request
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.errors import (
    ClientGoneError,
    FailureClass,
    StreamCutError,
    TimeLimit,
    UpstreamConnectError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamStatusError,
    UpstreamTimeoutError,
)
from llmgw.graph.model import Retry, TimeLimits
from llmgw.graph.rules import NO_RULES
from llmgw.preparing import Preparing
from llmgw.routing.facts import pretended
from llmgw.routing.health_board import HealthBoard
from llmgw.routing.plan import Try
from llmgw.routing.walk import Candidate
from llmgw.transcript import AttemptRecord
from tests.fakes import (
    TWO_TARGETS,
    Answer,
    FakeAlerts,
    FakeClient,
    FakeClock,
    FakeLedger,
    FakeQuota,
    FakeStream,
    FakeUpstream,
    event_stream,
    fake_call,
    fake_transcript,
    json_stream,
)
from tests.partners.bodies import DONE, Usage, chat_answer, chat_events

HELLO = chat_events("Hello there big world")
WITH_USAGE = chat_events("Hello there big world", include_usage=True)
WAITING = b": waiting\n\n"
LONG = TimeLimits(5.0, 5.0, 5.0, 5.0)


class Stage:
    """One attempt at the target `one`, among fakes."""

    def __init__(
        self, answer: Answer, call: Call | None = None, limits: TimeLimits = LONG, late_s: float = 0.0
    ) -> None:
        self.call = call or fake_call()
        self.upstream = FakeUpstream(answer)
        self.client = FakeClient()
        self.clock = FakeClock(elapsed_s=late_s)
        self.transcript = fake_transcript(self.call)
        self.record = AttemptRecord("one", "chat/fallback[0]=one", 0.0)
        self.transcript.attempts.append(self.record)
        target = self.call.graph.targets["one"]
        step = Try(Candidate(target, self.record.path, limits, Retry(), ()), 1, 1, 0.0)
        prepared = Preparing(self.call.request, self.call.dialect, 0).ready(target)
        self.quota, self.ledger = FakeQuota(), FakeLedger()
        account = Account(self.quota, NO_RULES, pretended(Request(model="chat")))
        books = Books(self.quota, self.ledger, FakeAlerts())
        self.board = HealthBoard()
        self.ticket = self.board.begin(target, self.clock.elapsed_s(), stream=self.call.request.stream)
        bill = Bill(account, books, self.clock, self.call, self.transcript)
        admitted = Admitted(
            Admission(target, 1, self.clock.now_s(), lambda: Bounds(40, 50, input_tokens_about=10)),
            prepared,
            bill,
            self.ticket,
        )
        self.attempt = Attempt(step, self.call, admitted, self.client, self.transcript, self.clock)

    async def run(self, deadline_s: float = 60.0) -> None:
        await self.attempt.run(self.upstream, deadline_s)

    async def fail(self, deadline_s: float = 60.0) -> UpstreamError:
        with pytest.raises(UpstreamError) as caught:
            await self.run(deadline_s)
        assert (caught.value.failure.value, caught.value.message) == (self.record.outcome, self.record.message)
        assert self.upstream.open_now == 0
        return caught.value


def streaming(**fields: object) -> Call:
    return fake_call(TWO_TARGETS, stream=True, **fields)


# What goes out.


async def test_with_several_keys_one_is_chosen_and_hears_how_it_went() -> None:
    several = TWO_TARGETS.replace("sk-fake-key-of-p", "[first-key, second-key]")
    limits = {"x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "4"}
    stage = Stage(json_stream({"error": {"message": "no first-key"}}, 401, limits), fake_call(several))
    error = await stage.fail()
    (credentials,) = [health.credentials for health in stage.board.snapshot(0.0).providers.values()]
    first = next(iter(credentials.values()))

    assert stage.upstream.calls[0].headers["authorization"] == "Bearer first-key"
    assert (stage.record.credential, error.credential) == (stage.ticket.credential,) * 2 == ("p#1", "p#1")
    assert (first.failure, first.room["requests"].left) == (FailureClass.UNAUTHORIZED, 0.4)
    assert "first-key" not in error.message


async def test_the_target_is_called_with_its_own_headers_and_the_callers_few() -> None:
    stage = Stage(json_stream(chat_answer()), fake_call(seed=1))
    await stage.run()

    (call,) = stage.upstream.calls
    assert dict(call.headers) == {"traceparent": "00-1", "authorization": "Bearer sk-fake-key-of-p"}
    assert call.body == b'{"model":"up-one","messages":[{"role":"user","content":"hi"}],"stream":false}'
    assert (5.0, stage.call.request_id) == (call.connect_s, call.request_id)
    assert (stage.transcript.dropped, stage.client.headers["x-llmgw-dropped"]) == (("seed",), "seed")


async def test_what_of_the_query_may_go_on_goes_on() -> None:
    stage = Stage(json_stream(chat_answer()), replace(fake_call(), query="beta=true"))
    await stage.run()

    assert [call.url for call in stage.upstream.calls] == ["http://127.0.0.1:9/v1/chat/completions?beta=true"]


async def test_the_callers_own_credential_goes_to_a_provider_that_is_called_with_it() -> None:
    config = 'providers: {p: {like: openai, base_url: "http://h", auth: client}}\nmodels: {one: p/m}'
    stage = Stage(json_stream(chat_answer()), replace(fake_call(config), own={"authorization": "theirs"}))
    await stage.run()

    assert [call.headers["authorization"] for call in stage.upstream.calls] == ["Bearer theirs"]


# An answer at once.


async def test_an_answer_reaches_the_caller_as_it_came() -> None:
    body = chat_answer("Hello", usage=Usage(10, 20))
    stage = Stage(json_stream(body, headers={"x-ratelimit-remaining-requests": "7"}))
    await stage.run()

    assert (stage.client.status, stage.transcript.outcome, stage.record.outcome) == (200, "ok", "ok")
    assert (stage.transcript.usage.input_tokens, stage.transcript.usage.output_tokens) == (10, 20)  # type: ignore[union-attr]
    assert (stage.transcript.cost_nanousd, stage.client.headers["x-llmgw-cost-usd"]) == (50_000, "0.000050000")
    assert stage.client.headers["x-llmgw-upstream-ratelimit-remaining-requests"] == "7"


async def test_of_an_answer_without_usage_the_usage_is_estimated() -> None:
    stage = Stage(json_stream(chat_answer(usage=None)))
    await stage.run()

    assert stage.transcript.usage is not None
    assert (stage.transcript.usage.input_tokens, stage.transcript.estimated) == (10, True)
    assert [row.estimated for row in stage.ledger.rows] == [True]


async def test_a_filtered_answer_is_a_failure_that_can_be_passed_on() -> None:
    body = chat_answer("")
    body["choices"][0]["finish_reason"] = "content_filter"
    stage = Stage(json_stream(body))
    error = await stage.fail()

    assert isinstance(error, UpstreamStatusError)
    assert (error.failure, error.status) == (FailureClass.CONTENT_FILTER, 200)
    assert stage.transcript.cost_nanousd  # it is billed all the same
    assert b'"content_filter"' in error.body


async def test_a_body_without_end_is_given_up() -> None:
    piece = b" " * (ANSWER_BYTES_MAX // 4)
    error = await Stage(FakeStream(200, {}, [piece] * 5)).fail()

    assert f"the answer is over {ANSWER_BYTES_MAX} bytes" == error.message


# Errors.


@pytest.mark.parametrize(
    "answer",
    [
        FakeStream(400, {}, [b'{"error":{"message":"bad key sk-fake-key-of-p","code":"invalid_api_key"}}']),
        json_stream({"error": {"message": "bad key sk-fake-key-of-p"}}),
        UpstreamConnectError("no way to sk-fake-key-of-p"),
    ],
)
async def test_a_key_that_is_repeated_is_not_passed_on(answer: Answer) -> None:
    error = await Stage(answer).fail()

    assert "***" in error.message
    assert "sk-fake" not in error.message + str(getattr(error, "body", ""))


async def test_a_short_header_is_a_word_and_stays() -> None:
    config = 'providers: {p: {like: openai, base_url: "http://h", auth: none, headers: {x-a: key}}}\nmodels: {one: p/m}'
    error = await Stage(FakeStream(400, {}, [b"bad key"]), fake_call(config)).fail()

    assert error.message == "bad key"


# Limits.


@pytest.mark.parametrize(
    ("limits", "deadline_s", "told"),
    [
        (TimeLimits(total_s=0.03), 60.0, "no answer within 0.03 s (total)"),
        (TimeLimits(total_s=60.0), 0.03, "no answer within 0.03 s (deadline)"),
    ],
)
@pytest.mark.parametrize("answer", [FakeStream(200, {}, [60.0]), FakeStream(200, {}, [b"{", 60.0])])
async def test_an_answer_at_once_has_two_limits(
    answer: FakeStream, limits: TimeLimits, deadline_s: float, told: str
) -> None:
    error = await Stage(answer, limits=limits).fail(deadline_s)

    assert (FailureClass.TIMEOUT, told) == (error.failure, error.message)


@pytest.mark.parametrize(
    ("limits", "deadline_s", "which"),
    [
        (TimeLimits(first_token_s=0.03), 60.0, "0.03 s (first_token)"),
        (TimeLimits(total_s=0.03), 60.0, "0.03 s (total)"),
        (TimeLimits(), 0.03, "0.03 s (deadline)"),
    ],
)
@pytest.mark.parametrize(
    "pieces", [[60.0], [HELLO[0], 60.0], [b": a\n\n", 0.01] * 99], ids=["head", "role", "comments"]
)
async def test_a_stream_has_three_limits_before_the_commit(
    pieces: list[bytes | float], limits: TimeLimits, deadline_s: float, which: str
) -> None:
    stage = Stage(event_stream(*pieces), streaming(), limits)
    error = await stage.fail(deadline_s)

    assert error.message.endswith(which)
    assert (stage.transcript.committed, stage.client.started) == (False, False)


async def test_the_deadline_counts_from_the_arrival_of_the_request() -> None:
    stage = Stage(FakeStream(200, {}, [60.0]), late_s=9.97)
    error = await stage.fail(10.0)

    assert error.message == "no answer within 10 s (deadline)"


@pytest.mark.parametrize(
    ("limits", "which"),
    [(replace(LONG, idle_s=0.03), "0.03 s (idle)"), (replace(LONG, total_s=0.03), "0.03 s (total)")],
)
async def test_a_stream_has_two_limits_after_the_commit(limits: TimeLimits, which: str) -> None:
    error = await Stage(event_stream(*HELLO[:2], 60.0), streaming(), limits).fail()

    assert error.message.endswith(which)


class SlowClient(FakeClient):
    """Each write takes ten seconds of the fake clock."""

    clock: FakeClock

    async def write(self, data: bytes) -> None:
        await self.clock.sleep(10.0)
        await super().write(data)


async def test_a_slow_caller_is_not_blamed_on_the_provider() -> None:
    stage = Stage(event_stream(*HELLO), streaming())
    client = SlowClient()
    client.clock = stage.clock
    stage.attempt._client = stage.client = client
    await stage.run()

    assert (stage.transcript.outcome, client.ended) == ("ok", True)


async def test_a_timeout_that_is_not_ours_is_not_taken_for_one() -> None:
    with pytest.raises(TimeoutError, match="somebody else's"):
        await Stage(FakeStream(200, {}, [TimeoutError("somebody else's")])).run()


# Streams.


async def test_nothing_is_sent_before_the_first_content() -> None:
    stage = Stage(event_stream(*HELLO[:1], StreamCutError("cut")), streaming())
    await stage.fail()

    assert (stage.client.started, stage.client.written) == (False, [])


async def test_the_preamble_comes_with_the_first_content() -> None:
    stage = Stage(event_stream(*HELLO), streaming())
    await stage.run()

    assert [HELLO[0] + HELLO[1], *HELLO[2:]] == stage.client.written
    assert (stage.record.outcome, stage.transcript.outcome, stage.transcript.status) == ("ok", "ok", 200)


@pytest.mark.parametrize(("asked", "expected"), [(True, WITH_USAGE), (False, [*WITH_USAGE[:-2], DONE])])
async def test_usage_is_kept_for_who_asked(asked: bool, expected: list[bytes]) -> None:
    stage = Stage(event_stream(b"".join(WITH_USAGE)), streaming(stream_options={"include_usage": asked}))
    await stage.run()

    assert b"".join(expected) == stage.client.body
    assert stage.transcript.cost_nanousd == 9 * 1000 + 3 * 2000


async def test_usage_is_booked_also_if_the_stream_breaks() -> None:
    stage = Stage(event_stream(b"".join(WITH_USAGE[:-1]), ZeroDivisionError("a fault of ours")), streaming())
    with pytest.raises(ZeroDivisionError):
        await stage.run()

    assert stage.transcript.usage is not None


async def test_nothing_is_waited_for_after_the_end_mark_for_long() -> None:
    stage = Stage(event_stream(b"".join(HELLO), 60.0), streaming())
    await stage.run()

    assert (b"".join(HELLO), "ok") == (stage.client.body, stage.transcript.outcome)


@pytest.mark.parametrize("after", [b": bye\n\n", StreamCutError("cut")])
async def test_what_follows_the_end_mark_is_nobodys_business(after: bytes | StreamCutError) -> None:
    stage = Stage(event_stream(b"".join(HELLO), after), streaming())
    await stage.run()

    assert (b"".join(HELLO), "ok") == (stage.client.body, stage.transcript.outcome)


async def test_a_stream_without_content_is_an_answer() -> None:
    empty = chat_events("")
    stage = Stage(event_stream(*empty, 60.0), streaming())
    await stage.run()

    assert (b"".join(empty), "ok") == (stage.client.body, stage.transcript.outcome)


async def test_an_error_of_the_provider_ends_the_stream_as_it_came() -> None:
    error = b'data: {"error":{"message":"gone with the wind"}}\n\n'
    stage = Stage(event_stream(*HELLO[:2], error + DONE, ZeroDivisionError("never read")), streaming())
    await stage.run()

    assert error == stage.client.written[-1]
    assert (
        stage.transcript.outcome,
        stage.record.outcome,
        stage.transcript.error,
    ) == ("stream_cut", "stream_cut", "gone with the wind")


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error":{"message":"gone with sk-fake-key-of-\\u0070"}}\n\n',
        b'data: {"object":"error","message":"gone with sk-fake-key-of-p"}\n\n',
        b"event: error\ndata: gone with sk-fake-key-of-p\n\n",
    ],
    ids=["our key in it", "no error of the dialect", "no JSON"],
)
async def test_an_error_that_the_caller_must_not_see_or_would_not_understand_is_told_by_us(event: bytes) -> None:
    stage = Stage(event_stream(*HELLO[:2], event + DONE, ZeroDivisionError("never read")), streaming())
    error = await stage.fail()

    assert (error.failure, error.message) == (FailureClass.STREAM_CUT, "gone with ***")
    assert b"".join(HELLO[:2]) == stage.client.body


@pytest.mark.parametrize("end", [StreamCutError("reset"), 60.0], ids=["reset", "silence"])
async def test_when_all_has_been_said_a_bad_end_is_an_end(end: Exception | float) -> None:
    stage = Stage(event_stream(*HELLO[:-1], end), streaming(), replace(LONG, idle_s=0.03))
    await stage.run()

    assert b"".join(HELLO[:-1]) == stage.client.body
    assert (stage.transcript.outcome, stage.client.ended) == ("ok", True)


async def test_silence_is_broken_by_comments() -> None:
    call = replace(streaming(), ping_s=0.02)
    stage = Stage(event_stream(*HELLO[:2], 0.05, *HELLO[2:]), call)
    await stage.run()

    assert [HELLO[0] + HELLO[1], WAITING, WAITING, *HELLO[2:]] == stage.client.written


async def test_the_wrong_type_is_a_broken_protocol() -> None:
    for answer, call in ((json_stream(chat_answer()), streaming()), (event_stream(*HELLO), fake_call())):
        error = await Stage(answer, call).fail()

        assert isinstance(error, UpstreamProtocolError)
        assert "content type" in error.message


async def test_a_caller_that_left_ends_it() -> None:
    stage = Stage(event_stream(*HELLO), streaming())
    stage.client._leaves_at = 1
    with pytest.raises(ClientGoneError):
        await stage.run()

    assert (stage.record.outcome, stage.upstream.open_now) == ("unfinished", 0)


# What it is taken to have used.

ABOUT = 10  # tokens of the prompt, as everybody thinks
WORDS = chat_events("a b c d")


async def spent(stage: Stage, gone: type[BaseException] = UpstreamError) -> tuple[int, int, bool]:
    """Tokens, and whether they are a guess, of an attempt that comes to nothing."""
    with pytest.raises(gone):
        async with asyncio.timeout(0.1):
            await stage.run()
    usage = stage.transcript.usage
    return (usage.input_tokens, usage.output_tokens, stage.transcript.estimated) if usage else (0, 0, False)


@pytest.mark.parametrize(
    "lost",
    [
        UpstreamConnectError("refused"),
        UpstreamTimeoutError(TimeLimit.CONNECT, 5.0),
        UpstreamError(FailureClass.UNAUTHORIZED, "no credentials"),
        UpstreamProtocolError("it does not answer in HTTP"),
        FakeStream(500, {}, [b"no"]),
        FakeStream(302, {}, [b"no"]),
        FakeStream(200, {"content-type": "text/html"}, [b"<p>"]),
    ],
    ids=["refused", "unconnected", "without credentials", "no HTTP", "error", "redirect", "page"],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_what_never_was_an_answer_cost_nothing(lost: Answer, stream: bool) -> None:
    assert await spent(Stage(lost, fake_call(stream=stream))) == (0, 0, False)


async def test_what_was_an_answer_and_cannot_be_read_cost_what_a_guess_says() -> None:
    for body in (b"{", b"[]"):
        stage = Stage(FakeStream(200, {"content-type": "application/json"}, [body]))

        assert await spent(stage) == (ABOUT, 0, True)


async def test_a_filtered_answer_cost_what_it_tells() -> None:
    body = chat_answer("", usage=Usage(9, 5))
    body["choices"][0]["finish_reason"] = "content_filter"

    assert await spent(Stage(json_stream(body))) == (9, 5, False)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([60.0], (ABOUT, 0, True)),
        ([HELLO[0], 60.0], (ABOUT, 0, True)),
        ([*WORDS[:3], 60.0], (ABOUT, 2, True)),
        ([*chat_events("a b c d", include_usage=True)[:-1], 60.0], (9, 4, True)),
    ],
    ids=["nothing came", "a role came", "two words came", "all came but the end"],
)
async def test_who_leaves_a_stream_has_used_what_came(
    pieces: list[bytes | float], expected: tuple[int, int, bool]
) -> None:
    assert expected == await spent(Stage(event_stream(*pieces), streaming()), TimeoutError)


@pytest.mark.parametrize("pieces", [[60.0], [b"{", 60.0]], ids=["no head", "half a body"])
async def test_who_leaves_before_an_answer_at_once_has_used_the_prompt_and_who_knows_what(
    pieces: list[bytes | float],
) -> None:
    stage = Stage(FakeStream(200, {"content-type": "application/json"}, pieces))

    assert await spent(stage, TimeoutError) == (ABOUT, 0, True)


async def test_a_stream_that_breaks_has_used_what_came() -> None:
    assert await spent(Stage(event_stream(*WORDS[:4], StreamCutError("cut")), streaming())) == (ABOUT, 3, True)


async def test_a_stream_that_fails_before_its_commit_has_used_the_prompt() -> None:
    error = b'data: {"error":{"message":"no","type":"server_error"}}\n\n'

    assert await spent(Stage(event_stream(HELLO[0], error), streaming())) == (ABOUT, 0, True)


async def test_a_stream_without_usage_has_used_what_came() -> None:
    stage = Stage(event_stream(b"".join(WORDS)), streaming())
    await stage.run()

    assert stage.transcript.usage is not None
    assert (stage.transcript.usage.input_tokens, stage.transcript.usage.output_tokens) == (ABOUT, 4)
    assert [(row.estimated, row.outcome) for row in stage.ledger.rows] == [(True, "ok")]


@pytest.mark.parametrize("answer", [json_stream({"input_tokens": 7}), FakeStream(200, {}, [60.0])])
async def test_a_count_of_tokens_uses_none_however_it_ends(answer: FakeStream) -> None:
    stage = Stage(answer, replace(fake_call(), counter=anthropic_messages))
    with suppress(UpstreamError, TimeoutError):
        async with asyncio.timeout(0.05):
            await stage.run()

    assert stage.transcript.usage is None
