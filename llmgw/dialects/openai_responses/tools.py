"""Tools, the choice among them, and the form of the answer: flat here, where Chat Completions nests them.

A tool that does not say `strict` is strict here as far as its schema allows, and one that comes from elsewhere is
not: so it is always said when writing, and taken for unsaid when reading.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llmgw.chat.conversation import ResponseFormat, Tool, ToolChoice, ToolMode
from llmgw.dialects.openai_responses.parts import Drop

_FORMAT_NAME = "response"  # a JSON schema must have a name
_MODES = {mode.value: mode for mode in ToolMode}


class CallerTool(msgspec.Struct):
    type: str = "function"
    name: str | None = None
    description: str | None = None
    parameters: Any = None
    strict: bool | None = None


class Format(msgspec.Struct):
    type: str = "text"
    name: str | None = None
    description: str | None = None
    schema: Any = None
    strict: bool | None = None


class TextConfig(msgspec.Struct):
    """`text`: how the answer is to look."""

    format: Format | None = None
    verbosity: Any = None


def read_tools(tools: Sequence[CallerTool], choice: Any, drop: Drop) -> tuple[Tool, ...]:
    """The functions among them, and of those only the ones that the choice allows."""
    allowed = _allowed(choice)
    for tool in tools:
        if tool.type != "function":
            drop(f"tools.{tool.type}")
    return tuple(
        Tool(tool.name or "", tool.description or "", tool.parameters, tool.strict)
        for tool in tools
        if tool.type == "function" and (allowed is None or tool.name in allowed)
    )


def _allowed(choice: Any) -> set[Any] | None:
    """The names of functions; None: all."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return None
    tools = choice.get("tools")
    named = [tool.get("name") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return {name for name in named if isinstance(name, str)}


def read_choice(told: Any, parallel: bool | None, drop: Drop) -> ToolChoice | None:  # noqa: FBT001 - as told
    if told is None:
        return None if parallel is None else ToolChoice(parallel=parallel)
    mode = told.get("mode") if isinstance(told, dict) and told.get("type") == "allowed_tools" else told
    if isinstance(mode, str) and mode in _MODES:
        return ToolChoice(_MODES[mode], parallel=parallel)
    name = told.get("name") if isinstance(told, dict) and told.get("type") == "function" else None
    if isinstance(name, str):
        return ToolChoice(ToolMode.REQUIRED, name, parallel)
    drop("tool_choice")
    return None


def read_format(text: TextConfig | None, drop: Drop) -> ResponseFormat | None:
    if text is not None and text.verbosity is not None:
        drop("text.verbosity")
    told = text.format if text is not None else None
    if told is None or told.type == "text":
        return None
    if told.type == "json_object":
        return ResponseFormat()
    if told.type != "json_schema" or told.schema is None:
        drop("text.format")
        return None
    return ResponseFormat(told.schema, told.name or "", told.description or "", told.strict)


def write_tools(tools: Sequence[Tool], choice: ToolChoice | None) -> dict[str, object]:
    """A choice without tools is refused."""
    if not tools:
        return {}
    return {
        "tools": [_tool(tool) for tool in tools],
        "tool_choice": _choice(choice),
        "parallel_tool_calls": choice.parallel if choice else None,
    }


def _tool(tool: Tool) -> dict[str, object]:
    described = {"description": tool.description} if tool.description else {}
    schema = {"type": "object", "properties": {}} if tool.parameters is None else tool.parameters
    return {"type": "function", "name": tool.name, **described, "parameters": schema, "strict": bool(tool.strict)}


def _choice(choice: ToolChoice | None) -> object:
    """`auto` is what no choice means."""
    if choice is None or choice.mode is ToolMode.AUTO:
        return None
    return {"type": "function", "name": choice.name} if choice.name else choice.mode.value


def write_format(told: ResponseFormat | None) -> dict[str, object] | None:
    """`text`."""
    if told is None:
        return None
    if told.schema is None:
        return {"format": {"type": "json_object"}}
    described = {"description": told.description} if told.description else {}
    strict = {} if told.strict is None else {"strict": told.strict}
    schema = {"name": told.name or _FORMAT_NAME, **described, "schema": told.schema, **strict}
    return {"format": {"type": "json_schema", **schema}}
