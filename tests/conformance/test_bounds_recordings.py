"""Real requests and what their providers told of them: no bound is broken, and estimates are in the right region."""

import json
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any, NamedTuple

import pytest

from llmgw.chat.answer import fold
from llmgw.chat.bounds import Bounds, bounds
from llmgw.chat.crossing import Relay
from llmgw.chat.dialect import Dialect, ProviderDialect
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.translating import TranslatingRelay
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import UpstreamError
from llmgw.providers import catalog
from tests.conformance.traffic import OPEN, Recording, recordings
from tests.conformance.translated import decoded
from tests.replay.wires import DIALECT_OF, body_of

CALLERS = {"openai_chat", "openai_responses", "openai_completions", "anthropic_messages", "gemini_generate"}
TOKENS_MIN = 20  # of shorter answers a ratio says nothing
EDITS = Edits("m", {}, {}, frozenset(), ask_usage=True)
# More input than the bound may be told of these, each for its reason. There are none but what is `unbounded` anyway.
EXCEPTIONS: dict[str, str] = {}

ALL = [one for one in recordings() if one["wire"] in DIALECT_OF and one["status"] == 200]
ASKED = [one for one in ALL if DIALECT_OF[one["wire"]] in CALLERS and isinstance(one["request_body"], dict)]
STREAMS = [one for one in ALL if one["streaming"] and "resp.error_in_stream" not in one["features"]]


class Counted(NamedTuple):
    """What was bounded, and what came."""

    bounds: Bounds
    usage: Usage


def spoken(recording: Recording) -> Any:
    return catalog.dialect(DIALECT_OF[recording["wire"]])


@cache
def usages() -> dict[str, Usage | None]:
    return {one["id"]: usage_of(one) for one in ALL}


def usage_of(recording: Recording) -> Usage | None:
    dialect: ProviderDialect = spoken(recording)
    body = body_of(recording)
    try:
        return fold(decoded(dialect, body) if recording["streaming"] else dialect.read_events(body)).usage
    except UpstreamError:
        return None  # no answer, though its status says so


def counted(recording: Recording) -> Counted | None:
    """None: nobody told what was used."""
    dialect: Dialect = spoken(recording)
    usage = usages()[recording["id"]]
    if usage is None or not usage.input_tokens:
        return None
    body = json.dumps(recording["request_body"], ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    name = recording["model"] or "m"
    request = dialect.read_request(body, name, stream=recording["streaming"])
    return Counted(bounds(request, dialect, replace(EDITS, model=name), body), usage)


def percentiles(values: list[float]) -> str:
    values = sorted(values)
    return ", ".join(f"p{part}: {values[len(values) * part // 100]:.2f}" for part in (5, 50, 95))


def test_the_recordings_are_there() -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: bounds are NOT compared with real usage (set LLMGW_TRAFFIC)")

    assert len(list(filter(None, map(counted, ASKED)))) > len(ASKED) // 2


@pytest.mark.parametrize("recording", ASKED, ids=lambda recording: recording["id"])
def test_no_request_has_come_to_more_than_its_bound(recording: Recording) -> None:
    found = counted(recording)
    if found is None:
        return
    told = found.bounds
    if recording["id"] not in EXCEPTIONS and not told.unbounded:
        assert told.input_tokens_max is not None
        assert found.usage.input_tokens <= told.input_tokens_max
    if told.is_capped and told.output_tokens_max is not None and not told.unbounded:
        assert found.usage.output_tokens <= told.output_tokens_max * told.answers


def test_bounds_and_estimates_are_in_the_right_region() -> None:
    found = [one for one in map(counted, ASKED) if one is not None and not one.bounds.unbounded]
    if not found:
        pytest.skip(f"NO RECORDINGS at {OPEN}: estimates are NOT compared with real usage (set LLMGW_TRAFFIC)")
    bound = [(one.bounds.input_tokens_max or 0) / one.usage.input_tokens for one in found]
    longer = [ratio for ratio, one in zip(bound, found, strict=True) if one.usage.input_tokens > 500]
    about = sorted(one.bounds.input_tokens_about / one.usage.input_tokens for one in found)
    print(f"input bound / told: {percentiles(bound)}; of more than 500 tokens: {percentiles(longer)}")
    print(f"input estimate / told: {percentiles(about)}")

    assert 0.5 < about[len(about) // 2] < 2


def said_about(relay: Relay, dialect: ProviderDialect, stream: bytes) -> int:
    """In reads of some events each, as they come from a network."""
    events, dice = dialect.framing.split(stream), Random(0)
    try:
        while events:
            count = dice.randint(1, 4)
            relay.feed(b"".join(events[:count]))
            events = events[count:]
        relay.finish()
    except UpstreamError:
        pass  # nothing in it, or cut: what came until then is known all the same
    return relay.output_tokens_about


def shown(usage: Usage, recording: Recording) -> int:
    """Thoughts that nobody is shown cannot be counted."""
    return usage.output_tokens - (0 if "resp.reasoning" in recording["features"] else usage.reasoning_tokens)


@pytest.mark.parametrize("is_forwarded", [True, False])
def test_what_a_stream_has_said_is_in_the_right_region(is_forwarded: bool) -> None:
    ratios = []
    for recording in STREAMS:
        dialect, usage = spoken(recording), usages()[recording["id"]]
        is_callers = DIALECT_OF[recording["wire"]] in CALLERS
        told = 0 if usage is None else shown(usage, recording)
        if told < TOKENS_MIN or (is_forwarded and not is_callers):
            continue
        encoder = openai_chat.encoder(ChatRequest("m", {}))
        relay = ForwardingRelay(dialect, keep_usage=True) if is_forwarded else TranslatingRelay(dialect, encoder)
        about = said_about(relay, dialect, body_of(recording))
        ratios.append(about / told)
    if not ratios:
        pytest.skip(f"NO RECORDINGS at {OPEN}: estimates are NOT compared with real usage (set LLMGW_TRAFFIC)")
    print(f"output estimate / told, of {len(ratios)}: {percentiles(ratios)}")

    assert 0.4 < sorted(ratios)[len(ratios) // 2] < 1.5
