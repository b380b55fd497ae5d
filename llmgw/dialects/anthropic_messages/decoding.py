"""The stream of a message, read into events.

The blocks of the provider's own tools have no word in the hub and are passed over. Citations and signatures come in
pieces or before their text: they are told when their block ends.
"""

from dataclasses import dataclass, field
from typing import Any

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.signatures import ANTHROPIC, unseal
from llmgw.dialects.anthropic_messages.answers import read_finish
from llmgw.dialects.anthropic_messages.blocks import Block
from llmgw.dialects.anthropic_messages.counts import Counts
from llmgw.dialects.anthropic_messages.signs import Delta, StreamEvent, parse

# Providers number their blocks from 0, one by one; what lies far beyond is no block, and would only fill memory.
BLOCKS_OPEN_MAX = 1024


@dataclass(slots=True)
class _Open:
    """A block under way. `call` is the number of a tool call among the calls."""

    call: int | None = None
    arguments: str = ""  # told at the start; as a rule empty, and then told in pieces
    has_pieces: bool = False
    signature: list[str] = field(default_factory=list)
    citations: list[Any] = field(default_factory=list)


class AnthropicDecoder:
    """Reads one stream."""

    def __init__(self) -> None:
        self.ended = False
        self._counts = Counts()
        self._open: dict[int, _Open] = {}
        self._calls = 0

    def read(self, event: bytes) -> list[Event]:
        """What a whole event says. Raises UpstreamProtocolError if it is not of this dialect."""
        told = parse(event)
        if told is None:
            return []
        if isinstance(told, ProviderError):
            return [events.Failed(told)]
        self.ended = self.ended or told.type == "message_stop"
        return self._read(told)

    def _read(self, told: StreamEvent) -> list[Event]:
        match told.type:
            case "message_start":
                return self._start(told)
            case "content_block_start" if told.content_block:
                return self._start_block(told.index, told.content_block)
            case "content_block_delta" if told.delta:
                return self._go_on(told.index, told.delta)
            case "content_block_stop":
                return self._stop_block(told.index)
            case "message_delta":
                return self._end(told)
        return []

    def _start(self, told: StreamEvent) -> list[Event]:
        message = told.message
        if message is None:
            return [events.Started()]
        return [events.Started(message.id or "", message.model or ""), *self._usage(message.usage)]

    def _start_block(self, index: int, block: Block) -> list[Event]:
        if len(self._open) >= BLOCKS_OPEN_MAX:
            return []
        opened = self._open[index] = _Open()
        match block.type:
            case "text":
                opened.citations += block.cited
                return [events.TextDelta(block.text)] if block.text else []
            case "thinking":
                opened.signature += [block.signature] if block.signature else []
                return [events.ReasoningDelta(block.thinking)] if block.thinking else []
            case "redacted_thinking":
                issuer, data = unseal(str(block.data or ""), ANTHROPIC)
                return [events.ReasoningDelta(redacted=data, issuer=issuer)]
            case "tool_use":
                opened.call, opened.arguments = self._calls, block.arguments
                self._calls += 1
                return [events.ToolStarted(opened.call, block.id or "", block.name or "")]
        return []

    def _go_on(self, index: int, delta: Delta) -> list[Event]:
        opened = self._open.get(index) or _Open()
        match delta.type:
            case "text_delta" if delta.text:
                return [events.TextDelta(delta.text)]
            case "thinking_delta" if delta.thinking:
                return [events.ReasoningDelta(delta.thinking)]
            case "input_json_delta" if delta.partial_json and opened.call is not None:
                opened.has_pieces = True
                return [events.ToolDelta(opened.call, delta.partial_json)]
            case "signature_delta" if delta.signature:
                opened.signature.append(delta.signature)
            case "citations_delta" if delta.citation is not None:
                opened.citations.append(delta.citation)
        return []

    def _stop_block(self, index: int) -> list[Event]:
        opened = self._open.pop(index, None)
        if opened is None:
            return []
        if opened.call is not None and not opened.has_pieces:
            return [events.ToolDelta(opened.call, opened.arguments)]
        if opened.signature:
            issuer, signature = unseal("".join(opened.signature), ANTHROPIC)
            return [events.ReasoningDelta(signature=signature, issuer=issuer)] if signature else []
        return [events.Cited(citation) for citation in opened.citations]

    def _end(self, told: StreamEvent) -> list[Event]:
        delta = told.delta
        if delta is None or delta.stop_reason is None:
            return self._usage(told.usage)
        return [*self._usage(told.usage), read_finish(delta.stop_reason, delta.stop_sequence or "")]

    def _usage(self, told: Any) -> list[Event]:
        usage = self._counts.take(told)
        return [] if usage is None else [events.UsageTold(usage)]
