"""Errors as OpenAI tells them, and faults of a request with their place."""

import re

import msgspec

from llmgw.chat.dialect import ErrorReport
from llmgw.errors import InvalidRequestError

_KIND_BY_STATUS = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}
_MISSING = re.compile("Object missing required field `(.+)`")


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


def invalid(message: str) -> InvalidRequestError:
    """Msgspec's words end in the place: "Expected `str`, got `int` - at `$.model`"."""
    what, _, place = message.partition(" - at ")
    path = place.strip("`").removeprefix("$").lstrip(".")
    missing = _MISSING.fullmatch(what)
    if missing is not None:
        what, path = "missing", ".".join(filter(None, (path, missing[1])))
    param = path or None
    return InvalidRequestError(f"{param}: {what}" if param else f"the body: {what}", param=param)
