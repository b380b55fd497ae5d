"""What a provider's error means, whatever shape it has.

There is no common shape: an object in an object, a string, a list, plain text; codes as words, as numbers, as
text of numbers. So we look for the message and for words of a known meaning wherever they may stand, and leave
the rest to the status.
"""

from typing import Any

import msgspec

from llmgw.chat.dialect import ProviderError
from llmgw.errors import FailureClass
from llmgw.wire import retry_after

MESSAGE_CHARS_MAX = 2000

# A provider's own words for what happened, wherever it puts them (`code`, `type`, `status`, `reason`).
_FAILURES = {
    "context_length_exceeded": FailureClass.CONTEXT_LENGTH,
    "exceed_context_size_error": FailureClass.CONTEXT_LENGTH,
    "too_many_prompt_tokens": FailureClass.CONTEXT_LENGTH,
    "too_many_tokens": FailureClass.CONTEXT_LENGTH,
    "string_above_max_length": FailureClass.CONTEXT_LENGTH,
    "content_filter": FailureClass.CONTENT_FILTER,
    "content_policy_violation": FailureClass.CONTENT_FILTER,
    "responsibleaipolicyviolation": FailureClass.CONTENT_FILTER,
    "insufficient_quota": FailureClass.QUOTA_EXHAUSTED,
    "insufficient_balance": FailureClass.QUOTA_EXHAUSTED,
    "billing_hard_limit_reached": FailureClass.QUOTA_EXHAUSTED,
    "invalid_api_key": FailureClass.UNAUTHORIZED,
    "api_key_invalid": FailureClass.UNAUTHORIZED,
    "authentication_error": FailureClass.UNAUTHORIZED,
    "permission_error": FailureClass.UNAUTHORIZED,
    "rate_limit_exceeded": FailureClass.RATE_LIMITED,
    "rate_limit_error": FailureClass.RATE_LIMITED,
    "resource_exhausted": FailureClass.RATE_LIMITED,
    "model_not_found": FailureClass.NOT_FOUND,
    "invalid_model": FailureClass.NOT_FOUND,
    "deploymentnotfound": FailureClass.NOT_FOUND,
    "overloaded_error": FailureClass.OVERLOADED,
    "server_error": FailureClass.SERVER_ERROR,
    "tool_use_failed": FailureClass.SERVER_ERROR,
}

# For those who have only words. Each is matched in lower case, on statuses where the words can be trusted.
_PHRASES = (
    ("maximum context length", FailureClass.CONTEXT_LENGTH),
    ("prompt is too long", FailureClass.CONTEXT_LENGTH),
    ("context length", FailureClass.CONTEXT_LENGTH),
    ("context window", FailureClass.CONTEXT_LENGTH),
    ("exceeds maximum length", FailureClass.CONTEXT_LENGTH),
    ("input token count", FailureClass.CONTEXT_LENGTH),
    ("content management policy", FailureClass.CONTENT_FILTER),
    ("incorrect api key", FailureClass.UNAUTHORIZED),
    ("api key not valid", FailureClass.UNAUTHORIZED),
    ("invalid api key", FailureClass.UNAUTHORIZED),
    ("insufficient balance", FailureClass.QUOTA_EXHAUSTED),
    ("exceeded your current quota, please check your plan", FailureClass.QUOTA_EXHAUSTED),
    ("credit balance is too low", FailureClass.QUOTA_EXHAUSTED),
    ("model not exist", FailureClass.NOT_FOUND),
    ("invalid model", FailureClass.NOT_FOUND),
    ("not a valid model", FailureClass.NOT_FOUND),
    ("model not found", FailureClass.NOT_FOUND),
)


def read_error(status: int, body: bytes) -> ProviderError:
    """The class (None: let the status decide), the message, and the wait if the body names one. Never raises."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = body.decode("utf-8", "replace")
    message = _message(told) or f"status {status} without a message"
    return ProviderError(_failure(told, message, status), message[:MESSAGE_CHARS_MAX], _retry_delay_s(told))


def _message(told: Any, depth: int = 8) -> str:
    """The text of an error, wherever a provider puts it."""
    if isinstance(told, str):
        return told.strip()
    if isinstance(told, list) and depth:
        return "; ".join(filter(None, (_message(item, depth - 1) for item in told[:16])))
    if not isinstance(told, dict) or depth == 0:
        return ""
    for name in ("error", "message", "detail", "msg", "title"):
        text = _message(told.get(name), depth - 1)
        if text:
            return text
    return ""


def _failure(told: Any, message: str, status: int) -> FailureClass | None:
    for word in _words(told):
        if word in _FAILURES:
            return _FAILURES[word]
    if status in (200, 400, 402, 403, 404, 413, 422, 429):
        lower = message.lower()
        return next((failure for phrase, failure in _PHRASES if phrase in lower), None)
    return None


def _words(told: Any, depth: int = 4) -> list[str]:
    """Codes and types of an error, outermost object first, `code` before `type`: the more telling one wins."""
    if depth == 0 or not isinstance(told, dict | list):
        return []
    if isinstance(told, list):
        return [word for item in told[:16] for word in _words(item, depth - 1)]
    own = [told[name].lower() for name in ("code", "type", "reason", "status") if isinstance(told.get(name), str)]
    inner = [word for name in ("error", "innererror", "details") for word in _words(told.get(name), depth - 1)]
    return inner + own


def _retry_delay_s(told: Any) -> float | None:
    """google.rpc.RetryInfo in `error.details[]`, which Google sends instead of a header."""
    if isinstance(told, list) and told:
        told = told[0]
    error = told.get("error") if isinstance(told, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            return retry_after.from_duration(delay)
    return None
