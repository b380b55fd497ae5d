"""The stream of Converse, read into events.

Text has no start, only a tool has; signatures, redacted thoughts and citations are told when their block ends. Usage
comes after the end of the message, and only then is the stream whole.
"""

from dataclasses import dataclass, field

import msgspec

from llmgw.chat import aws_errors, events
from llmgw.chat.events import Event
from llmgw.chat.provider_bodies import UNREADABLE, decoded
from llmgw.chat.signatures import ANTHROPIC
from llmgw.dialects.bedrock_converse.blocks import (
    Block,
    ReasoningContent,
    Start,
    Told,
    read_finish,
)
from llmgw.dialects.bedrock_converse.citations import read_citation
from llmgw.dialects.bedrock_converse.counts import read_usage
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import event_stream
from llmgw.wire.framing import BrokenFrameError

BLOCKS_OPEN_MAX = 1024  # Bedrock numbers its blocks from 0, and closes them: what is more would only fill memory

_KINDS = frozenset(
    {"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"}
)
_decoder = msgspec.json.Decoder(Told)


@dataclass(slots=True)
class _Open:
    """A block under way. `call` numbers the tool calls; `foreign`: it is one of the provider's own tools."""

    call: int | None = None
    has_pieces: bool = False
    foreign: bool = False
    signature: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)
    citations: list[dict[str, object]] = field(default_factory=list)


class ConverseDecoder:
    """Reads one stream."""

    def __init__(self) -> None:
        self.ended = False
        self._finished = False
        self._has_metadata = False
        self._open: dict[int, _Open] = {}
        self._calls = 0

    def read(self, event: bytes) -> list[Event]:
        """What a frame says. Raises UpstreamProtocolError if it is not of this dialect."""
        try:
            frame = event_stream.parse(event)
        except BrokenFrameError as error:
            raise UpstreamProtocolError(str(error)) from None
        failed = aws_errors.of_frame(frame)
        return self.take(frame.text(":event-type"), frame.payload) if failed is None else [events.Failed(failed)]

    def take(self, kind: str, payload: bytes) -> list[Event]:
        """What an event of that kind says. Raises as `read` does."""
        if kind not in _KINDS:
            return []
        try:
            told = decoded(_decoder, payload)
            said = self._take(kind, told)
        except UNREADABLE as error:
            raise UpstreamProtocolError(f"an event of the stream is not of Converse: {error}") from None
        self.ended = self._finished and self._has_metadata
        return said

    def _take(self, kind: str, told: Told) -> list[Event]:
        match kind:
            case "messageStart":
                return [events.Started()]
            case "contentBlockStart":
                return self._start(told.content_block_index, told.start or Start())
            case "contentBlockDelta":
                return self._go_on(self._block(told.content_block_index), told.delta or Block())
            case "contentBlockStop":
                return _stop(self._open.pop(told.content_block_index, _Open()))
            case "messageStop":
                self._finished = True
                return [read_finish(told.stop_reason or "", told.additional_model_response_fields)]
            case _:
                self._has_metadata = True
                usage = read_usage(told.usage)
                return [] if usage is None else [events.UsageTold(usage)]

    def _block(self, index: int) -> _Open:
        """A block need not have been started."""
        if index not in self._open and len(self._open) >= BLOCKS_OPEN_MAX:
            return _Open()
        return self._open.setdefault(index, _Open())

    def _start(self, index: int, start: Start) -> list[Event]:
        opened = self._block(index)
        opened.foreign = start.is_foreign
        if opened.foreign or start.tool_use is None:
            return []
        opened.call = self._calls
        self._calls += 1
        return [events.ToolStarted(opened.call, start.tool_use.tool_use_id, start.tool_use.name)]

    def _go_on(self, opened: _Open, delta: Block) -> list[Event]:
        if opened.foreign:
            return []
        said: list[Event] = [events.TextDelta(delta.text)] if delta.text else []
        if delta.tool_use is not None and delta.tool_use.piece and opened.call is not None:
            opened.has_pieces = True
            said.append(events.ToolDelta(opened.call, delta.tool_use.piece))
        if delta.reasoning_content is not None:
            said += _think(opened, delta.reasoning_content)
        citation = read_citation(delta.citation)
        if citation is not None:
            opened.citations.append(citation)
        return said


def _think(opened: _Open, told: ReasoningContent) -> list[Event]:
    opened.signature += [told.signature] if told.signature else []
    opened.redacted += [told.redacted] if told.redacted_content else []
    return [events.ReasoningDelta(told.text)] if told.text else []


def _stop(opened: _Open) -> list[Event]:
    said: list[Event] = []
    if opened.call is not None and not opened.has_pieces:
        said.append(events.ToolDelta(opened.call, "{}"))
    if opened.signature:
        said.append(events.ReasoningDelta(signature="".join(opened.signature), issuer=ANTHROPIC))
    if opened.redacted:
        said.append(events.ReasoningDelta(redacted="".join(opened.redacted), issuer=ANTHROPIC))
    return [*said, *map(events.Cited, opened.citations)]
