"""What was recorded, kept and told again: the same bytes in the form that it has, the same words in the other one."""

import json
import re
from typing import Any

import pytest

from tests.conformance.traffic import Recording
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer
from tests.replay.callers import Caller, call, spoken
from tests.replay.gateways import gateway_before
from tests.replay.told import Told, shown_to
from tests.replay.upstream import replayed
from tests.replay.wires import dialect_of, each, good, there

pytestmark = there

CALLERS = {caller.dialect: caller for caller in spoken()}
ALL = [one for one in [*good(streaming=True), *good(streaming=False)] if dialect_of(one) in CALLERS]
CACHE = "cache: {rules: [{name: all, ttl: 1h, scope: everyone, tool_calls: true, variety: true}]}"
CUT_SHORT = ("length", "filter", "pause")


@each(ALL, per_wire=10)
async def test_what_was_recorded(upstream: FaultUpstream, recording: Recording) -> None:
    await told_again(upstream, recording)


@pytest.mark.slow
@each(ALL)
async def test_all_that_was_recorded(upstream: FaultUpstream, recording: Recording) -> None:
    await told_again(upstream, recording)


async def told_again(upstream: FaultUpstream, recording: Recording) -> None:
    upstream.script(replayed(recording))
    caller, stream = CALLERS[dialect_of(recording)], bool(recording["streaming"])
    async with gateway_before(caller.dialect, caller.dialect, upstream, more=CACHE) as gateway:
        body = caller.asking_as(recording)
        first = await call(gateway.url, caller, body, stream=stream)
        again = await call(gateway.url, caller, body, stream=stream)
        other = await call(gateway.url, caller, in_other_form(caller, body, stream=stream), stream=not stream)

    said = caller.read(first, stream=stream)
    assert first.headers["x-llmgw-cache"] == "miss"
    if again.headers["x-llmgw-cache"] == "miss":
        why = gateway.log.requests[0].get("cache_why", "")
        assert not is_worth_keeping(said) or why.startswith("it ended with"), why  # a word that nobody has documented
        return
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["content-type"].partition(";")[0] == first.headers["content-type"].partition(";")[0]
    if other.headers["x-llmgw-cache"] in ("hit", "coalesced"):  # a large one may still be on its way to the store
        assert_same(caller, said, other, stream=not stream)
    else:
        assert said.is_opaque or has_more(first), "it could have been told in the other form"


def is_worth_keeping(said: Told) -> bool:
    return (
        said.is_whole and not said.error and said.finish not in CUT_SHORT and not said.refusal and said.says_something
    )


OWN_WORDS = (
    *("logprobs", "logprobsResult", "annotations", "citations", "search_results", "moderation", "audio", "metadata"),
    *("extra_content", "thought_signature", "function_call", "reasoning_details", "graph_data", "executed_tools"),
    *("format", "thinking", "groundingMetadata"),
)


def has_more(answer: RawAnswer) -> bool:
    """What no other form has words for, or more than one answer."""
    if re.search(rb'"index": ?[1-9]', answer.body):
        return True
    return any(re.search(rb'"%b": ?[\[{"]' % name.encode(), answer.body) for name in OWN_WORDS)


def in_other_form(caller: Caller, body: dict[str, Any], *, stream: bool) -> dict[str, Any]:
    """Where the path does not say it, the body does."""
    if caller.dialect == "gemini_generate":
        return body
    told = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    if stream:
        return told
    options = (
        {"stream_options": {"include_usage": True}} if caller.dialect in ("openai_chat", "openai_completions") else {}
    )
    return {**told, "stream": True, **options}


def assert_same(caller: Caller, said: Told, other: RawAnswer, *, stream: bool) -> None:
    caller.checked(other, stream=stream)
    told = caller.read(other, stream=stream)

    assert shown_to(caller.dialect, said) == shown_to(caller.dialect, told)
    assert json.loads(other.headers["x-llmgw-attempts"]) == 0
