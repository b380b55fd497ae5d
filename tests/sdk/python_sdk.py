"""The OpenAI SDK for Python, sync and async, behind one small face: every test runs over both.

The sync client runs in a thread, as it would in a program of its own; the gateway has the loop for itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

import openai
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ParsedChatCompletion
from pydantic import BaseModel

API_KEY = "sk-the-callers-own"
HELLO = ({"role": "user", "content": "Say hello"},)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city, now.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}

T = TypeVar("T")
Parsed = TypeVar("Parsed", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer with its headers."""

    status: int
    headers: Mapping[str, str]
    answer: ChatCompletion


class Sdk(Protocol):
    """What the tests use of either client."""

    async def chat(self, **body: Any) -> ChatCompletion: ...
    async def raw(self, **body: Any) -> Raw: ...
    async def stream(self, **body: Any) -> list[ChatCompletionChunk]: ...
    async def first_chunks(self, count: int, **body: Any) -> list[ChatCompletionChunk]: ...
    async def assembled(self, **body: Any) -> ChatCompletion: ...
    async def parse(self, form: type[Parsed], **body: Any) -> ParsedChatCompletion[Parsed]: ...
    async def models(self) -> list[Model]: ...
    async def model(self, name: str) -> Model: ...


class AsyncSdk:
    """`openai.AsyncOpenAI`, or its kin for Azure."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self._client = client
        self._chat = client.chat.completions

    async def chat(self, **body: Any) -> ChatCompletion:
        answer: ChatCompletion = await self._chat.create(**_with_defaults(body))
        return answer

    async def raw(self, **body: Any) -> Raw:
        response = await self._chat.with_raw_response.create(**_with_defaults(body))
        return Raw(response.status_code, response.headers, response.parse())

    async def stream(self, **body: Any) -> list[ChatCompletionChunk]:
        stream = await self._chat.create(**_with_defaults(body), stream=True)
        return [chunk async for chunk in stream]

    async def first_chunks(self, count: int, **body: Any) -> list[ChatCompletionChunk]:
        """Takes so many and closes the stream, as a program does that has seen enough."""
        seen: list[ChatCompletionChunk] = []
        async with await self._chat.create(**_with_defaults(body), stream=True) as stream:
            async for chunk in stream:
                seen.append(chunk)
                if len(seen) == count:
                    break
        return seen

    async def assembled(self, **body: Any) -> ChatCompletion:
        async with self._chat.stream(**_with_defaults(body)) as stream:
            return await stream.get_final_completion()

    async def parse(self, form: type[Parsed], **body: Any) -> ParsedChatCompletion[Parsed]:
        return await self._chat.parse(**_with_defaults(body), response_format=form)

    async def models(self) -> list[Model]:
        return [model async for model in self._client.models.list()]

    async def model(self, name: str) -> Model:
        return await self._client.models.retrieve(name)


class SyncSdk:
    """`openai.OpenAI`, or its kin for Azure, each call in a thread."""

    def __init__(self, client: openai.OpenAI) -> None:
        self._client = client
        self._chat = client.chat.completions

    async def chat(self, **body: Any) -> ChatCompletion:
        return await asyncio.to_thread(lambda: self._chat.create(**_with_defaults(body)))

    async def raw(self, **body: Any) -> Raw:
        def call() -> Raw:
            response = self._chat.with_raw_response.create(**_with_defaults(body))
            return Raw(response.status_code, response.headers, response.parse())

        return await asyncio.to_thread(call)

    async def stream(self, **body: Any) -> list[ChatCompletionChunk]:
        return await asyncio.to_thread(lambda: list(self._chat.create(**_with_defaults(body), stream=True)))

    async def first_chunks(self, count: int, **body: Any) -> list[ChatCompletionChunk]:
        def call() -> list[ChatCompletionChunk]:
            with self._chat.create(**_with_defaults(body), stream=True) as stream:
                return list(islice(stream, count))

        return await asyncio.to_thread(call)

    async def assembled(self, **body: Any) -> ChatCompletion:
        def call() -> ChatCompletion:
            with self._chat.stream(**_with_defaults(body)) as stream:
                return stream.get_final_completion()

        return await asyncio.to_thread(call)

    async def parse(self, form: type[Parsed], **body: Any) -> ParsedChatCompletion[Parsed]:
        return await asyncio.to_thread(lambda: self._chat.parse(**_with_defaults(body), response_format=form))

    async def models(self) -> list[Model]:
        return await asyncio.to_thread(lambda: list(self._client.models.list()))

    async def model(self, name: str) -> Model:
        return await asyncio.to_thread(self._client.models.retrieve, name)


@dataclass(frozen=True, slots=True)
class SdkKind:
    """One of the two: how to make its clients."""

    name: str

    @asynccontextmanager
    async def client(self, url: str, **options: Any) -> AsyncIterator[Sdk]:
        """A client of the gateway at `url`. Without retries, unless the test asks for them."""
        settings = {"base_url": f"{url}/v1", "api_key": API_KEY, "max_retries": 0, **options}
        async with self._opened(openai.OpenAI, openai.AsyncOpenAI, settings) as sdk:
            yield sdk

    @asynccontextmanager
    async def azure_client(self, url: str, **options: Any) -> AsyncIterator[Sdk]:
        """A client that takes the gateway for an Azure resource."""
        version = {"azure_endpoint": url, "api_version": "2024-10-21"}
        settings = {**version, "api_key": API_KEY, "max_retries": 0, **options}
        async with self._opened(openai.AzureOpenAI, openai.AsyncAzureOpenAI, settings) as sdk:
            yield sdk

    @asynccontextmanager
    async def _opened(
        self,
        blocking: Callable[..., openai.OpenAI],
        waiting: Callable[..., openai.AsyncOpenAI],
        settings: Mapping[str, Any],
    ) -> AsyncIterator[Sdk]:
        if self.name == "async":
            async with waiting(**settings) as client:
                yield AsyncSdk(client)
        else:
            with blocking(**settings) as client:
                yield SyncSdk(client)


BOTH = (SdkKind("sync"), SdkKind("async"))


def says(text: str) -> list[dict[str, str]]:
    """Messages of one user turn."""
    return [{"role": "user", "content": text}]


def text_of(chunks: Sequence[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def _with_defaults(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": "chat", "messages": HELLO, **body}
