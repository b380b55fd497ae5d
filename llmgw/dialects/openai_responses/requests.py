"""A request for the next response: read as any caller writes it, written for a provider that is to keep nothing.

What lives in the provider's store (`previous_response_id`, `conversation`, a background) is named, as are all other
fields without a word in the hub: what refuses a target and what is left out is not decided here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.conversation import Conversation, Effort, Sampling, Text
from llmgw.chat.openai_models import refused_by
from llmgw.chat.openai_words import write_effort, write_user
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.writing import has_cache_marks, to_answer, with_turn
from llmgw.dialects.openai_responses.parts import Drop
from llmgw.dialects.openai_responses.reading import InputReader, Turns
from llmgw.dialects.openai_responses.tools import (
    CallerTool,
    TextConfig,
    read_choice,
    read_format,
    read_tools,
    write_format,
    write_tools,
)
from llmgw.dialects.openai_responses.writing import write_input
from llmgw.errors import InvalidRequestError

PROOFS = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"


class _Body(msgspec.Struct, kw_only=True):
    """Every field with a word in the hub, and those that mean nothing but at certain values."""

    model: Any = None
    input: Turns = None
    instructions: str | None = None
    tools: list[CallerTool] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    text: TextConfig | None = None
    reasoning: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    user: str | None = None
    safety_identifier: str | None = None
    metadata: Any = None
    stream: Any = None
    stream_options: Any = None  # of padding, which we do not add
    store: bool | None = None
    background: bool | None = None
    include: list[str] | None = None
    truncation: str | None = None
    service_tier: str | None = None


_body_decoder = msgspec.json.Decoder(_Body)
_WORDS = frozenset(_Body.__struct_fields__)
_encode = msgspec.json.Encoder().encode


def read_conversation(request: ChatRequest) -> Conversation:
    """Raises InvalidRequestError with the place in the body."""
    with reading():
        return _read(request, _body_decoder.decode(_encode(dict(request.fields))))


def _read(request: ChatRequest, body: _Body) -> Conversation:
    beyond = dict.fromkeys(_beyond(request.fields, body))

    def drop(name: str) -> None:
        beyond[name] = None

    system, messages = InputReader(drop).read(body.input)
    return Conversation(
        model=request.model,
        messages=messages,
        system=(*([Text(body.instructions)] if body.instructions else []), *system),
        tools=read_tools(body.tools or (), body.tool_choice, drop),
        tool_choice=read_choice(body.tool_choice, body.parallel_tool_calls, drop),
        response_format=read_format(body.text, drop),
        max_tokens=body.max_output_tokens,
        sampling=_sampling(body),
        effort=_effort(body.reasoning, drop),
        user=request.user,
        metadata=request.metadata,
        stream=request.stream,
        beyond=tuple(beyond),
    )


def _beyond(fields: Mapping[str, msgspec.Raw], body: _Body) -> Iterator[str]:
    """What has no word in the hub, unless it says what would be so anyway."""
    for name, value in fields.items():
        if name not in _WORDS and bytes(value) not in (b"null", b'""'):
            yield name
    told = {
        "store": body.store,
        "background": body.background,
        "include": set(body.include or ()) - {PROOFS, LOGPROBS},
        "truncation": body.truncation not in (None, "disabled"),
        "service_tier": body.service_tier not in (None, "auto"),
    }
    yield from (name for name, is_told in told.items() if is_told)


def _sampling(body: _Body) -> Sampling:
    wants = bool(body.top_logprobs) or LOGPROBS in (body.include or ())
    return Sampling(
        temperature=body.temperature, top_p=body.top_p, logprobs=(body.top_logprobs or 0) if wants else None
    )


def _effort(told: dict[str, Any] | None, drop: Drop) -> Effort | None:
    """Thoughts are shown only where a summary is asked for."""
    told = {name: value for name, value in (told or {}).items() if value is not None}
    for name in told.keys() - {"effort", "summary", "generate_summary"}:
        drop(f"reasoning.{name}")
    level = told.get("effort")
    is_shown = True if "summary" in told or "generate_summary" in told else None
    if not isinstance(level, str):
        return Effort(is_shown=is_shown) if is_shown else None
    return Effort(level, is_shown=is_shown)


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError."""
    conversation, refused = refused_by(edits.model, conversation)
    unsaid = dict.fromkeys((*conversation.beyond, *refused, *_unsaid(conversation)))

    def drop(name: str) -> None:
        unsaid[name] = None

    try:
        fields = _written(with_turn(conversation), drop)
        to_answer(fields["input"], unsaid)
        raws = {name: msgspec.Raw(_encode(value)) for name, value in fields.items()}
    except RecursionError:
        raise InvalidRequestError("the body is nested too deeply") from None
    body, dropped = edits.applied(raws)
    body["model"] = msgspec.Raw(_encode(edits.model))
    return _encode(body), tuple(dict.fromkeys((*unsaid, *dropped)))


def _written(conversation: Conversation, drop: Drop) -> dict[str, object]:
    """What the conversation says, field by field; a field of None says nothing."""
    sampling, level = conversation.sampling, write_effort(conversation.effort)
    is_shown = conversation.effort is not None and conversation.effort.is_shown
    reasoning = {**({"effort": level} if level else {}), **({"summary": "auto"} if is_shown else {})}
    include = [
        *([PROOFS] if reasoning else []),
        *([LOGPROBS] if sampling.logprobs is not None else []),
    ]
    fields: dict[str, object] = {
        "input": write_input(conversation.messages, drop),
        "instructions": "\n\n".join(text.text for text in conversation.system) or None,
        **write_tools(conversation.tools, conversation.tool_choice),
        "text": write_format(conversation.response_format),
        "reasoning": reasoning or None,
        "max_output_tokens": conversation.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_logprobs": sampling.logprobs or None,
        "user": write_user(conversation.user),
        "metadata": conversation.metadata or None,
        "include": include or None,
        "store": False,
        "stream": conversation.stream or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _unsaid(conversation: Conversation) -> Iterator[str]:
    """What has a word in the hub and none here."""
    sampling, effort = conversation.sampling, conversation.effort
    told = {
        "stop": conversation.stop,
        "n": conversation.choices > 1,
        "top_k": sampling.top_k is not None,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "seed": sampling.seed is not None,
        "logit_bias": sampling.logit_bias,
        "thinking": effort is not None and effort.level == "none",
        "cache_control": has_cache_marks(conversation),  # OpenAI caches without being asked
    }
    return (name for name, is_told in told.items() if is_told)
