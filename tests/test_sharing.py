"""Many who ask the same at once, over real sockets: one upstream call, and all of the answer for whoever stays."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.crowds import (
    CACHE,
    COST_NANOUSD,
    FORMS,
    FULL,
    NO_DRAIN,
    TEXT,
    as_asked,
    caches,
    caching,
    crowd,
    gated,
    readers,
    rows,
    said,
)
from tests.partners.behaviours import (
    error_in_stream,
    event_stream,
    openrouter_error_event,
    stall_after,
)
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error_answer
from tests.partners.raw_client import raw_client
from tests.partners.steps import CLOSE, HOLD, RESET, Behaviour, Gate, Turn
from tests.server.calls import CHAT, chat, chat_body, eventually

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

    assert ([answer.status for answer in answers], len(upstream.requests)) == ([502] * 5, 2)


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


async def test_who_follows_and_then_leads_is_counted_once(upstream: FaultUpstream) -> None:
    gate = Gate()
    upstream.script((Turn(gate), *openai_error_answer(500)), as_asked(gate))
    more = f"{CACHE}\nlimits: [{{name: rate, requests: 9/h}}]"
    async with caching(upstream, more=more) as gateway, crowd(gateway, upstream, False, False) as callers:
        gate.open()
        _, second = await callers.answers()

    assert (second.headers["x-llmgw-cache"], second.headers["x-ratelimit-remaining-requests"]) == ("miss", "7")
