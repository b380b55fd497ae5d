"""Functions that the model may call, and whether it may (https://ai.google.dev/api/caching#Tool).

Google's own tools have no word in the hub: they are named by their kind, `tools.googleSearch`. Where only some of the
functions are allowed, the others are as good as not there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from llmgw.chat.conversation import Tool, ToolChoice, ToolMode
from llmgw.dialects.gemini_generate.schemas import json_schema

_DECLARATIONS = "functionDeclarations"
_CALLING = "functionCallingConfig"
_MODES = {"AUTO": ToolMode.AUTO, "NONE": ToolMode.NONE, "ANY": ToolMode.REQUIRED, "VALIDATED": ToolMode.AUTO}
_NUMBERS = ("", "AUTO", "ANY", "NONE", "VALIDATED")
_WORDS = {ToolMode.AUTO: "AUTO", ToolMode.NONE: "NONE", ToolMode.REQUIRED: "ANY"}


class _Declaration(msgspec.Struct, rename="camel"):
    name: str
    description: str | None = None
    parameters: Any = None
    parameters_json_schema: Any = None
    response: Any = None
    response_json_schema: Any = None
    behavior: Any = None


class _Calling(msgspec.Struct, rename="camel"):
    mode: str | int | None = None
    allowed_function_names: list[str] | None = None
    stream_function_call_arguments: bool | None = None


def read_tools(told: Iterable[Any], beyond: list[str]) -> tuple[Tool, ...]:
    """The functions of all `tools`, their names in camelCase."""
    return tuple(tool for item in told for tool in _read_tools(item, beyond))


def read_choice(told: Any, tools: tuple[Tool, ...], beyond: list[str]) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """Those of the tools that may be called, and the choice."""
    if not isinstance(told, dict):
        return tools, None
    beyond += [f"toolConfig.{name}" for name, value in told.items() if name != _CALLING and value]
    calling = msgspec.convert(told.get(_CALLING), _Calling | None)
    if calling is None:
        return tools, None
    word = _NUMBERS[calling.mode % len(_NUMBERS)] if isinstance(calling.mode, int) else calling.mode or ""
    if word == "VALIDATED":
        beyond.append(f"{_CALLING}.{word}")
    if calling.stream_function_call_arguments:
        beyond.append(f"{_CALLING}.streamFunctionCallArguments")
    return _chosen(tools, _MODES.get(word, ToolMode.AUTO), frozenset(calling.allowed_function_names or ()))


def write_tools(tools: Sequence[Tool], choice: ToolChoice | None, drop: Callable[[str], None]) -> dict[str, Any]:
    """`tools` and `toolConfig`; a choice without tools means nothing."""
    if not tools:
        return {}
    if any(tool.strict for tool in tools):
        drop("strict")
    if any(tool.cache for tool in tools):
        drop("cache_control")
    said: dict[str, Any] = {"tools": [{_DECLARATIONS: list(map(_write_tool, tools))}]}
    if choice is None:
        return said
    if choice.parallel is False and choice.mode is not ToolMode.NONE:
        drop("parallel_tool_calls")
    return {**said, "toolConfig": {_CALLING: _write_choice(choice)}}


def _read_tools(told: Any, beyond: list[str]) -> Iterator[Tool]:
    if not isinstance(told, dict):
        return
    beyond += [f"tools.{name}" for name, value in told.items() if name != _DECLARATIONS and value is not None]
    for item in msgspec.convert(told.get(_DECLARATIONS) or [], list[_Declaration]):
        named = ("response", "response_json_schema", "behavior")
        beyond += [f"{_DECLARATIONS}.{name}" for name in named if getattr(item, name)]
        own = item.parameters_json_schema
        schema = json_schema(item.parameters) if own is None else own
        yield Tool(item.name, item.description or "", schema)


def _chosen(tools: tuple[Tool, ...], mode: ToolMode, allowed: frozenset[str]) -> tuple[tuple[Tool, ...], ToolChoice]:
    if not allowed or mode is ToolMode.NONE:
        return tools, ToolChoice(mode)
    if mode is ToolMode.REQUIRED and len(allowed) == 1:
        return tools, ToolChoice(mode, next(iter(allowed)))
    return tuple(tool for tool in tools if tool.name in allowed), ToolChoice(mode)


def _write_tool(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        **({"parametersJsonSchema": tool.parameters} if tool.parameters else {}),
    }


def _write_choice(choice: ToolChoice) -> dict[str, Any]:
    if choice.name:
        return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return {"mode": _WORDS[choice.mode]}
