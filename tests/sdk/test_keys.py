"""The SDKs of OpenAI, Anthropic and Google against a gateway with keys: each by its own habit, errors as its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors, types

from tests.served import Served, served

# Google's SDK makes a class of its own of aiohttp's, who does not like that.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

SECRET = "the-secret-of-the-search-team"
WRONG = "nobody-has-this-secret"
CONFIG = """
models: {gpt: simulator/a, claude: simulator/b, gemini: simulator/c}
keys: [{name: search, secret: "${K}", models: [gpt]}]
"""


@asynccontextmanager
async def gateway() -> AsyncIterator[Served]:
    async with served(CONFIG, {"K": SECRET}) as found:
        yield found


async def asked_openai(url: str, key: str, model: str) -> str:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as sdk:
        answer = await sdk.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
    return answer.choices[0].message.content or ""


async def asked_azure(url: str, key: str, model: str) -> str:
    async with openai.AsyncAzureOpenAI(azure_endpoint=url, api_key=key, api_version="2024-10-21", max_retries=0) as sdk:
        answer = await sdk.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
    return answer.choices[0].message.content or ""


async def asked_anthropic(url: str, key: str, model: str) -> str:
    async with anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0) as sdk:
        answer = await sdk.messages.create(model=model, max_tokens=99, messages=[{"role": "user", "content": "hi"}])
    return "".join(block.text for block in answer.content if block.type == "text")


async def asked_anthropic_with_a_token(url: str, key: str, model: str) -> str:
    async with anthropic.AsyncAnthropic(base_url=url, auth_token=key, max_retries=0) as sdk:
        answer = await sdk.messages.create(model=model, max_tokens=99, messages=[{"role": "user", "content": "hi"}])
    return "".join(block.text for block in answer.content if block.type == "text")


async def asked_google(url: str, key: str, model: str) -> str:
    options = types.HttpOptions(base_url=url, retry_options=types.HttpRetryOptions(attempts=1))
    async with genai.Client(vertexai=False, api_key=key, http_options=options).aio as sdk:
        answer = await sdk.models.generate_content(model=model, contents="hi")
    return answer.text or ""


Asked = Callable[[str, str, str], Awaitable[str]]
"""By address, key and model."""

every = pytest.mark.parametrize(
    "asked", [asked_openai, asked_azure, asked_anthropic, asked_anthropic_with_a_token, asked_google]
)
REFUSED = (openai.AuthenticationError, anthropic.AuthenticationError, errors.ClientError)
FORBIDDEN = (openai.PermissionDeniedError, anthropic.PermissionDeniedError, errors.ClientError)


@every
async def test_an_sdk_with_the_key_is_answered(asked: Asked) -> None:
    async with gateway() as found:
        assert await asked(found.url, SECRET, "gpt")
        assert [(line["key"], line["status"]) for line in found.log.requests] == [("search", 200)]
        assert SECRET not in str(found.log.lines)


@every
async def test_an_sdk_with_another_knows_what_that_means(asked: Asked) -> None:
    async with gateway() as found:
        with pytest.raises(REFUSED, match="is not valid, or not any more") as raised:
            await asked(found.url, WRONG, "gpt")

        assert getattr(raised.value, "status_code", getattr(raised.value, "code", None)) == 401
        assert WRONG not in str(raised.value)
        assert found.log.requests == []


@every
async def test_an_sdk_hears_which_models_its_key_may_use(asked: Asked) -> None:
    async with gateway() as found:
        with pytest.raises(FORBIDDEN, match="may not use the model 'claude'; it may use: gpt") as raised:
            await asked(found.url, SECRET, "claude")

        assert getattr(raised.value, "status_code", getattr(raised.value, "code", None)) == 403


async def test_sdks_list_the_models_of_their_key() -> None:
    async with gateway() as found:
        async with openai.AsyncOpenAI(base_url=f"{found.url}/v1", api_key=SECRET) as sdk:
            of_openai = [model.id async for model in sdk.models.list()]
        async with anthropic.AsyncAnthropic(base_url=found.url, api_key=SECRET) as claude:
            of_anthropic = [model.id async for model in claude.models.list()]

        assert of_openai == of_anthropic == ["gpt"]
