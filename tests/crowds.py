"""Many callers who ask the same of a gateway that keeps what it is answered."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from llmgw.adapters.ledger import ledger_to_read
from llmgw.adapters.sqlite.reading import requests as request_rows
from llmgw.flight import Flight
from llmgw.policy.usage import UsageQuery
from tests.partners.behaviours import (
    event_stream,
    json_answer,
)
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.exchange import ReceivedRequest
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, RawClient, raw_client
from tests.partners.steps import Behaviour, Gate, Turn
from tests.served import Served, served
from tests.server.calls import CHAT, chat_body, eventually, is_whole
from tests.server.routes import chain

TEXT = "Hello big wide world"
FULL = chat_events(TEXT, include_usage=True)
CACHE = "cache: {rules: [{name: all, ttl: 1h, scope: everyone}]}\nserver: {max_in_flight: 5000}"
PRICE = "price: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}"
COST_NANOUSD = 9 * 1000 + 3 * 2000  # of what the partner says it has used
NO_DRAIN = CACHE.replace("server: {", "server: {drain: 0s, ")
ONE_TRY = "{attempts: 1}"
FORMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def gated(gate: Gate, stream: bool) -> Behaviour:
    """The answer, event by event, or at once."""
    if stream:
        return event_stream(FULL, gate=gate)
    return (Turn(gate), *json_answer(chat_answer(TEXT)))


def as_asked(gate: Gate) -> Callable[[ReceivedRequest], Behaviour]:
    def behaviour(seen: ReceivedRequest) -> Behaviour:
        return gated(gate, seen.json["stream"])

    return behaviour


@asynccontextmanager
async def caching(upstream: FaultUpstream, ledger: Path | None = None, more: str = CACHE) -> AsyncIterator[Served]:
    """A gateway that keeps; afterwards nothing is under way in it."""
    async with served(chain(upstream.url, retry=ONE_TRY, one=PRICE, more=more), ledger=ledger) as gateway:
        yield gateway
        await eventually(lambda: gateway.running.in_flight == 0)
        assert flights(gateway) == []


def flights(gateway: Served) -> Sequence[Flight]:
    return [*gateway.running.memory.sharing._flights.values()]


def readers(gateway: Served) -> int:
    return sum(flight.readers for flight in flights(gateway))


class Crowd:
    """Callers that ask the same, each on his own connection; the first one leads."""

    def __init__(self, gateway: Served, upstream: FaultUpstream, stack: AsyncExitStack) -> None:
        self.gateway = gateway
        self._upstream = upstream
        self._stack = stack
        self.clients: list[RawClient] = []

    async def join(self, *streams: bool, **fields: Any) -> None:
        """And all of them wait for the same answer, or read it."""
        for stream in streams:
            client = await self._stack.enter_async_context(raw_client(self.gateway.url))
            await client.post(CHAT, {**chat_body(stream=stream), **fields})
            self.clients.append(client)
            if len(self.clients) == 1:
                await self._upstream.exchange(0)
        await eventually(lambda: readers(self.gateway) == len(self.clients))

    async def answers(self, of: slice = slice(None)) -> list[RawAnswer]:
        return await asyncio.gather(*[client.read_answer() for client in self.clients[of]])


@asynccontextmanager
async def crowd(gateway: Served, upstream: FaultUpstream, *streams: bool) -> AsyncIterator[Crowd]:
    async with AsyncExitStack() as stack:
        found = Crowd(gateway, upstream, stack)
        await found.join(*streams)
        yield found


def said(answer: RawAnswer) -> str:
    """All of it, or the test fails."""
    assert is_whole(answer), answer
    if answer.headers["content-type"].startswith("text/event-stream"):
        events = [event for event in answer.body.split(b"\n\n") if b'"content":"' in event]
        return "".join(sse_text(event) for event in events)
    return str(answer.json["choices"][0]["message"]["content"])


def sse_text(event: bytes) -> str:
    return event.split(b'"content":"')[1].split(b'"')[0].decode()


def caches(answers: Sequence[RawAnswer]) -> Mapping[str, int]:
    return Counter(answer.headers["x-llmgw-cache"] for answer in answers)


def rows(ledger: Path) -> list[Mapping[str, Any]]:
    with ledger_to_read(ledger, print) as connection:
        return [*request_rows(connection, UsageQuery())]
