"""A request for the next message, read into a conversation and written of one.

What Anthropic cannot say is named as the callers of OpenAI know it, since it is they whose words do not cross; what
other dialects cannot say is named as it stands here, kinds of blocks and of tools with a dot: `tools.web_search_…`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.conversation import (
    Conversation,
    Effort,
    Message,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
)
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.anthropic_messages.blocks import CacheControl, Content, read_content
from llmgw.dialects.anthropic_messages.parts import mark, write_messages, write_text
from llmgw.dialects.anthropic_messages.sampling import write_sampling, write_stop
from llmgw.dialects.anthropic_messages.thinking import OutputConfig, Thinking, read_effort, write_effort

MAX_TOKENS = 4096  # Anthropic wants a cap; where nobody names one

_USER_ID = "user_id"
_MODES = {"auto": ToolMode.AUTO, "any": ToolMode.REQUIRED, "none": ToolMode.NONE, "tool": ToolMode.REQUIRED}
_MODE_NAMES = {ToolMode.AUTO: "auto", ToolMode.REQUIRED: "any", ToolMode.NONE: "none"}


class _Message(msgspec.Struct):
    role: Literal["user", "assistant", "system"]
    content: Content


class _Tool(msgspec.Struct):
    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: Any = None
    strict: bool | None = None
    cache_control: CacheControl | None = None


class _ToolChoice(msgspec.Struct):
    type: str = "auto"
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _Format(msgspec.Struct):
    type: str = ""
    schema: Any = None


class _Body(msgspec.Struct, kw_only=True):
    model: Any = None
    messages: list[_Message]
    system: Content | None = None
    tools: list[_Tool] | None = None
    tool_choice: _ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: _Format | None = None
    max_tokens: int | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    metadata: Any = None
    stream: bool | None = None


_body_decoder = msgspec.json.Decoder(_Body)
_encoder = msgspec.json.Encoder()
_WORDS = frozenset(_Body.__struct_fields__)


def read_conversation(request: ChatRequest) -> Conversation:
    """Raises InvalidRequestError with the place in the body."""
    with reading():
        body = _body_decoder.decode(_encoder.encode(dict(request.fields)))
        beyond = [name for name, value in request.fields.items() if name not in _WORDS and bytes(value) != b"null"]
        messages = tuple(Message(Role(one.role), read_content(one.content, beyond)) for one in body.messages)
        system = tuple(part for part in read_content(body.system, beyond) if isinstance(part, Text))
        tools = tuple(_read_tools(body.tools or (), beyond))
        response_format = _read_format(body)
    return Conversation(
        model=request.model,
        messages=messages,
        system=system,
        tools=tools,
        tool_choice=_read_choice(body.tool_choice),
        response_format=response_format,
        max_tokens=body.max_tokens,
        stop=tuple(body.stop_sequences or ()),
        sampling=Sampling(temperature=body.temperature, top_p=body.top_p, top_k=body.top_k),
        effort=read_effort(body.thinking, body.output_config),
        user=request.user,
        metadata={name: value for name, value in request.metadata.items() if name != _USER_ID},
        stream=request.stream,
        beyond=tuple(dict.fromkeys(beyond)),
    )


def _read_tools(tools: Iterable[_Tool], beyond: list[str]) -> Iterable[Tool]:
    for tool in tools:
        if tool.type not in (None, "custom"):
            beyond.append(f"tools.{tool.type}")
            continue
        cache = tool.cache_control.ttl if tool.cache_control else ""
        yield Tool(tool.name, tool.description or "", tool.input_schema, tool.strict, cache)


def _read_choice(choice: _ToolChoice | None) -> ToolChoice | None:
    if choice is None:
        return None
    alone = choice.disable_parallel_tool_use
    parallel = None if alone is None else not alone
    return ToolChoice(_MODES.get(choice.type, ToolMode.AUTO), choice.name or "", parallel)


def _read_format(body: _Body) -> ResponseFormat | None:
    """`output_format` was its name before it moved into `output_config`."""
    told = body.output_format
    if body.output_config is not None and body.output_config.format is not None:
        told = msgspec.convert(body.output_config.format, _Format)
    return ResponseFormat(told.schema) if told is not None and told.type == "json_schema" else None


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """Raises InvalidRequestError for arguments of a tool call that are no object."""
    unsaid = list(conversation.beyond)
    cap = _max_tokens(conversation, edits)
    thinking, effort = write_effort(conversation, edits.model)
    if thinking and cap <= thinking.get("budget_tokens", 0):
        cap += thinking["budget_tokens"]
    said: dict[str, Any] = {
        "max_tokens": cap,
        **_write_messages(conversation, unsaid),
        **_write_tools(conversation),
        "thinking": thinking,
        "output_config": _write_config(effort, conversation.response_format, unsaid),
        **write_sampling(
            conversation.sampling, edits.model, unsaid, thinks=bool(thinking) and _asks(conversation.effort)
        ),
        "stop_sequences": write_stop(conversation.stop, unsaid),
        "metadata": {_USER_ID: conversation.user} if conversation.user else None,
        "stream": conversation.stream or None,
    }
    unsaid += _beyond_us(conversation, thinking)
    fields = {name: msgspec.Raw(_encoder.encode(value)) for name, value in said.items() if value is not None}
    body, dropped = edits.applied(fields)
    body["model"] = msgspec.Raw(_encoder.encode(edits.model))
    return _encoder.encode(body), tuple(dict.fromkeys((*unsaid, *dropped)))


def _max_tokens(conversation: Conversation, edits: Edits) -> int:
    """The caller's, else the target's default, else ours: it must be known before the thinking is measured."""
    if conversation.max_tokens is not None:
        return conversation.max_tokens
    default = edits.default.get("max_tokens")
    told = msgspec.json.decode(default) if default is not None else None
    return told if isinstance(told, int) else MAX_TOKENS


def _write_messages(conversation: Conversation, unsaid: list[str]) -> dict[str, Any]:
    """Instructions alone are no conversation: then they are what the user says."""
    turns = write_messages(conversation.messages, unsaid)
    system = [write_text(text, unsaid) for text in conversation.system]
    texts = [text for text in system if text is not None]
    if not turns and texts:
        return {"messages": [{"role": Role.USER, "content": texts}]}
    return {"system": texts or None, "messages": turns}


def _write_tools(conversation: Conversation) -> dict[str, Any]:
    """A choice without tools is refused."""
    if not conversation.tools:
        return {}
    choice = conversation.tool_choice
    return {
        "tools": [_write_tool(tool) for tool in conversation.tools],
        "tool_choice": _write_choice(choice) if choice is not None else None,
    }


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


def _write_config(effort: str, answer: ResponseFormat | None, unsaid: list[str]) -> dict[str, Any] | None:
    config: dict[str, Any] = {"effort": effort} if effort else {}
    if answer is not None and answer.schema is None:
        unsaid.append("response_format")  # JSON of any kind: the prompt must say so, as OpenAI wants it too
    elif answer is not None:
        config["format"] = {"type": "json_schema", "schema": _closed(answer.schema)}
    return config or None


def _closed(schema: Any) -> Any:
    """Anthropic wants every object to say that it has no other properties."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    is_object = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
    return {"additionalProperties": False, **closed} if is_object else closed


def _asks(effort: Effort | None) -> bool:
    return effort is not None and effort.level != "none"


def _beyond_us(conversation: Conversation, thinking: object) -> Iterable[str]:
    """What has a word in the hub and none here."""
    sampling = conversation.sampling
    told = {
        "n": conversation.choices > 1,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "seed": sampling.seed is not None,
        "logit_bias": sampling.logit_bias,
        "logprobs": sampling.logprobs is not None,
        "metadata": conversation.metadata,
        "reasoning_effort": _asks(conversation.effort) and not thinking,
    }
    return [name for name, is_told in told.items() if is_told]
