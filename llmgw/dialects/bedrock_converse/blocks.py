"""What Converse answers with: the blocks of a message, and the events of a stream, as they are on the wire.

A block is known by the one field that it has. Kinds that we do not know have none of these, and are passed over.
"""

from base64 import b64decode
from typing import Any

import msgspec

from llmgw.chat.events import Finish, Finished, finished_by

_NONE = msgspec.Raw()
_NOTHING = (b"", b"null")
SERVER_TOOL = "server_tool_use"  # the provider's own tool, which nobody else is to call

_FINISHES = {
    "end_turn": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_use": Finish.TOOL_USE,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "guardrail_intervened": Finish.CONTENT_FILTER,
    "content_filtered": Finish.CONTENT_FILTER,
    "refusal": Finish.REFUSAL,
    "pause_turn": Finish.PAUSE,
}


class Wire(msgspec.Struct, rename="camel"):
    """Names as they are there."""


class ToolUse(Wire):
    """`input` is an object in an answer at once, and pieces of text in a stream."""

    tool_use_id: str = ""
    name: str = ""
    input: msgspec.Raw = _NONE
    type: str | None = None

    @property
    def arguments(self) -> str:
        return "{}" if bytes(self.input) in _NOTHING else bytes(self.input).decode()

    @property
    def piece(self) -> str:
        told = "" if bytes(self.input) in _NOTHING else msgspec.json.decode(self.input)
        return told if isinstance(told, str) else self.arguments


class ReasoningText(Wire):
    text: str | None = None
    signature: str | None = None


class ReasoningContent(Wire):
    """Nested in an answer at once, flat in a stream."""

    reasoning_text: ReasoningText | None = None
    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None

    @property
    def redacted(self) -> str:
        """What Anthropic has redacted is text already: Bedrock puts it into base64 once more."""
        try:
            return b64decode(self.redacted_content or "").decode()
        except ValueError:
            return ""


class CitationsContent(Wire):
    content: list[Any] = []
    citations: list[Any] = []


class Block(Wire):
    """A block of an answer, or what is new of it in a stream."""

    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: ReasoningContent | None = None
    citations_content: CitationsContent | None = None
    citation: Any = None


class Start(Wire):
    """How a block begins. Only a tool needs to tell; what is of the provider's own tools is told by its kind."""

    tool_use: ToolUse | None = None
    tool_result: Any = None
    server_tool_use: Any = None
    image: Any = None
    audio: Any = None
    video: Any = None

    @property
    def is_foreign(self) -> bool:
        """Whether it is of a kind for which the hub has no word. A start that says nothing is that of a text."""
        is_providers = self.tool_use is not None and self.tool_use.type == SERVER_TOOL
        kinds = (self.tool_result, self.server_tool_use, self.image, self.audio, self.video)
        return is_providers or any(kind is not None for kind in kinds)


class Told(Wire):
    """The payload of any event; the header of its frame tells which. Guardrails' traces are not even read."""

    content_block_index: int = 0
    start: Start | None = None
    delta: Block | None = None
    stop_reason: str | None = None
    additional_model_response_fields: Any = None
    usage: Any = None


def read_finish(stop_reason: str, fields: Any) -> Finished:
    """Why it ended, and the sequence that the model met."""
    return finished_by(stop_reason, _FINISHES, stop_sequence=stop_sequence(fields))


def stop_sequence(fields: Any) -> str:
    """The one that the model met, if it was asked to tell."""
    met = fields.get("stop_sequence") if isinstance(fields, dict) else None
    return met if isinstance(met, str) else ""
