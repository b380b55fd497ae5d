"""What may be shared and kept of an answer under way, and what may not."""

import pytest

from tests.crowds import FULL, TEXT, as_asked, caches, caching, crowd, gated, said
from tests.partners.behaviours import (
    event_stream,
    stall_after,
)
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import Gate, Turn
from tests.server.calls import chat, eventually

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
    async with caching(upstream) as gateway, crowd(gateway, upstream, True, True) as callers:
        gate.release(4)
        await callers.clients[1].read_until(FULL[3])
        late = await chat(gateway.url, stream=True)
        gate.open()
        ends = [await client.read_until(FULL[-1]) for client in callers.clients]
        again = await chat(gateway.url, stream=True)

    assert all(FULL[-2] not in end and FULL[-3] in end for end in ends)
    assert {TEXT} == {said(late), said(again)}
    assert [answer.headers["x-llmgw-cache"] for answer in (late, again)] == ["miss", "miss"]
    assert len(upstream.requests) == 3


async def test_what_is_too_large_is_asked_for_again_by_who_wants_it_otherwise(
    upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llmgw.sharing.FLIGHT_BYTES_MAX", 500)
    gate = Gate()
    upstream.script(event_stream(FULL, gate=gate), otherwise=as_asked(Gate(released=1000)))
    async with caching(upstream) as gateway, crowd(gateway, upstream, True, False) as callers:
        gate.open()
        await callers.clients[0].read_until(FULL[-1])
        (whole,) = await callers.answers(slice(1, None))

    assert (said(whole), whole.headers["x-llmgw-cache"], len(upstream.requests)) == (TEXT, "miss", 2)


@pytest.mark.parametrize("at", [0, 2], ids=["before the first content", "in the middle"])
async def test_comments_of_the_provider_take_nothing_away(upstream: FaultUpstream, at: int) -> None:
    events = [b": OPENROUTER PROCESSING\n\n" + event if number == at else event for number, event in enumerate(FULL)]
    upstream.script(otherwise=event_stream(events))
    async with caching(upstream) as gateway:
        answers = [await chat(gateway.url, stream=stream) for stream in (True, True, False)]

    assert ({TEXT}, len(upstream.requests)) == ({said(answer) for answer in answers}, 1)


async def test_bytes_that_are_no_text_are_nobodys_error(upstream: FaultUpstream) -> None:
    events = [event.replace(b"big", b"b\xffg") for event in FULL]
    upstream.script(otherwise=event_stream(events))
    async with caching(upstream) as gateway:
        answers = [await chat(gateway.url, stream=True) for _ in range(2)]
        await eventually(lambda: len(gateway.log.requests) == 2)

    assert [(answer.status, b"b\xffg" in answer.body) for answer in answers] == [(200, True)] * 2
    assert {"ok"} == {line["outcome"] for line in gateway.log.requests}
