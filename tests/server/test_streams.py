"""Streams through the whole gateway: byte for byte, event by event, and cut at every place."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from llmgw.server.running import Patience
from tests.partners.behaviours import (
    chunk,
    closed_after,
    closed_inside_chunk,
    comments_only,
    error_in_stream,
    event_stream,
    groq_error_event,
    json_answer,
    openrouter_error_event,
    reset_after,
    stall_after,
    stream_until_close,
)
from tests.partners.bodies import DONE, ToolCall, Usage, chat_answer, chat_events, is_content, sse_event
from tests.partners.exchange import Exchange
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error, openai_error_answer
from tests.partners.raw_client import RawAnswer, RawClient, raw_client
from tests.partners.steps import HOLD, Behaviour, Gate, Repeat, Turn, split_every, wire_bytes
from tests.served import Served, served
from tests.server.calls import CHAT, chat_body, eventually
from tests.server.routes import chain

HELLO = chat_events("Hello big wide world")
WITH_USAGE = chat_events("Hello big wide world", include_usage=True, usage=Usage(12, 5, 4, 2))
FIRST_CONTENT = next(number for number, event in enumerate(HELLO) if is_content(event))
WAITING = b": waiting\n\n"
ONE_TRY = "{attempts: 1}"

STREAMS = {
    "text": chat_events("Hello big wide world", include_usage=True),
    "two choices": chat_events("Hello there", include_usage=True, n=2),
    "tool calls": chat_events(tool_calls=[ToolCall("weather", '{"city":"Zürich"}'), ToolCall("time")]),
    "letters of four bytes": chat_events("grüße 🦜 дом 日本語"),
    "unknown events and fields": [
        *HELLO[:3],
        b"event: thought\nid: 7\ndata: {}\n\n",
        sse_event({"choices": [], "new_field": {"deep": [1, 2.50, "ü"]}}),
        b"retry: 3000\n\n",
        b": comment\n\n",
        *HELLO[3:],
    ],
    "carriage returns": [event.replace(b"\n", b"\r\n") for event in HELLO],
}


async def stream(url: str, *, usage: bool = False, **fields: Any) -> RawAnswer:
    """One streamed call on a connection of its own."""
    async with raw_client(url) as client:
        await ask(client, usage=usage, **fields)
        return await client.read_answer()


async def ask(client: RawClient, *, usage: bool = False, **fields: Any) -> None:
    options = {"stream_options": {"include_usage": True}} if usage else {}
    await client.post(CHAT, {**chat_body(stream=True), **options, **fields})


async def direct(upstream: FaultUpstream, behaviour: Behaviour) -> bytes:
    """What a caller without a gateway would get."""
    upstream.script(behaviour)
    return (await stream(upstream.url)).body


def outcome(gateway: Served) -> tuple[str, int]:
    (line,) = gateway.log.requests
    return line["outcome"], line["status"]


# Byte for byte.


@pytest.mark.parametrize("events", STREAMS.values(), ids=STREAMS)
async def test_the_bytes_are_those_of_a_direct_call(upstream: FaultUpstream, events: Sequence[bytes]) -> None:
    expected = await direct(upstream, event_stream(events))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url, usage=True)

    assert expected == answer.body
    assert (answer.status, answer.whole) == (200, True)
    assert outcome(gateway) == ("ok", 200)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1500])
async def test_the_bytes_are_the_same_however_they_were_split(upstream: FaultUpstream, size: int) -> None:
    events = STREAMS["letters of four bytes"]
    upstream.script(split_every(stream_until_close(events)[:-1], size) + stream_until_close([])[-1:])
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert b"".join(events) == answer.body


async def test_a_stream_without_framing_is_a_stream(upstream: FaultUpstream) -> None:
    upstream.script(stream_until_close(HELLO))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert (b"".join(HELLO), "ok") == (answer.body, gateway.log.requests[0]["outcome"])


async def test_the_headers_of_a_stream(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(HELLO, headers={"x-ratelimit-remaining-tokens": "7", "retry-after": "3"}))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    expected = {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-llmgw-target": "one",
        "x-llmgw-route": "chat/fallback[0]=one",
        "x-llmgw-attempts": "1",
        "x-llmgw-upstream-ratelimit-remaining-tokens": "7",
        "x-llmgw-upstream-retry-after": "3",
        "x-llmgw-request-id": gateway.log.requests[0]["request_id"],
    }
    assert expected == {name: answer.headers[name] for name in expected}
    assert "retry-after" not in answer.headers


# Usage.


async def test_usage_that_the_caller_did_not_ask_for_is_taken_out_and_logged(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(WITH_USAGE))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert upstream.requests[0].json["stream_options"] == {"include_usage": True}
    assert b"".join(event for event in WITH_USAGE if b'"choices":[]' not in event) == answer.body
    assert used(gateway) == {
        "input_tokens": 12,
        "cached_input_tokens": 4,
        "cache_write_input_tokens": 0,
        "output_tokens": 5,
        "reasoning_tokens": 2,
    }


def used(gateway: Served) -> dict[str, int]:
    usage: dict[str, int] = gateway.log.requests[0]["usage"]
    return usage


PLAIN = {"prompt_tokens": 12, "completion_tokens": 5}


def telling(event: bytes, fields: object) -> bytes:
    """The event with more fields at its end."""
    return event.replace(b"]}\n", b"]," + json.dumps(fields).encode()[1:-1] + b"}\n")


ACCENTS = {
    "with the last choice": [*HELLO[:-2], telling(HELLO[-2], {"usage": PLAIN})],
    "on every chunk": [
        telling(event, {"usage": {**PLAIN, "completion_tokens": number}})
        for number, event in enumerate(HELLO[:-1], start=7 - len(HELLO))
    ],
    "as x_groq": [*HELLO[:-2], telling(HELLO[-2], {"x_groq": {"usage": PLAIN}})],
    "in a chunk without choices": [*HELLO[:-1], sse_event({"choices": [], "usage": PLAIN})],
    "after null in all others": [
        *(telling(event, {"usage": None}) for event in HELLO[:-1]),
        sse_event({"choices": [], "usage": PLAIN}),
    ],
}


@pytest.mark.parametrize("events", ACCENTS.values(), ids=ACCENTS)
async def test_usage_is_found_wherever_it_comes(upstream: FaultUpstream, events: Sequence[bytes]) -> None:
    upstream.script(event_stream([*events, DONE]))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url, usage=True)

    assert b"".join([*events, DONE]) == answer.body
    assert (used(gateway)["input_tokens"], used(gateway)["output_tokens"]) == (12, 5)


async def test_the_cost_of_a_stream_is_in_the_log(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(WITH_USAGE))
    price = "price: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}"
    async with served(chain(upstream.url, one=price)) as gateway:
        answer = await stream(gateway.url)

    assert gateway.log.requests[0]["cost_nanousd"] == 12 * 1000 + 5 * 2000
    assert "x-llmgw-cost-usd" not in answer.headers


# One by one.


async def test_each_event_reaches_the_caller_before_the_next_one_is_sent(upstream: FaultUpstream) -> None:
    gate = Gate(released=FIRST_CONTENT + 1)
    upstream.script(event_stream(HELLO, gate=gate))
    async with served(chain(upstream.url)) as gateway, raw_client(gateway.url) as client:
        await ask(client)
        await client.read_head()
        for number, event in enumerate(HELLO[FIRST_CONTENT:], start=FIRST_CONTENT):
            assert (await client.read_until(event)).endswith(event)
            assert gate.passed == number + 1
            gate.release()


async def test_before_the_commit_the_caller_sees_nothing(upstream: FaultUpstream) -> None:
    gate = Gate(released=FIRST_CONTENT)
    upstream.script(event_stream(HELLO, gate=gate))
    async with served(chain(upstream.url)) as gateway, raw_client(gateway.url) as client:
        await ask(client)
        await gate.wait_passed(FIRST_CONTENT)
        with pytest.raises(TimeoutError):
            await client.read_some(within_s=0.1)
        gate.open()
        answer = await client.read_answer()

    assert b"".join(HELLO) == answer.body


async def test_an_end_mark_ends_the_stream_even_if_the_connection_stays(upstream: FaultUpstream) -> None:
    upstream.script(stall_after(HELLO))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert (b"".join(HELLO), True) == (answer.body, answer.whole)
    assert (outcome(gateway), gateway.log.requests[0]["attempts"][0]["class"]) == (("ok", 200), "ok")
    await upstream.exchanges[0].wait_hung_up()


async def test_the_connection_of_a_stream_that_ended_is_used_again(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(HELLO[:-1], then=(chunk(HELLO[-1]), b"0\r\n", b"\r\n")))
    async with served(chain(upstream.url)) as gateway:
        for _ in range(5):
            await stream(gateway.url)

    assert (len(upstream.requests), upstream.connections_seen) == (5, 1)


async def test_a_caller_that_leaves_at_the_end_mark_has_had_its_answer(upstream: FaultUpstream) -> None:
    upstream.script(stall_after(HELLO))
    async with served(chain(upstream.url)) as gateway:
        async with raw_client(gateway.url) as client:
            await ask(client)
            await client.read_until(DONE)
        await eventually(lambda: gateway.log.requests)

    assert outcome(gateway) == ("ok", 200)


# Cut at every event.

CUTS = {
    "clean end": lambda events, keep: event_stream(events[:keep]),
    "FIN": closed_after,
    "RST": reset_after,
    "FIN inside a chunk": closed_inside_chunk,
}
BEFORE = range(FIRST_CONTENT + 1)
AFTER = range(FIRST_CONTENT + 1, len(HELLO) - 2)


@pytest.mark.parametrize("keep", BEFORE)
@pytest.mark.parametrize("how", CUTS)
async def test_cut_before_the_commit_the_caller_cannot_tell(
    upstream: FaultUpstream, second_upstream: FaultUpstream, how: str, keep: int
) -> None:
    upstream.script(CUTS[how](HELLO, keep))
    second_upstream.script(event_stream(WITH_USAGE))
    async with served(chain(upstream.url, second_upstream.url, retry=ONE_TRY)) as gateway:
        answer = await stream(gateway.url, usage=True)

    assert (200, True, b"".join(WITH_USAGE)) == (answer.status, answer.whole, answer.body)
    assert (answer.headers["x-llmgw-target"], answer.headers["x-llmgw-attempts"]) == ("two", "2")
    assert outcome(gateway) == ("ok", 200)


@pytest.mark.parametrize("keep", AFTER)
@pytest.mark.parametrize("how", CUTS)
async def test_cut_after_the_commit_the_caller_is_told_on_an_event_border(
    upstream: FaultUpstream, second_upstream: FaultUpstream, how: str, keep: int
) -> None:
    upstream.script(CUTS[how](HELLO, keep))
    async with served(chain(upstream.url, second_upstream.url)) as gateway:
        answer = await stream(gateway.url)

    *events, error = answer.body.split(b"\n\n")[:-1]
    assert (answer.status, answer.whole) == (200, True)
    assert HELLO[: len(events)] == [event + b"\n\n" for event in events]
    assert FIRST_CONTENT < len(events) <= keep
    assert_ended_broken(error)
    assert (len(upstream.requests), len(second_upstream.requests)) == (1, 0)
    assert outcome(gateway) == ("stream_cut", 200)
    assert gateway.log.requests[0]["level"] == "warning"


def assert_ended_broken(event: bytes) -> None:
    error = json.loads(event.removeprefix(b"data: "))["error"]
    assert {"message", "type", "param", "code"} == set(error)
    assert (error["type"], error["param"], error["code"]) == ("server_error", None, "stream_cut")
    assert error["message"].startswith("the stream broke: ")


async def test_whole_but_without_end_mark_is_whole(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(HELLO[:-1]))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert (b"".join(HELLO[:-1]), ("ok", 200)) == (answer.body, outcome(gateway))


async def test_a_chunk_that_is_none_is_a_cut(upstream: FaultUpstream) -> None:
    gate = Gate(released=3)
    upstream.script((*event_stream(HELLO[:3], gate=gate, then=()), b"not-a-size\r\nabc\r\n", *HOLD))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert_ended_broken(answer.body.split(b"\n\n")[-2])
    assert outcome(gateway) == ("stream_cut", 200)


async def test_an_event_without_end_is_a_cut(upstream: FaultUpstream) -> None:
    endless = (chunk(b"data: "), Repeat(chunk(b"a" * 65536), 300), *HOLD)
    upstream.script(event_stream(HELLO[:3], then=endless))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert "an event of more than" in answer.body.decode()
    assert outcome(gateway) == ("stream_cut", 200)


# The provider's own errors.


@pytest.mark.parametrize("error", [openrouter_error_event(), groq_error_event()], ids=["OpenRouter", "Groq"])
@pytest.mark.parametrize("done", [True, False])
async def test_an_error_of_the_provider_is_the_last_the_caller_sees(
    upstream: FaultUpstream, error: bytes, done: bool
) -> None:
    upstream.script(error_in_stream(HELLO[:3], error, done=done))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert (b"".join([*HELLO[:3], error]), True) == (answer.body, answer.whole)
    assert outcome(gateway) == ("stream_cut", 200)
    assert gateway.log.requests[0]["error"] in error.decode()
    assert gateway.log.requests[0]["attempts"][0]["class"] == "stream_cut"


# Silence.


async def test_comments_break_the_silence_between_events(upstream: FaultUpstream) -> None:
    upstream.script(event_stream([*HELLO[:2], HELLO[2]], then=HOLD))
    config = chain(upstream.url, timeout="{idle: 150ms}")
    async with served(config, patience=Patience(ping_s=0.04)) as gateway:
        answer = await stream(gateway.url)

    *events, error = answer.body.split(b"\n\n")[:-1]
    assert [*HELLO[:3], *[WAITING] * 3] == [event + b"\n\n" for event in events]
    assert b"0.15 s (idle)" in error


async def test_comments_do_not_come_into_the_middle_of_an_event(upstream: FaultUpstream) -> None:
    half = len(HELLO[2]) // 2
    gate = Gate(released=3)
    pieces = [*HELLO[:2], HELLO[2][:half], HELLO[2][half:], *HELLO[3:]]
    upstream.script(event_stream(pieces, gate=gate))
    async with (
        served(chain(upstream.url), patience=Patience(ping_s=0.03)) as gateway,
        raw_client(gateway.url) as client,
    ):
        await ask(client)
        seen = await client.read_until(b"waiting")
        gate.open()
        seen += await client.read_until(DONE)

    assert HELLO[2] in seen


async def test_before_the_commit_there_are_no_comments(upstream: FaultUpstream) -> None:
    upstream.script(comments_only(5, 0.02, then=HOLD))
    config = chain(upstream.url, timeout="{first_token: 150ms}")
    async with served(config, patience=Patience(ping_s=0.02)) as gateway:
        answer = await stream(gateway.url)

    assert (answer.status, answer.headers["content-type"]) == (504, "application/json")


# Early signs of life.

EARLY = "server: {early_keepalive: 40ms}"


async def test_an_early_stream_may_still_fall_back(upstream: FaultUpstream, second_upstream: FaultUpstream) -> None:
    upstream.script(HOLD)
    second_upstream.script(event_stream(HELLO))
    config = chain(upstream.url, second_upstream.url, timeout="{first_token: 150ms}", more=EARLY)
    async with served(config) as gateway:
        answer = await stream(gateway.url)

    assert (answer.status, answer.whole) == (200, True)
    assert answer.body.startswith(WAITING * 2)
    assert b"".join(HELLO) == answer.body.replace(WAITING, b"")
    assert "x-llmgw-target" not in answer.headers
    assert answer.headers["content-type"] == "text/event-stream"
    assert outcome(gateway) == ("ok", 200)


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        (HOLD, "timeout", "(first_token)"),
        ((*event_stream([], then=()), *HOLD), "timeout", "(first_token)"),
    ],
)
async def test_an_early_stream_ends_with_an_error_event(
    upstream: FaultUpstream, behaviour: Behaviour, code: str, words: str
) -> None:
    upstream.script(behaviour)
    config = chain(upstream.url, timeout="{first_token: 120ms}", retry=ONE_TRY, more=EARLY)
    async with served(config) as gateway:
        answer = await stream(gateway.url)

    error = json.loads(answer.body.replace(WAITING, b"").removeprefix(b"data: "))["error"]
    assert (200, True, code) == (answer.status, answer.whole, error["code"])
    assert words in error["message"]
    assert error["attempts"][0]["target"] == "one"
    assert outcome(gateway) == (code, 200)


async def test_an_early_stream_says_what_the_provider_refused(upstream: FaultUpstream) -> None:
    refusal = json_answer(openai_error("temperature is too high"), 400)
    gate = Gate()
    upstream.script(gated(refusal, gate))
    async with served(chain(upstream.url, more=EARLY)) as gateway, raw_client(gateway.url) as client:
        await ask(client)
        await client.read_until(WAITING)
        gate.open()
        body = await client.read_until(b"}}\n\n")

    assert b"temperature is too high" in body
    assert b'"code":"invalid_request"' in body
    assert outcome(gateway) == ("invalid_request", 200)


def gated(behaviour: Behaviour, gate: Gate) -> Behaviour:
    return (Turn(gate), *behaviour)


async def test_an_early_stream_falls_silent_at_the_commit(upstream: FaultUpstream) -> None:
    gate = Gate(released=FIRST_CONTENT + 1)
    upstream.script(event_stream(HELLO, gate=gate))
    config = chain(upstream.url, more="server: {early_keepalive: 20ms}")
    async with served(config) as gateway, raw_client(gateway.url) as client:
        await ask(client)
        await client.read_until(HELLO[FIRST_CONTENT] + b"\r\n")
        with pytest.raises(TimeoutError):
            await client.read_some(within_s=0.15)
        gate.open()
        await client.read_until(DONE)


async def test_an_answer_at_once_needs_no_early_sign(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(HELLO))
    async with served(chain(upstream.url, more="server: {early_keepalive: 5s}")) as gateway:
        answer = await stream(gateway.url)

    assert (b"".join(HELLO), "one") == (answer.body, answer.headers["x-llmgw-target"])


async def test_unstreamed_answers_have_no_early_sign(upstream: FaultUpstream) -> None:
    gate = Gate()
    upstream.script(gated(json_answer(chat_answer()), gate))
    config = chain(upstream.url, more="server: {early_keepalive: 10ms}")
    async with served(config) as gateway, raw_client(gateway.url) as client:
        await client.post(CHAT, chat_body())
        with pytest.raises(TimeoutError):
            await client.read_some(within_s=0.1)
        gate.open()
        answer = await client.read_answer()

    assert (200, chat_answer()) == (answer.status, answer.json)


# Slow callers.

BIG_EVENT = sse_event({"choices": [{"index": 0, "delta": {"content": "x" * 16_000}}]})
BIG_CHUNK = chunk(BIG_EVENT)
HELD_BYTES_MAX = 12 * 1024 * 1024  # mostly the kernel's
FLOOD_BYTES = 64 * 1024 * 1024
IMPATIENT = Patience(stall_s=0.2, line_bytes_per_s=1024 * 1024 * 1024)


def flood() -> Behaviour:
    """Far more than all buffers on the way hold."""
    start = wire_bytes(event_stream(HELLO[:2], then=()))
    return (start, Repeat(BIG_CHUNK, FLOOD_BYTES // len(BIG_CHUNK)), *event_stream(HELLO[-2:])[1:])


async def test_a_slow_caller_slows_its_provider() -> None:
    async with (
        FaultUpstream(send_buffer_bytes=64 * 1024) as upstream,
        served(chain(upstream.url)) as gateway,
        raw_client(gateway.url, receive_buffer_bytes=64 * 1024) as client,
    ):
        upstream.script(flood())
        await ask(client)
        exchange = await upstream.exchange(0)
        await standing_still(exchange)
        held_at_first = exchange.bytes_sent
        seen = 0
        while seen < 8 * 1024 * 1024:
            seen += len(await client.read_some())
        await standing_still(exchange)

    assert held_at_first < HELD_BYTES_MAX
    assert exchange.bytes_sent - seen < HELD_BYTES_MAX


async def standing_still(exchange: Exchange) -> None:
    before = -1
    while before != exchange.bytes_sent:
        before = exchange.bytes_sent
        await asyncio.sleep(0.1)


async def test_a_caller_that_stops_reading_is_cut_after_a_limit() -> None:
    async with FaultUpstream(send_buffer_bytes=64 * 1024) as upstream:
        upstream.script(flood())
        async with served(chain(upstream.url), patience=IMPATIENT) as gateway:
            async with raw_client(gateway.url, receive_buffer_bytes=64 * 1024) as client:
                await ask(client)
                await (await upstream.exchange(0)).wait_hung_up()
            await eventually(lambda: gateway.log.requests)

            assert outcome(gateway) == ("client_closed", 499)
            assert gateway.running.in_flight == 0


async def test_a_caller_that_does_not_read_a_large_answer_is_cut_too(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer("x" * 12_000_000)))
    async with (
        served(chain(upstream.url), patience=IMPATIENT) as gateway,
        raw_client(gateway.url, receive_buffer_bytes=64 * 1024) as client,
    ):
        await client.post(CHAT, chat_body())
        await eventually(lambda: gateway.log.requests)
        answer = await client.read_answer()

    assert (answer.whole, outcome(gateway)) == (False, ("client_closed", 499))


# What the provider sees.


async def test_a_provider_gets_the_body_with_as_few_changes_as_can_be(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(HELLO))
    options = {"include_obfuscation": False}
    fields: dict[str, Any] = {"temperature": 0.10, "new_field": {"deep": [1, 2.50, "ü"]}, "stream_options": options}
    async with served(chain(upstream.url)) as gateway:
        await stream(gateway.url, **fields)

    expected = {**chat_body("up-one", stream=True), **fields}
    expected["stream_options"] = {**options, "include_usage": True}
    assert expected == upstream.requests[0].json
    assert upstream.requests[0].path == "/v1/chat/completions"


async def test_a_second_attempt_is_a_new_request(upstream: FaultUpstream) -> None:
    upstream.script(openai_error_answer(500), event_stream(HELLO))
    async with served(chain(upstream.url)) as gateway:
        answer = await stream(gateway.url)

    assert (b"".join(HELLO), "2") == (answer.body, answer.headers["x-llmgw-attempts"])
    assert upstream.requests[0].body == upstream.requests[1].body
