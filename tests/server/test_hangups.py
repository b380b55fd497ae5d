"""A caller that leaves takes its upstream call with it, at once and without a trace, whenever it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.partners.behaviours import (
    STALL_BEFORE_HEADERS,
    event_stream,
    json_answer,
    stall_after,
    stall_before_first_token,
)
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error_answer
from tests.partners.raw_client import RawClient, raw_client, request_bytes
from tests.partners.steps import Behaviour, stall_at
from tests.served import Served, served
from tests.server.calls import CHAT, chat, chat_body, eventually
from tests.server.routes import chain

HELLO = chat_events("Hello big wide world")
AT_ONCE_S = 1.0

MOMENTS: dict[str, tuple[Behaviour, bool]] = {
    "before the headers": (STALL_BEFORE_HEADERS, False),
    "before the headers of a stream": (STALL_BEFORE_HEADERS, True),
    "in the body": (stall_at(json_answer(chat_answer()), 200), False),
    "before the first token": (stall_before_first_token(), True),
    "after the preamble": (stall_after(HELLO[:1]), True),
    "in the middle of a stream": (stall_after(HELLO[:3]), True),
    "inside the body of an error": (stall_at(openai_error_answer(500), 120), False),
}
LEAVING = pytest.mark.parametrize("how", ["FIN", "RST"])


async def leave(client: RawClient, how: str) -> None:
    if how == "FIN":
        await client.hang_up()
    else:
        client.reset()


@asynccontextmanager
async def watched(config: str) -> AsyncIterator[Served]:
    """A gateway of which nothing is left over but what it had before the test."""
    async with served(config) as gateway:
        before = tasks()
        yield gateway
        await eventually(lambda: gateway.running.in_flight == 0)
        await eventually(lambda: tasks() <= before)


def tasks() -> set[str]:
    """All that run, but for the partners' own: they keep pooled connections company."""
    names = {str(task.get_coro()) for task in asyncio.all_tasks()}
    return {name for name in names if "Connection.converse" not in name}


def ending(gateway: Served) -> tuple[str, int, str]:
    (line,) = gateway.log.requests
    return line["outcome"], line["status"], line["level"]


@LEAVING
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_caller_that_leaves_cancels_the_upstream_call(
    upstream: FaultUpstream, second_upstream: FaultUpstream, moment: str, how: str
) -> None:
    behaviour, stream = MOMENTS[moment]
    upstream.script(behaviour)
    async with watched(chain(upstream.url, second_upstream.url)) as gateway:
        async with raw_client(gateway.url) as client:
            await client.post(CHAT, chat_body(stream=stream))
            exchange = await upstream.exchange(0)
            await asyncio.sleep(0.05)
            await leave(client, how)
            await exchange.wait_hung_up(AT_ONCE_S)
        await eventually(lambda: gateway.log.requests)
        await upstream.until(lambda: upstream.connections_open == 0, AT_ONCE_S)

    assert ending(gateway) == ("client_closed", 499, "info")
    assert [attempt["class"] for attempt in gateway.log.requests[0]["attempts"]] == ["unfinished"]
    assert (len(upstream.requests), len(second_upstream.requests)) == (1, 0)
    assert not [line for line in gateway.log.lines if line["level"] in ("warning", "error")]


@LEAVING
async def test_while_connecting(unanswering: str, how: str) -> None:
    async with watched(chain(unanswering)) as gateway:
        async with raw_client(gateway.url) as client:
            await client.post(CHAT, chat_body())
            await eventually(lambda: gateway.running.in_flight == 1)
            await leave(client, how)
        await eventually(lambda: gateway.log.requests)

    assert ending(gateway) == ("client_closed", 499, "info")


@LEAVING
async def test_while_waiting_to_try_again(upstream: FaultUpstream, how: str) -> None:
    upstream.script(openai_error_answer(503))
    retry = "{attempts: 2, backoff: 60s, max_backoff: 60s}"
    async with watched(chain(upstream.url, retry=retry)) as gateway:
        async with raw_client(gateway.url) as client:
            await client.post(CHAT, chat_body())
            await (await upstream.exchange(0)).wait_ended()
            await asyncio.sleep(0.05)
            await leave(client, how)
        await eventually(lambda: gateway.log.requests)

    assert ending(gateway) == ("client_closed", 499, "info")
    assert [attempt["class"] for attempt in gateway.log.requests[0]["attempts"]] == ["overloaded"]
    assert len(upstream.requests) == 1


@LEAVING
async def test_before_all_of_the_body_was_sent(upstream: FaultUpstream, how: str) -> None:
    async with watched(chain(upstream.url)) as gateway, raw_client(gateway.url) as client:
        request = request_bytes("POST", CHAT, "127.0.0.1", b"{" * 1000)
        await client.send(request[:-500])
        await eventually(lambda: gateway.running.in_flight == 1)
        await leave(client, how)

    assert not gateway.log.lines


@LEAVING
async def test_in_the_middle_of_a_stream_that_flows(upstream: FaultUpstream, how: str) -> None:
    upstream.script(event_stream([*HELLO[:2], *HELLO[1:2] * 10_000], pause_s=0.001))
    async with watched(chain(upstream.url)) as gateway:
        async with raw_client(gateway.url) as client:
            await client.post(CHAT, chat_body(stream=True))
            await client.read_until(HELLO[1])
            await leave(client, how)
            await upstream.exchanges[0].wait_hung_up(AT_ONCE_S)
        await eventually(lambda: gateway.log.requests)

    assert ending(gateway) == ("client_closed", 499, "info")


@LEAVING
async def test_after_early_signs_of_life(upstream: FaultUpstream, how: str) -> None:
    upstream.script(STALL_BEFORE_HEADERS)
    async with watched(chain(upstream.url, more="server: {early_keepalive: 20ms}")) as gateway:
        async with raw_client(gateway.url) as client:
            await client.post(CHAT, chat_body(stream=True))
            await client.read_until(b": waiting")
            await leave(client, how)
            await upstream.exchanges[0].wait_hung_up(AT_ONCE_S)
        await eventually(lambda: gateway.log.requests)

    assert ending(gateway) == ("client_closed", 499, "info")


async def test_what_was_used_until_then_is_in_the_log(upstream: FaultUpstream) -> None:
    usage = b',"usage":{"prompt_tokens":9,"completion_tokens":1}}\n'
    upstream.script(stall_after([event.replace(b"}\n", usage) for event in HELLO[:3]]))
    async with watched(chain(upstream.url)) as gateway:
        async with raw_client(gateway.url) as client:
            await client.post(CHAT, chat_body(stream=True))
            await client.read_until(b"big")
        await eventually(lambda: gateway.log.requests)

    assert gateway.log.requests[0]["usage"]["input_tokens"] == 9


async def test_a_hundred_that_leave_do_no_harm_to_one_that_stays(upstream: FaultUpstream) -> None:
    upstream.script(*[stall_after(HELLO[:3])] * 100, json_answer(chat_answer()))
    async with watched(chain(upstream.url)) as gateway:
        async with asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(come_and_go(gateway.url, "FIN" if number % 2 else "RST"))
        await eventually(lambda: len(gateway.log.requests) == 100)
        answer = await chat(gateway.url)

    assert (200, chat_answer()) == (answer.status, answer.json)
    assert {"client_closed", "ok"} == {line["outcome"] for line in gateway.log.requests}
    assert len(upstream.requests) == 101


async def come_and_go(url: str, how: str) -> None:
    async with raw_client(url) as client:
        await client.post(CHAT, chat_body(stream=True))
        await client.read_until(HELLO[2])
        await leave(client, how)
