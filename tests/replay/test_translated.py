"""Caller and provider speak different dialects: what the caller's SDK reads says what the recording says."""

import pytest

from tests.conformance.traffic import Recording
from tests.partners.fault_upstream import FaultUpstream
from tests.replay.callers import Caller, call, spoken
from tests.replay.gateways import gateway_before
from tests.replay.told import shown_to
from tests.replay.upstream import CUTS, replayed
from tests.replay.wires import dialect_of, each_crossing, good, there, told_of

pytestmark = there


@each_crossing(good(streaming=False), spoken(), per_wire=4)
async def test_an_answer(upstream: FaultUpstream, recording: Recording, caller: Caller) -> None:
    await crosses(upstream, recording, caller, "at_once")


@each_crossing(good(streaming=True), spoken(), per_wire=4)
async def test_a_stream(upstream: FaultUpstream, recording: Recording, caller: Caller) -> None:
    await crosses(upstream, recording, caller, "where_it_hurts")


@pytest.mark.slow
@each_crossing(good(streaming=True), spoken())
@pytest.mark.parametrize("cut", ["in_bytes", "anywhere"])
async def test_a_stream_cut_otherwise(upstream: FaultUpstream, recording: Recording, caller: Caller, cut: str) -> None:
    await crosses(upstream, recording, caller, cut)


async def crosses(upstream: FaultUpstream, recording: Recording, caller: Caller, cut: str) -> None:
    stream = bool(recording["streaming"])
    upstream.script(replayed(recording, CUTS[cut]))
    async with gateway_before(dialect_of(recording), caller.dialect, upstream) as gateway:
        answer = await call(gateway.url, caller, caller.ask(stream), stream=stream)

    if _is_media_alone(recording):
        assert (answer.status, b"protocol" in answer.body) == (502, True)
        return
    assert (answer.status, answer.whole) == (200, True), answer.body[:500]
    told, seen = told_of(recording), caller.read(answer, stream=stream)
    assert shown_to(caller.dialect, told, counts=told.counts) == shown_to(caller.dialect, seen, counts=told.counts)
    caller.checked(answer, stream=stream)


def _is_media_alone(recording: Recording) -> bool:
    """An answer at once that is a picture or a sound, for which no other dialect has a word: nothing would be left."""
    body = recording.get("response_body") or ""
    return not recording["streaming"] and '"inlineData"' in body and '"text"' not in body
