"""Caller and provider speak the same dialect: what was recorded reaches the caller byte for byte, however cut."""

import json
from typing import Any

import pytest

from tests.conformance.traffic import Recording
from tests.partners.fault_upstream import FaultUpstream
from tests.replay.callers import MODEL, Caller, call, spoken
from tests.replay.frames import Frame
from tests.replay.gateways import gateway_before
from tests.replay.upstream import CUTS, Cut, replayed
from tests.replay.wires import FOLDS, body_of, dialect_of, each, frames, good, there

pytestmark = there

CALLERS = {caller.dialect: caller for caller in spoken()}
STREAMS = [one for one in good(streaming=True) if dialect_of(one) in CALLERS]
ANSWERS = [one for one in good(streaming=False) if dialect_of(one) in CALLERS]


@each(ANSWERS, per_wire=6)
async def test_an_answer(upstream: FaultUpstream, recording: Recording) -> None:
    upstream.script(replayed(recording))
    caller = CALLERS[dialect_of(recording)]
    answer = await asked(upstream, caller, recording)

    assert (200, body_of(recording)) == (answer.status, answer.body)
    assert rate_limits(recording).items() <= answer.headers.items()
    assert_sent(recording, caller, upstream)


@each(STREAMS, per_wire=6)
@pytest.mark.parametrize("cut", ["in_bytes", "where_it_hurts"])
async def test_a_stream(upstream: FaultUpstream, recording: Recording, cut: str) -> None:
    await stream_in(upstream, recording, CUTS[cut])


@pytest.mark.slow
@each(STREAMS)
@pytest.mark.parametrize("cut", ["at_once", "in_events", "anywhere"])
async def test_a_stream_cut_otherwise(upstream: FaultUpstream, recording: Recording, cut: str) -> None:
    await stream_in(upstream, recording, CUTS[cut])


async def stream_in(upstream: FaultUpstream, recording: Recording, cut: Cut) -> None:
    upstream.script(replayed(recording, cut))
    caller = CALLERS[dialect_of(recording)]
    answer = await asked(upstream, caller, recording)
    wants_usage = dialect_of(recording) not in ("openai_chat", "openai_completions") or asks_for_usage(recording)

    assert (answer.status, answer.whole) == (200, True)
    assert expected_bytes(recording, wants_usage=wants_usage) == answer.body
    assert_sent(recording, caller, upstream)


def rate_limits(recording: Recording) -> dict[str, str]:
    """The provider's own limits reach the caller under names of ours."""
    told = recording.get("response_headers") or {}
    families = ("x-ratelimit-", "anthropic-ratelimit-", "ratelimit-")
    return {
        f"x-llmgw-upstream-{name.removeprefix('x-')}": value
        for name, value in told.items()
        if name.startswith(families) or name == "retry-after"
    }


async def asked(upstream: FaultUpstream, caller: Caller, recording: Recording) -> Any:
    async with gateway_before(caller.dialect, caller.dialect, upstream) as gateway:
        return await call(
            gateway.url,
            caller,
            caller.asking_as(recording),
            stream=bool(recording["streaming"]),
            headers=vendors_own(recording),
        )


def vendors_own(recording: Recording) -> dict[str, str]:
    """Claude Code names a dozen betas, and none of what it sends may be missing."""
    told = recording.get("request_headers") or {}
    return {name: value for name, value in told.items() if name.startswith(("anthropic-", "openai-"))}


def asks_for_usage(recording: Recording) -> bool:
    sent = recording.get("request_body")
    return not isinstance(sent, dict) or bool((sent.get("stream_options") or {}).get("include_usage"))


def expected_bytes(recording: Recording, *, wants_usage: bool) -> bytes:
    """All of it, up to the end mark; but for usage that is alone in its event and was not asked for."""
    dialect, out = dialect_of(recording), b""
    for frame in frames(recording):
        if wants_usage or not is_usage_alone(frame):
            out += completed(frame.raw)
        if is_end(dialect, frame):
            break
    return out


def is_end(dialect: str, frame: Frame) -> bool:
    if dialect == "anthropic_messages":
        return bool(frame.data and frame.data.get("type") == "message_stop")
    if dialect == "openai_responses":
        return FOLDS[dialect].fold([frame]).is_whole
    return frame.is_done


def is_usage_alone(frame: Frame) -> bool:
    return isinstance(frame.data, dict) and frame.data.get("choices") == [] and bool(frame.data.get("usage"))


def completed(raw: bytes) -> bytes:
    """An event without the blank line that ends it gets one: without it no client would see it."""
    if raw.endswith((b"\n\n", b"\r\n\r\n", b"\r\r")) or not raw.strip():
        return raw
    return raw + (b"\n" if raw.endswith(b"\n") else b"\n\n")


def assert_sent(recording: Recording, caller: Caller, upstream: FaultUpstream) -> None:
    """What the provider got is what the caller wrote, but for the model's name and the wish for usage."""
    sent = caller.asking_as(recording)
    got = json.loads(upstream.requests[0].body)
    headers = dict(upstream.requests[0].headers)
    own = {"model", "stream_options"}
    if "reasoning_details" in str(sent.get("messages")):
        own.add("messages")  # they go back to the models of who signed them only, and `up` is nobody's

    assert {name: value for name, value in sent.items() if name not in own} == {
        name: value for name, value in got.items() if name not in own
    }
    assert got.get("model", "up") == "up" != MODEL
    assert vendors_own(recording).items() <= headers.items()
