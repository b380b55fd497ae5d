"""What providers answer, in every accent of Chat Completions: one reading of a chunk and of a whole answer.

Any stands wherever some provider deviates: what is not as expected says nothing, it breaks nothing.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from llmgw.chat.bodies import completed
from llmgw.chat.dialect import FINISH_ERROR
from llmgw.chat.provider_errors import ProviderError, read_error
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass, UpstreamProtocolError

# What msgspec raises for what is no JSON of the shape that is asked for.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


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
    x_groq: Groq | None = None
    error: Any = None


# What is read of it besides when it goes to a client of another dialect.


class FullDelta(Delta):
    annotations: Any = None


class FullChoice(Choice):
    delta: FullDelta | None = None
    message: FullDelta | None = None
    stop_reason: Any = None


class FullChunk(Chunk):
    choices: Sequence[FullChoice] | None = None
    id: Any = None
    model: Any = None


_Read = TypeVar("_Read")
_chunk_decoder = msgspec.json.Decoder(Chunk)
_full_decoder = msgspec.json.Decoder(FullChunk)


def decoded(data: bytes) -> Chunk:
    """The part that the gateway acts on."""
    return _mended(_chunk_decoder, data)


def fully_decoded(data: bytes) -> FullChunk:
    """All that has a word in the hub."""
    return _mended(_full_decoder, data)


def _mended(decoder: "msgspec.json.Decoder[_Read]", data: bytes) -> _Read:
    """Providers cut texts inside a character too. The caller gets that as it came; only we read it otherwise."""
    try:
        return decoder.decode(data)
    except msgspec.DecodeError:
        mended = completed(data)
        if mended == data:
            raise
        return decoder.decode(mended)


def read_usage(told: Any) -> Usage | None:
    """Some count beside what others count inside, and only their arithmetic tells.

    Azure's Grok has the cached tokens beside the prompt; xAI has the reasoning beside the completion and both in the
    total; Gemini's endpoint names its thoughts nowhere but in the total.
    """
    if not isinstance(told, dict) or not ("prompt_tokens" in told or "completion_tokens" in told):
        return None
    prompt, completion = _count(told, "prompt_tokens"), _count(told, "completion_tokens")
    cached = (
        _count(told.get("prompt_tokens_details"), "cached_tokens")
        or _count(told, "prompt_cache_hit_tokens")  # DeepSeek
        or _count(told, "num_cached_tokens")  # Mistral
    )
    written = _count(told.get("prompt_tokens_details"), "cache_write_tokens")  # OpenRouter, at times both
    reasoning = _count(told.get("completion_tokens_details"), "reasoning_tokens")
    input_tokens = prompt if cached <= prompt else prompt + cached
    beside = max(_count(told, "total_tokens") - input_tokens - completion, 0) if prompt else 0
    return Usage(
        input_tokens=input_tokens,
        output_tokens=completion + beside,
        cached_input_tokens=cached,
        reasoning_tokens=max(reasoning, beside),
        cache_write_input_tokens=min(written, input_tokens - cached),
    )


def _count(told: Any, name: str) -> int:
    value = told.get(name) if isinstance(told, dict) else None
    return int(value) if isinstance(value, int | float) and value > 0 else 0


def chunk_usage(chunk: Chunk) -> Usage | None:
    """Groq tells it in a place of its own, too."""
    return read_usage(chunk.usage) or read_usage(chunk.x_groq.usage if chunk.x_groq else None)


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


def failed(told: ProviderError) -> UpstreamProtocolError:
    """An error where an answer should be is a failed attempt of its class."""
    return UpstreamProtocolError(told.message, told.failure or FailureClass.PROTOCOL, retry_after_s=told.retry_after_s)


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
