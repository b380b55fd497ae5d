"""OpenAI's SDK with `client.responses` in front: forwarded to who speaks it, translated for all others.

The upstream is the provider mock, which speaks all three dialects; what differs between a native answer and one that
has crossed is a fault of ours.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import openai
import pytest
from pydantic import BaseModel

from llmgw.chat.signatures import is_sealed
from tests.partners.aimock import AimockControls, Chaos
from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events, sse_event
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.openai_node import Scenario, run_openai_node
from tests.partners.steps import RESET
from tests.served import Served, served

PATHS = {"responses": "/v1/responses", "chat": "/v1/chat/completions", "anthropic": "/v1/messages"}
PROPERTIES = {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}}
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": PROPERTIES,
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
}
ASK_TOOL = "What is the weather in Paris?"

through = pytest.mark.parametrize("upstream_kind", PATHS)
translated = pytest.mark.parametrize("upstream_kind", ["chat", "anthropic"])
streamed_or_not = pytest.mark.parametrize("streamed", [False, True], ids=["at once", "streamed"])


class Event(BaseModel):
    name: str
    day: str
    participants: list[str]


def config(url: str) -> str:
    """`responses` is a provider that speaks it; `chat` one that is not known to."""
    return f"""
        defaults: {{retry: {{attempts: 1}}}}
        providers:
          openai: {{base_url: "{url}/v1", api_key: k-openai}}
          cerebras: {{base_url: "{url}/v1", api_key: k-cerebras}}
          anthropic: {{base_url: "{url}/v1", api_key: k-anthropic}}
        models:
          responses: openai/partner-0
          chat: cerebras/partner-0
          anthropic: anthropic/partner-0
        routes:
          both: {{fallback: [anthropic, responses]}}
    """


@asynccontextmanager
async def sdk_for(url: str) -> AsyncIterator[tuple[openai.AsyncOpenAI, Served]]:
    """The SDK, calling a gateway before that upstream."""
    async with (
        served(config(url)) as gateway,
        openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="any", max_retries=0) as sdk,
    ):
        yield sdk, gateway


async def answered(sdk: openai.AsyncOpenAI, *, streamed: bool, **asked: Any) -> Any:
    """The whole response, as the SDK has it or as it has put it together."""
    if not streamed:
        return await sdk.responses.create(**asked)
    async with sdk.responses.stream(**asked) as stream:
        return await stream.get_final_response()


@through
@streamed_or_not
async def test_a_response(aimock: AimockControls, upstream_kind: str, streamed: bool) -> None:
    async with sdk_for(aimock.url) as (sdk, _):
        asked: dict[str, Any] = {"model": upstream_kind, "instructions": "Be brief", "input": "Say hello"}
        response = await answered(sdk, streamed=streamed, **asked)
    (arrived,) = await aimock.journal("/v1/")

    assert response.output_text == "Hello! How can I help you today?"
    assert (response.object, response.status, response.error) == ("response", "completed", None)
    assert [item.type for item in response.output] == ["message"]
    assert PATHS[upstream_kind] == arrived.path
    assert "Be brief" in json.dumps(arrived.body)


@translated
@streamed_or_not
async def test_a_translated_response_has_all_that_its_type_requires(
    aimock: AimockControls, upstream_kind: str, streamed: bool
) -> None:
    async with sdk_for(aimock.url) as (sdk, _):
        response = await answered(sdk, streamed=streamed, model=upstream_kind, input="Say hello")
    required = {name for name, field in type(response).model_fields.items() if field.is_required()}

    assert required <= response.model_fields_set
    assert response.id.startswith("resp_")
    assert response.created_at > 1_700_000_000
    assert (response.parallel_tool_calls, response.tool_choice, response.tools) == (True, "auto", [])
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    assert response.usage.input_tokens_details.cached_tokens == 0
    assert response.usage.output_tokens_details.reasoning_tokens == 0


@translated
async def test_the_events_of_a_stream_are_those_of_openai_in_its_order(
    aimock: AimockControls, upstream_kind: str
) -> None:
    async with sdk_for(aimock.url) as (sdk, _):
        stream = await sdk.responses.create(model=upstream_kind, input="Say hello", stream=True)
        told: list[Any] = [event async for event in stream]
    kinds = [event.type for event in told]
    start = kinds.index("response.output_text.delta")
    end = kinds.index("response.output_text.done")

    assert list(range(len(told))) == [event.sequence_number for event in told]
    assert kinds[:start] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert set(kinds[start:end]) == {"response.output_text.delta"}
    assert kinds[end:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert "".join(event.delta for event in told if event.type == "response.output_text.delta") == told[end].text


@through
@streamed_or_not
async def test_a_loop_with_a_tool(aimock: AimockControls, upstream_kind: str, streamed: bool) -> None:
    turns: list[Any] = [{"role": "user", "content": ASK_TOOL}]
    async with sdk_for(aimock.url) as (sdk, _):
        asked: dict[str, Any] = {"model": upstream_kind, "tools": [TOOL], "store": False}
        response = await answered(sdk, streamed=streamed, input=turns, **asked)
        (call,) = [item for item in response.output if item.type == "function_call"]
        turns += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in response.output]
        turns.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny"})
        answer = await answered(sdk, streamed=streamed, input=turns, **asked)
    last = (await aimock.journal("/v1/"))[-1]

    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Paris", "unit": "celsius"})
    assert answer.output_text == "It is sunny in Paris, 21 degrees."
    assert PATHS[upstream_kind] == last.path
    assert json.dumps(last.body).count(call.call_id) == 2


@through
async def test_two_calls_at_once(aimock: AimockControls, upstream_kind: str) -> None:
    async with sdk_for(aimock.url) as (sdk, _):
        asked: dict[str, Any] = {"model": upstream_kind, "input": "Compare the weather", "tools": [TOOL]}
        response = await answered(sdk, streamed=True, **asked)
    calls = [item for item in response.output if item.type == "function_call"]

    assert [json.loads(call.arguments)["city"] for call in calls] == ["Paris", "Oslo"]
    assert len({call.call_id for call in calls}) == len({call.id for call in calls}) == 2


async def test_an_answer_of_a_schema_is_parsed(aimock: AimockControls) -> None:
    async with sdk_for(aimock.url) as (sdk, _):
        asked: dict[str, Any] = {"model": "chat", "input": "Extract the event", "text_format": Event}
        response = await sdk.responses.parse(**asked)
        streamed = await answered(sdk, streamed=True, **asked)

    expected = Event(name="Science fair", day="Friday", participants=["Alice", "Bob"])
    assert expected == response.output_parsed == streamed.output_parsed


@through
async def test_azures_client_calls_it_at_its_own_path(aimock: AimockControls, upstream_kind: str) -> None:
    async with (
        served(config(aimock.url)) as gateway,
        openai.AsyncAzureOpenAI(azure_endpoint=gateway.url, api_key="any", api_version="2025-04-01-preview") as sdk,
    ):
        response = await sdk.responses.create(model=upstream_kind, input="Say hello")

    assert response.output_text == "Hello! How can I help you today?"


# Thoughts, which must come back to who thought them.


THINKING = {"type": "thinking", "thinking": "It is about Paris.", "signature": "c2lnbmVk"}
REDACTED = {"type": "redacted_thinking", "data": "c2VjcmV0"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris", "unit": "celsius"}}


STORED = {"object": "response", "status": "completed", "output": [], "id": "resp_2", "model": "m"}


def claude_message(*content: dict[str, Any], stop_reason: str = "end_turn") -> dict[str, Any]:
    usage = {"input_tokens": 3, "output_tokens": 2}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude"}
    return {**head, "content": list(content), "stop_reason": stop_reason, "stop_sequence": None, "usage": usage}


async def test_what_claude_thought_comes_back_to_it_and_to_nobody_else(upstream: FaultUpstream) -> None:
    said = {"type": "text", "text": "Sunny."}
    upstream.script(
        json_answer(claude_message(THINKING, REDACTED, CALL, stop_reason="tool_use")),
        json_answer(claude_message(said)),
        json_answer(STORED),
    )
    turns: list[Any] = [{"role": "user", "content": ASK_TOOL}]
    async with sdk_for(upstream.url) as (sdk, _):
        asked: dict[str, Any] = {"tools": [TOOL], "reasoning": {"effort": "low"}}
        response = await sdk.responses.create(model="anthropic", input=turns, **asked)
        turns += [item.model_dump(exclude_none=True) for item in response.output]
        turns.append({"type": "function_call_output", "call_id": "toolu_1", "output": "sunny"})
        await sdk.responses.create(model="anthropic", input=turns, **asked)
        await sdk.responses.create(model="responses", input=turns, **asked)
    thoughts = [item for item in response.output if item.type == "reasoning"]
    again = msgspec.json.decode(upstream.requests[1].body)["messages"][1]["content"]
    elsewhere = msgspec.json.decode(upstream.requests[2].body)["input"]

    assert [item.type for item in response.output] == ["reasoning", "reasoning", "function_call"]
    assert [summary.text for summary in thoughts[0].summary] == ["It is about Paris."]
    assert all(is_sealed(thought.encrypted_content or "") for thought in thoughts)
    assert again == [THINKING, REDACTED, CALL]
    assert [item.get("type") for item in elsewhere] == [None, "function_call", "function_call_output"]


# What lives in a provider's store.


async def test_a_stored_response_is_for_who_speaks_the_dialect(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(STORED))
    async with sdk_for(upstream.url) as (sdk, _):
        asked: dict[str, Any] = {"input": "Go on", "previous_response_id": "resp_1"}
        await sdk.responses.create(model="both", **asked)
        with pytest.raises(openai.BadRequestError, match="previous_response_id"):
            await sdk.responses.create(model="chat", **asked)
    (arrived,) = upstream.requests

    assert PATHS["responses"] == arrived.path
    assert msgspec.json.decode(arrived.body) == {**asked, "model": "partner-0"}


async def test_what_only_tunes_is_left_out_and_named(aimock: AimockControls) -> None:
    async with sdk_for(aimock.url) as (sdk, _):
        raw = await sdk.responses.with_raw_response.create(
            model="chat", input="Say hello", store=True, truncation="auto", text={"verbosity": "low"}
        )

    assert raw.headers["x-llmgw-dropped"].split(",") == ["store", "truncation", "text.verbosity"]


# Errors.


@through
@streamed_or_not
async def test_a_refusal_of_the_provider_is_the_sdks_own_error(
    aimock: AimockControls, upstream_kind: str, streamed: bool
) -> None:
    await aimock.set_chaos(Chaos(rate_limit_rate=1))
    async with sdk_for(aimock.url) as (sdk, _):
        with pytest.raises(openai.RateLimitError, match=upstream_kind):
            await answered(sdk, streamed=streamed, model=upstream_kind, input="Say hello")


async def test_a_fault_of_the_caller_names_its_place(aimock: AimockControls) -> None:
    wrong: Any = [{"role": "user", "content": "hello"}, {"type": "function_call", "name": "f", "arguments": "{}"}]
    async with sdk_for(aimock.url) as (sdk, _):
        with pytest.raises(openai.BadRequestError) as raised:
            await sdk.responses.create(model="chat", input=wrong)

    assert "input[1].call_id: missing" in raised.value.message
    assert raised.value.type == "invalid_request_error"


CREATED = sse_event(
    {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "output": []}}, "response.created"
)
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
ADDED = sse_event(
    {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": MESSAGE},
    "response.output_item.added",
)
DELTA = sse_event(
    {
        "type": "response.output_text.delta",
        "sequence_number": 2,
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "Hel",
    },
    "response.output_text.delta",
)
OVERLOADED = sse_event(
    {"type": "error", "sequence_number": 3, "error": {"type": "server_error", "code": None, "message": "no more"}},
    "error",
)


@pytest.mark.parametrize(
    ("upstream_kind", "behaviour"),
    [
        ("responses", event_stream([CREATED, ADDED, DELTA], then=RESET)),
        ("responses", event_stream([CREATED, ADDED, DELTA])),
        ("responses", event_stream([CREATED, ADDED, DELTA, OVERLOADED])),
        ("chat", event_stream(chat_events()[:3], then=RESET)),
        ("chat", event_stream(chat_events()[:3])),
    ],
    ids=["cut", "ended too early", "told", "translated and cut", "translated and ended too early"],
)
async def test_an_error_amid_a_stream_is_raised_after_what_came(
    upstream: FaultUpstream, upstream_kind: str, behaviour: Any
) -> None:
    upstream.script(behaviour)
    seen: list[str] = []
    async with sdk_for(upstream.url) as (sdk, _):
        stream = await sdk.responses.create(model=upstream_kind, input="hello", stream=True)
        with pytest.raises(openai.APIError):
            await collect(stream, seen)

    assert seen[-1] == "response.output_text.delta"
    assert "response.completed" not in seen


async def collect(stream: Any, seen: list[str]) -> None:
    async for event in stream:
        seen.append(event.type)  # noqa: PERF401 - what came before the error counts


async def test_before_any_content_another_target_answers(upstream: FaultUpstream) -> None:
    refused = {"type": "error", "error": {"type": "overloaded_error", "message": "too much"}}
    whole = {"object": "response", "id": "resp_1", "model": "m", "status": "completed", "output": []}
    upstream.script(
        event_stream([sse_event(refused, "error")]),
        event_stream([CREATED, ADDED, DELTA, sse_event({"type": "response.completed", "response": whole})]),
    )
    async with sdk_for(upstream.url) as (sdk, gateway):
        stream = await sdk.responses.create(model="both", input="hello", stream=True)
        told = [event.type async for event in stream]

    assert told[-1] == "response.completed"
    assert gateway.log.requests[0]["target"] == "responses"


async def test_an_answer_that_was_cut_short_is_incomplete(upstream: FaultUpstream) -> None:
    answer = chat_answer()
    answer["choices"][0]["finish_reason"] = "length"
    upstream.script(json_answer(answer))
    async with sdk_for(upstream.url) as (sdk, _):
        response = await sdk.responses.create(model="chat", input="hello", max_output_tokens=3)

    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    assert msgspec.json.decode(upstream.requests[0].body)["max_tokens"] == 3


# The SDK for Node.


@pytest.mark.usefixtures("node")
@through
async def test_node_sees_the_same(aimock: AimockControls, upstream_kind: str) -> None:
    scenarios = [
        Scenario("response", "response", model=upstream_kind),
        Scenario("stream", "responseStream", "Tell a story", model=upstream_kind),
        Scenario("tools", "responseTools", ASK_TOOL, model=upstream_kind),
    ]
    async with sdk_for(aimock.url) as (_, gateway):
        results = (await run_openai_node(f"{gateway.url}/v1", scenarios)).results

    assert {name: outcome.error for name, outcome in results.items()} == dict.fromkeys(results)
    assert results["response"].content == "Hello! How can I help you today?"
    assert (results["stream"].content or "").endswith("und sie lebten glücklich bis an ihr Ende.")
    assert (results["stream"].ended, results["stream"].finish_reason) == (True, "completed")
    assert [call.name for call in results["tools"].calls] == ["get_weather"]
    assert results["tools"].content == "It is sunny in Paris, 21 degrees."
