"""What Cohere sends, whole or in a stream. Of one thing there is an object, of many a list, under the same name."""

from typing import Any

import msgspec

_OF_THOUGHTS = ("THINKING_CONTENT", "PLAN")


class Content(msgspec.Struct):
    """A block of text or of thoughts, or a piece of one."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None


class Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    id: str | None = None
    function: Function | None = None


class Message(msgspec.Struct):
    """`tool_plan` is what the model thinks before it calls."""

    content: list[Content] | Content | str | None = None
    tool_plan: str | None = None
    tool_calls: list[ToolCall] | ToolCall | None = None
    citations: Any = None

    @property
    def blocks(self) -> list[Content]:
        if isinstance(self.content, str):
            return [Content("text", self.content)]
        return self.content if isinstance(self.content, list) else [self.content] if self.content else []

    @property
    def calls(self) -> list[ToolCall]:
        return self.tool_calls if isinstance(self.tool_calls, list) else [self.tool_calls] if self.tool_calls else []

    @property
    def cited(self) -> list[dict[str, Any]]:
        """Citations of what is said; those of what is thought have no place with anybody else."""
        told = self.citations if isinstance(self.citations, list) else [self.citations]
        return [one for one in told if isinstance(one, dict) and one.get("type") not in _OF_THOUGHTS]


class Answer(msgspec.Struct):
    """An answer at once."""

    id: str | None = None
    message: Message | None = None
    finish_reason: str | None = None
    usage: Any = None


class Delta(msgspec.Struct):
    message: Message | None = None
    finish_reason: str | None = None
    usage: Any = None
    error: Any = None


class StreamEvent(msgspec.Struct):
    """Any event of a stream."""

    type: str = ""
    id: str | None = None
    index: int = 0
    delta: Delta | None = None
