"""A prompt, and a conversation of one message: what the one says of the other.

A caller of Completions who does not limit the answer gets 16 tokens at OpenAI; where the request crosses, the
provider's own limit holds, which is what such callers mean as a rule.
"""

from typing import Any

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.conversation import Conversation, Message, Role, Sampling, Text
from llmgw.chat.prompts import settings, single_prompt
from llmgw.chat.request import ChatRequest, Edits
from llmgw.errors import InvalidRequestError

# Those settings for which the two have the same word. The model's likeliest tokens have no place in the hub's answers.
_WORDS = {
    name: name
    for name in (
        *("max_tokens", "stop", "temperature", "top_p", "presence_penalty", "frequency_penalty"),
        *("seed", "logit_bias", "user"),
    )
}


class _Fields(msgspec.Struct, kw_only=True):
    """Every field with a word in the hub."""

    model: Any = None
    prompt: str | list[Any] | None = None
    stream: Any = None
    stream_options: Any = None
    max_tokens: int | None = None
    stop: str | list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    logit_bias: dict[str, float] | None = None
    user: Any = None
    metadata: Any = None


_fields_decoder = msgspec.json.Decoder(_Fields)
# Values with which a field asks for nothing that would not be done anyway.
_IDLE = {
    "n": (b"1",),
    "best_of": (b"1",),
    "echo": (b"false",),
    "suffix": (b'""',),
}


def read_conversation(request: ChatRequest) -> Conversation:
    """Raises InvalidRequestError with the place in the body."""
    with reading():
        fields = _fields_decoder.decode(msgspec.json.encode(dict(request.fields)))
    beyond = [name for name, raw in request.fields.items() if _is_beyond(name, raw)]
    prompt, *more = _prompts(fields.prompt)
    if more:
        beyond.append("prompt")
    return Conversation(
        model=request.model,
        messages=(Message(Role.USER, (Text(prompt),)),),
        max_tokens=fields.max_tokens,
        stop=(fields.stop,) if isinstance(fields.stop, str) else tuple(fields.stop or ()),
        sampling=Sampling(
            temperature=fields.temperature,
            top_p=fields.top_p,
            top_k=fields.top_k,
            presence_penalty=fields.presence_penalty,
            frequency_penalty=fields.frequency_penalty,
            seed=fields.seed,
            logit_bias=fields.logit_bias,
        ),
        user=request.user,
        metadata=request.metadata,
        stream=request.stream,
        wants_usage=request.wants_usage,
        beyond=tuple(beyond),
    )


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError."""
    unsaid = dict.fromkeys(conversation.beyond)

    def drop(name: str) -> None:
        unsaid[name] = None

    fields: dict[str, object] = {"prompt": single_prompt(conversation, drop)}
    fields |= settings(conversation, _WORDS, edits, drop)
    if conversation.stream:
        fields["stream"] = True
        if edits.ask_usage:
            fields["stream_options"] = {"include_usage": True}
    raws = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in fields.items()}
    body, dropped = edits.applied(raws)
    body["model"] = msgspec.Raw(msgspec.json.encode(edits.model))
    return msgspec.json.encode(body), (*unsaid, *dropped)


def _prompts(told: str | list[Any] | None) -> list[str]:
    """One text at least. Raises InvalidRequestError for tokens: to another model they are other words."""
    prompts = [told] if isinstance(told, str) else told
    if prompts is None:
        raise InvalidRequestError("prompt: missing", param="prompt")
    if not prompts or not all(isinstance(prompt, str) for prompt in prompts):
        raise InvalidRequestError("prompt: only text can be translated, not tokens", param="prompt")
    return prompts


def _is_beyond(name: str, raw: msgspec.Raw) -> bool:
    is_known = name in _Fields.__struct_fields__
    return not (is_known or bytes(raw) == b"null" or bytes(raw) in _IDLE.get(name, ()))
