"""Errors in Anthropic's words (https://docs.anthropic.com/en/api/errors): a type by the status, and a message.

Some of what matters to a router is only in the message: there is no type for a prompt that is too long.
"""

from typing import Any

import msgspec

from llmgw.chat import provider_errors
from llmgw.chat.dialect import ErrorReport
from llmgw.chat.provider_errors import ProviderError
from llmgw.errors import FailureClass

_FAILURES = {
    "authentication_error": FailureClass.UNAUTHORIZED,
    "permission_error": FailureClass.UNAUTHORIZED,
    "billing_error": FailureClass.QUOTA_EXHAUSTED,
    "not_found_error": FailureClass.NOT_FOUND,
    "rate_limit_error": FailureClass.RATE_LIMITED,
    "api_error": FailureClass.SERVER_ERROR,
    "timeout_error": FailureClass.SERVER_ERROR,
    "overloaded_error": FailureClass.OVERLOADED,
}
_PHRASES = (
    ("exceed context limit", FailureClass.CONTEXT_LENGTH),  # input and max_tokens together
    ("blocked by content filtering", FailureClass.CONTENT_FILTER),
)
_TYPE_BY_STATUS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class _Error(msgspec.Struct):
    message: str
    type: str = ""


class _Envelope(msgspec.Struct):
    error: _Error
    type: str = ""


_decoder = msgspec.json.Decoder(_Envelope)
_encoder = msgspec.json.Encoder()


def read_error(status: int, body: bytes) -> ProviderError:
    """What any provider may say, and what only Anthropic's types and texts tell. Never raises."""
    told = provider_errors.read_error(status, body)
    try:
        envelope = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return told
    failure = _by_phrase(envelope.error.message) or told.failure or _FAILURES.get(envelope.error.type)
    return msgspec.structs.replace(told, failure=failure, plain=envelope.type == "error")


def write_error(report: ErrorReport) -> bytes:
    """Our own stable code, the field and the attempts stand beside what Anthropic has."""
    fallback = "api_error" if report.status >= 500 else "invalid_request_error"
    error: dict[str, Any] = {
        "type": _TYPE_BY_STATUS.get(report.status, fallback),
        "message": report.message.encode(errors="replace").decode(),  # half a character may come from a path
        "code": report.code,
    }
    if report.param is not None:
        error["param"] = report.param
    if report.attempts:
        error["attempts"] = report.attempts
    return _encoder.encode({"type": "error", "error": error})


def _by_phrase(message: str) -> FailureClass | None:
    said = message.lower()
    return next((failure for phrase, failure in _PHRASES if phrase in said), None)
