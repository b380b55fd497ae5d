"""Events, written as the stream of an answer: each chunk is a whole answer in small.

A call goes out in one piece, when its arguments are whole: at the next word, or at the end.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from llmgw.chat import events
from llmgw.chat.conversation import Json, Reasoning, ToolUse
from llmgw.chat.events import Event
from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_generate.answers import (
    ID,
    PartWriter,
    candidate,
    text_part,
    thought_parts,
    write_ending,
)
from llmgw.dialects.gemini_generate.counts import write_usage
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

WAITING_BYTES_MAX = 16 * 1024 * 1024  # of calls that are not whole yet

_encoder = msgspec.json.Encoder()


class GeminiEncoder:
    """Writes one stream. `Failed` is not written: it is for whoever pumps to say how a stream ends that failed."""

    def __init__(self, model: str) -> None:
        self._head = events.Started(model=model)
        self._usage: Usage | None = None
        self._finished: events.Finished | None = None
        self._writer = PartWriter()
        self._calls: dict[int, events.ToolStarted] = {}  # those under way
        self._pieces: dict[int, list[str]] = {}
        self._waiting_bytes = 0
        self._citations: list[Json] = []
        self._has_refusal = False

    def write(self, told: Iterable[Event]) -> bytes:
        """Raises UpstreamProtocolError if there is no end of calls."""
        parts = [part for event in told for part in self._write(event)]
        return self._chunk(parts, {}) if parts else b""

    def end(self) -> bytes:
        """The last bytes: the calls, why it ended and usage, whenever they came."""
        finish = self._finished.reason if self._finished else None
        ending = write_ending(finish, self._citations, has_refusal=self._has_refusal)
        return self._chunk(self._written_calls(), ending)

    def _write(self, event: Event) -> Iterator[dict[str, Any]]:
        match event:
            case events.Started():
                self._head = events.Started(event.id, event.model or self._head.model)
            case events.UsageTold(usage):
                self._usage = usage
            case events.Finished():
                self._finished = event
            case events.Cited(citation):
                self._citations.append(citation)
            case events.ToolStarted(index=index):
                self._count(event)
                self._calls[index], self._pieces[index] = event, []
            case events.ToolDelta(index, arguments) if index in self._pieces:
                self._count(event)
                self._pieces[index].append(arguments)
            case _:
                yield from self._say(event)

    def _count(self, event: Event) -> None:
        self._waiting_bytes += len(_encoder.encode(event))
        if self._waiting_bytes > WAITING_BYTES_MAX:
            raise UpstreamProtocolError(f"over {WAITING_BYTES_MAX} bytes of calls are not whole")

    def _say(self, event: Event) -> Iterator[dict[str, Any]]:
        if events.is_content(event):
            yield from self._written_calls()
        match event:
            case events.TextDelta(text):
                yield from text_part(text)
            case events.RefusalDelta(text):
                self._has_refusal = True
                yield from text_part(text)
            case events.ReasoningDelta():
                yield from thought_parts(Reasoning(event.text, event.signature, event.redacted, event.issuer))

    def _written_calls(self) -> list[dict[str, Any]]:
        """In the order in which they began."""
        calls = [
            ToolUse(call.id, call.name, "".join(self._pieces[index]), call.signature, call.issuer)
            for index, call in self._calls.items()
        ]
        self._calls.clear()
        self._pieces.clear()
        self._waiting_bytes = 0
        return [part for call in calls for part in self._writer.write(call)]

    def _chunk(self, parts: list[dict[str, Any]], ending: dict[str, Any]) -> bytes:
        usage = {} if self._usage is None else {"usageMetadata": write_usage(self._usage)}
        head = {"modelVersion": self._head.model, "responseId": self._head.id or ID}
        return sse.write(_encoder.encode({"candidates": [candidate(parts, ending)], **usage, **head}))
