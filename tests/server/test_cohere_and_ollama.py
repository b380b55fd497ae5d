"""Cohere and Ollama, each called by its own dialect: the SDKs of OpenAI and of Anthropic cannot tell.

The upstream is the provider mock where it speaks, recorded bodies where shapes matter, and one that fails as it is
told where it does not.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import openai
import pytest

from tests.conformance.traffic import OPEN, Recording, recordings
from tests.partners.aimock import AimockControls, Chaos
from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import CLOSE, Behaviour
from tests.served import Served, served

TOOL_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OPENAI_TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather", "parameters": TOOL_SCHEMA},
}
ANTHROPIC_TOOL: Any = {"name": "get_weather", "description": "The weather", "input_schema": TOOL_SCHEMA}
ASK: Any = [{"role": "user", "content": "Say hello"}]
ASK_TOOL: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
HELLO = "Hello! How can I help you today?"
PATHS = {"cohere": "/v2/chat", "ollama": "/api/chat"}
NDJSON = {"content-type": "application/x-ndjson"}

both = pytest.mark.parametrize("provider", ["cohere", "ollama"])


@asynccontextmanager
async def gateway_for(url: str, second: str = "http://127.0.0.1:1", *, model: str = "") -> AsyncIterator[Served]:
    """Each provider alone under its name; `chat-…` is it and then one of OpenAI's dialect."""
    text = f"""
        defaults: {{retry: {{attempts: 1}}}}
        providers:
          cohere: {{base_url: "{url}", api_key: k-cohere}}
          ollama: {{base_url: "{url}"}}
          second: {{like: openai, base_url: "{second}/v1", api_key: k-second}}
        models:
          cohere: {{target: cohere/command-a-03-2025, {model}}}
          ollama: {{target: ollama/llama3.3, {model}}}
          second: second/up
        routes: {{chat-cohere: {{fallback: [cohere, second]}}, chat-ollama: {{fallback: [ollama, second]}}}}
    """
    async with served(text) as gateway:
        yield gateway


def anthropic_sdk(gateway: Served) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=gateway.url, api_key="any", max_retries=0)


def openai_sdk(gateway: Served) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="any", max_retries=0)


async def all_chunks(stream: AsyncIterator[Any]) -> list[Any]:
    return [chunk async for chunk in stream]


def ollama_lines(*lines: dict[str, Any]) -> list[bytes]:
    return [json.dumps({"model": "m", "created_at": "2026-01-01T00:00:00Z", **line}).encode() + b"\n" for line in lines]


def ollama_said(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}, "done": False}


OLLAMA_END = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", "eval_count": 2}


def cohere_event(kind: str, **told: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **told})}\n\n".encode()


def cohere_said(text: str) -> bytes:
    return cohere_event("content-delta", index=0, delta={"message": {"content": {"text": text}}})


# Through the provider mock.


@both
async def test_an_answer(aimock: AimockControls, provider: str) -> None:
    async with gateway_for(aimock.url) as gateway, openai_sdk(gateway) as ours, anthropic_sdk(gateway) as theirs:
        completion = await ours.chat.completions.create(model=provider, messages=ASK)
        message = await theirs.messages.create(model=provider, max_tokens=50, system="Be brief", messages=ASK)
    sent = await aimock.journal(PATHS[provider])

    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == (HELLO, "stop")
    assert (message.content[0].text, message.stop_reason) == (HELLO, "end_turn")  # type: ignore[union-attr]
    assert sent[0].body == {**sent[0].body, "stream": False, "messages": ASK}
    assert sent[1].body["messages"] == [{"role": "system", "content": "Be brief"}, *ASK]


@both
async def test_a_stream(aimock: AimockControls, provider: str) -> None:
    options: Any = {"include_usage": True}
    async with gateway_for(aimock.url) as gateway, openai_sdk(gateway) as ours, anthropic_sdk(gateway) as theirs:
        stream = await ours.chat.completions.create(model=provider, messages=ASK, stream=True, stream_options=options)
        chunks = await all_chunks(stream)
        async with theirs.messages.stream(model=provider, max_tokens=50, messages=ASK) as events:
            pieces = [text async for text in events.text_stream]

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == HELLO
    assert (chunks[-2].choices[0].finish_reason, chunks[-1].usage is not None) == ("stop", True)
    assert ("".join(pieces), len(pieces) > 1) == (HELLO, True)


@both
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_function_is_called_and_answered(aimock: AimockControls, provider: str, streamed: bool) -> None:
    async with gateway_for(aimock.url) as gateway, openai_sdk(gateway) as sdk:
        asked: Any = {"model": provider, "tools": [OPENAI_TOOL]}
        if streamed:
            async with sdk.chat.completions.stream(messages=ASK_TOOL, **asked) as stream:
                completion: Any = await stream.get_final_completion()
        else:
            completion = await sdk.chat.completions.create(messages=ASK_TOOL, **asked)
        message = completion.choices[0].message
        (call,) = message.tool_calls
        result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        turns: Any = [*ASK_TOOL, message.model_dump(exclude_none=True, exclude={"parsed"}), result]
        answer = await sdk.chat.completions.create(messages=turns, **asked)
    last = (await aimock.journal(PATHS[provider]))[-1].body["messages"][-1]  # of Ollama's the mock keeps no ids

    assert (completion.choices[0].finish_reason, call.function.name) == ("tool_calls", "get_weather")
    assert json.loads(call.function.arguments)["city"] == "Paris"
    assert answer.choices[0].message.content == "It is sunny in Paris, 21 degrees."
    assert (last["role"], last["content"], last.get("tool_call_id", call.id)) == ("tool", "sunny", call.id)


@both
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_tool_is_called_and_answered(aimock: AimockControls, provider: str, streamed: bool) -> None:
    async with gateway_for(aimock.url) as gateway, anthropic_sdk(gateway) as sdk:
        asked: Any = {"model": provider, "max_tokens": 50, "tools": [ANTHROPIC_TOOL]}
        if streamed:
            async with sdk.messages.stream(messages=ASK_TOOL, **asked) as stream:
                message = await stream.get_final_message()
        else:
            message = await sdk.messages.create(messages=ASK_TOOL, **asked)
        call = next(block for block in message.content if block.type == "tool_use")
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
        said = [block.model_dump(exclude_none=True) for block in message.content]
        turns: Any = [*ASK_TOOL, {"role": "assistant", "content": said}, {"role": "user", "content": [result]}]
        answer = await sdk.messages.create(messages=turns, **asked)

    assert (message.stop_reason, call.name, call.input["city"]) == ("tool_use", "get_weather", "Paris")
    assert answer.content[0].text == "It is sunny in Paris, 21 degrees."


@both
async def test_an_error_is_the_sdks_own(aimock: AimockControls, provider: str) -> None:
    await aimock.set_chaos(Chaos(rate_limit_rate=1))
    async with gateway_for(aimock.url) as gateway, openai_sdk(gateway) as ours, anthropic_sdk(gateway) as theirs:
        with pytest.raises(openai.RateLimitError, match=provider):
            await ours.chat.completions.create(model=provider, messages=ASK)
        with pytest.raises(anthropic.RateLimitError, match=provider):
            await theirs.messages.create(model=provider, max_tokens=50, messages=ASK)


# What goes out.


async def test_the_window_of_the_file_is_what_ollama_is_asked_for(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({"model": "m", "message": {"content": "Hi"}, "done": True}))
    settings = "context_window: 32768, set: {keep_alive: 1h, options: {num_gpu: 1}}, default: {temperature: 0.2}"
    async with gateway_for(upstream.url, model=settings) as gateway, openai_sdk(gateway) as sdk:
        await sdk.chat.completions.create(model="ollama", messages=ASK, max_tokens=9, user="u1")
    (exchange,) = upstream.exchanges

    assert exchange.request.json == {
        "model": "llama3.3",
        "messages": ASK,
        "options": {"num_ctx": 32768, "num_predict": 9, "temperature": 0.2, "num_gpu": 1},
        "keep_alive": "1h",
        "stream": False,
    }


async def test_whoever_calls_ollama_says_the_window_and_the_log_says_how_it_was_asked(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({"model": "", "message": {"content": "Hi"}, "done": True}))
    async with gateway_for(upstream.url, model="context_window: 32768") as gateway, openai_sdk(gateway) as sdk:
        response = await sdk.responses.create(model="ollama", input="Hi")
        completion = await sdk.completions.create(model="ollama", prompt="Hi")
        first, second = gateway.log.requests

    assert [exchange.request.path for exchange in upstream.exchanges] == ["/api/chat", "/api/chat"]
    assert [exchange.request.json["options"]["num_ctx"] for exchange in upstream.exchanges] == [32768, 32768]
    assert (response.id, completion.id) == (f"resp_{first['request_id']}", f"cmpl-{second['request_id']}")
    assert (response.model, completion.model) == ("ollama", "ollama")
    assert (first["dialect"], first["attempts"][0]["dialect"]) == ("openai_responses", "ollama_chat")


async def test_what_changes_the_meaning_is_not_dropped_and_what_tunes_is_named(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({"model": "m", "message": {"content": "Hi"}, "done": True}))
    async with gateway_for(upstream.url) as gateway, openai_sdk(gateway) as sdk:
        with pytest.raises(openai.BadRequestError, match="tool_choice"):
            await sdk.chat.completions.create(model="ollama", messages=ASK, tools=[OPENAI_TOOL], tool_choice="required")
        answer = await sdk.chat.completions.with_raw_response.create(
            model="ollama", messages=ASK, logit_bias={"1": 1}, user="u1"
        )

    assert answer.headers["x-llmgw-dropped"] == "logit_bias,user"
    assert len(upstream.exchanges) == 1


async def test_a_model_that_is_not_pulled_leads_to_the_next_target(
    upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    upstream.script(json_answer({"error": 'model "llama3.3" not found, try pulling it first'}, 404))
    second_upstream.script(json_answer(chat_answer("From the second")))
    async with gateway_for(upstream.url, second_upstream.url) as gateway, openai_sdk(gateway) as sdk:
        completion = await sdk.chat.completions.create(model="chat-ollama", messages=ASK)
        (line,) = gateway.log.requests

    assert completion.choices[0].message.content == "From the second"
    assert [attempt["class"] for attempt in line["attempts"]] == ["not_found", "ok"]


# Recorded streams, in odd pieces and cut.


def recorded(wire: str) -> list[Recording]:
    return [one for one in recordings() if one["wire"] == wire and one["streaming"] and one["status"] == 200]


RECORDED = [*recorded("cohere.v2.chat"), *recorded("ollama.chat")]
each_recorded = pytest.mark.parametrize("recording", RECORDED, ids=lambda recording: recording["id"])


def replay(recording: Recording, size: int, *, keep: int | None = None, then: Behaviour | None = None) -> Behaviour:
    body = recording["response_body"].encode()[:keep]
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    headers = {"content-type": recording["response_headers"].get("content-type", "text/event-stream")}
    return event_stream(pieces, headers=headers) if then is None else event_stream(pieces, headers=headers, then=then)


def provider_of(recording: Recording) -> str:
    return str(recording["wire"].partition(".")[0])


def naive_text(recording: Recording) -> str:
    """What it says, by its letter."""
    lines = (line.removeprefix("data:").strip() for line in recording["response_body"].splitlines())
    told = [json.loads(line) for line in lines if line.startswith("{")]
    if provider_of(recording) == "ollama":
        return "".join(line["message"]["content"] for line in told)
    pieces = [event["delta"]["message"]["content"] for event in told if event["type"] == "content-delta"]
    return "".join(piece.get("text", "") for piece in pieces)


def test_the_recordings_are_there() -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: real streams are NOT replayed (set LLMGW_TRAFFIC)")

    assert RECORDED


@each_recorded
@pytest.mark.parametrize("size", [997, 4096])
async def test_a_recorded_stream_arrives_whole_in_each_sdk(
    upstream: FaultUpstream, recording: Recording, size: int
) -> None:
    upstream.script(replay(recording, size))
    provider = provider_of(recording)
    async with gateway_for(upstream.url) as gateway, openai_sdk(gateway) as ours, anthropic_sdk(gateway) as theirs:
        stream = await ours.chat.completions.create(model=provider, messages=ASK, stream=True)
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        async with theirs.messages.stream(model=provider, max_tokens=50, messages=ASK) as events:
            message = await events.get_final_message()

    assert "".join(pieces) == naive_text(recording)
    assert "".join(block.text for block in message.content if block.type == "text") == naive_text(recording)
    assert message.usage.output_tokens > 0


@each_recorded
async def test_a_recorded_stream_that_is_cut_is_told_to_be_cut(upstream: FaultUpstream, recording: Recording) -> None:
    keep = len(recording["response_body"].encode()) * 2 // 3
    upstream.script(replay(recording, 500, keep=keep), replay(recording, 500, keep=keep, then=CLOSE))
    provider = provider_of(recording)
    async with gateway_for(upstream.url) as gateway, openai_sdk(gateway) as sdk:
        for _ in range(2):
            with pytest.raises(openai.APIError):
                await all_chunks(await sdk.chat.completions.create(model=provider, messages=ASK, stream=True))
        outcomes = [line["outcome"] for line in gateway.log.requests]

    assert outcomes == ["stream_cut", "stream_cut"]


# Errors amid the stream.

BEGUN: dict[str, Sequence[bytes]] = {
    "cohere": [cohere_event("message-start", id="1"), cohere_said("Hel")],
    "ollama": ollama_lines(ollama_said("Hel")),
}
BROKEN = {
    "cohere": cohere_event("message-end", delta={"finish_reason": "ERROR", "error": "boom"}),
    "ollama": b'{"error": "boom"}\n',
}


def streamed(provider: str, events: Sequence[bytes]) -> Behaviour:
    return event_stream(events, headers=NDJSON) if provider == "ollama" else event_stream(events)


@both
async def test_an_error_before_the_first_content_leads_to_the_next_target(
    upstream: FaultUpstream, second_upstream: FaultUpstream, provider: str
) -> None:
    upstream.script(streamed(provider, [BROKEN[provider]]))
    second_upstream.script(event_stream(chat_events("From the second")))
    async with gateway_for(upstream.url, second_upstream.url) as gateway, openai_sdk(gateway) as sdk:
        async with sdk.chat.completions.stream(model=f"chat-{provider}", messages=ASK) as stream:
            completion = await stream.get_final_completion()
        (line,) = gateway.log.requests

    assert completion.choices[0].message.content == "From the second"
    assert [attempt["class"] for attempt in line["attempts"]] == ["server_error", "ok"]


@both
async def test_an_error_amid_the_content_is_the_sdks_own(upstream: FaultUpstream, provider: str) -> None:
    upstream.script(streamed(provider, [*BEGUN[provider], BROKEN[provider]]))
    async with gateway_for(upstream.url) as gateway, openai_sdk(gateway) as ours, anthropic_sdk(gateway) as theirs:
        with pytest.raises(openai.APIError, match="boom"):
            async with ours.chat.completions.stream(model=provider, messages=ASK) as stream:
                await stream.get_final_completion()
        with pytest.raises(anthropic.APIError, match="boom"):
            async with theirs.messages.stream(model=provider, max_tokens=50, messages=ASK) as events:
                await events.get_final_message()


@both
async def test_an_answer_at_once_that_is_an_error_leads_to_the_next_target(
    upstream: FaultUpstream, second_upstream: FaultUpstream, provider: str
) -> None:
    error = {"error": "boom"} if provider == "ollama" else {"message": {"content": "x"}, "finish_reason": "ERROR"}
    upstream.script(json_answer(error))
    second_upstream.script(json_answer(chat_answer("From the second")))
    async with gateway_for(upstream.url, second_upstream.url) as gateway, openai_sdk(gateway) as sdk:
        completion = await sdk.chat.completions.create(model=f"chat-{provider}", messages=ASK)

    assert completion.choices[0].message.content == "From the second"
