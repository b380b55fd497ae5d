"""What providers answer, in every accent of Chat Completions: one reading of a chunk and of a whole answer.

Any stands wherever some provider deviates: what is not as expected says nothing, it breaks nothing.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llmgw.chat import provider_bodies
from llmgw.chat.dialect import FINISH_ERROR
from llmgw.chat.openai_words import read_usage
from llmgw.chat.provider_errors import ProviderError, read_error
from llmgw.chat.usage import Usage


class Groq(msgspec.Struct):
    usage: Any = None


class Delta(msgspec.Struct):
    content: Any = None
    refusal: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    reasoning_details: Any = None
    tool_calls: Any = None
    function_call: Any = None
    audio: Any = None


class Choice(msgspec.Struct):
    delta: Delta | None = None
    text: Any = None
    finish_reason: Any = None
    index: Any = 0


class Chunk(msgspec.Struct):
    """A chunk of a stream or a whole answer: what we read is the same. Any where some provider deviates."""

    object: Any = None
    choices: Sequence[Choice] | None = None
    usage: Any = None
    service_tier: Any = None
    x_groq: Groq | None = None
    error: Any = None


# What is read of it besides when it goes to a client of another dialect.


class FullDelta(Delta):
    annotations: Any = None
    extra_content: Any = None


class FullChoice(Choice):
    delta: FullDelta | None = None
    message: FullDelta | None = None
    stop_reason: Any = None


class FullChunk(Chunk):
    choices: Sequence[FullChoice] | None = None
    id: Any = None
    model: Any = None


_chunk_decoder = msgspec.json.Decoder(Chunk)
_full_decoder = msgspec.json.Decoder(FullChunk)


def decoded(data: bytes) -> Chunk:
    """The part that the gateway acts on."""
    return provider_bodies.decoded(_chunk_decoder, data)


def fully_decoded(data: bytes) -> FullChunk:
    """All that has a word in the hub."""
    return provider_bodies.decoded(_full_decoder, data)


def chunk_usage(chunk: Chunk) -> Usage | None:
    """Groq tells it in a place of its own, too."""
    groq = chunk.x_groq.usage if chunk.x_groq else None
    return read_usage(chunk.usage, chunk.service_tier) or read_usage(groq, chunk.service_tier)


def finish_reason(chunk: Chunk) -> str | None:
    return next((str(choice.finish_reason) for choice in chunk.choices or () if choice.finish_reason), None)


def told_error(chunk: Chunk, data: bytes) -> ProviderError | None:
    """An error where an answer should be: OpenRouter and others pass the failures of their upstreams on so."""
    if chunk.error or chunk.object == "error":
        return read_error(200, data)
    if finish_reason(chunk) == FINISH_ERROR:
        return ProviderError(None, "the provider ended the answer with finish_reason 'error'")
    return None


def is_first(choice: Choice) -> bool:
    """Of several choices only the first crosses to another dialect. Some do not number them."""
    return not (isinstance(choice.index, int) and choice.index)


def has_content(choice: Choice) -> bool:
    delta = choice.delta
    if delta is None:
        return bool(choice.text)
    return (
        _says(delta.content)
        or _says(delta.tool_calls)
        or _says(delta.refusal)
        or _says(delta.reasoning_content)
        or _says(delta.reasoning)
        or _says(delta.reasoning_details)
        or _says(delta.function_call)
        or _says(delta.audio)
    )


def _says(value: Any, depth: int = 4) -> bool:
    """Whether there is anything in it: lists of parts (Mistral) and empty objects (Snowflake) may hold nothing."""
    if depth and isinstance(value, list):
        return any(_says(item, depth - 1) for item in value)
    if depth and isinstance(value, dict):
        return any(_says(item, depth - 1) for name, item in value.items() if name != "type")
    return bool(value)
