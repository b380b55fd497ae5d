"""Tools and the choice among them. Once a conversation has calls in it, Bedrock wants to know of tools ever after.

Converse has no word for "none", and none for "one at a time": Claude takes both as its own fields instead.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from llmgw.chat.claude import models as claude
from llmgw.chat.claude.thinking import is_forced
from llmgw.chat.conversation import Conversation, Tool, ToolChoice, ToolMode, ToolUse
from llmgw.dialects.bedrock_converse import models
from llmgw.dialects.bedrock_converse.parts import mark

_MODES = {ToolMode.AUTO: "auto", ToolMode.REQUIRED: "any"}


def write_tools(
    conversation: Conversation, model: str, unsaid: list[str]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """`toolConfig`, and the model's own fields that belong to it."""
    called = _called(conversation)
    choice = conversation.tool_choice
    is_none = not conversation.tools or (choice is not None and choice.mode is ToolMode.NONE)
    if is_none and not called:
        return None, {}
    tools = conversation.tools or called
    config = {"tools": [block for tool in tools for block in _write_tool(tool, model, unsaid)]}
    if is_none:
        return config, _none(conversation, model, unsaid)
    if choice is None:
        return config, {}
    told, own = _write_choice(_possible(conversation, choice, model, unsaid), model, unsaid)
    return {**config, **({"toolChoice": told} if told else {})}, own


def _called(conversation: Conversation) -> tuple[Tool, ...]:
    """Tools that are known by their calls only."""
    parts = (part for message in conversation.messages for part in message.parts)
    names = dict.fromkeys(part.name for part in parts if isinstance(part, ToolUse))
    return tuple(map(Tool, names))


def _write_tool(tool: Tool, model: str, unsaid: list[str]) -> Iterable[dict[str, Any]]:
    schema = tool.parameters if isinstance(tool.parameters, Mapping) else {}
    said: dict[str, Any] = {"name": tool.name}
    if tool.description:
        said["description"] = tool.description
    said["inputSchema"] = {"json": {"type": "object", **({} if schema else {"properties": {}}), **schema}}
    if tool.strict and models.takes_schema(model):
        said["strict"] = True
    elif tool.strict:
        unsaid.append("strict")
    yield {"toolSpec": said}
    if tool.cache:
        yield mark(tool.cache)


def _none(conversation: Conversation, model: str, unsaid: list[str]) -> dict[str, Any]:
    if models.is_claude(model):
        return {"tool_choice": {"type": "none"}}
    if conversation.tools:
        unsaid.append("tool_choice")
    return {}


def _possible(conversation: Conversation, choice: ToolChoice, model: str, unsaid: list[str]) -> ToolChoice:
    """Newer Claudes refuse to be forced."""
    if is_forced(conversation) and models.is_claude(model) and not claude.takes_forced_tools(model):
        unsaid.append("tool_choice")
        return ToolChoice(parallel=choice.parallel)
    return choice


def _write_choice(choice: ToolChoice, model: str, unsaid: list[str]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    if choice.parallel is False and models.is_claude(model):
        kind = {"type": "tool", "name": choice.name} if choice.name else {"type": _MODES[choice.mode]}
        return None, {"tool_choice": {**kind, "disable_parallel_tool_use": True}}
    if choice.parallel is False:
        unsaid.append("parallel_tool_calls")
    return {"tool": {"name": choice.name}} if choice.name else {_MODES[choice.mode]: {}}, {}
