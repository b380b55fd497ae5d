"""Events, written as the stream of a message.

Blocks follow each other, each with its start and its end. A call is one block, and it ends when its arguments are
whole: what is told meanwhile waits, so that nothing is lost and nothing stands where it does not belong.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.signatures import ANTHROPIC, seal
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.answers import ID, write_finish, write_redacted
from llmgw.dialects.anthropic_messages.calls import Call
from llmgw.dialects.anthropic_messages.counts import write_usage
from llmgw.dialects.anthropic_messages.parts import is_own_citation
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

WAITING_BYTES_MAX = 16 * 1024 * 1024  # of what must wait for the end of a call

_encoder = msgspec.json.Encoder()
_UNSIGNED = seal("", "", ANTHROPIC)


class AnthropicEncoder:
    """Writes one stream. `Failed` is not written: it is for whoever pumps to say how a stream ends that failed.

    `write` raises UpstreamProtocolError if too much must wait, for a call that does not end.
    """

    def __init__(self, model: str) -> None:
        self._head = events.Started(model=model)
        self._has_head = False
        self._usage: Usage | None = None
        self._finished: events.Finished | None = None
        self._blocks = 0
        self._kind: Literal["", "text", "cited", "thinking", "call"] = ""  # of the block that is open
        self._call: Call | None = None  # the one whose block is open
        self._calls: dict[int, Call] = {}
        self._waiting: deque[Call | list[Event]] = deque()  # what is to be told after the open call, in its order
        self._waiting_bytes = 0  # since the last time that nothing waited
        self._has_refusal = False

    def write(self, told: Iterable[Event]) -> bytes:
        return b"".join(map(self._write, told))

    def end(self) -> bytes:
        """The last bytes: stop reason and usage, whenever they came, and the end mark."""
        finished = self._finished
        reason = write_finish(
            finished.reason if finished else None, has_calls=bool(self._calls), has_refusal=self._has_refusal
        )
        sequence = finished.stop_sequence if finished else ""
        delta = {"stop_reason": reason, "stop_sequence": sequence or None}
        return (
            self._start()
            + self._let_go(is_end=True)
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
            case events.ToolStarted():
                return self._start_call(event)
            case events.ToolDelta():
                return self._go_on(event)
            case _:
                return self._say_or_wait(event)
        return b""

    # Blocks that must wait for their turn.

    def _start_call(self, event: events.ToolStarted) -> bytes:
        call = self._calls[event.index] = Call(event)
        if self._is_busy():
            self._count(event)
            self._waiting.append(call)
            return b""
        return self._open_call(call)

    def _go_on(self, event: events.ToolDelta) -> bytes:
        """Pieces of a call that was never announced belong nowhere, nor do those after its end."""
        call = self._calls.get(event.index)
        if call is None or call.is_over:
            return b""
        if call is not self._call:
            self._count(event)
            call.waiting.append(event.arguments)
            return b""
        return self._tell(call, event.arguments) + self._let_go()

    def _say_or_wait(self, event: Event) -> bytes:
        if not self._is_busy():
            return self._say(event)
        self._count(event)
        if not (self._waiting and isinstance(self._waiting[-1], list)):
            self._waiting.append([])
        last = self._waiting[-1]
        if isinstance(last, list):
            last.append(event)
        return b""

    def _count(self, event: Event) -> None:
        self._waiting_bytes += len(_encoder.encode(event))
        if self._waiting_bytes > WAITING_BYTES_MAX:
            raise UpstreamProtocolError(f"over {WAITING_BYTES_MAX} bytes were told amid a call of a tool")

    def _is_busy(self) -> bool:
        return self._call is not None and not self._call.is_over

    def _let_go(self, *, is_end: bool = False) -> bytes:
        """What has waited, as far as its turn has come; at the end, all."""
        out: list[bytes] = []
        while self._waiting and (is_end or not self._is_busy()):
            next_one = self._waiting.popleft()
            if isinstance(next_one, Call):
                out.append(self._open_call(next_one))
            else:
                out += map(self._say, next_one)
        if not self._waiting:
            self._waiting_bytes = 0
        return b"".join(out)

    # Calls.

    def _open_call(self, call: Call) -> bytes:
        told = call.started
        out = self._think(events.ReasoningDelta("", told.signature, "", told.issuer)) if told.signature else b""
        out += self._open("call", {"type": "tool_use", "id": told.id, "name": told.name, "input": {}})
        self._call = call
        waiting, call.waiting = "".join(call.waiting), []
        return out + (self._tell(call, waiting) if waiting else b"")

    def _tell(self, call: Call, arguments: str) -> bytes:
        piece = call.take(arguments)
        return self._delta(type="input_json_delta", partial_json=piece) if piece else b""

    # What is said at once.

    def _say(self, event: Event) -> bytes:
        match event:
            case events.TextDelta(text) | events.RefusalDelta(text) if text:
                self._has_refusal = self._has_refusal or isinstance(event, events.RefusalDelta)
                return self._text(text)
            case events.ReasoningDelta():
                return self._think(event)
            case events.Cited(citation) if is_own_citation(citation):
                return self._cite(citation)
        return b""

    def _text(self, text: str) -> bytes:
        opening = b"" if self._kind == "text" else self._open("text", {"type": "text", "text": ""})
        return opening + (self._delta(type="text_delta", text=text) if text else b"")

    def _cite(self, citation: Any) -> bytes:
        """For the text before it: the next one gets a block of its own."""
        opening = b"" if self._kind in {"text", "cited"} else self._text("")
        self._kind = "cited"
        return opening + self._delta(type="citations_delta", citation=citation)

    def _think(self, event: events.ReasoningDelta) -> bytes:
        """A signature or redacted data ends the thought."""
        out = b""
        if event.text or event.signature:
            if self._kind != "thinking":
                out += self._open("thinking", {"type": "thinking", "thinking": "", "signature": ""})
            if event.text:
                out += self._delta(type="thinking_delta", thinking=event.text)
            if event.signature:
                out += self._close(seal(event.issuer, event.signature, ANTHROPIC))
        if event.redacted:
            out += self._open("", write_redacted(event.redacted, event.issuer)) + self._stop()
        return out

    # Blocks.

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

    def _open(self, kind: Literal["", "text", "thinking", "call"], block: dict[str, Any]) -> bytes:
        before = self._start() + self._close()
        self._kind = kind
        self._blocks += 1
        return before + _event("content_block_start", index=self._blocks - 1, content_block=block)

    def _delta(self, **delta: Any) -> bytes:
        return _event("content_block_delta", index=self._blocks - 1, delta=delta)

    def _close(self, signature: str = _UNSIGNED) -> bytes:
        """Ends the block that is open: a call with what it lacks, a thought with its signature, or with one of ours."""
        out = b""
        if self._call is not None:
            rest = self._call.rest()
            out = self._delta(type="input_json_delta", partial_json=rest) if rest else b""
            self._call = None
        elif self._kind == "thinking":
            out = self._delta(type="signature_delta", signature=signature)
        return out + self._stop() if self._kind else out

    def _stop(self) -> bytes:
        self._kind = ""
        return _event("content_block_stop", index=self._blocks - 1)


def _event(kind: str, **fields: Any) -> bytes:
    return sse.write(_encoder.encode({"type": kind, **fields}), kind.encode())
