"""The SDK of OpenAI asks for the older completions: of who speaks them, of who chats as OpenAI does, and of Claude."""

from typing import Any

import openai
import pytest
from openai.types import Completion

from tests.partners.aimock import AimockControls, Chaos
from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import DONE, sse_event
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error_answer
from tests.served import Served, served

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
BASE = {"id": "cmpl-1", "object": "text_completion", "created": 7, "model": "davinci"}

through = pytest.mark.parametrize("upstream_name", ["groq", "anthropic"])


def choice(text: str, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


def speaks(upstream: FaultUpstream) -> str:
    return f"""
        defaults: {{retry: {{attempts: 1}}}}
        providers: {{vllm: {{base_url: "{upstream.url}/v1"}}}}
        models: {{davinci: vllm/davinci}}
    """


def chats(aimock: AimockControls) -> str:
    return f"""
        defaults: {{retry: {{attempts: 1}}}}
        providers:
          groq: {{base_url: "{aimock.url}/v1", api_key: k-groq}}
          anthropic: {{base_url: "{aimock.url}/v1", api_key: k-anthropic}}
        models: {{groq: groq/partner-0, anthropic: anthropic/partner-0}}
    """


def sdk_of(gateway: Served) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="any", max_retries=0)


async def streamed(sdk: openai.AsyncOpenAI, **asked: Any) -> list[Completion]:
    options: Any = {"include_usage": True}
    stream = await sdk.completions.create(stream=True, stream_options=options, **asked)
    return [chunk async for chunk in stream]


# Who speaks them gets what was asked, and is heard as it answers.


async def test_a_completion_goes_through_as_it_is(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({**BASE, "choices": [choice("a", "stop"), choice("b", "stop", 1)], "usage": USAGE}))
    async with served(speaks(upstream)) as gateway, sdk_of(gateway) as sdk:
        answer = await sdk.completions.create(model="davinci", prompt=["x", "y"], echo=True, suffix="z", logprobs=2)
    (request,) = upstream.requests

    assert [one.text for one in answer.choices] == ["a", "b"]
    assert (answer.id, answer.usage and answer.usage.total_tokens) == ("cmpl-1", 12)
    assert request.path == "/v1/completions"
    assert request.json == {"model": "davinci", "prompt": ["x", "y"], "echo": True, "suffix": "z", "logprobs": 2}
    assert gateway.log.requests[0]["usage"]["input_tokens"] == 9


async def test_a_stream_goes_through_as_it_is(upstream: FaultUpstream) -> None:
    chunks = [{**BASE, "choices": [choice("Hel")]}, {**BASE, "choices": [choice("lo", "length")]}]
    upstream.script(event_stream([*map(sse_event, [*chunks, {**BASE, "choices": [], "usage": USAGE}]), DONE]))
    async with served(speaks(upstream)) as gateway, sdk_of(gateway) as sdk:
        told = await streamed(sdk, model="davinci", prompt="Say hello")

    assert "".join(chunk.choices[0].text for chunk in told if chunk.choices) == "Hello"
    assert told[-1].usage is not None
    assert gateway.log.requests[0]["usage"]["output_tokens"] == 3


async def test_a_stream_that_breaks_is_the_sdks_own_error(upstream: FaultUpstream) -> None:
    upstream.script(
        event_stream([sse_event({**BASE, "choices": [choice("Hel")]}), sse_event({"error": {"message": "no"}})])
    )
    async with served(speaks(upstream)) as gateway, sdk_of(gateway) as sdk:
        with pytest.raises(openai.APIError, match="no"):
            await streamed(sdk, model="davinci", prompt="Say hello")


async def test_a_refusal_of_who_speaks_them_goes_through(upstream: FaultUpstream) -> None:
    upstream.script(openai_error_answer(429))
    async with served(speaks(upstream)) as gateway, sdk_of(gateway) as sdk:
        with pytest.raises(openai.RateLimitError):
            await sdk.completions.create(model="davinci", prompt="Say hello")


# Who chats is asked in one message.


@through
async def test_a_prompt_is_what_the_user_said(aimock: AimockControls, upstream_name: str) -> None:
    async with served(chats(aimock)) as gateway, sdk_of(gateway) as sdk:
        answer = await sdk.completions.create(model=upstream_name, prompt="Say hello", max_tokens=50, temperature=0.5)
    (request,) = await aimock.journal("/v1/")

    assert answer.object == "text_completion"
    assert (answer.choices[0].finish_reason, bool(answer.choices[0].text)) == ("stop", True)
    assert answer.usage is not None
    assert answer.created > 0
    assert request.path == ("/v1/chat/completions" if upstream_name == "groq" else "/v1/messages")


@through
async def test_a_stream_says_the_same(aimock: AimockControls, upstream_name: str) -> None:
    async with served(chats(aimock)) as gateway, sdk_of(gateway) as sdk:
        whole = await sdk.completions.create(model=upstream_name, prompt="Say hello", max_tokens=50)
        told = await streamed(sdk, model=upstream_name, prompt="Say hello", max_tokens=50)

    assert "".join(chunk.choices[0].text for chunk in told if chunk.choices) == whole.choices[0].text
    assert {(chunk.id, chunk.object) for chunk in told} == {(told[0].id, "text_completion")}
    assert [chunk.choices[0].finish_reason for chunk in told if chunk.choices][-1] == "stop"
    assert (told[-1].choices, told[-1].usage is not None) == ([], True)


@through
@pytest.mark.parametrize(
    ("asked", "word"),
    [({"n": 2}, "n"), ({"suffix": "}"}, "suffix"), ({"echo": True}, "echo"), ({"prompt": ["a", "b"]}, "prompt")],
)
async def test_what_a_chat_cannot_answer_is_refused(
    aimock: AimockControls, upstream_name: str, asked: dict[str, Any], word: str
) -> None:
    async with served(chats(aimock)) as gateway, sdk_of(gateway) as sdk:
        with pytest.raises(openai.BadRequestError, match=word):
            await sdk.completions.create(**{"model": upstream_name, "prompt": "Say hello", **asked})

    assert await aimock.journal("/v1/") == []


@through
async def test_what_only_tunes_is_left_out_and_told(aimock: AimockControls, upstream_name: str) -> None:
    async with served(chats(aimock)) as gateway, sdk_of(gateway) as sdk:
        raw = await sdk.completions.with_raw_response.create(model=upstream_name, prompt="Say hello", logprobs=3)

    assert "logprobs" in raw.headers["x-llmgw-dropped"]


@through
async def test_a_refusal_of_who_chats_is_the_sdks_own_error(aimock: AimockControls, upstream_name: str) -> None:
    await aimock.set_chaos(Chaos(rate_limit_rate=1))
    async with served(chats(aimock)) as gateway, sdk_of(gateway) as sdk:
        with pytest.raises(openai.RateLimitError, match=upstream_name):
            await sdk.completions.create(model=upstream_name, prompt="Say hello")


# Azure has its paths, and who completes texts can be asked in a chat of one message.


async def test_the_deployment_in_azures_path_is_the_model(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({**BASE, "choices": [choice("Hello", "stop")], "usage": USAGE}))
    async with served(speaks(upstream)) as gateway:
        sdk = openai.AsyncAzureOpenAI(
            azure_endpoint=gateway.url, api_key="any", api_version="2024-10-21", max_retries=0
        )
        async with sdk:
            answer = await sdk.completions.create(model="davinci", prompt="Say hello")

    assert answer.choices[0].text == "Hello"


async def test_replicate_is_asked_in_a_chat(upstream: FaultUpstream) -> None:
    prediction = {"id": "p", "model": "meta/llama", "status": "succeeded", "output": ["Hel", "lo"], "error": None}
    upstream.script(json_answer(prediction, 201))
    config = f"""
        providers: {{replicate: {{base_url: "{upstream.url}/v1", api_key: k}}}}
        models: {{llama: replicate/meta/llama}}
    """
    async with served(config) as gateway, sdk_of(gateway) as sdk:
        ask: Any = {"model": "llama", "messages": [{"role": "user", "content": "Say hello"}]}
        whole = await sdk.chat.completions.create(**ask)
        chunks = [chunk async for chunk in await sdk.chat.completions.create(**ask, stream=True)]
        with pytest.raises(openai.BadRequestError, match="no other turns"):
            await sdk.chat.completions.create(
                model="llama", messages=[*ask["messages"], {"role": "assistant", "content": "Hi"}]
            )
    first, second = upstream.requests

    assert whole.choices[0].message.content == "Hello"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello"
    assert first.path == "/v1/predictions"
    assert first.json == second.json == {"version": "meta/llama", "input": {"prompt": "Say hello"}}
    assert dict(first.headers)["prefer"] == "wait"
