"""What the events of a stream mean to the gateway, while they go on as they came.

https://docs.anthropic.com/en/docs/build-with-claude/streaming: message_start, the blocks one by one, message_delta
with the stop reason, message_stop; pings and kinds that are new to us anywhere.
"""

from typing import Any

import msgspec

from llmgw.chat.dialect import FINISH_CONTENT_FILTER, NOTHING, Sign
from llmgw.chat.provider_errors import ProviderError
from llmgw.dialects.anthropic_messages.answers import REFUSAL, WireMessage
from llmgw.dialects.anthropic_messages.blocks import Block
from llmgw.dialects.anthropic_messages.counts import Counts
from llmgw.dialects.anthropic_messages.errors import read_error
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse


class Delta(msgspec.Struct):
    """What is new: of a block, or of the message."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: Any = None
    stop_reason: str | None = None
    stop_sequence: str | None = None


class StreamEvent(msgspec.Struct):
    """Any event."""

    type: str
    message: WireMessage | None = None
    index: int = 0
    content_block: Block | None = None
    delta: Delta | None = None
    usage: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(StreamEvent)


def parse(event: bytes) -> StreamEvent | ProviderError | None:
    """None: there is nothing in it for us. Raises UpstreamProtocolError if it is not of this dialect."""
    name, data = sse.parse(event)
    if data is None or not data.strip() or data.strip() == b"[DONE]":  # OpenRouter's, after the end
        return None
    try:
        told = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if name == b"error":
            return read_error(200, data)
        raise UpstreamProtocolError(f"an event of the stream is not of a message: {error}") from None
    return read_error(200, data) if told.error is not None or "error" in (told.type, name) else told


class Signs:
    """Reads one stream: the usage of a sign is all that was told until then."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts = Counts()

    def __call__(self, event: bytes) -> Sign:
        told = parse(event)
        if told is None:
            return NOTHING
        return Sign(error=told) if isinstance(told, ProviderError) else self._read(told)

    def _read(self, told: StreamEvent) -> Sign:
        match told.type:
            case "message_start":
                return Sign(usage=self._counts.take(told.message.usage if told.message else None))
            case "content_block_start" | "content_block_delta":
                return Sign(content=_has_content(told))
            case "message_delta":
                return self._end(told)
            case "message_stop":
                return Sign(end=True)
            case _:
                return NOTHING

    def _end(self, told: StreamEvent) -> Sign:
        reason = told.delta.stop_reason if told.delta else None
        return Sign(
            finish=FINISH_CONTENT_FILTER if reason == REFUSAL else reason,
            finished=(0,) if reason else (),
            usage=self._counts.take(told.usage),
        )


def _has_content(told: StreamEvent) -> bool:
    """Text and thoughts begin empty; every other kind of block says something by being there."""
    block, delta = told.content_block, told.delta
    if block is not None:
        return block.type not in {"text", "thinking"} or bool(block.text or block.thinking or block.signature)
    if delta is None:
        return False
    return bool(delta.text or delta.thinking or delta.signature or delta.partial_json or delta.citation)


def may_matter(events: bytes) -> bool:
    """The type may be padded on either side, but its letters are always there."""
    return b"message_" in events or b'"error"' in events or b"event: error" in events or b"event:error" in events
