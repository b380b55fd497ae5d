"""The fault upstream as a server: its script, what it records, and who is told of a hang-up."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.partners.behaviours import event_stream, gigantic_body, json_answer, stall_after
from tests.partners.bodies import DONE, chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawClient, raw_client
from tests.partners.steps import HOLD, Behaviour, Gate, Pause, Turn

CHAT = "/v1/chat/completions"


async def ask(client: RawClient, body: object = None) -> int:
    await client.post(CHAT, body)
    return (await client.read_answer()).status


async def test_the_script_is_played_in_order_and_its_last_behaviour_repeats(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}, 503), json_answer({}, 500), json_answer({}))
    async with raw_client(upstream.url) as client:
        statuses = [await ask(client) for _ in range(4)]

    assert statuses == [503, 500, 200, 200]


async def test_otherwise_answers_when_the_script_is_played(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}, 503), otherwise=json_answer({}, 418))
    async with raw_client(upstream.url) as client:
        statuses = [await ask(client) for _ in range(3)]

    assert statuses == [503, 418, 418]


async def test_what_no_script_foresees_is_a_loud_500(upstream: FaultUpstream) -> None:
    async with raw_client(upstream.url) as client:
        assert await ask(client) == 500


async def test_a_behaviour_may_depend_on_the_request(upstream: FaultUpstream) -> None:
    upstream.script(lambda request: json_answer({"model": request.json["model"]}))
    async with raw_client(upstream.url) as client:
        await client.post(CHAT, {"model": "gpt"})
        answer = await client.read_answer()

    assert answer.json == {"model": "gpt"}


async def test_requests_are_recorded_as_they_came(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}))
    async with raw_client(upstream.url) as client:
        await client.post(f"{CHAT}?a=b", b'{"model": "gpt"}', {"Authorization": "Bearer k"})
        await client.read_answer()
        await client.send(b"PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        await client.read_answer()
    first, second = upstream.requests

    assert ("POST", f"{CHAT}?a=b", b'{"model": "gpt"}') == (first.method, first.path, first.body)
    assert first.header("authorization") == "Bearer k"
    assert ("Authorization", "Bearer k") in first.headers
    assert (second.method, second.path, second.body) == ("PUT", "/x", b"abcde")
    assert first.at_s <= second.at_s


async def test_connections_are_kept_alive_and_counted(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}))
    async with raw_client(upstream.url) as one, raw_client(upstream.url) as two:
        for client in (one, one, two):
            await ask(client)

        assert upstream.connections_open == 2
    await upstream.until(lambda: upstream.connections_open == 0)

    assert upstream.connections_seen == 2
    assert [request.connection for request in upstream.requests] == [1, 1, 2]


async def test_a_request_that_wants_the_connection_closed_gets_that(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}))
    async with raw_client(upstream.url) as client:
        await client.post(CHAT, {}, {"connection": "close"})
        await client.read_answer()

        assert await client.read_some() == b""


async def test_a_gate_proves_that_an_event_arrives_before_the_next_is_sent(upstream: FaultUpstream) -> None:
    events, gate = chat_events("one two three"), Gate()
    upstream.script(event_stream(events, gate=gate))
    async with raw_client(upstream.url) as client:
        await client.post(CHAT, {})
        await client.read_head()
        for number, event in enumerate(events):
            gate.release()
            await client.read_until(event)

            assert number + 1 == gate.passed
    exchange = upstream.exchanges[0]

    assert exchange.ended.is_set()
    assert not exchange.hung_up.is_set()


@pytest.mark.parametrize(
    "behaviour", [stall_after(chat_events()[:2]), (Pause(20),), gigantic_body(64 * 1024 * 1024), HOLD]
)
@pytest.mark.parametrize("rude", [False, True])
async def test_a_hang_up_is_noticed_wherever_the_answer_stands(
    upstream: FaultUpstream, behaviour: Behaviour, rude: bool
) -> None:
    upstream.script(behaviour)
    async with raw_client(upstream.url) as client:
        await client.post(CHAT, {})
        exchange = await upstream.exchange(0)
        await asyncio.sleep(0.02)

        assert not exchange.hung_up.is_set()
        if rude:
            client.reset()
    await exchange.wait_hung_up()

    assert not exchange.ended.is_set()
    await upstream.until(lambda: upstream.connections_open == 0)


async def test_leaving_after_the_end_is_no_hang_up(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(chat_events()))
    async with raw_client(upstream.url) as client:
        await client.post(CHAT, {})
        await client.read_until(DONE)
    await upstream.until(lambda: upstream.connections_open == 0)

    assert upstream.exchanges[0].ended.is_set()
    assert not upstream.exchanges[0].hung_up.is_set()


async def test_sent_bytes_are_those_the_answer_has(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with raw_client(upstream.url) as client:
        await client.post(CHAT, {})
        raw = await client.read_until(b"\r\n\r\n") + await client.read_some()

    assert len(raw) == upstream.exchanges[0].bytes_sent


async def test_a_slow_reader_holds_the_upstream_back() -> None:
    async with FaultUpstream(send_buffer_bytes=16 * 1024) as upstream:
        upstream.script(gigantic_body(16 * 1024 * 1024))
        async with raw_client(upstream.url, receive_buffer_bytes=16 * 1024) as client:
            await client.post(CHAT, {})
            exchange = await upstream.exchange(0)
            await asyncio.sleep(0.1)
            sent_bytes = exchange.bytes_sent
            await asyncio.sleep(0.1)

            assert sent_bytes == exchange.bytes_sent
            assert sent_bytes < 1024 * 1024
            assert len((await client.read_answer()).body) == 16 * 1024 * 1024


async def test_it_stops_at_once_whatever_is_going_on() -> None:
    async with asyncio.timeout(3), AsyncExitStack() as clients, FaultUpstream() as upstream:
        upstream.script(HOLD, (Turn(Gate()),), gigantic_body(64 * 1024 * 1024))
        for number in range(3):
            client = await clients.enter_async_context(raw_client(upstream.url))
            await client.post(CHAT, {})
            await upstream.exchange(number)

    assert upstream.connections_open == 0
    assert not any(exchange.hung_up.is_set() for exchange in upstream.exchanges)


async def test_a_broken_behaviour_fails_the_test_and_not_only_the_request() -> None:
    upstream = await FaultUpstream().__aenter__()
    upstream.script(lambda request: json_answer(request.json["no such key"]))
    async with raw_client(upstream.url) as client:
        await client.post(CHAT, {})

        assert await client.read_some() == b""
    with pytest.raises(ExceptionGroup) as caught:
        await upstream.__aexit__(None, None, None)
    assert isinstance(caught.value.exceptions[0], KeyError)
