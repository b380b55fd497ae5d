"""What a provider's error means, whatever shape it has.

There is no common shape: an object in an object, a string, a list, plain text; codes as words, as numbers, as
text of numbers. So we look for the message and for words of a known meaning wherever they may stand, and leave
the rest to the status.
"""

import re
from typing import Any

import msgspec

from llmgw.errors import FailureClass
from llmgw.wire import retry_after

MESSAGE_CHARS_MAX = 2000
DEPTH_MAX = 8
ITEMS_MAX = 16

# A provider's own words for what happened, wherever it puts them (`code`, `type`, `status`, `reason`).
_FAILURES = {
    "context_length_exceeded": FailureClass.CONTEXT_LENGTH,
    "exceed_context_size_error": FailureClass.CONTEXT_LENGTH,
    "too_many_prompt_tokens": FailureClass.CONTEXT_LENGTH,
    "too_many_tokens": FailureClass.CONTEXT_LENGTH,
    "content_filter": FailureClass.CONTENT_FILTER,
    "content_policy_violation": FailureClass.CONTENT_FILTER,
    "responsibleaipolicyviolation": FailureClass.CONTENT_FILTER,
    "data_inspection_failed": FailureClass.CONTENT_FILTER,
    "insufficient_quota": FailureClass.QUOTA_EXHAUSTED,
    "insufficient_balance": FailureClass.QUOTA_EXHAUSTED,
    "billing_hard_limit_reached": FailureClass.QUOTA_EXHAUSTED,
    "billing_not_active": FailureClass.QUOTA_EXHAUSTED,
    "exceeded_current_quota_error": FailureClass.QUOTA_EXHAUSTED,
    "invalid_api_key": FailureClass.UNAUTHORIZED,
    "api_key_invalid": FailureClass.UNAUTHORIZED,
    "authentication_error": FailureClass.UNAUTHORIZED,
    "permission_error": FailureClass.UNAUTHORIZED,
    "rate_limit_exceeded": FailureClass.RATE_LIMITED,
    "rate_limit_error": FailureClass.RATE_LIMITED,
    "rate_limited": FailureClass.RATE_LIMITED,
    "ratelimitreached": FailureClass.RATE_LIMITED,
    "resource_exhausted": FailureClass.RATE_LIMITED,
    "model_not_found": FailureClass.NOT_FOUND,
    "model_decommissioned": FailureClass.NOT_FOUND,
    "invalid_model": FailureClass.NOT_FOUND,
    "unknown_model": FailureClass.NOT_FOUND,
    "deploymentnotfound": FailureClass.NOT_FOUND,
    "overloaded_error": FailureClass.OVERLOADED,
    "tool_use_failed": FailureClass.SERVER_ERROR,
}

# Inside a 200 there is no status to decide: there a status told in the body counts, and what says little else.
_FAILURES_OF_200 = {
    **_FAILURES,
    "401": FailureClass.UNAUTHORIZED,
    "402": FailureClass.QUOTA_EXHAUSTED,
    "403": FailureClass.UNAUTHORIZED,
    "404": FailureClass.NOT_FOUND,
    "429": FailureClass.RATE_LIMITED,
    "500": FailureClass.SERVER_ERROR,
    "502": FailureClass.SERVER_ERROR,
    "503": FailureClass.OVERLOADED,
    "504": FailureClass.SERVER_ERROR,
    "529": FailureClass.OVERLOADED,
    "server_error": FailureClass.SERVER_ERROR,
}

# For those who have only words. Each is looked for in lower case, on statuses that say less than the words.
_PHRASES = (
    ("maximum context length", FailureClass.CONTEXT_LENGTH),
    ("prompt is too long", FailureClass.CONTEXT_LENGTH),
    ("context length", FailureClass.CONTEXT_LENGTH),
    ("context window", FailureClass.CONTEXT_LENGTH),
    ("maximum model length", FailureClass.CONTEXT_LENGTH),
    ("exceeds maximum length", FailureClass.CONTEXT_LENGTH),
    ("available context size", FailureClass.CONTEXT_LENGTH),
    ("input token count", FailureClass.CONTEXT_LENGTH),
    ("input is too long", FailureClass.CONTEXT_LENGTH),
    ("too many input tokens", FailureClass.CONTEXT_LENGTH),
    ("exceed context limit", FailureClass.CONTEXT_LENGTH),
    ("content management policy", FailureClass.CONTENT_FILTER),
    ("content violates usage guidelines", FailureClass.CONTENT_FILTER),
    ("flagged as potentially violating", FailureClass.CONTENT_FILTER),
    ("your input was flagged", FailureClass.CONTENT_FILTER),
    ("content exists risk", FailureClass.CONTENT_FILTER),
    ("blocked by content filtering", FailureClass.CONTENT_FILTER),
    ("incorrect api key", FailureClass.UNAUTHORIZED),
    ("api key not valid", FailureClass.UNAUTHORIZED),
    ("invalid api key", FailureClass.UNAUTHORIZED),
    ("insufficient balance", FailureClass.QUOTA_EXHAUSTED),
    ("exceeded your current quota, please check your plan", FailureClass.QUOTA_EXHAUSTED),
    ("credit balance is too low", FailureClass.QUOTA_EXHAUSTED),
    ("used all available credits", FailureClass.QUOTA_EXHAUSTED),
    ("model not exist", FailureClass.NOT_FOUND),
    ("invalid model", FailureClass.NOT_FOUND),
    ("not a valid model", FailureClass.NOT_FOUND),
    ("model not found", FailureClass.NOT_FOUND),
    ("model identifier is invalid", FailureClass.NOT_FOUND),
    ("with on-demand throughput", FailureClass.NOT_FOUND),  # Bedrock: only under the name of a profile
)
_WORDS_DECIDE = frozenset({200, 400, 402, 403, 404, 413, 422, 429})
_TOO_LONG = "string_above_max_length"  # of any field: only of the messages does it mean the context
# At the start of what is said: "tool choice for model x is not supported" is about something else.
_NO_SUCH_MODEL = re.compile(
    r"""(?:^|[:;,."'{(\[]\s?)(?:the )?(?:requested )?model \S{1,200} (?:does not exist|is not supported)"""
)


class ProviderError(msgspec.Struct, frozen=True):
    """An error as the provider told it. `failure` None: the dialect has no sign of its own, the status decides.

    `plain`: as it came, it is an error of the dialect, which the callers' SDKs understand.
    """

    failure: FailureClass | None
    message: str
    retry_after_s: float | None = None
    plain: bool = False


def read_error(status: int, body: bytes) -> ProviderError:
    """The class (None: let the status decide), the message, and the wait if the body names one. Never raises."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = body.decode("utf-8", "replace")
    message = _message(told) or f"status {status} without a message"
    return ProviderError(_failure(told, message, status), message[:MESSAGE_CHARS_MAX], _retry_delay_s(told))


def _message(told: Any, depth: int = DEPTH_MAX) -> str:
    """The text of an error, wherever a provider puts it, and that of the provider behind it (OpenRouter)."""
    if isinstance(told, str):
        return told.strip()
    if isinstance(told, list) and depth:
        return "; ".join(filter(None, (_message(item, depth - 1) for item in told[:ITEMS_MAX])))
    if not isinstance(told, dict) or depth == 0:
        return ""
    texts = (_message(told.get(name), depth - 1) for name in ("error", "message", "detail", "msg", "title"))
    text = next(filter(None, texts), "")
    if text and isinstance(told.get("loc"), list):  # FastAPI's place of the fault
        text = f"{'.'.join(map(str, told['loc'][:ITEMS_MAX]))}: {text}"
    metadata = told.get("metadata")
    behind = metadata.get("raw") if isinstance(metadata, dict) else None
    return f"{text}: {behind}" if isinstance(behind, str) and behind else text


def _failure(told: Any, message: str, status: int) -> FailureClass | None:
    known = _FAILURES_OF_200 if status == 200 else _FAILURES
    for word in _words(told):
        if word in known:
            return known[word]
        if word == _TOO_LONG and _is_about_messages(told):
            return FailureClass.CONTEXT_LENGTH
    return _by_phrase(message.lower(), status) if status in _WORDS_DECIDE else None


def _by_phrase(message: str, status: int) -> FailureClass | None:
    """A rate limit may be told in any words: there only that money has run out says more than the status."""
    found = (failure for phrase, failure in _PHRASES if phrase in message)
    if status == 429:
        return FailureClass.QUOTA_EXHAUSTED if FailureClass.QUOTA_EXHAUSTED in found else None
    return next(found, FailureClass.NOT_FOUND if _NO_SUCH_MODEL.search(message) else None)


def _is_about_messages(told: Any) -> bool:
    error = told.get("error") if isinstance(told, dict) else None
    param = error.get("param") if isinstance(error, dict) else None
    return isinstance(param, str) and param.startswith("messages")


def _words(told: Any, depth: int = DEPTH_MAX) -> list[str]:
    """Codes and types of an error, the innermost object first, `code` before `type`: the more telling one wins."""
    if depth == 0 or not isinstance(told, dict | list):
        return []
    if isinstance(told, list):
        return [word for item in told[:ITEMS_MAX] for word in _words(item, depth - 1)]
    values = [told.get(name) for name in ("code", "type", "reason", "status")]
    own = [str(value).lower() for value in values if isinstance(value, str | int)]
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
