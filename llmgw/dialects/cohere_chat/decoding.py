"""The stream of a message, read into events: blocks one by one, the plan before the calls, citations amid the text.

https://docs.cohere.com/docs/streaming. What is new to us says nothing; a `[DONE]` follows the end.
"""

from collections.abc import Iterator

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.provider_bodies import UNREADABLE, decoded
from llmgw.dialects.cohere_chat.answers import arguments_of, say, start_call
from llmgw.dialects.cohere_chat.counts import read_usage
from llmgw.dialects.cohere_chat.errors import read_end, read_error
from llmgw.dialects.cohere_chat.wire import Delta, Message, StreamEvent
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

# Calls end one by one; what lies far beyond is no call, and would only fill memory.
CALLS_OPEN_MAX = 1024

_decoder = msgspec.json.Decoder(StreamEvent)
_NOTHING_SAID = Message()


class CohereDecoder:
    """Reads one stream."""

    def __init__(self) -> None:
        self.ended = False
        self._calls = 0
        self._open: dict[int, tuple[int, bool]] = {}  # Cohere's number: ours, and whether there were arguments

    def read(self, event: bytes) -> list[Event]:
        """What a whole event says. Raises UpstreamProtocolError if it is not of this dialect."""
        name, data = sse.parse(event)
        if self.ended or data is None or not data.strip() or data.strip() == b"[DONE]":
            return []
        try:
            told = decoded(_decoder, data)
        except UNREADABLE as error:
            if name == b"error":
                return [events.Failed(read_error(200, data))]
            raise UpstreamProtocolError(f"an event of the stream is not of a message: {error}") from None
        return list(self._read(told.type or (name or b"").decode(errors="replace"), told, data))

    def _read(self, kind: str, told: StreamEvent, data: bytes) -> Iterator[Event]:
        message = (told.delta.message if told.delta else None) or _NOTHING_SAID
        match kind:
            case "message-start":
                yield events.Started(told.id or "")
            case "content-start" | "content-delta":
                for block in message.blocks:
                    yield from say(block)
            case "tool-plan-delta" if message.tool_plan:
                yield events.ReasoningDelta(message.tool_plan)
            case "tool-call-start" | "tool-call-delta" | "tool-call-end":
                yield from self._call(kind, told.index, message)
            case "citation-start":
                yield from map(events.Cited, message.cited)
            case "message-end":
                yield from self._end(told.delta or Delta())
            case "error" | "":  # no event of a stream goes without its kind
                yield events.Failed(read_error(200, data))

    def _call(self, kind: str, index: int, message: Message) -> Iterator[Event]:
        if kind == "tool-call-start" and message.calls and len(self._open) < CALLS_OPEN_MAX:
            yield start_call(self._calls, message.calls[0])
            self._open[index] = (self._calls, False)
            self._calls += 1
        if index not in self._open:
            return
        number, has_any = self._open[index]
        if piece := "".join(map(arguments_of, message.calls)):
            self._open[index] = (number, True)
            yield events.ToolDelta(number, piece)
        if kind == "tool-call-end":
            del self._open[index]
            if not has_any:
                yield events.ToolDelta(number, "{}")

    def _end(self, delta: Delta) -> Iterator[Event]:
        self.ended = True
        yield from read_usage(delta.usage)
        yield read_end(delta.finish_reason, delta.error, has_calls=self._calls > 0)
