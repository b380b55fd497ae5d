"""Requests of Cohere's older API: /v1/chat with its one message and its history, /v1/generate with its prompt.

What the user has said last is the message, or the results of tools are what is new; all before it is history.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmgw.chat.conversation import Conversation, Message, Role, Text, Tool, ToolMode, ToolResult, ToolUse
from llmgw.chat.prompts import Drop, single_prompt
from llmgw.chat.request import Edits
from llmgw.chat.turns import results_first
from llmgw.chat.writing import arguments_of, to_answer, told, write_body
from llmgw.dialects.cohere_chat.requests import WORDLESS, write_format
from llmgw.dialects.cohere_chat.sampling import WORDS, write_sampling

_ROLES = {Role.USER: "USER", Role.ASSISTANT: "CHATBOT", Role.SYSTEM: "SYSTEM"}
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list", "object": "dict"}
_NO_CHAT = frozenset({"tools", "tool_choice", "response_format"})
Turn = dict[str, Any]


def write_chat(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError."""
    says = told(conversation)
    unsaid = dict.fromkeys([*conversation.beyond, *sorted(says & (WORDLESS | {"reasoning_effort", "strict"}))])
    history = to_answer(list(_turns(conversation, unsaid.setdefault)), unsaid)
    last = history.pop() if history and history[-1]["role"] in ("USER", "TOOL") else {}
    choice = conversation.tool_choice
    if choice is not None and choice.name:
        unsaid.setdefault("tool_choice")
    fields = {
        "message": last.get("message", ""),
        "chat_history": history or None,
        "tool_results": last.get("tool_results"),
        "tools": [_tool(tool) for tool in conversation.tools] if "tools" in says else None,
        "tool_choice": "REQUIRED" if choice is not None and choice.mode is ToolMode.REQUIRED else None,
        "response_format": write_format(conversation.response_format, "schema"),
        **_settings(conversation, unsaid.setdefault),
    }
    return write_body(fields, unsaid, edits, WORDS)


def write_generate(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError if more than one has spoken."""
    wordless = WORDLESS | _NO_CHAT | {"reasoning_effort"}
    unsaid = dict.fromkeys([*conversation.beyond, *sorted(told(conversation) & wordless)])
    prompt = single_prompt(conversation, unsaid.setdefault)
    return write_body({"prompt": prompt, **_settings(conversation, unsaid.setdefault)}, unsaid, edits, WORDS)


def _settings(conversation: Conversation, drop: Drop) -> dict[str, object]:
    return {
        "max_tokens": conversation.max_tokens,
        "stop_sequences": list(conversation.stop) or None,
        **write_sampling(conversation.sampling, drop),
        "stream": conversation.stream,
    }


def _turns(conversation: Conversation, drop: Drop) -> Iterator[Turn]:
    calls = {
        part.id: (part, place)
        for place, message in enumerate(conversation.messages)
        for part in message.parts
        if isinstance(part, ToolUse)
    }
    if conversation.system:
        yield {"role": "SYSTEM", "message": "\n\n".join(text.text for text in conversation.system)}
    for place, message in enumerate(conversation.messages):
        yield from _turn(message, place, calls, drop)


def _turn(message: Message, place: int, calls: Mapping[str, tuple[ToolUse, int]], drop: Drop) -> Iterator[Turn]:
    own: list[str] = []
    made = []
    results = []
    if message.name:
        drop("messages.name")
    for part in results_first(message.parts, drop):
        match part:
            case Text():
                if part.citations:
                    drop("messages.annotations")
                own.append(part.text)
            case ToolUse():
                made.append(_call(part, place))
            case ToolResult():
                results.append(_result(part, calls, drop))
            case _:
                drop(f"messages.{type(part).__name__.lower()}")
    if results:
        yield {"role": "TOOL", "tool_results": results}
    if own or made or not results:
        yield {"role": _ROLES[message.role], "message": "\n\n".join(own), **({"tool_calls": made} if made else {})}


def _call(call: ToolUse, place: int) -> Turn:
    return {"name": call.name, "parameters": arguments_of(call.arguments, call.id, place)}


def _result(result: ToolResult, calls: Mapping[str, tuple[ToolUse, int]], drop: Drop) -> Turn:
    """A result says again what was called: ids are not known here."""
    if any(not isinstance(part, Text) for part in result.parts):
        drop("messages.tool_result")
    made = calls.get(result.id)
    call = _call(*made) if made else {"name": result.name, "parameters": {}}
    said = "\n".join(part.text for part in result.parts if isinstance(part, Text))
    return {"call": call, "outputs": [{"output": said}]}


def _tool(tool: Tool) -> Turn:
    schema = tool.parameters if isinstance(tool.parameters, dict) else {}
    fields, required = schema.get("properties"), schema.get("required")
    known = fields.items() if isinstance(fields, dict) else ()
    definitions = {name: _definition(field, name in (required or ())) for name, field in known}
    return {"name": tool.name, "description": tool.description, "parameter_definitions": definitions}


def _definition(field: Any, required: bool) -> Turn:  # noqa: FBT001 - a word of the wire
    told = field if isinstance(field, dict) else {}
    kinds: Sequence[Any] = kind if isinstance(kind := told.get("type"), list) else [kind]
    kind = next((_TYPES[kind] for kind in kinds if isinstance(kind, str) and kind in _TYPES), "str")
    description = {"description": told["description"]} if isinstance(told.get("description"), str) else {}
    return {**description, "type": kind, "required": required}
