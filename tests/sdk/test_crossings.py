"""Any SDK in front, any provider behind: each SDK gets, through each provider's dialect, what it would get natively.

The upstream is the provider mock, which speaks both dialects; what differs between a native answer and one that has
crossed is a fault of ours.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import openai
import pytest

from tests.partners.aimock import AimockControls, Chaos
from tests.served import Served, served

TOOL_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OPENAI_TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather", "parameters": TOOL_SCHEMA},
}
ANTHROPIC_TOOL: Any = {"name": "get_weather", "description": "The weather", "input_schema": TOOL_SCHEMA}

through = pytest.mark.parametrize("upstream", ["openai", "anthropic"])


def config(url: str) -> str:
    return f"""
        defaults: {{retry: {{attempts: 1}}}}
        providers:
          openai: {{base_url: "{url}/v1", api_key: k-openai}}
          anthropic: {{base_url: "{url}/v1", api_key: k-anthropic}}
        models: {{openai: openai/partner-0, anthropic: anthropic/partner-0}}
    """


@asynccontextmanager
async def gateway_for(aimock: AimockControls) -> AsyncIterator[Served]:
    async with served(config(aimock.url)) as gateway:
        yield gateway


def anthropic_sdk(gateway: Served) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=gateway.url, api_key="any", max_retries=0)


def openai_sdk(gateway: Served) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="any", max_retries=0)


ASK: Any = [{"role": "user", "content": "Say hello"}]
ASK_TOOL: Any = [{"role": "user", "content": "What is the weather in Paris?"}]


# The SDK of Anthropic in front.


@through
async def test_a_message(aimock: AimockControls, upstream: str) -> None:
    async with gateway_for(aimock) as gateway, anthropic_sdk(gateway) as sdk:
        message = await sdk.messages.create(model=upstream, max_tokens=50, system="Be brief", messages=ASK)

    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    assert [block.type for block in message.content] == ["text"]
    assert message.content[0].text  # type: ignore[union-attr]


@through
async def test_a_stream_of_a_message(aimock: AimockControls, upstream: str) -> None:
    async with gateway_for(aimock) as gateway, anthropic_sdk(gateway) as sdk:
        whole = await sdk.messages.create(model=upstream, max_tokens=50, messages=ASK)
        async with sdk.messages.stream(model=upstream, max_tokens=50, messages=ASK) as stream:
            pieces = [text async for text in stream.text_stream]
            folded = await stream.get_final_message()

    assert "".join(pieces) == whole.content[0].text == folded.content[0].text  # type: ignore[union-attr]
    assert (folded.stop_reason, len(pieces) > 1) == ("end_turn", True)


@through
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_tool_is_called_and_answered(aimock: AimockControls, upstream: str, streamed: bool) -> None:
    async with gateway_for(aimock) as gateway, anthropic_sdk(gateway) as sdk:
        asked: Any = {"model": upstream, "max_tokens": 50, "tools": [ANTHROPIC_TOOL]}
        if streamed:
            async with sdk.messages.stream(messages=ASK_TOOL, **asked) as stream:
                message = await stream.get_final_message()
        else:
            message = await sdk.messages.create(messages=ASK_TOOL, **asked)
        call = next(block for block in message.content if block.type == "tool_use")
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
        turns: Any = [
            *ASK_TOOL,
            {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]},
            {"role": "user", "content": [result]},
        ]
        answer = await sdk.messages.create(messages=turns, **asked)
    last = (await aimock.journal("/v1/"))[-1]

    assert (message.stop_reason, call.name) == ("tool_use", "get_weather")
    assert isinstance(call.input, dict)
    assert answer.content
    assert call.id in json.dumps(last.body)
    assert last.path == ("/v1/chat/completions" if upstream == "openai" else "/v1/messages")


@through
async def test_an_error_is_the_sdks_own(aimock: AimockControls, upstream: str) -> None:
    await aimock.set_chaos(Chaos(rate_limit_rate=1))
    async with gateway_for(aimock) as gateway, anthropic_sdk(gateway) as sdk:
        with pytest.raises(anthropic.RateLimitError) as caught:
            await sdk.messages.create(model=upstream, max_tokens=50, messages=ASK)

    body: Any = caught.value.body
    assert (body["type"], body["error"]["type"]) == ("error", "rate_limit_error")


async def test_a_name_that_is_none_is_the_sdks_own_error(aimock: AimockControls) -> None:
    async with gateway_for(aimock) as gateway, anthropic_sdk(gateway) as sdk:
        with pytest.raises(anthropic.NotFoundError, match="no model 'nobody'"):
            await sdk.messages.create(model="nobody", max_tokens=50, messages=ASK)


# The SDK of OpenAI in front.


@through
async def test_a_completion(aimock: AimockControls, upstream: str) -> None:
    async with gateway_for(aimock) as gateway, openai_sdk(gateway) as sdk:
        completion = await sdk.chat.completions.create(model=upstream, messages=ASK)

    assert completion.object == "chat.completion"
    assert (completion.choices[0].finish_reason, completion.choices[0].message.role) == ("stop", "assistant")
    assert completion.choices[0].message.content


@through
async def test_a_stream_of_a_completion(aimock: AimockControls, upstream: str) -> None:
    options: Any = {"include_usage": True}
    async with gateway_for(aimock) as gateway, openai_sdk(gateway) as sdk:
        whole = await sdk.chat.completions.create(model=upstream, messages=ASK)
        stream = await sdk.chat.completions.create(model=upstream, messages=ASK, stream=True, stream_options=options)
        chunks = [chunk async for chunk in stream]

    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-1].choices, chunks[-1].usage is not None) == ([], True)


@through
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_function_is_called_and_answered(aimock: AimockControls, upstream: str, streamed: bool) -> None:
    async with gateway_for(aimock) as gateway, openai_sdk(gateway) as sdk:
        asked: Any = {"model": upstream, "tools": [OPENAI_TOOL]}
        if streamed:
            async with sdk.chat.completions.stream(messages=ASK_TOOL, **asked) as stream:
                completion: Any = await stream.get_final_completion()
        else:
            completion = await sdk.chat.completions.create(messages=ASK_TOOL, **asked)
        message = completion.choices[0].message
        (call,) = message.tool_calls
        turns: Any = [
            *ASK_TOOL,
            message.model_dump(exclude_none=True, exclude={"parsed"}),
            {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
        ]
        answer = await sdk.chat.completions.create(messages=turns, **asked)
    last = (await aimock.journal("/v1/"))[-1]

    assert (completion.choices[0].finish_reason, call.function.name) == ("tool_calls", "get_weather")
    assert isinstance(json.loads(call.function.arguments), dict)
    assert answer.choices[0].message
    assert call.id in json.dumps(last.body)
    assert last.path == ("/v1/chat/completions" if upstream == "openai" else "/v1/messages")


@through
async def test_a_refusal_of_the_provider_is_the_sdks_own_error(aimock: AimockControls, upstream: str) -> None:
    await aimock.set_chaos(Chaos(rate_limit_rate=1))
    async with gateway_for(aimock) as gateway, openai_sdk(gateway) as sdk:
        with pytest.raises(openai.RateLimitError, match=upstream):
            await sdk.chat.completions.create(model=upstream, messages=ASK)


# What there is.


async def test_each_sdk_lists_the_models_in_its_own_shape(aimock: AimockControls) -> None:
    async with gateway_for(aimock) as gateway, anthropic_sdk(gateway) as theirs, openai_sdk(gateway) as ours:
        anthropics = [model async for model in theirs.models.list()]
        one = await theirs.models.retrieve("openai")
        openais = [model.id async for model in ours.models.list()]

    assert [model.id for model in anthropics] == openais == ["anthropic", "openai"]
    assert (one.type, one.display_name, one.created_at.tzinfo is not None) == ("model", "openai", True)
