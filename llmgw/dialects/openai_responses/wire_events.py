"""Any event of a stream, as a provider of any accent sends it.

Kinds grow by the month: a field is what is expected, or says nothing.
"""

from typing import Any

import msgspec

from llmgw.chat.provider_bodies import UNREADABLE, decoded
from llmgw.chat.provider_errors import ProviderError
from llmgw.dialects.openai_responses.errors import read_error, read_stream_error
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

# `response.done` is what some say for all of them: then the status of the response tells.
ENDS = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done"}
)
COMMON = "response."  # how the names of all events but one begin


class WireEvent(msgspec.Struct):
    type: str = ""
    output_index: Any = None
    content_index: Any = None
    summary_index: Any = None
    delta: Any = None
    text: Any = None
    refusal: Any = None
    arguments: Any = None
    annotation: Any = None
    item: Any = None
    part: Any = None
    response: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(WireEvent)


def parse(event: bytes) -> WireEvent | ProviderError | None:
    """None: there is nothing in it for us. Raises UpstreamProtocolError if it is not of this dialect.

    OpenRouter ends with OpenAI's other end mark, which here means nothing: an answer is whole only when it says so.
    """
    name, data = sse.parse(event)
    if data is None or not data.strip() or data.strip() == b"[DONE]":
        return None
    try:
        told = decoded(_decoder, data)
    except UNREADABLE as error:
        if name == b"error":
            return read_error(200, data)
        raise UpstreamProtocolError(f"an event of the stream is not of a response: {error}") from None
    told.type = told.type or (name or b"").decode(errors="replace")
    if told.type == "error" or (told.error and not told.type.startswith(COMMON)):
        return read_stream_error(data)
    if not told.type:
        raise UpstreamProtocolError("an event of the stream does not say of which kind it is")
    return told


def index_of(value: Any) -> int:
    return value if isinstance(value, int) else 0
