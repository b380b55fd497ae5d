"""The straight path with fakes at its ports: what is tried, what is waited for, and what is recorded, once."""

import asyncio
from dataclasses import replace

import pytest

from llmgw.call import Call
from llmgw.errors import (
    FailureClass,
    OverloadedError,
    StreamCutError,
    UnknownModelError,
    UpstreamConnectError,
    UpstreamError,
    UpstreamStatusError,
)
from llmgw.gateway import Gateway
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.transcript import Transcript
from tests.fakes import (
    TWO_TARGETS,
    Answer,
    FakeClient,
    FakeClock,
    FakeJournal,
    FakeStream,
    FakeUpstream,
    event_stream,
    fake_call,
    fake_transcript,
    json_stream,
)
from tests.partners.bodies import chat_answer, chat_events

HELLO = chat_events("Hello there")
GOOD = json_stream(chat_answer("Hello there"))


class Stage:
    """A gateway among fakes, and one call through it."""

    def __init__(self, *answers: Answer, client: FakeClient | None = None) -> None:
        self.upstream = FakeUpstream(*answers)
        self.client = client or FakeClient()
        self.clock = FakeClock()
        self.journal = FakeJournal()
        self.gateway = Gateway(self.upstream, self.clock, self.journal)

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
    assert (transcript.outcome, transcript.status, stage.clock.slept) == ("ok", 200, [0.0])
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
    assert stage.clock.slept == delays
    assert (delays[0], 0 < delays[1] <= 0.25, delays[2], 0 < delays[3] <= 0.25) == (0.0, True, 0.0, True)
    assert sum(delays) == pytest.approx(transcript.waited_s)


async def test_a_wait_that_was_asked_for_is_kept() -> None:
    limited = refusal(FailureClass.RATE_LIMITED, 429, wait_s=3.5)
    stage = Stage(limited, limited, GOOD)
    await stage.play()

    assert stage.clock.slept == [0.0, 0.0, 3.5]


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


# Early signs of life.

WAITING = b": waiting\n\n"


def early(every_s: float = 0.02) -> Call:
    return replace(fake_call(stream=True), early_keepalive_s=every_s)


async def test_comments_come_until_there_is_content_and_no_longer() -> None:
    stage = Stage(event_stream(0.07, b"".join(HELLO[:3]), 0.07, b"".join(HELLO[3:])))
    await stage.play(early())

    assert [data for data in stage.client.written if data == WAITING] == [WAITING] * 3
    assert WAITING not in stage.client.written[3:]
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
