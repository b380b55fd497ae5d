"""Errors in the words of the Responses API, in an answer of their own and amid a stream.

A stream fails with an `error` event, with a `response.failed`, or with the first and then the second.
"""

from typing import Any

import msgspec

from llmgw.chat import openai_words, provider_errors
from llmgw.chat.dialect import ErrorReport
from llmgw.chat.provider_bodies import UNREADABLE
from llmgw.chat.provider_errors import ProviderError
from llmgw.errors import FailureClass
from llmgw.wire import sse

_TOO_LONG = "string_above_max_length"  # of any field: only of the input does it mean the context
_SILENT = "the provider's response failed, and says no more"


class _Error(msgspec.Struct):
    code: Any = None
    param: Any = None


class _Envelope(msgspec.Struct):
    error: _Error


_decoder = msgspec.json.Decoder(_Envelope)
_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def read_error(status: int, body: bytes) -> ProviderError:
    """Never raises: whatever came is at least a message."""
    told = provider_errors.read_error(status, body)
    try:
        error = _decoder.decode(body).error
    except UNREADABLE:
        return told
    is_context = error.code == _TOO_LONG and str(error.param).startswith("input")
    failure = told.failure or (FailureClass.CONTEXT_LENGTH if is_context else None)
    return msgspec.structs.replace(told, failure=failure, plain=True)


def read_stream_error(data: bytes) -> ProviderError:
    """Of an `error` event: OpenAI's own has an object inside, as documented it is flat."""
    return msgspec.structs.replace(provider_errors.read_error(200, data), plain=True)


def read_failure(response: dict[str, Any]) -> ProviderError | None:
    """Of a response: None if it has not failed."""
    error = response.get("error")
    if not error and response.get("status") not in ("failed", "cancelled"):
        return None
    if not error:
        return ProviderError(None, _SILENT, plain=True)
    return read_stream_error(_encode({"error": error}))


def write_stream_error(report: ErrorReport) -> bytes:
    """Flat, as documented, and with the object that OpenAI sends, by which the SDKs know an error."""
    body = _fields_decoder.decode(openai_words.write_error(report))
    error = _fields_decoder.decode(body["error"])
    flat = {name: error[name] for name in ("code", "message", "param")}
    return sse.write(_encode({"type": "error", "sequence_number": 0, **flat, **body}), b"error")
