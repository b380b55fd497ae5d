"""Errors of providers, as recorded and as reported: their class, and what the caller is told in his own dialect."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.conformance.traffic import Recording
from tests.partners.fault_upstream import FaultUpstream
from tests.replay.callers import Caller, call, spoken
from tests.replay.gateways import SECOND_ANSWER, SECOND_SAYS, SECOND_STREAM, gateway_before
from tests.replay.upstream import replayed
from tests.replay.wires import body_of, broken, dialect_of, each_pair, refused, there, told_of

pytestmark = there

BY_TAG = {
    "err.auth": "unauthorized",
    "err.not_found": "not_found",
    "err.rate_limit": "rate_limited",
    "err.context_length": "context_length",
    "err.content_filter": "content_filter",
}
BY_STATUS = {401: "unauthorized", 403: "unauthorized", 404: "not_found", 500: "server_error", 501: "not_found"}

# Where neither the heuristic tags nor the status decide: by what stands in them.
BY_ID = {
    "groq-4d4fbe0762e2": "server_error",  # tool_use_failed: the model wrote a bad call, and may do better
    "huggingface-a611f8cd0789": "invalid_request",  # a model without a chat template, which is there all the same
    "openai-5a1603d2b0b6": "quota_exhausted",
    "reported-anthropic-00": "overloaded",
    "reported-azure-02": "content_filter",
    "reported-azure-03": "rate_limited",
    "reported-openai-05": "quota_exhausted",
    "reported-openai-06": "rate_limited",
    "reported-openai-07": "rate_limited",
    "reported-gemini-09": "quota_exhausted",  # of a day
    "reported-vertexai-10": "rate_limited",
    "reported-bedrock-11": "rate_limited",
    "reported-groq-13": "rate_limited",
    "reported-groq-14": "rate_limited",
    "reported-mistral-15": "rate_limited",
    "reported-mistral-16": "rate_limited",
    "reported-mistral-17": "overloaded",
    "reported-openrouter-18": "quota_exhausted",
    "reported-deepseek-20": "quota_exhausted",
}
PASSED_ON = {"invalid_request", "context_length", "content_filter"}
VERDICTS = {"rate_limited": 429, "overloaded": 503}
NAMED = {"context_length", "content_filter", "invalid_request"}  # no other target is asked


def class_of(recording: Recording) -> str:
    if recording["id"] in BY_ID:
        return BY_ID[recording["id"]]
    if "model identifier is invalid" in message_of(recording):  # Bedrock says so with status 400
        return "not_found"
    tagged = [BY_TAG[tag] for tag in recording.get("features", ()) if tag in BY_TAG]
    return tagged[0] if tagged else BY_STATUS.get(recording["status"], "invalid_request")


def status_of(recording: Recording) -> int:
    failure = class_of(recording)
    return int(recording["status"]) if failure in PASSED_ON else VERDICTS.get(failure, 502)


def message_of(recording: Recording) -> str:
    """The provider's own words, wherever they stand."""
    try:
        told = json.loads(body_of(recording))
    except ValueError:
        return body_of(recording).decode().strip()
    while not isinstance(told, str):
        told = told[0] if isinstance(told, list) else next(told[name] for name in MESSAGES if told.get(name))
    return told.strip()


MESSAGES = ("error", "message", "detail", "msg", "title")


def _openais(told: Any) -> str:
    assert {"message", "type", "param", "code"} <= set(told["error"])
    return str(told["error"]["message"])


def _anthropics(told: Any) -> str:
    assert (told["type"], isinstance(told["error"]["type"], str)) == ("error", True)
    return str(told["error"]["message"])


def _googles(told: Any) -> str:
    assert {"code", "message", "status"} <= set(told["error"])
    return str(told["error"]["message"])


READ_ERROR: Mapping[str, Callable[[Any], str]] = {
    "openai_chat": _openais,
    "openai_responses": _openais,
    "openai_completions": _openais,
    "anthropic_messages": _anthropics,
    "gemini_generate": _googles,
}


@each_pair(refused(), spoken(), per_wire=4)
async def test_an_error_instead_of_an_answer(upstream: FaultUpstream, recording: Recording, caller: Caller) -> None:
    upstream.script(replayed(recording))
    stream = bool(recording["streaming"])
    async with gateway_before(dialect_of(recording), caller.dialect, upstream) as gateway:
        answer = await call(gateway.url, caller, caller.ask(stream), stream=stream)
        (line,) = gateway.log.requests

    assert (class_of(recording), status_of(recording)) == (line["attempts"][0]["class"], answer.status)
    if answer.status == 429 and (recording.get("response_headers") or {}).get("retry-after"):
        assert float(answer.headers["retry-after"]) > 0
    if dialect_of(recording) == caller.dialect and class_of(recording) in PASSED_ON:
        assert message_of(recording) in answer.body.decode() or message_of(recording) in str(answer.json)
    else:
        assert message_of(recording)[:200] in READ_ERROR[caller.dialect](answer.json)


@each_pair(refused(), spoken(), per_wire=2)
async def test_another_target_answers_where_that_may_help(
    upstream: FaultUpstream, second_upstream: FaultUpstream, recording: Recording, caller: Caller
) -> None:
    stream = bool(recording["streaming"])
    upstream.script(replayed(recording))
    second_upstream.script(SECOND_STREAM if stream else SECOND_ANSWER)
    async with gateway_before(dialect_of(recording), caller.dialect, upstream, second_upstream) as gateway:
        answer = await call(gateway.url, caller, caller.ask(stream), stream=stream)

    if class_of(recording) in NAMED:
        assert (status_of(recording), 0) == (answer.status, len(second_upstream.requests))
    else:
        assert (answer.status, caller.read(answer, stream=stream).said) == (200, SECOND_SAYS)


@each_pair(broken(), spoken())
async def test_an_error_inside_a_stream(upstream: FaultUpstream, recording: Recording, caller: Caller) -> None:
    """Before anything was said it is an error like those above; after it, it ends the stream."""
    upstream.script(replayed(recording))
    async with gateway_before(dialect_of(recording), caller.dialect, upstream) as gateway:
        answer = await call(gateway.url, caller, caller.ask(True), stream=True)
    told = told_of(recording)

    if answer.status == 200:
        seen = caller.read(answer, stream=True)
        assert told.says_something
        assert told.error[:100] in seen.error
        assert (seen.is_whole, caller.end_marks(answer)) == (False, [])
    else:
        assert not told.says_something
        assert told.error[:100] in READ_ERROR[caller.dialect](answer.json)
