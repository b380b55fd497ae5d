"""How many tokens a request has: https://ai.google.dev/api/tokens.

The Gemini API takes turns alone, or a whole request in a field of its own (`count_field` of its catalogue row). Vertex
AI has no such field, and takes of a request what is listed here.
"""

from typing import Any

import msgspec

from llmgw.chat.bodies import fields as fields_of
from llmgw.chat.bodies import reading
from llmgw.chat.provider_bodies import UNREADABLE, decoded, failed
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.gemini_generate import facts
from llmgw.dialects.gemini_generate.errors import read_error
from llmgw.dialects.gemini_generate.names import camel
from llmgw.errors import UpstreamProtocolError

_WHOLE = "generateContentRequest"
_CONTENTS = "contents"
_COUNTED = frozenset({_CONTENTS, "systemInstruction", "tools", "generationConfig"})


class _Count(msgspec.Struct, rename="camel"):
    total_tokens: int | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Count)
_encoder = msgspec.json.Encoder()


def read_count_request(body: bytes, model: str) -> ChatRequest:
    """Of a request that is told whole, its fields. Raises InvalidRequestError with the place in the body."""
    with reading(body):
        told = {camel(name): raw for name, raw in fields_of(body).items()}
    return facts.read_request(bytes(told.get(_WHOLE, body)), model, stream=False)


def write_count_request(request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """As the provider takes it: turns alone as they are everywhere."""
    body, dropped = facts.write_request(request, edits)
    told = fields_of(body)
    told.pop("model", None)
    field = edits.departures.count_field
    if field and told.keys() != {_CONTENTS}:
        whole = {"model": _raw(f"models/{edits.model}"), **told}
        return _encoder.encode({field: whole}), dropped
    counted = {name: raw for name, raw in told.items() if camel(name) in _COUNTED}
    uncounted = (name for name in request.fields if name in told and name not in counted)
    return _encoder.encode(counted), tuple(dict.fromkeys((*dropped, *uncounted)))


def read_count(body: bytes) -> int:
    """Raises UpstreamProtocolError if this is no count, or an error: then with its class."""
    try:
        told = decoded(_decoder, body)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer is not a count of tokens: {error}") from None
    if told.error is not None:
        raise failed(read_error(200, body))
    if told.total_tokens is None:
        raise UpstreamProtocolError("the answer has no totalTokens")
    return told.total_tokens


def write_count(input_tokens: int) -> bytes:
    return _encoder.encode({"totalTokens": input_tokens})


def _raw(value: str) -> msgspec.Raw:
    return msgspec.Raw(_encoder.encode(value))
