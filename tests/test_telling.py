"""What callers get of an answer that was asked for by another, and what their rows and logs say of it."""

from pathlib import Path

from llmgw.server.running import Patience
from tests.crowds import CACHE, COST_NANOUSD, FORMS, FULL, as_asked, caching, crowd, rows
from tests.partners.behaviours import (
    CHUNKS_END,
    event_stream,
)
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import Gate, Pause
from tests.server.calls import eventually


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
