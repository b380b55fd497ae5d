"""Many who ask the same at once, over real sockets: one upstream call, and all of the answer for whoever stays."""

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
from llmgw.server.running import Patience
from tests.partners.behaviours import (
    CHUNKS_END,
    error_in_stream,
    event_stream,
    json_answer,
    openrouter_error_event,
    stall_after,
)
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.exchange import ReceivedRequest
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error_answer
from tests.partners.raw_client import RawAnswer, RawClient, raw_client
from tests.partners.steps import CLOSE, HOLD, RESET, Behaviour, Gate, Pause, Turn
from tests.served import Served, served
from tests.server.calls import CHAT, chat, chat_body, eventually, is_whole
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


# Everybody stays.


@pytest.mark.parametrize(
    "leader", [pytest.param(False, id="led by one at once"), pytest.param(True, id="led by a stream")]
)
@pytest.mark.parametrize("count", [300, pytest.param(1000, marks=pytest.mark.slow)])
async def test_many_equal_requests_are_one_upstream_call(upstream: FaultUpstream, count: int, leader: bool) -> None:
    gate = Gate()
    upstream.script(as_asked(gate))
    async with caching(upstream) as gateway:
        streams = [leader, *(number % 2 == 0 for number in range(count - 1))]
        async with crowd(gateway, upstream, *streams) as callers:
            gate.open()
            answers = await callers.answers()
        again = await chat(gateway.url)
        await eventually(lambda: len(gateway.log.requests) == count + 1)

    assert len(upstream.requests) == 1
    assert {TEXT} == {said(answer) for answer in (*answers, again)}
    assert caches(answers) == {"miss": 1, "coalesced": count - 1}
    assert again.headers["x-llmgw-cache"] == "hit"
    assert {"ok"} == {line["outcome"] for line in gateway.log.requests}
    assert sum(line["cost_nanousd"] for line in gateway.log.requests) == COST_NANOUSD


@FORMS
async def test_at_once_without_any_order_they_are_one_call_too(upstream: FaultUpstream, stream: bool) -> None:
    upstream.script(as_asked(Gate(released=1000)))
    async with caching(upstream) as gateway:
        answers = await asyncio.gather(*[chat(gateway.url, stream=stream) for _ in range(100)])

    assert (len(upstream.requests), {TEXT}) == (1, {said(answer) for answer in answers})
    assert caches(answers)["miss"] == 1


async def test_a_stream_is_told_as_it_grows_to_those_who_come_late_too(upstream: FaultUpstream) -> None:
    gate = Gate(released=3)
    upstream.script(event_stream(FULL, gate=gate))
    async with caching(upstream) as gateway, crowd(gateway, upstream, True) as callers:
        await callers.clients[0].read_until(FULL[2])
        await callers.join(True)
        assert (await callers.clients[1].read_until(FULL[2])).endswith(FULL[2])
        gate.open()
        first, second = [await client.read_until(FULL[-1]) for client in callers.clients]

    assert first == second


async def test_each_has_the_usage_in_his_stream_who_asks_for_it_and_nobody_else(upstream: FaultUpstream) -> None:
    gate = Gate()
    upstream.script(event_stream(FULL, gate=gate))
    async with caching(upstream) as gateway, crowd(gateway, upstream, True) as callers:
        await callers.join(True, stream_options={"include_usage": True})
        await callers.join(True)
        gate.open()
        answers = await callers.answers()

    without = b"".join(event for event in FULL if b'"choices":[]' not in event)
    assert [without, b"".join(FULL), without] == [answer.body for answer in answers]


async def test_whoever_waits_long_is_kept_awake(upstream: FaultUpstream) -> None:
    gate = Gate(released=3)
    upstream.script(event_stream(FULL, gate=gate))
    async with caching(upstream) as gateway:
        gateway.running.patience = Patience(ping_s=0.05)
        async with crowd(gateway, upstream, True, True) as callers:
            for client in callers.clients:
                await client.read_until(b": waiting\n\n")
            gate.open()
            ends = [await client.read_until(FULL[-1]) for client in callers.clients]

    assert len(ends) == 2


# The one who leads leaves.

LEAVES = {"before the first byte": (True, 0), "in the middle": (True, 3), "unstreamed": (False, 0)}


@pytest.mark.parametrize("moment", LEAVES)
async def test_who_leads_leaves_and_the_others_have_all_of_it(
    upstream: FaultUpstream, moment: str, tmp_path: Path
) -> None:
    stream, released = LEAVES[moment]
    gate, ledger = Gate(released=released), tmp_path / "llmgw.db"
    upstream.script(gated(gate, stream))
    async with caching(upstream, ledger) as gateway:
        async with crowd(gateway, upstream, stream, stream, not stream) as callers:
            if released:
                await callers.clients[0].read_until(FULL[released - 1])
            callers.clients[0].reset()
            await eventually(lambda: readers(gateway) == 2)
            gate.open()
            answers = await callers.answers(slice(1, None))
        again = await chat(gateway.url)
        await eventually(lambda: len(gateway.log.requests) == 4)

    assert len(upstream.requests) == 1
    assert {TEXT} == {said(answer) for answer in (*answers, again)}
    assert (caches(answers), again.headers["x-llmgw-cache"]) == ({"coalesced": 2}, "hit")
    (left,) = [line for line in gateway.log.requests if line["cache"] == "miss"]
    assert (left["outcome"], left["status"], left["cost_nanousd"]) == ("client_closed", 499, COST_NANOUSD)
    (row,) = [row for row in rows(ledger) if not row.get("cached")]
    assert (row["outcome"], row["status"], row["cost_nanousd"]) == ("client_closed", 499, COST_NANOUSD)


@FORMS
async def test_everybody_leaves_and_the_upstream_call_is_cancelled(upstream: FaultUpstream, stream: bool) -> None:
    upstream.script(stall_after(FULL[:3]) if stream else HOLD)
    async with caching(upstream) as gateway, crowd(gateway, upstream, stream, stream, not stream) as callers:
        for client in callers.clients[:-1]:
            client.reset()
        await eventually(lambda: readers(gateway) == 1)
        assert not upstream.exchanges[0].hung_up.is_set()
        callers.clients[-1].reset()
        await upstream.exchanges[0].wait_hung_up(1.0)
        await eventually(lambda: len(gateway.log.requests) == 3)

    assert len(upstream.requests) == 1
    assert {("client_closed", 499)} == {(line["outcome"], line["status"]) for line in gateway.log.requests}


async def test_who_leads_leaves_while_he_is_kept_awake_early(upstream: FaultUpstream) -> None:
    gate = Gate()
    upstream.script(event_stream(FULL, gate=gate))
    more = CACHE.replace("server: {", "server: {early_keepalive: 20ms, ")
    async with caching(upstream, more=more) as gateway, crowd(gateway, upstream, True, True) as callers:
        for client in callers.clients:
            await client.read_until(b": waiting\n\n")
        callers.clients[0].reset()
        await eventually(lambda: readers(gateway) == 1)
        gate.open()
        answer = await callers.clients[1].read_until(FULL[-1])

    assert all(event in answer for event in FULL if b'"choices":[]' not in event)
    assert len(upstream.requests) == 1


# It fails.


@FORMS
async def test_it_fails_before_the_first_byte_and_one_of_the_others_leads(
    upstream: FaultUpstream, stream: bool
) -> None:
    gate = Gate()
    upstream.script((Turn(gate), *openai_error_answer(500)), as_asked(gate))
    async with caching(upstream) as gateway, crowd(gateway, upstream, *[stream] * 100) as callers:
        gate.open()
        first, *others = await callers.answers()

    assert len(upstream.requests) == 2
    assert (first.status, {TEXT}) == (502, {said(answer) for answer in others})
    assert caches(others) == {"miss": 1, "coalesced": 98}


async def test_it_fails_for_everybody_and_each_is_told(upstream: FaultUpstream) -> None:
    gate = Gate()
    upstream.script((Turn(gate), *openai_error_answer(500)), otherwise=openai_error_answer(500))
    async with caching(upstream) as gateway, crowd(gateway, upstream, *[False] * 5) as callers:
        gate.open()
        answers = await callers.answers()

    assert ([answer.status for answer in answers], len(upstream.requests)) == ([502] * 5, 5)


CUTS: Mapping[str, Callable[[Gate], Behaviour]] = {
    "a reset": lambda gate: event_stream(FULL[:4], gate=gate, then=RESET),
    "an end without its mark": lambda gate: event_stream(FULL[:4], gate=gate, then=CLOSE),
    "an error of the provider": lambda gate: (
        Turn(gate),
        *error_in_stream(FULL[:4], openrouter_error_event(), done=False),
    ),
}


@pytest.mark.parametrize("cut", CUTS)
async def test_a_cut_is_everybodys_and_nothing_is_kept(upstream: FaultUpstream, cut: str) -> None:
    gate = Gate()
    upstream.script(CUTS[cut](gate), otherwise=event_stream(FULL))
    async with caching(upstream) as gateway:
        async with crowd(gateway, upstream, *[True] * 5) as callers:
            gate.open()
            answers = await callers.answers()
        again = await chat(gateway.url, stream=True)
        await eventually(lambda: len(gateway.log.requests) == 6)

    assert len({answer.body for answer in answers}) == 1
    assert (b'"error"' in answers[0].body, b"[DONE]" in answers[0].body) == (True, False)
    assert {("stream_cut", 200)} == {(line["outcome"], line["status"]) for line in gateway.log.requests[:5]}
    assert (again.headers["x-llmgw-cache"], said(again), len(upstream.requests)) == ("miss", TEXT, 2)


async def test_who_wanted_it_at_once_has_had_nothing_of_what_was_cut_and_leads(upstream: FaultUpstream) -> None:
    gate = Gate()
    cut = event_stream(FULL[:4], gate=gate, then=RESET)
    upstream.script(cut, otherwise=lambda seen: gated(Gate(released=1000), seen.json["stream"]))
    async with caching(upstream) as gateway, crowd(gateway, upstream, True, False) as callers:
        gate.open()
        _, second = await callers.answers()

    assert (second.status, said(second), second.headers["x-llmgw-cache"]) == (200, TEXT, "miss")
    assert len(upstream.requests) == 2


# What cannot be shared.

OWN_WORDS = [
    event.replace(b'"logprobs":null', b'"logprobs":{"content":[{"token":"a","logprob":-0.5}]}') for event in FULL
]


async def test_what_cannot_be_told_in_the_other_form_is_asked_for_once_in_that(upstream: FaultUpstream) -> None:
    """The flight that has ended is still there then: its upstream does not close."""
    gate = Gate()
    upstream.script(
        (Turn(gate), *stall_after(OWN_WORDS)), otherwise=lambda seen: gated(Gate(released=1000), seen.json["stream"])
    )
    async with caching(upstream) as gateway, crowd(gateway, upstream, True, False, False, False) as callers:
        gate.open()
        first, *others = await callers.answers()

    assert (first.headers["x-llmgw-cache"], {TEXT}) == ("miss", {said(answer) for answer in others})
    assert len(upstream.requests) == 2
    assert caches(others) == {"miss": 1, "coalesced": 2}


async def test_what_is_too_large_is_everybodys_who_came_in_time_and_is_not_kept(
    upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llmgw.sharing.FLIGHT_BYTES_MAX", 500)
    gate = Gate()
    upstream.script(event_stream(FULL, gate=gate), otherwise=event_stream(FULL))
    async with caching(upstream) as gateway, crowd(gateway, upstream, True, True, False) as callers:
        gate.release(4)
        await callers.clients[1].read_until(FULL[3])
        late = await chat(gateway.url, stream=True)
        gate.open()
        ends = [await client.read_until(FULL[-1]) for client in callers.clients[:2]]
        (whole,) = await callers.answers(slice(2, None))
        again = await chat(gateway.url, stream=True)

    assert all(FULL[-2] not in end and FULL[-3] in end for end in ends)
    assert ({TEXT}, [whole.status]) == ({said(whole), said(late), said(again)}, [200])
    assert [answer.headers["x-llmgw-cache"] for answer in (late, again)] == ["miss", "miss"]
    assert len(upstream.requests) == 3


async def test_who_may_wait_no_longer_does_not(upstream: FaultUpstream) -> None:
    upstream.script(HOLD)
    async with caching(upstream) as gateway, crowd(gateway, upstream, False) as callers:
        began_s = asyncio.get_running_loop().time()
        async with raw_client(gateway.url) as client:
            await client.post(CHAT, chat_body(), {"x-llmgw-timeout": "200ms"})
            answer = await client.read_answer()
        waited_s = asyncio.get_running_loop().time() - began_s
        assert readers(gateway) == 1
        callers.clients[0].reset()

    assert (answer.status, answer.json["error"]["code"]) == (504, "timeout")
    assert 0.15 < waited_s < 1


# The process ends.


@FORMS
async def test_the_process_ends_and_everybody_is_told(upstream: FaultUpstream, stream: bool) -> None:
    upstream.script(stall_after(FULL[:3]) if stream else HOLD)
    async with (
        caching(upstream, more=NO_DRAIN) as gateway,
        crowd(gateway, upstream, stream, stream, not stream) as callers,
    ):
        async with asyncio.timeout(5):
            await gateway.running.drain()
            answers = await callers.answers()
        await eventually(lambda: len(gateway.log.requests) == 3)

    assert {"stopped"} == {line["outcome"] for line in gateway.log.requests}
    assert all(b"stopping" in answer.body for answer in answers)


async def test_the_process_ends_when_who_leads_has_left_already(upstream: FaultUpstream) -> None:
    upstream.script(stall_after(FULL[:3]))
    async with caching(upstream, more=NO_DRAIN) as gateway, crowd(gateway, upstream, True, True) as callers:
        callers.clients[0].reset()
        await eventually(lambda: readers(gateway) == 1)
        async with asyncio.timeout(5):
            await gateway.running.drain()
            (answer,) = await callers.answers(slice(1, None))

    assert b"stopping" in answer.body


# What it comes to.


async def test_who_follows_a_stream_without_end_mark_has_saved_what_it_costs(
    upstream: FaultUpstream, tmp_path: Path
) -> None:
    gate, ledger = Gate(), tmp_path / "llmgw.db"
    upstream.script(event_stream(FULL[:-1], gate=gate, then=(Pause(0.05), *CHUNKS_END)))
    async with caching(upstream, ledger) as gateway:
        async with crowd(gateway, upstream, True, True) as callers:
            gate.open()
            await callers.answers()
        await eventually(lambda: len(gateway.log.requests) == 2)

    assert sorted(
        (row.get("cached", ""), row["cost_nanousd"], row.get("saved_nanousd", 0)) for row in rows(ledger)
    ) == [("", COST_NANOUSD, 0), ("coalesced", 0, COST_NANOUSD)]


@FORMS
async def test_what_was_told_is_in_the_log_once(upstream: FaultUpstream, stream: bool) -> None:
    gate = Gate()
    upstream.script(as_asked(gate))
    more = f"{CACHE}\ntelemetry: {{logs: {{bodies: true}}}}"
    async with caching(upstream, more=more) as gateway:
        async with crowd(gateway, upstream, stream, stream) as callers:
            gate.open()
            await callers.answers()
        await eventually(lambda: len(gateway.log.requests) == 2)

    assert [line["response_body"].count("Hello ") for line in gateway.log.requests] == [1, 1]


async def test_who_follows_and_then_leads_is_counted_once(upstream: FaultUpstream) -> None:
    gate = Gate()
    upstream.script((Turn(gate), *openai_error_answer(500)), as_asked(gate))
    more = f"{CACHE}\nlimits: [{{name: rate, requests: 9/h}}]"
    async with caching(upstream, more=more) as gateway, crowd(gateway, upstream, False, False) as callers:
        gate.open()
        _, second = await callers.answers()

    assert (second.headers["x-llmgw-cache"], second.headers["x-ratelimit-remaining-requests"]) == ("miss", "7")
