"""What the gateway acts on in a request that goes on as it came."""

from typing import Any

import msgspec

from llmgw.chat.bodies import fields as fields_of
from llmgw.chat.bodies import model_of, reading, scalars
from llmgw.chat.request import ChatRequest


class _OutputConfig(msgspec.Struct):
    format: Any = None


class _Message(msgspec.Struct):
    role: str


class _Request(msgspec.Struct, kw_only=True):
    model: str | None = None
    messages: list[_Message]
    stream: bool | None = None
    max_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None
    output_config: _OutputConfig | None = None
    output_format: Any = None
    metadata: Any = None


_request_decoder = msgspec.json.Decoder(_Request)


def read_request(body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
    """`model` and `stream` are the path's, which wins over the body. Usage is never asked for here: it always comes."""
    with reading(body):
        request = _request_decoder.decode(body)
        fields = fields_of(body)
    metadata = scalars(request.metadata)
    return ChatRequest(
        model=model_of(request.model, model),
        fields=fields,
        stream=bool(request.stream) if stream is None else stream,
        wants_usage=True,
        max_tokens=request.max_tokens or 0,
        user=metadata.get("user_id", ""),
        tools=bool(request.tools),
        json=bool(request.output_format or (request.output_config and request.output_config.format)),
        metadata=metadata,
    )
