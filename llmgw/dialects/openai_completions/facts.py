"""What the gateway acts on in a request that goes on as it came."""

from typing import Any

import msgspec

from llmgw.chat.bodies import fields as fields_of
from llmgw.chat.bodies import model_of, reading, scalars
from llmgw.chat.request import ChatRequest


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Request(msgspec.Struct, kw_only=True):
    """`prompt` may be left out: OpenAI then begins a document of its own."""

    model: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    n: int | None = None
    prompt: Any = None
    user: str | None = None
    metadata: Any = None


def _prompts(told: Any) -> int:
    """A list may be several prompts, each with an answer of its own, or the tokens of one."""
    return len(told) if isinstance(told, list) and told and not isinstance(told[0], int) else 1


_request_decoder = msgspec.json.Decoder(_Request)


def read_request(body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
    """`model` and `stream` are the path's, which wins over the body."""
    with reading(body):
        request = _request_decoder.decode(body)
        fields = fields_of(body)
    return ChatRequest(
        model=model_of(request.model, model),
        fields=fields,
        stream=bool(request.stream) if stream is None else stream,
        wants_usage=bool(request.stream_options and request.stream_options.include_usage),
        max_tokens=request.max_tokens or 0,
        choices=max(request.n or 1, 1) * _prompts(request.prompt),
        user=request.user or "",
        turns_field="prompt",
        metadata=scalars(request.metadata),
    )
