"""Events, written as the stream of a message.

Blocks follow each other, each with its start and its end. Only calls of tools may overlap, where the provider tells
them so: every piece bears the number of its block.
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.answers import ID, write_finish
from llmgw.dialects.anthropic_messages.counts import write_usage
from llmgw.dialects.anthropic_messages.parts import is_own_citation, object_of
from llmgw.wire import sse

_encoder = msgspec.json.Encoder()


class AnthropicEncoder:
    """Writes one stream. `Failed` is not written: it is for whoever pumps to say how a stream ends that failed."""

    def __init__(self, model: str) -> None:
        self._head = events.Started(model=model)
        self._has_head = False
        self._usage: Usage | None = None
        self._finished: events.Finished | None = None
        self._blocks = 0
        self._kind: Literal["", "text", "cited", "thinking"] = ""  # of the last block, if it is open
        self._calls: dict[int, int] = {}  # open calls: their number, and that of their block
        self._pieces: list[str] = []  # of the last call
        self._has_calls = False
        self._has_refusal = False

    def write(self, told: Iterable[Event]) -> bytes:
        return b"".join(map(self._write, told))

    def end(self) -> bytes:
        """The last bytes: stop reason and usage, whenever they came, and the end mark."""
        finished = self._finished
        reason = write_finish(
            finished.reason if finished else None, has_calls=self._has_calls, has_refusal=self._has_refusal
        )
        sequence = finished.stop_sequence if finished else ""
        delta = {"stop_reason": reason, "stop_sequence": sequence or None}
        return (
            self._start()
            + self._close()
            + _event("message_delta", delta=delta, usage=write_usage(self._usage))
            + _event("message_stop")
        )

    def _write(self, event: Event) -> bytes:
        match event:
            case events.Started():
                self._head = events.Started(event.id, event.model or self._head.model)
            case events.UsageTold(usage):
                self._usage = usage
            case events.Finished():
                self._finished = event
            case _:
                return self._say(event)
        return b""

    def _say(self, event: Event) -> bytes:
        match event:
            case events.TextDelta(text) | events.RefusalDelta(text) if text:
                self._has_refusal = self._has_refusal or isinstance(event, events.RefusalDelta)
                return self._text(text)
            case events.ReasoningDelta():
                return self._think(event)
            case events.ToolStarted():
                return self._start_call(event)
            case events.ToolDelta():
                return self._go_on(event)
            case events.Cited(citation) if is_own_citation(citation):
                return self._cite(citation)
        return b""

    def _start(self) -> bytes:
        """Not before there is something to say: by then the usage so far may be known."""
        if self._has_head:
            return b""
        self._has_head = True
        message: dict[str, Any] = {
            "id": self._head.id or ID,
            "type": "message",
            "role": "assistant",
            "model": self._head.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": write_usage(self._usage),
        }
        return _event("message_start", message=message)

    def _text(self, text: str) -> bytes:
        opening = b"" if self._kind == "text" else self._open("text", type="text", text="")
        return opening + (self._delta(type="text_delta", text=text) if text else b"")

    def _cite(self, citation: Any) -> bytes:
        """For the text before it: the next one gets a block of its own."""
        opening = b"" if self._kind in {"text", "cited"} else self._text("")
        self._kind = "cited"
        return opening + self._delta(type="citations_delta", citation=citation)

    def _think(self, event: events.ReasoningDelta) -> bytes:
        if event.redacted:
            return self._open("", type="redacted_thinking", data=event.redacted) + self._stop(self._blocks - 1)
        if not (event.text or event.signature):
            return b""
        out = b""
        if self._kind != "thinking":
            out += self._open("thinking", type="thinking", thinking="", signature="")
        if event.text:
            out += self._delta(type="thinking_delta", thinking=event.text)
        if event.signature:
            out += self._delta(type="signature_delta", signature=event.signature) + self._close()
        return out

    def _start_call(self, event: events.ToolStarted) -> bytes:
        """The call before ends here if its arguments are whole; else it may go on beside this one."""
        goes_on = bool(self._calls) and object_of("".join(self._pieces)) is None
        closing = b"" if goes_on else self._close()
        self._calls[event.index] = self._blocks
        self._pieces = []
        self._has_calls = True
        start = {"type": "tool_use", "id": event.id, "name": event.name, "input": {}}
        return self._start() + closing + self._block_start(start)

    def _go_on(self, event: events.ToolDelta) -> bytes:
        block = self._calls.get(event.index)
        if block is None or not event.arguments:
            return b""
        if block == self._blocks - 1:
            self._pieces.append(event.arguments)
        delta = {"type": "input_json_delta", "partial_json": event.arguments}
        return _event("content_block_delta", index=block, delta=delta)

    def _open(self, kind: Literal["", "text", "thinking"], **block: Any) -> bytes:
        closing = self._start() + self._close()
        self._kind = kind
        return closing + self._block_start(block)

    def _block_start(self, block: dict[str, Any]) -> bytes:
        self._blocks += 1
        return _event("content_block_start", index=self._blocks - 1, content_block=block)

    def _delta(self, **delta: Any) -> bytes:
        return _event("content_block_delta", index=self._blocks - 1, delta=delta)

    def _close(self) -> bytes:
        """Ends whatever is open."""
        open_blocks = list(self._calls.values()) or ([self._blocks - 1] if self._kind else [])
        self._kind = ""
        self._calls.clear()
        return b"".join(map(self._stop, open_blocks))

    def _stop(self, block: int) -> bytes:
        return _event("content_block_stop", index=block)


def _event(kind: str, **fields: Any) -> bytes:
    return sse.write(_encoder.encode({"type": kind, **fields}), kind.encode())
