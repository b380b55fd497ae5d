"""Reading a provider's body: the counterpart of `bodies`. Nothing here is a caller's fault."""

from typing import TypeVar

import msgspec

from llmgw.chat.bodies import completed
from llmgw.chat.provider_errors import ProviderError
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.wire import sse

# What msgspec raises for what is no JSON of the shape that is asked for.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_Read = TypeVar("_Read")


def decoded(decoder: "msgspec.json.Decoder[_Read]", data: bytes) -> _Read:
    """Providers cut texts inside a character too. The caller gets that as it came; only we read it otherwise.

    Raises what is `UNREADABLE`.
    """
    try:
        return decoder.decode(data)
    except msgspec.DecodeError:
        mended = completed(data)
        if mended == data:
            raise
        return decoder.decode(mended)


def failed(told: ProviderError) -> UpstreamProtocolError:
    """An error where an answer should be is a failed attempt of its class."""
    return UpstreamProtocolError(told.message, told.failure or FailureClass.PROTOCOL, retry_after_s=told.retry_after_s)


def answer_of(decoder: "msgspec.json.Decoder[_Read]", body: bytes) -> _Read:
    """An answer at once. Raises UpstreamProtocolError."""
    try:
        return decoded(decoder, body)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer cannot be read: {error}") from None


def event_of(decoder: "msgspec.json.Decoder[_Read]", event: bytes) -> _Read | None:
    """The data of a server-sent event; None if it has none. Raises UpstreamProtocolError."""
    data = sse.parse(event).data
    if data is None or not data.strip():
        return None
    try:
        return decoded(decoder, data)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"an event of the stream cannot be read: {error}") from None
