"""What providers answer: one reading of a chunk and of a whole answer, and what each means to the gateway.

Any stands wherever some provider deviates: what is not as expected says nothing, it breaks nothing.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llmgw.chat import provider_bodies
from llmgw.chat.dialect import FINISH_ERROR, NOTHING, AnswerSign, Sign
from llmgw.chat.events import Finish, Finished, finished_by
from llmgw.chat.openai_words import FINISHES, read_usage
from llmgw.chat.provider_bodies import UNREADABLE, failed
from llmgw.chat.provider_errors import ProviderError, read_error
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

END = b"[DONE]"


class Choice(msgspec.Struct):
    text: Any = None
    finish_reason: Any = None
    stop_reason: Any = None  # vLLM: the sequence at which it stopped
    index: Any = 0


class Chunk(msgspec.Struct):
    """A chunk of a stream, or a whole answer: what we read is the same."""

    id: Any = None
    object: Any = None
    model: Any = None
    choices: Sequence[Choice] | None = None
    usage: Any = None
    service_tier: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(Chunk)


def decoded(data: bytes) -> Chunk:
    """Raises what is `UNREADABLE`."""
    return provider_bodies.decoded(_decoder, data)


def whole(body: bytes) -> Chunk:
    """An answer at once. Raises UpstreamProtocolError if it is none, or an error: then with its class."""
    try:
        completion = decoded(body)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer is not a completion: {error}") from None
    told = told_error(completion, body)
    if told is not None:
        raise failed(told)
    if not completion.choices:
        raise UpstreamProtocolError("the answer has no choices")
    return completion


def piece(event: bytes) -> Chunk | ProviderError | None:
    """An event of a stream; None if it says nothing. Raises UpstreamProtocolError if it is not of this dialect."""
    name, data = sse.parse(event)
    if data is None or not data.strip():
        return None
    try:
        chunk = decoded(data)
    except UNREADABLE as error:
        if name == b"error":
            return read_error(200, data)
        raise UpstreamProtocolError(f"an event of the stream is not of a completion: {error}") from None
    return read_error(200, data) if name == b"error" else told_error(chunk, data) or chunk


def is_end(event: bytes) -> bool:
    """The end mark is no JSON."""
    return (sse.parse(event).data or b"").strip() == END


def told_error(chunk: Chunk, data: bytes) -> ProviderError | None:
    """An error where an answer should be. `plain` if it is one as OpenAI tells it."""
    if chunk.error or chunk.object == "error":
        return msgspec.structs.replace(read_error(200, data), plain=bool(chunk.error))
    if any(choice.finish_reason == FINISH_ERROR for choice in chunk.choices or ()):
        return ProviderError(None, "the provider ended the answer with finish_reason 'error'")
    return None


def error_of(status: int, body: bytes) -> ProviderError:
    """The body of an error answer. Never raises."""
    try:
        is_plain = bool(decoded(body).error)
    except UNREADABLE:
        is_plain = False
    return msgspec.structs.replace(read_error(status, body), plain=is_plain)


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def end_of(choice: Choice) -> Finished:
    """Why it ended, and the sequence at which it stopped."""
    sequence = text_of(choice.stop_reason)
    if sequence and choice.finish_reason == "stop":
        return Finished(Finish.STOP_SEQUENCE, sequence)
    return finished_by(str(choice.finish_reason or "").lower(), FINISHES)


def is_first(choice: Choice) -> bool:
    """Of several choices only the first crosses to another dialect. Some do not number them."""
    return not (isinstance(choice.index, int) and choice.index)


# For the gateway, while the bytes go on as they are.


def read_answer(body: bytes) -> AnswerSign:
    """Raises as `whole` does."""
    completion = whole(body)
    return AnswerSign(read_usage(completion.usage, completion.service_tier), _finish_reason(completion))


def read_sign(event: bytes) -> Sign:
    """Raises as `piece` does."""
    if is_end(event):
        return Sign(end=True)
    chunk = piece(event)
    if chunk is None:
        return NOTHING
    if isinstance(chunk, ProviderError):
        return Sign(error=chunk)
    choices, usage = chunk.choices or (), read_usage(chunk.usage, chunk.service_tier)
    return Sign(
        content=any(text_of(choice.text) for choice in choices),
        finish=_finish_reason(chunk),
        finished=tuple(_index(choice) for choice in choices if choice.finish_reason),
        usage=usage,
        usage_only=usage is not None and not choices,
    )


def _finish_reason(chunk: Chunk) -> str | None:
    return next((str(choice.finish_reason) for choice in chunk.choices or () if choice.finish_reason), None)


def _index(choice: Choice) -> int:
    return choice.index if isinstance(choice.index, int) else 0
