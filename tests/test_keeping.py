"""What may be shared and kept of an answer under way, and what may not."""

import pytest

from tests.crowds import FULL, TEXT, caches, caching, crowd, gated, said
from tests.partners.behaviours import (
    event_stream,
    stall_after,
)
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import Gate, Turn
from tests.server.calls import chat

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
