"""How many tokens a request has: https://platform.claude.com/docs/en/api/messages-count-tokens."""

from dataclasses import replace
from typing import Any

import msgspec

from llmgw.chat.provider_bodies import failed
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.anthropic_messages.errors import read_error
from llmgw.dialects.anthropic_messages.sealed import without_sealed
from llmgw.errors import UpstreamProtocolError

# What of a file's edits belongs to the prompt: the call takes no other settings.
_PROMPT = frozenset({"system", "tools", "tool_choice", "thinking", "output_config"})


class _Count(msgspec.Struct):
    input_tokens: int | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Count)
_encoder = msgspec.json.Encoder()


def write_count_request(request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The caller's own fields as they came."""
    ours = {name: value for name, value in edits.set.items() if name in _PROMPT}
    usual = {name: value for name, value in edits.default.items() if name in _PROMPT}
    body, dropped = replace(edits, set=ours, default=usual).applied(without_sealed(request.fields))
    body["model"] = msgspec.Raw(_encoder.encode(edits.model))
    return _encoder.encode(body), dropped


def read_count(body: bytes) -> int:
    """Raises UpstreamProtocolError if this is no count, or an error: then with its class."""
    try:
        told = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamProtocolError(f"the answer is not a count of tokens: {error}") from None
    if told.error is not None:
        raise failed(read_error(200, body))
    if told.input_tokens is None:
        raise UpstreamProtocolError("the answer has no input_tokens")
    return told.input_tokens


def write_count(input_tokens: int) -> bytes:
    return _encoder.encode({"input_tokens": input_tokens})
