"""A request for the next turn: read as any caller writes it, written as every provider takes it."""

from typing import Any

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.conversation import Conversation, Effort, ResponseFormat, Sampling
from llmgw.chat.openai_models import refused_by
from llmgw.chat.openai_words import write_effort, write_user
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.writing import has_cache_marks, to_answer
from llmgw.dialects.openai_chat.departing import departed
from llmgw.dialects.openai_chat.messages import Drop, MessageReader, Turn, write_messages
from llmgw.dialects.openai_chat.tools import CallerTool, Function, read_choice, read_tools, write_choice, write_tool
from llmgw.errors import InvalidRequestError

_NEWER, _OLDER = "max_completion_tokens", "max_tokens"
_TOO_DEEP = "the body is nested too deeply"
_FORMAT_NAME = "response"  # a JSON schema must have a name


class _Schema(msgspec.Struct):
    name: str | None = None
    description: str | None = None
    schema: Any = None
    strict: bool | None = None


class _Format(msgspec.Struct):
    type: str = "text"
    json_schema: _Schema | None = None


class _Fields(msgspec.Struct, kw_only=True):
    """Every field with a word in the hub. Any where callers of other providers write something of their own."""

    model: Any = None
    messages: list[Turn]
    stream: Any = None
    stream_options: Any = None
    tools: list[CallerTool] | None = None
    functions: list[Function] | None = None
    tool_choice: Any = None
    function_call: Any = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    reasoning: Any = None
    thinking: Any = None
    n: int | None = None
    user: str | None = None
    metadata: Any = None


_fields_decoder = msgspec.json.Decoder(_Fields)


def read_conversation(request: ChatRequest) -> Conversation:
    """Raises InvalidRequestError with the place in the body."""
    with reading():
        return _read(request, _fields_decoder.decode(msgspec.json.encode(dict(request.fields))))


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError."""
    conversation, refused = refused_by(edits.model, conversation)
    unsaid = dict.fromkeys((*conversation.beyond, *refused))

    def drop(name: str) -> None:
        unsaid[name] = None

    try:
        fields = _written(conversation, edits, drop)
        to_answer(fields["messages"], unsaid)
        raws = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in fields.items()}
    except RecursionError:
        raise InvalidRequestError(_TOO_DEEP) from None
    body, dropped = edits.applied(raws)
    body["model"] = msgspec.Raw(msgspec.json.encode(edits.model))
    left_out = departed(body, edits.departures)
    return msgspec.json.encode(body), tuple(dict.fromkeys((*unsaid, *dropped, *left_out)))


def _read(request: ChatRequest, fields: _Fields) -> Conversation:
    beyond = dict.fromkeys(name for name, raw in request.fields.items() if _is_beyond(name, raw))

    def drop(name: str) -> None:
        beyond[name] = None

    system, messages = MessageReader(drop).read(fields.messages)
    return Conversation(
        model=request.model,
        messages=messages,
        system=system,
        tools=read_tools(fields.tools or (), fields.functions or (), drop),
        tool_choice=read_choice(fields.tool_choice or fields.function_call, fields.parallel_tool_calls, drop),
        response_format=_response_format(fields.response_format, drop),
        max_tokens=fields.max_completion_tokens or fields.max_tokens,
        stop=(fields.stop,) if isinstance(fields.stop, str) else tuple(fields.stop or ()),
        sampling=_sampling(fields),
        effort=_effort(fields),
        choices=max(fields.n or 1, 1),
        user=request.user,
        metadata=request.metadata,
        stream=request.stream,
        wants_usage=request.wants_usage,
        beyond=tuple(beyond),
    )


def _is_beyond(name: str, raw: msgspec.Raw) -> bool:
    """There is no word for it in the hub, and it says more than what would be so anyway."""
    if name in _Fields.__struct_fields__ or bytes(raw) == b"null":
        return False
    return not (name == "modalities" and msgspec.json.decode(raw) == ["text"])


def _response_format(told: _Format | None, drop: Drop) -> ResponseFormat | None:
    if told is None or told.type == "text":
        return None
    if told.type == "json_object":
        return ResponseFormat()
    if told.json_schema is None:
        drop("response_format")
        return None
    schema = told.json_schema
    return ResponseFormat(schema.schema, schema.name or "", schema.description or "", schema.strict)


def _sampling(fields: _Fields) -> Sampling:
    return Sampling(
        temperature=fields.temperature,
        top_p=fields.top_p,
        top_k=fields.top_k,
        presence_penalty=fields.presence_penalty,
        frequency_penalty=fields.frequency_penalty,
        seed=fields.seed,
        logit_bias=fields.logit_bias,
        logprobs=fields.top_logprobs or 0 if fields.logprobs else None,
    )


def _effort(fields: _Fields) -> Effort | None:
    """OpenAI's word; OpenRouter's object; and `thinking` as Anthropic has it, which others have taken over."""
    if fields.reasoning_effort is not None:
        return Effort(fields.reasoning_effort)
    if isinstance(fields.reasoning, dict):
        return _openrouter_effort(fields.reasoning)
    if isinstance(fields.thinking, dict):
        if fields.thinking.get("type") == "disabled":
            return Effort("none")
        budget = fields.thinking.get("budget_tokens")
        return Effort("" if isinstance(budget, int) else "medium", budget if isinstance(budget, int) else None)
    return None


def _openrouter_effort(told: dict[str, Any]) -> Effort:
    level, budget = told.get("effort"), told.get("max_tokens")
    is_shown = not told["exclude"] if isinstance(told.get("exclude"), bool) else None
    if told.get("enabled") is False:
        return Effort("none")
    if isinstance(level, str):
        return Effort(level, is_shown=is_shown)
    if isinstance(budget, int):
        return Effort(budget_tokens=budget, is_shown=is_shown)
    return Effort("medium", is_shown=is_shown)


def _written(conversation: Conversation, edits: Edits, drop: Drop) -> dict[str, object]:
    """What the conversation says, field by field; a field of None says nothing."""
    sampling, choice = conversation.sampling, conversation.tool_choice
    _name_unsaid(conversation, drop)
    fields: dict[str, object] = {
        "messages": write_messages(conversation, edits, drop),
        cap_name(edits): conversation.max_tokens,
        "stop": list(conversation.stop) or None,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "seed": sampling.seed,
        "logit_bias": sampling.logit_bias,
        "logprobs": None if sampling.logprobs is None else True,
        "top_logprobs": sampling.logprobs or None,
        "reasoning_effort": write_effort(conversation.effort),
        "response_format": _format_fields(conversation.response_format),
        "n": conversation.choices if conversation.choices > 1 else None,
        "user": write_user(conversation.user),
        "stream": conversation.stream or None,
        "stream_options": {"include_usage": True} if conversation.stream and edits.ask_usage else None,
    }
    if conversation.tools:
        fields["tools"] = [write_tool(tool) for tool in conversation.tools]
        fields["tool_choice"] = write_choice(choice)
        fields["parallel_tool_calls"] = choice.parallel if choice else None
    return {name: value for name, value in fields.items() if value is not None}


def _name_unsaid(conversation: Conversation, drop: Drop) -> None:
    """OpenAI takes metadata only for stored answers, and caches without being asked."""
    if conversation.sampling.top_k is not None:
        drop("top_k")
    if conversation.metadata:
        drop("metadata")
    if conversation.effort is not None and conversation.effort.level == "none":
        drop("thinking")
    if has_cache_marks(conversation):
        drop("cache_control")


def cap_name(edits: Edits) -> str:
    """All take `max_tokens` but OpenAI itself. A target that names or drops one of the two tells which."""
    told = {*edits.set, *edits.default}
    if _NEWER in told or (_OLDER in edits.drop and _NEWER not in edits.drop):
        return _NEWER
    if _OLDER in told or _NEWER in edits.drop:
        return _OLDER
    return edits.cap_field


def _format_fields(told: ResponseFormat | None) -> dict[str, object] | None:
    if told is None:
        return None
    if told.schema is None:
        return {"type": "json_object"}
    described = {"description": told.description} if told.description else {}
    strict = {} if told.strict is None else {"strict": told.strict}
    schema = {"name": told.name or _FORMAT_NAME, **described, "schema": told.schema, **strict}
    return {"type": "json_schema", "json_schema": schema}
