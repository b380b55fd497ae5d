"""Errors in Google's words (https://google.aip.dev/193): a number, a name for it, a message, and details by type.

The details say what matters to a router: how long to wait, which quota is used up, whether the key was wrong.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.chat import provider_errors
from llmgw.chat.dialect import ErrorReport
from llmgw.chat.provider_bodies import UNREADABLE
from llmgw.chat.provider_errors import ProviderError
from llmgw.errors import FailureClass

# For those that the status would not tell, or would tell wrongly.
_PHRASES = (
    ("cachedcontent not found", FailureClass.NOT_FOUND),  # with a 403
    ("user location is not supported", FailureClass.UNAUTHORIZED),  # with a 400
)
_REASONS = {"BILLING_DISABLED": FailureClass.QUOTA_EXHAUSTED}
_A_DAY = "PerDay"  # in the name of a quota: what is used up for a day is not worth waiting for
_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_INFO = "type.googleapis.com/google.rpc.ErrorInfo"

_encoder = msgspec.json.Encoder()


def read_error(status: int, body: bytes) -> ProviderError:
    """What any provider may say, and what only Google's texts and details tell. Never raises."""
    told = provider_errors.read_error(status, body)
    try:
        error = _error(msgspec.json.decode(body))
    except UNREADABLE:
        return told
    failure = _by_details(error.get("details")) or _by_phrase(told.message) or told.failure
    return msgspec.structs.replace(told, failure=failure, plain="message" in error)


def write_error(report: ErrorReport) -> bytes:
    """Our own stable code is the reason of an ErrorInfo, the field its metadata; the attempts stand beside."""
    fallback = "INTERNAL" if report.status >= 500 else "INVALID_ARGUMENT"
    info: dict[str, Any] = {"@type": _INFO, "reason": report.code, "domain": "llmgw"}
    if report.param is not None:
        info["metadata"] = {"param": report.param}
    error: dict[str, Any] = {
        "code": report.status,
        "message": report.message.encode(errors="replace").decode(),  # half a character may come from a path
        "status": _NAMES.get(report.status, fallback),
        "details": [info],
    }
    if report.attempts:
        error["attempts"] = report.attempts
    return _encoder.encode({"error": error})


def _error(told: Any) -> dict[str, Any]:
    """A stream that was not asked for as events has its error in a list."""
    if isinstance(told, list) and told:
        told = told[0]
    error = told.get("error") if isinstance(told, dict) else None
    return error if isinstance(error, dict) else {}


def _by_details(details: Any) -> FailureClass | None:
    for detail in _dicts(details):
        if any(_A_DAY in str(one.get("quotaId")) for one in _dicts(detail.get("violations"))):
            return FailureClass.QUOTA_EXHAUSTED
        if (reason := detail.get("reason")) and str(reason) in _REASONS:
            return _REASONS[str(reason)]
    return None


def _by_phrase(message: str) -> FailureClass | None:
    said = message.lower()
    return next((failure for phrase, failure in _PHRASES if phrase in said), None)


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
