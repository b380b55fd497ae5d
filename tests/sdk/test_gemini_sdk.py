"""Google's SDK in front: natively to Gemini, and translated to a provider of OpenAI's dialect.

The upstream is the provider mock, which speaks both dialects; what differs between a native answer and one that has
crossed is a fault of ours.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import aiohttp
import openai
import pytest
from google import genai
from google.genai import errors, types

from tests.partners.aimock import AimockControls, Chaos
from tests.partners.behaviours import json_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.served import Served, served

# The SDK makes a class of its own of aiohttp's, who does not like that; the mock has a finish reason that is none.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:FUNCTION_CALL is not a valid FinishReason"),
]

KEY = "the-callers-own-key"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name="get_weather", description="The weather", parameters_json_schema=SCHEMA)
    ]
)
WITH_TOOL = types.GenerateContentConfig(
    tools=[TOOL], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True)
)
WEATHER = "What is the weather in Paris?"

through = pytest.mark.parametrize("upstream", ["gemini", "openai"])
streamed_or_not = pytest.mark.parametrize("streamed", [False, True])


def config(url: str) -> str:
    return f"""
        defaults: {{retry: {{attempts: 1}}}}
        providers:
          gemini: {{base_url: "{url}/v1beta", api_key: k-gemini}}
          openai: {{base_url: "{url}/v1", api_key: k-openai}}
        models: {{gemini: gemini/gemini-2.5-flash, openai: openai/partner-0, org/name: openai/partner-0}}
    """


@asynccontextmanager
async def gateway_for(aimock: AimockControls) -> AsyncIterator[Served]:
    async with served(config(aimock.url)) as gateway:
        yield gateway


@asynccontextmanager
async def google_sdk(
    gateway: Served, *, vertexai: bool = False, api_version: str | None = None
) -> AsyncIterator[genai.client.AsyncClient]:
    once = types.HttpRetryOptions(attempts=1)
    options = types.HttpOptions(base_url=gateway.url, retry_options=once, api_version=api_version)
    async with genai.Client(vertexai=vertexai, api_key=KEY, http_options=options).aio as sdk:
        yield sdk


def openai_sdk(gateway: Served) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="any", max_retries=0)


async def answered(
    sdk: genai.client.AsyncClient, model: str, contents: Any, *, streamed: bool = False, config: Any = None
) -> list[types.GenerateContentResponse]:
    """The answer, in as many pieces as it came."""
    if not streamed:
        return [await sdk.models.generate_content(model=model, contents=contents, config=config)]
    stream = await sdk.models.generate_content_stream(model=model, contents=contents, config=config)
    return [chunk async for chunk in stream]


def text_of(chunks: list[types.GenerateContentResponse]) -> str:
    return "".join(chunk.text or "" for chunk in chunks)


def parts_of(chunks: list[types.GenerateContentResponse]) -> list[types.Part]:
    contents = [one.content for chunk in chunks for one in chunk.candidates or [] if one.content]
    return [part for content in contents for part in content.parts or []]


@through
@streamed_or_not
async def test_an_answer(aimock: AimockControls, upstream: str, streamed: bool) -> None:
    settings = types.GenerateContentConfig(system_instruction="Be brief", max_output_tokens=50, temperature=0.5)
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        chunks = await answered(sdk, upstream, "Say hello", streamed=streamed, config=settings)
    sent = (await aimock.journal("/v1"))[-1]

    assert text_of(chunks) == "Hello! How can I help you today?"
    assert (len(chunks) > 1) == streamed
    assert [one.finish_reason for chunk in chunks for one in chunk.candidates or []][-1] is types.FinishReason.STOP
    assert (sent.body["temperature"], sent.body.get("max_tokens", sent.body.get("max_completion_tokens"))) == (0.5, 50)
    assert [turn["role"] for turn in sent.body["messages"]] == ["system", "user"]
    if upstream == "openai":
        usage = chunks[-1].usage_metadata
        assert usage is not None
        assert (usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count) == (12, 9, 21)


@through
@streamed_or_not
async def test_a_function_is_called_and_answered(aimock: AimockControls, upstream: str, streamed: bool) -> None:
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        chunks = await answered(sdk, upstream, WEATHER, streamed=streamed, config=WITH_TOOL)
        parts = [part for part in parts_of(chunks) if part.text != ""]
        (call,) = [part.function_call for part in parts if part.function_call]
        given = types.Part.from_function_response(name="get_weather", response={"result": "sunny"})
        turns = [
            types.Content(role="user", parts=[types.Part(text=WEATHER)]),
            types.Content(role="model", parts=parts),
            types.Content(role="user", parts=[given]),
        ]
        answer = await answered(sdk, upstream, turns, streamed=streamed, config=WITH_TOOL)
    last = (await aimock.journal("/v1"))[-1]
    told = [turn for turn in last.body["messages"] if turn["role"] in ("assistant", "tool")]

    assert (call.name, call.args) == ("get_weather", {"city": "Paris", "unit": "celsius"})
    assert text_of(answer) == "It is sunny in Paris, 21 degrees."
    assert told[0]["tool_calls"][0]["id"] == told[1]["tool_call_id"]
    assert "sunny" in told[1]["content"]


@through
async def test_a_chat_goes_on(aimock: AimockControls, upstream: str) -> None:
    """The SDK keeps the history itself, with everything that came."""
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        chat = sdk.chats.create(model=upstream)
        await chat.send_message("Say hello")
        async for _ in await chat.send_message_stream("Say hello"):
            pass
        await chat.send_message("Say hello")
    last = (await aimock.journal("/v1"))[-1]

    roles = [role for role, _ in groupby(turn["role"] for turn in last.body["messages"])]
    assert roles == ["user", "assistant"] * 2 + ["user"]
    if upstream == "openai":  # in whose dialect a turn is one message, in however many pieces the SDK keeps it
        assert len(last.body["messages"]) == len(roles)


async def test_a_history_of_another_provider_goes_to_gemini_as_google_takes_it(aimock: AimockControls) -> None:
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        chunks = await answered(sdk, "openai", WEATHER, config=WITH_TOOL)
        (part,) = parts_of(chunks)
        turns = [
            types.Content(role="user", parts=[types.Part(text=WEATHER)]),
            types.Content(role="model", parts=[part]),
            types.Content(role="user", parts=[types.Part.from_function_response(name="get_weather", response={})]),
        ]
        answer = await answered(sdk, "gemini", turns, config=WITH_TOOL)

    assert part.thought_signature == b"llmgw.."  # nobody has signed: only we can read that
    assert text_of(answer) == "It is sunny in Paris, 21 degrees."


@through
async def test_a_schema_is_asked_for(aimock: AimockControls, upstream: str) -> None:
    schema = types.Schema(type=types.Type.OBJECT, properties={"name": types.Schema(type=types.Type.STRING)})
    settings = types.GenerateContentConfig(response_mime_type="application/json", response_schema=schema)
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        await aimock.add_fixtures([{"match": {"userMessage": "As JSON"}, "response": {"content": '{"name":"A"}'}}])
        (answer,) = await answered(sdk, upstream, "As JSON", config=settings)
    sent = (await aimock.journal("/v1"))[-1]

    assert json.loads(answer.text or "") == {"name": "A"}
    if upstream == "openai":
        told = sent.body["response_format"]["json_schema"]["schema"]
        assert told == {"type": "object", "properties": {"name": {"type": "string"}}}


@through
@streamed_or_not
async def test_an_error_is_the_sdks_own(aimock: AimockControls, upstream: str, streamed: bool) -> None:
    await aimock.set_chaos(Chaos(rate_limit_rate=1))
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        with pytest.raises(errors.ClientError) as caught:
            await answered(sdk, upstream, "Say hello", streamed=streamed)

    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert caught.value.message


async def test_a_name_that_is_none_is_the_sdks_own_error(aimock: AimockControls) -> None:
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        with pytest.raises(errors.ClientError, match="no model 'nobody'") as caught:
            await answered(sdk, "nobody", "Say hello")

    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


@pytest.mark.parametrize("cut", ["openai", "gemini"])
async def test_a_stream_that_breaks_off_ends_with_the_sdks_own_error(aimock: AimockControls, cut: str) -> None:
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        with pytest.raises(errors.APIError, match="the stream broke"):
            await answered(sdk, cut, "Break off", streamed=True)


async def test_google_s_own_tools_are_refused_where_there_are_none(aimock: AimockControls) -> None:
    search = types.GenerateContentConfig(tools=[types.Tool(google_search=types.GoogleSearch())])
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        with pytest.raises(errors.ClientError, match=r"tools\.googleSearch") as caught:
            await answered(sdk, "openai", "Say hello", config=search)

    assert caught.value.status == "INVALID_ARGUMENT"


@pytest.mark.parametrize("name", ["org/name", "org%2Fname"])
async def test_a_model_may_have_a_slash_in_its_name(aimock: AimockControls, name: str) -> None:
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        (answer,) = await answered(sdk, name, "Say hello")

    assert answer.text


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_other_versions_of_the_path(aimock: AimockControls, version: str) -> None:
    async with gateway_for(aimock) as gateway, google_sdk(gateway, api_version=version) as sdk:
        (answer,) = await answered(sdk, "openai", "Say hello")

    assert answer.text


@streamed_or_not
async def test_the_sdk_as_for_vertex_ai(aimock: AimockControls, streamed: bool) -> None:
    async with gateway_for(aimock) as gateway, google_sdk(gateway, vertexai=True) as sdk:
        chunks = await answered(sdk, "org/name", "Say hello", streamed=streamed)

    assert text_of(chunks) == "Hello! How can I help you today?"


async def test_the_paths_of_vertex_ai(aimock: AimockControls) -> None:
    place = "/v1/projects/p/locations/global/publishers"
    body = {"contents": {"parts": [{"text": "Say hello"}]}}
    async with gateway_for(aimock) as gateway, aiohttp.ClientSession(gateway.url) as session:
        plain = await session.post(f"{place}/google/models/gemini:generateContent", json=body)
        other = await session.post(f"{place}/org/models/name:streamGenerateContent?alt=sse", json=body)
        unasked = await session.post(f"{place}/google/models/gemini:streamGenerateContent", json=body)
        told = [await answer.text() for answer in (plain, other, unasked)]

    assert [plain.status, other.status, unasked.status] == [200, 200, 400]
    assert "Hello!" in told[0]
    assert told[1].startswith('data: {"candidates"')
    assert json.loads(told[2])["error"]["status"] == "INVALID_ARGUMENT"
    assert "add ?alt=sse" in told[2]


async def test_the_models_are_listed_as_google_does(aimock: AimockControls) -> None:
    async with gateway_for(aimock) as gateway, google_sdk(gateway) as sdk:
        listed = [model.name async for model in await sdk.models.list()]
        one = await sdk.models.get(model="gemini")

    assert listed == ["models/gemini", "models/openai", "models/org/name"]
    actions = ["generateContent", "streamGenerateContent", "countTokens"]
    assert (one.name, one.supported_actions) == ("models/gemini", actions)


# Counts: the mock has none, so a server of our own answers.


async def counted(upstream: FaultUpstream, model: str, contents: Any, *, vertexai: bool = False, **more: Any) -> Any:
    async with served(config(upstream.url)) as gateway, google_sdk(gateway, vertexai=vertexai) as sdk:
        return await sdk.models.count_tokens(model=model, contents=contents, **more)


async def test_tokens_are_counted_by_gemini(upstream: FaultUpstream) -> None:
    details = [{"modality": "TEXT", "tokenCount": 4}]
    upstream.script(json_answer({"totalTokens": 4, "promptTokensDetails": details}))
    count = await counted(upstream, "gemini", "Say hello")
    (request,) = upstream.requests

    assert (count.total_tokens, request.path) == (4, "/v1beta/models/gemini-2.5-flash:countTokens")
    assert request.json == {"contents": [{"role": "user", "parts": [{"text": "Say hello"}]}]}


async def test_tokens_of_a_whole_request_are_counted_by_gemini(upstream: FaultUpstream) -> None:
    """The SDK speaks as to Vertex AI, the provider takes what the Gemini API does."""
    upstream.script(json_answer({"totalTokens": 36}))
    settings = types.CountTokensConfig(system_instruction="Be brief", tools=[TOOL])
    count = await counted(upstream, "gemini", "Say hello", vertexai=True, config=settings)
    (request,) = upstream.requests
    whole = request.json["generateContentRequest"]

    assert (count.total_tokens, set(request.json)) == (36, {"generateContentRequest"})
    assert set(whole) == {"model", "contents", "systemInstruction", "tools"}
    assert whole["model"] == "models/gemini-2.5-flash"


async def test_where_nobody_counts_tokens_are_estimated(upstream: FaultUpstream) -> None:
    count = await counted(upstream, "openai", "four " * 1000)

    assert count.total_tokens == pytest.approx(1000, rel=0.2)
    assert upstream.requests == []
    assert count.sdk_http_response.headers["x-llmgw-estimated"] == "tokens"


async def test_an_error_of_a_count_is_the_sdks_own(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}}, status=403))
    with pytest.raises(errors.APIError) as caught:
        await counted(upstream, "gemini", "Say hello")

    assert "gemini" in str(caught.value)


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_sdk_of_openai_is_answered_by_gemini(aimock: AimockControls, streamed: bool) -> None:
    asked: Any = {"model": "gemini", "messages": [{"role": "user", "content": "Say hello"}]}
    async with gateway_for(aimock) as gateway, openai_sdk(gateway) as sdk:
        if streamed:
            chunks = [chunk async for chunk in await sdk.chat.completions.create(stream=True, **asked)]
            said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
            finish = chunks[-1].choices[0].finish_reason
        else:
            whole = await sdk.chat.completions.create(**asked)
            said, finish = whole.choices[0].message.content, whole.choices[0].finish_reason
    last = (await aimock.journal("/v1beta/models/gemini-2.5-flash:"))[-1]

    assert (said, finish) == ("Hello! How can I help you today?", "stop")
    assert last.headers["x-goog-api-key"]


async def test_the_callers_key_is_in_no_log_and_goes_nowhere(aimock: AimockControls) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "Say hello"}]}]}
    async with gateway_for(aimock) as gateway, aiohttp.ClientSession(gateway.url) as session:
        for path in ("gemini:generateContent", "nobody:generateContent", "gemini:nothing"):
            await session.post(f"/v1beta/models/{path}?key={KEY}", json=body, headers={"x-goog-api-key": KEY})
    sent = await aimock.journal("/v1beta")

    assert sent
    assert KEY not in json.dumps(gateway.log.lines)
    assert KEY not in json.dumps([[entry.path, entry.headers] for entry in sent])
