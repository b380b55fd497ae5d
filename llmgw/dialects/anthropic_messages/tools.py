"""Tools and the choice among them. Tools that the provider runs itself have no word in the hub and are named."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from llmgw.chat.claude import models
from llmgw.chat.claude.thinking import is_forced
from llmgw.chat.conversation import Conversation, Tool, ToolChoice, ToolMode
from llmgw.dialects.anthropic_messages.blocks import CacheControl, cache
from llmgw.dialects.anthropic_messages.parts import mark

_MODES = {"auto": ToolMode.AUTO, "any": ToolMode.REQUIRED, "none": ToolMode.NONE, "tool": ToolMode.REQUIRED}
_MODE_NAMES = {ToolMode.AUTO: "auto", ToolMode.REQUIRED: "any", ToolMode.NONE: "none"}
# What makes a tool work better, or not be seen at first; without it the tool is still the same.
_BESIDE = ("input_examples", "defer_loading", "eager_input_streaming", "allowed_callers")


class CallerTool(msgspec.Struct):
    """A tool as callers write it."""

    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: Any = None
    strict: bool | None = None
    cache_control: CacheControl | None = None
    input_examples: Any = None
    defer_loading: Any = None
    eager_input_streaming: Any = None
    allowed_callers: Any = None


class CallerChoice(msgspec.Struct):
    """`tool_choice` as callers write it."""

    type: str = "auto"
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


def read_tools(tools: Iterable[CallerTool], beyond: list[str]) -> Iterable[Tool]:
    """`beyond` takes the names of what has no word in the hub."""
    for tool in tools:
        if tool.type not in (None, "custom"):
            beyond.append(f"tools.{tool.type}")
            continue
        beyond += [name for name in _BESIDE if getattr(tool, name)]
        yield Tool(tool.name, tool.description or "", tool.input_schema, tool.strict, cache(tool.cache_control))


def read_choice(choice: CallerChoice | None) -> ToolChoice | None:
    if choice is None:
        return None
    alone = choice.disable_parallel_tool_use
    parallel = None if alone is None else not alone
    return ToolChoice(_MODES.get(choice.type, ToolMode.AUTO), choice.name or "", parallel)


def write_tools(conversation: Conversation, model: str, unsaid: list[str]) -> dict[str, Any]:
    """A choice without tools is refused; newer models refuse to be forced."""
    if not conversation.tools:
        return {}
    tools = [_write_tool(tool) for tool in conversation.tools]
    choice = conversation.tool_choice
    if choice is not None and is_forced(conversation) and not models.takes_forced_tools(model):
        unsaid.append("tool_choice")
        choice = ToolChoice(parallel=choice.parallel)
    return {"tools": tools, "tool_choice": None if choice is None else _write_choice(choice)}


def _write_tool(tool: Tool) -> dict[str, Any]:
    schema = tool.parameters if isinstance(tool.parameters, Mapping) else {}
    return {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        "input_schema": {"type": "object", **({} if schema else {"properties": {}}), **schema},
        **({"strict": True} if tool.strict else {}),
        **mark(tool.cache),
    }


def _write_choice(choice: ToolChoice) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "tool", "name": choice.name} if choice.name else {"type": _MODE_NAMES[choice.mode]}
    if choice.parallel is not None and choice.mode is not ToolMode.NONE:
        told["disable_parallel_tool_use"] = not choice.parallel
    return told
