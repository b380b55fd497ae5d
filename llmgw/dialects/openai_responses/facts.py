"""What the gateway acts on in a request that goes on as it came."""

from typing import Any

import msgspec

from llmgw.chat.bodies import fields as fields_of
from llmgw.chat.bodies import model_of, reading, scalars
from llmgw.chat.request import ChatRequest

TURNS = "input"


class _Format(msgspec.Struct):
    type: str = "text"


class _Text(msgspec.Struct):
    format: _Format | None = None


class _Request(msgspec.Struct, kw_only=True):
    model: str | None = None
    input: str | list[msgspec.Raw] | None = None  # none beside a stored prompt or conversation
    stream: bool | None = None
    max_output_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None
    text: _Text | None = None
    user: str | None = None
    safety_identifier: str | None = None
    metadata: Any = None


_request_decoder = msgspec.json.Decoder(_Request)


def read_request(body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
    """`model` and `stream` are the path's, which wins over the body. Usage is never asked for here: it always comes."""
    with reading(body):
        request = _request_decoder.decode(body)
        fields = fields_of(body)
    return ChatRequest(
        model=model_of(request.model, model),
        fields=fields,
        stream=bool(request.stream) if stream is None else stream,
        wants_usage=True,
        max_tokens=request.max_output_tokens or 0,
        user=request.user or request.safety_identifier or "",
        tools=bool(request.tools),
        json=bool(request.text and request.text.format and request.text.format.type != "text"),
        turns_field=TURNS,
        metadata=scalars(request.metadata),
    )
