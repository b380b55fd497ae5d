"""Errors as OpenAI tells them."""

import msgspec

from llmgw.chat.dialect import ErrorReport

_KIND_BY_STATUS = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


def write_error(report: ErrorReport) -> bytes:
    """The body of an error answer, and the data of the event that ends a broken stream."""
    error: dict[str, object] = {
        "message": report.message.encode(errors="replace").decode(),  # half a character may come from a path
        "type": _kind(report.status),
        "param": report.param,
        "code": report.code,
    }
    if report.attempts:
        error["attempts"] = report.attempts
    return msgspec.json.encode({"error": error})


def _kind(status: int) -> str:
    fallback = "server_error" if status >= 500 else "invalid_request_error"
    return _KIND_BY_STATUS.get(status, fallback)
