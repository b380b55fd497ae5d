"""Tools and the choice among them: read as any caller writes them, and in the older words `functions` too."""

from collections.abc import Sequence
from typing import Any

import msgspec

from llmgw.chat.conversation import Tool, ToolChoice, ToolMode
from llmgw.dialects.openai_chat.messages import Drop
from llmgw.dialects.openai_chat.parts import cache

_MODES = {
    "auto": ToolMode.AUTO,
    "none": ToolMode.NONE,
    "required": ToolMode.REQUIRED,
    "any": ToolMode.REQUIRED,  # Mistral
}


class Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: Any = None
    strict: bool | None = None


class CallerTool(msgspec.Struct):
    type: str = "function"
    function: Function | None = None
    cache_control: Any = None


def read_tools(tools: Sequence[CallerTool], functions: Sequence[Function], drop: Drop) -> tuple[Tool, ...]:
    """`drop` is told what is no function."""
    for tool in tools:
        if tool.function is None:
            drop(f"tools.{tool.type}")
    marked = [(tool.function, cache(tool.cache_control)) for tool in tools if tool.function]
    marked += [(function, "") for function in functions]
    return tuple(
        Tool(function.name, function.description or "", function.parameters, function.strict, mark)
        for function, mark in marked
    )


def read_choice(told: Any, parallel: bool | None, drop: Drop) -> ToolChoice | None:  # noqa: FBT001 - as told
    """A name alone is the older way: `function_call`."""
    if told is None:
        return None if parallel is None else ToolChoice(parallel=parallel)
    if isinstance(told, str) and told in _MODES:
        return ToolChoice(_MODES[told], parallel=parallel)
    name = told.get("function", told) if isinstance(told, dict) else None
    name = name.get("name") if isinstance(name, dict) else None
    if isinstance(name, str):
        return ToolChoice(ToolMode.REQUIRED, name, parallel)
    drop("tool_choice")
    return None


def write_tool(tool: Tool) -> dict[str, object]:
    function = {
        "name": tool.name,
        "description": tool.description or None,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
    return {"type": "function", "function": {name: value for name, value in function.items() if value is not None}}


def write_choice(choice: ToolChoice | None) -> object:
    """`auto` is what no choice means."""
    if choice is None or choice.mode is ToolMode.AUTO:
        return None
    return {"type": "function", "function": {"name": choice.name}} if choice.name else choice.mode.value
