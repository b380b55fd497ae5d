"""A request for the next message, read into a conversation and written of one.

What Anthropic cannot say is named as the callers of OpenAI know it, since it is they whose words do not cross; what
other dialects cannot say is named as it stands here, kinds of blocks and of tools with a dot: `tools.web_search_…`.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.claude import models
from llmgw.chat.claude.sampling import write_sampling, write_stop
from llmgw.chat.claude.schemas import closed
from llmgw.chat.claude.thinking import NOT_AT_ALL, below, write_effort
from llmgw.chat.conversation import Conversation, Effort, Message, ResponseFormat, Role, Sampling, Text
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.unsupported import ANY_JSON
from llmgw.chat.writing import to_answer
from llmgw.dialects.anthropic_messages.blocks import Content
from llmgw.dialects.anthropic_messages.content import read_content
from llmgw.dialects.anthropic_messages.parts import write_messages, write_text
from llmgw.dialects.anthropic_messages.thinking import OutputConfig, Thinking, read_effort
from llmgw.dialects.anthropic_messages.tools import CallerChoice, CallerTool, read_choice, read_tools, write_tools
from llmgw.errors import InvalidRequestError

USER_ID_CHARS_MAX = 256

_USER_ID = "user_id"
_PHONE = re.compile(r"\+?[\d\s().-]{7,}")
_TOO_DEEP = "the body is nested too deeply"


class _Message(msgspec.Struct):
    role: Literal["user", "assistant", "system"]
    content: Content


class _Format(msgspec.Struct):
    type: str = ""
    schema: Any = None


class _Body(msgspec.Struct, kw_only=True):
    model: Any = None
    messages: list[_Message]
    system: Content | None = None
    tools: list[CallerTool] | None = None
    tool_choice: CallerChoice | None = None
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
        tools = tuple(read_tools(body.tools or (), beyond))
        response_format = _read_format(body)
    return Conversation(
        model=request.model,
        messages=messages,
        system=system,
        tools=tools,
        tool_choice=read_choice(body.tool_choice),
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


def _read_format(body: _Body) -> ResponseFormat | None:
    """`output_format` was its name before it moved into `output_config`."""
    told = body.output_format
    if body.output_config is not None and body.output_config.format is not None:
        told = msgspec.convert(body.output_config.format, _Format)
    return ResponseFormat(told.schema) if told is not None and told.type == "json_schema" else None


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """Raises InvalidRequestError for arguments of a tool call that are no object, and if there is nothing to say."""
    unsaid = list(conversation.beyond)
    try:
        said = _written(conversation, edits, unsaid)
        fields = {name: msgspec.Raw(_encoder.encode(value)) for name, value in said.items() if value is not None}
    except RecursionError:
        raise InvalidRequestError(_TOO_DEEP) from None
    body, dropped = edits.applied(fields)
    body["model"] = msgspec.Raw(_encoder.encode(edits.model))
    return _encoder.encode(body), tuple(dict.fromkeys((*unsaid, *dropped)))


def _written(conversation: Conversation, edits: Edits, unsaid: list[str]) -> dict[str, Any]:
    """What the conversation says, field by field; a field of None says nothing."""
    thinking, effort = write_effort(conversation, edits.model)
    cap, is_explicit = _cap(conversation, edits, unsaid)
    budget = thinking.get("budget_tokens", 0) if thinking else 0
    cap += budget if budget >= cap and not is_explicit else 0
    thinking = below(cap, thinking)
    thinks = bool(thinking) and _asks(conversation.effort)
    said = {
        "max_tokens": cap,
        **_write_messages(conversation, edits.model, unsaid),
        **write_tools(conversation, edits.model, unsaid),
        "thinking": thinking,
        "output_config": _write_config(effort, conversation.response_format, unsaid),
        **write_sampling(conversation.sampling, edits.model, unsaid, thinks=thinks),
        "stop_sequences": write_stop(conversation.stop, unsaid),
        "metadata": {_USER_ID: _opaque(conversation.user)} if conversation.user else None,
        "stream": conversation.stream or None,
    }
    unsaid += _beyond_us(conversation, thinking, effort)
    return said


def _cap(conversation: Conversation, edits: Edits, unsaid: list[str]) -> tuple[int, bool]:
    """The target's, the caller's, the target's default, else the most that the model takes; whether it was named.

    A caller's that the model is known to refuse is lowered: other models have longer answers, and callers one number.
    """
    asked, limit = conversation.max_tokens, models.output_tokens_limit(edits.model)
    if asked is not None and limit is not None and asked > limit and "max_tokens" not in edits.set:
        unsaid.append("max_tokens")
        asked = limit
    for told in (edits.set.get("max_tokens"), asked, edits.default.get("max_tokens")):
        cap = msgspec.json.decode(told) if isinstance(told, msgspec.Raw) else told
        if isinstance(cap, int):
            return cap, True
    return models.output_tokens_max(edits.model), False


def _write_messages(conversation: Conversation, model: str, unsaid: list[str]) -> dict[str, Any]:
    """Instructions alone are no conversation: then they are what the user says."""
    turns = write_messages(conversation.messages, unsaid, goes_on=models.takes_prefill(model))
    system = [write_text(text, unsaid) for text in conversation.system]
    texts = [text for text in system if text is not None]
    if turns:
        return {"system": texts or None, "messages": turns}
    return {"messages": [{"role": Role.USER, "content": to_answer(texts, unsaid)}]}


def _write_config(effort: str, answer: ResponseFormat | None, unsaid: list[str]) -> dict[str, Any] | None:
    config: dict[str, Any] = {"effort": effort} if effort else {}
    if answer is not None and answer.schema is None:
        unsaid.append(ANY_JSON)  # the prompt must say so, as OpenAI wants it too
    elif answer is not None:
        config["format"] = {"type": "json_schema", "schema": closed(answer.schema)}
    return config or None


def _opaque(user: str) -> str:
    """Anthropic wants nothing by which a person could be known: an address or a number is told by its digest."""
    if "@" in user or _PHONE.fullmatch(user) or len(user) > USER_ID_CHARS_MAX:
        return hashlib.sha256(user.encode(errors="replace")).hexdigest()
    return user


def _asks(effort: Effort | None) -> bool:
    return effort is not None and effort.level != NOT_AT_ALL


def _beyond_us(conversation: Conversation, thinking: object, effort: str) -> Iterable[str]:
    """What has a word in the hub and none here. Some models think although they are not to."""
    sampling, asks = conversation.sampling, _asks(conversation.effort)
    told = {
        "n": conversation.choices > 1,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "seed": sampling.seed is not None,
        "logit_bias": sampling.logit_bias,
        "logprobs": sampling.logprobs is not None,
        "metadata": conversation.metadata,
        "reasoning_effort": (asks and not thinking) or (effort and not asks),
    }
    return [name for name, is_told in told.items() if is_told]
