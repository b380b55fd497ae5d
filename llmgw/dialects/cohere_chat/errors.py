"""Errors of Cohere: `{"id", "message"}`, at times with an `error_type`; and the reasons why an answer is none."""

import msgspec

from llmgw.chat import events, provider_errors
from llmgw.chat.events import Event, Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.errors import FailureClass

_PHRASES = (
    ("too_many_tokens", FailureClass.CONTEXT_LENGTH),
    ("too many tokens", FailureClass.CONTEXT_LENGTH),
    ("api calls / month", FailureClass.QUOTA_EXHAUSTED),  # of a trial key: others are limited by the minute
    ("invalid api token", FailureClass.UNAUTHORIZED),
    ("no api key supplied", FailureClass.UNAUTHORIZED),
)
_FINISHES = {
    "COMPLETE": Finish.STOP,
    "STOP_SEQUENCE": Finish.STOP_SEQUENCE,
    "MAX_TOKENS": Finish.LENGTH,
    "TOOL_CALL": Finish.TOOL_USE,
    "ERROR_TOXIC": Finish.CONTENT_FILTER,
}
_FAILURES = {
    "ERROR": FailureClass.SERVER_ERROR,
    "TIMEOUT": FailureClass.SERVER_ERROR,
    "ERROR_LIMIT": FailureClass.CONTEXT_LENGTH,
    "USER_CANCEL": FailureClass.SERVER_ERROR,
}


class _Type(msgspec.Struct):
    error_type: str = ""


_type_decoder = msgspec.json.Decoder(_Type)


def read_error(status: int, body: bytes) -> ProviderError:
    """Never raises. What goes wrong after a 200 is Cohere's own fault."""
    told = provider_errors.read_error(status, body)
    failure = _by_phrase(f"{_error_type(body)} {told.message}".lower()) or told.failure
    if failure is None and status == 200:
        failure = FailureClass.SERVER_ERROR
    return msgspec.structs.replace(told, failure=failure)


def read_end(reason: str | None, message: object, *, has_calls: bool) -> Event:
    """How an answer ended. Some reasons are failures, although the status was 200."""
    word = (reason or "").upper()
    if word in _FAILURES:
        text = message if isinstance(message, str) and message else f"the answer ended with {word}"
        return events.Failed(ProviderError(_FAILURES[word], text))
    return events.finished_by(word, _FINISHES, Finish.TOOL_USE if has_calls else Finish.STOP)


def _error_type(body: bytes) -> str:
    try:
        return _type_decoder.decode(body).error_type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _by_phrase(said: str) -> FailureClass | None:
    return next((failure for phrase, failure in _PHRASES if phrase in said), None)
