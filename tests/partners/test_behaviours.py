"""Every fault is what its name says, seen from a raw socket."""

import asyncio
import gzip
import json
import time
from contextlib import suppress
from itertools import pairwise

import aiohttp
import pytest

from tests.partners import behaviours
from tests.partners.bodies import DONE, chat_answer, chat_events, is_content
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client
from tests.partners.steps import Behaviour, close_at, reset_at, slow_loris, split_at, split_every, stall_at, wire_bytes

EVENTS = chat_events("one two three")
ANSWER = behaviours.json_answer(chat_answer())
SILENCE_S = 0.1


async def answer_to(upstream: FaultUpstream, behaviour: Behaviour) -> RawAnswer:
    upstream.script(behaviour)
    async with raw_client(upstream.url) as client:
        await client.post("/v1/chat/completions", {})
        return await client.read_answer()


async def bytes_of(upstream: FaultUpstream, behaviour: Behaviour) -> bytes:
    """All until the connection ends. ConnectionResetError where it was reset."""
    upstream.script(behaviour)
    async with raw_client(upstream.url) as client:
        await client.post("/v1/chat/completions", {})
        return await client.read_to_end()


async def bytes_before_silence(upstream: FaultUpstream, behaviour: Behaviour) -> bytes:
    """What comes before the connection falls silent, still open."""
    upstream.script(behaviour)
    received = bytearray()
    async with raw_client(upstream.url) as client:
        await client.post("/v1/chat/completions", {})
        with suppress(TimeoutError):
            while data := await client.read_some(SILENCE_S):
                received += data
            pytest.fail("the connection ended instead of falling silent")
    await upstream.exchanges[0].wait_hung_up()
    return bytes(received)


async def test_a_plain_answer_is_json_with_a_length(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.json_answer({"a": 1}, 201, {"x-request-id": "r"}))

    assert (answer.status, answer.json, answer.headers["x-request-id"], answer.whole) == (201, {"a": 1}, "r", True)
    assert answer.headers["content-type"] == "application/json"


async def test_a_stream_is_its_events_and_nothing_else(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.event_stream(EVENTS, pause_s=0.001))

    assert (b"".join(EVENTS), True) == (answer.body, answer.whole)
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_aiohttp_reads_the_good_answers_and_reuses_the_connection(upstream: FaultUpstream) -> None:
    upstream.script(ANSWER, behaviours.event_stream(EVENTS), behaviours.gzip_answer({"zipped": True}))
    async with aiohttp.ClientSession() as session:
        bodies = [await (await session.post(upstream.url, json={})).read() for _ in range(3)]

    assert [chat_answer(), {"zipped": True}] == [json.loads(bodies[0]), json.loads(bodies[2])]
    assert b"".join(EVENTS) == bodies[1]
    assert upstream.connections_seen == 1


async def test_a_stream_without_framing_ends_with_the_connection(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.stream_until_close(EVENTS[:2]))

    assert b"".join(EVENTS[:2]) == answer.body
    assert "transfer-encoding" not in answer.headers


async def test_byte_by_byte_the_client_reads_the_same(upstream: FaultUpstream) -> None:
    whole = behaviours.event_stream(EVENTS)
    answer = await answer_to(upstream, split_every(whole, 1))

    assert b"".join(EVENTS) == answer.body


async def test_a_break_inside_a_line_end_arrives_as_two_reads(upstream: FaultUpstream) -> None:
    offset_bytes = wire_bytes(ANSWER).index(b"\r\n\r\n") + 1
    upstream.script(split_at(ANSWER, offset_bytes))
    async with raw_client(upstream.url) as client:
        await client.post("/", {})
        first = await client.read_some()
        second = await client.read_some()

    assert first.endswith(b"\r")
    assert wire_bytes(ANSWER) == first + second


async def test_reset_before_headers_gives_no_byte(upstream: FaultUpstream) -> None:
    with pytest.raises(ConnectionResetError):
        await bytes_of(upstream, behaviours.RESET_BEFORE_HEADERS)


async def test_closed_before_headers_gives_no_byte_and_a_clean_end(upstream: FaultUpstream) -> None:
    assert await bytes_of(upstream, behaviours.CLOSED_BEFORE_HEADERS) == b""


@pytest.mark.parametrize("offset_bytes", [1, 20, 150, len(wire_bytes(ANSWER)) - 1])
async def test_reset_at_a_byte_comes_after_exactly_that_byte(upstream: FaultUpstream, offset_bytes: int) -> None:
    upstream.script(reset_at(ANSWER, offset_bytes))
    async with raw_client(upstream.url) as client:
        await client.post("/", {})
        await (await upstream.exchange(0)).wait_ended()
        with pytest.raises(ConnectionResetError):
            await client.read_to_end()

    assert offset_bytes == upstream.exchanges[0].bytes_sent


@pytest.mark.parametrize("offset_bytes", [1, 20, 150, len(wire_bytes(ANSWER)) - 1])
async def test_close_and_stall_at_a_byte_deliver_exactly_the_bytes_before_it(
    upstream: FaultUpstream, offset_bytes: int
) -> None:
    expected = wire_bytes(ANSWER)[:offset_bytes]

    assert expected == await bytes_of(upstream, close_at(ANSWER, offset_bytes))
    upstream.exchanges.clear()
    assert expected == await bytes_before_silence(upstream, stall_at(ANSWER, offset_bytes))


async def test_stall_before_headers_is_silence(upstream: FaultUpstream) -> None:
    assert await bytes_before_silence(upstream, behaviours.STALL_BEFORE_HEADERS) == b""


async def test_stall_before_the_first_token_is_headers_and_silence(upstream: FaultUpstream) -> None:
    received = await bytes_before_silence(upstream, behaviours.stall_before_first_token())

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\n")


async def test_stall_mid_stream_is_some_events_and_silence(upstream: FaultUpstream) -> None:
    received = await bytes_before_silence(upstream, behaviours.stall_after(EVENTS[:2]))

    assert received.endswith(behaviours.chunk(EVENTS[1]))


async def test_comments_are_signs_of_life_without_content(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.comments_only(3, 0.01))

    assert answer.whole
    assert answer.body.count(b": PARTNER IS THINKING\n\n") == 3


@pytest.mark.parametrize("keep", range(len(EVENTS)))
async def test_a_stream_can_end_after_any_event_in_four_ways(upstream: FaultUpstream, keep: int) -> None:
    expected = b"".join(EVENTS[:keep])
    clean = await answer_to(upstream, behaviours.ends_without_end_mark(EVENTS, keep))
    closed = await answer_to(upstream, behaviours.closed_after(EVENTS, keep))
    inside = await answer_to(upstream, behaviours.closed_inside_chunk(EVENTS, keep))
    upstream.script(behaviours.reset_after(EVENTS, keep))
    async with raw_client(upstream.url) as client:
        await client.post("/", {})
        with pytest.raises(ConnectionResetError):
            await client.read_to_end()

    assert (expected, True) == (clean.body, clean.whole)
    assert (expected, False) == (closed.body, closed.whole)
    assert not inside.whole
    assert inside.body.startswith(expected)
    assert EVENTS[keep].startswith(inside.body.removeprefix(expected))


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("error", [behaviours.openrouter_error_event(), behaviours.groq_error_event()])
@pytest.mark.parametrize("before", [EVENTS[:1], EVENTS[:3]])
async def test_an_error_inside_a_stream_comes_after_200(
    upstream: FaultUpstream, before: list[bytes], error: bytes, done: bool
) -> None:
    answer = await answer_to(upstream, behaviours.error_in_stream(before, error, done=done))

    assert answer.status == 200
    assert answer.whole
    assert b"".join(before) + error + (DONE if done else b"") == answer.body
    assert (len(before) > 1) == any(is_content(event) for event in before)


async def test_garbage_says_it_is_json(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.garbage_json())

    assert (answer.status, answer.headers["content-type"], answer.whole) == (200, "application/json", True)
    with pytest.raises(json.JSONDecodeError):
        _ = answer.json


async def test_garbage_in_a_stream_is_one_bad_event(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.garbage_in_stream(EVENTS[:2]))

    assert answer.body.startswith(b"".join(EVENTS[:2]))
    assert answer.body.endswith(DONE)


async def test_the_wrong_content_type_is_html_with_200(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.html_answer())

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_points_elsewhere(upstream: FaultUpstream, status: int) -> None:
    answer = await answer_to(upstream, behaviours.redirect("http://127.0.0.1:1/", status))

    assert (status, "http://127.0.0.1:1/") == (answer.status, answer.headers["location"])


async def test_endless_headers_are_refused_by_a_client_with_a_limit(upstream: FaultUpstream) -> None:
    upstream.script(behaviours.endless_headers())
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post(upstream.url, json={})
    await upstream.exchanges[0].wait_hung_up()

    assert upstream.exchanges[0].bytes_sent > 8 * 1024


async def test_a_slow_loris_sends_one_byte_per_interval(upstream: FaultUpstream) -> None:
    upstream.script(slow_loris(ANSWER, 0.02))
    async with raw_client(upstream.url) as client:
        await client.post("/", {})
        reads = [(await client.read_some(), time.monotonic()) for _ in range(6)]

    assert wire_bytes(ANSWER)[:6] == b"".join(data for data, _ in reads)
    assert [len(data) for data, _ in reads] == [1] * 6
    assert all(later - earlier > 0.005 for (_, earlier), (_, later) in pairwise(reads))


async def test_a_gigantic_body_is_as_large_as_it_says(upstream: FaultUpstream) -> None:
    size_bytes = 3 * 1024 * 1024 + 7
    answer = await answer_to(upstream, behaviours.gigantic_body(size_bytes))

    assert (size_bytes, True) == (len(answer.body), answer.whole)


async def test_a_gigantic_event_has_no_end(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.gigantic_event(1024 * 1024))

    assert len(b"data: ") + 1024 * 1024 == len(answer.body)
    assert b"\n" not in answer.body


async def test_an_informational_answer_comes_before_the_real_one(upstream: FaultUpstream) -> None:
    upstream.script(behaviours.with_informational(ANSWER))
    async with raw_client(upstream.url) as client:
        await client.post("/", {})
        statuses = [(await client.read_head()).status, (await client.read_answer()).status]

    assert statuses == [103, 200]


async def test_gzip_is_sent_unasked(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, behaviours.gzip_answer({"a": 1}))

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == b'{"a":1}'


async def test_a_bad_chunk_size_is_no_number(upstream: FaultUpstream) -> None:
    with pytest.raises(ValueError, match="not-a-size"):
        await answer_to(upstream, behaviours.bad_chunk_size(EVENTS[:1]))


async def test_not_http_is_not_http(upstream: FaultUpstream) -> None:
    assert await bytes_of(upstream, behaviours.not_http()) == b"220 mail.example ESMTP\r\n"


async def test_delays_between_events_are_kept(upstream: FaultUpstream) -> None:
    upstream.script(behaviours.event_stream(EVENTS[:3], pause_s=0.05))
    async with raw_client(upstream.url) as client:
        await client.post("/", {})
        await client.read_head()
        with pytest.raises(TimeoutError):
            await client.read_some(0.02)
        async with asyncio.timeout(2):
            await client.read_until(EVENTS[2])
