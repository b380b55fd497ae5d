"""One canonical line per request: everything that happened to it, in the glossary's words.

Short and in colour on a terminal (`pretty_log.py`), JSON in a pipe. Never a credential, and bodies only if the file
asks for them.
"""

import json
from collections.abc import Sequence
from typing import Any, Protocol, TextIO, cast

import structlog

from llmgw.adapters.pretty_log import REQUEST, TIME_FORMAT, PrettyRenderer
from llmgw.config.secrets import Secret
from llmgw.masking import Mask, masked
from llmgw.ports import Journal
from llmgw.routing.dice import seed_of
from llmgw.transcript import BODY_BYTES_LOGGED_MAX, CLIENT_CLOSED, OK, AttemptRecord, Transcript
from llmgw.wire.json import encode_text

Logger = structlog.typing.FilteringBoundLogger

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_RARE = (  # of usage: what most answers have nothing of
    *("cache_write_1h_input_tokens", "audio_input_tokens", "cached_audio_input_tokens", "audio_output_tokens"),
    *("image_input_tokens", "image_output_tokens", "service_tier"),
)
_QUIET = frozenset({OK, CLIENT_CLOSED})


class Lines(Protocol):
    """Where lines go: a file, or the queue in front of one."""

    def write(self, text: str) -> object: ...
    def flush(self) -> object: ...


def make_logger(file: Lines, *, pretty: bool, level: str) -> Logger:
    """A logger of its own, so that importing this module configures nothing."""
    time_of_day = structlog.processors.TimeStamper(fmt=TIME_FORMAT, utc=False)
    time = time_of_day if pretty else structlog.processors.TimeStamper(fmt="iso", utc=True)
    renderer: Any = PrettyRenderer() if pretty else structlog.processors.JSONRenderer(serializer=_encode)
    logger: Logger = structlog.wrap_logger(
        structlog.WriteLogger(cast(TextIO, file)),
        processors=[
            structlog.processors.add_log_level,
            time,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
    ).bind()  # at once: unbound it would bind itself anew for every line
    return logger


def _encode(value: Any, **_options: Any) -> str:
    try:
        return encode_text(value)
    except UnicodeEncodeError:  # bytes of a header that are no UTF-8 come as half characters
        return json.dumps(value, default=str)


class LogJournal:
    """Writes transcripts as log events named `request`."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def record(self, transcript: Transcript) -> None:
        write = self._logger.info if _is_no_fault_of_ours(transcript) else self._logger.warning
        write(REQUEST, **line(transcript))


def line(transcript: Transcript) -> dict[str, Any]:
    """The fields of the canonical line; what does not apply is left out."""
    fields: dict[str, Any] = {
        "request_id": transcript.request_id,
        "client_request_id": transcript.client_request_id,
        "endpoint": transcript.endpoint,
        "dialect": transcript.dialect or None,
        "key": transcript.key or None,
        "team": transcript.team or None,
        "user": transcript.user or None,
        "model": transcript.model,
        "route": transcript.path,
        "target": transcript.target,
        "stream": transcript.stream,
        "status": transcript.status,
        "outcome": transcript.outcome,
        "error": transcript.error,
        "attempts": [_attempt(attempt) for attempt in transcript.attempts],
        "first_token_ms": _ms(transcript.first_token_s),
        "total_ms": _ms(transcript.total_s),
        "overhead_ms": _ms(transcript.overhead_s),
        "dropped": list(transcript.dropped) or None,
        "cost_nanousd": transcript.cost_nanousd,
        "estimated": transcript.estimated or None,
        "overrun": transcript.overrun or None,
        "output_cap": transcript.output_cap,
        "cache": None if transcript.cache == "off" else transcript.cache,
        "cache_why": transcript.cache_why or None,
        "similarity": None if transcript.similarity is None else round(transcript.similarity, 4),
        "age_s": None if transcript.age_s is None else round(transcript.age_s, 1),
        "saved_nanousd": transcript.saved_nanousd or None,
        "seed": seed_of(transcript.request_id),
        "request_body": _text(transcript.request_body, transcript.secrets),
        "response_body": _text(transcript.response_body, transcript.secrets),
    }
    if transcript.usage is not None:
        usage = transcript.usage
        fields["usage"] = {
            "input_tokens": usage.input_tokens,
            "cached_input_tokens": usage.cached_input_tokens,
            "cache_write_input_tokens": usage.cache_write_input_tokens,
            "output_tokens": usage.output_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            **{name: value for name in _RARE if (value := getattr(usage, name))},
        }
    told = {name: value for name, value in fields.items() if value is not None}
    secrets = [secret.reveal() for secret in transcript.secrets]
    return {name: _without(value, secrets) for name, value in told.items()} if _may_hold(told, secrets) else told


def _may_hold(told: dict[str, Any], secrets: Sequence[str]) -> bool:
    """One look at all of it: what a caller says has been cleaned where it came in, so there should be nothing."""
    if not secrets:
        return False
    try:
        text = encode_text(told)
        return any(encode_text(secret)[1:-1] in text for secret in secrets)
    except UnicodeEncodeError:  # bytes of a header that are no UTF-8
        return True


def _without(value: Any, secrets: Sequence[str]) -> Any:
    """A caller may put his key where it ends up in a name or a message."""
    if isinstance(value, str):
        return masked(value, secrets)
    if isinstance(value, list):
        return [_without(item, secrets) for item in value]
    return {name: _without(item, secrets) for name, item in value.items()} if isinstance(value, dict) else value


def _is_no_fault_of_ours(transcript: Transcript) -> bool:
    return transcript.outcome in _QUIET or 400 <= transcript.status < 500


def _attempt(attempt: AttemptRecord) -> dict[str, Any]:
    fields = {
        "target": attempt.target,
        "dialect": attempt.dialect or None,
        "credential": attempt.credential or None,
        "class": attempt.outcome,
        "status": attempt.status,
        "ms": _ms(attempt.elapsed_s),
        "delay_ms": _ms(attempt.delay_s) if attempt.delay_s else None,
        "message": attempt.message,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)


def _text(body: bytes | bytearray | None, secrets: Sequence[Secret]) -> str | None:
    """Without what the caller has shown, in whatever spelling, and not longer than people read."""
    if body is None:
        return None
    clean = Mask(secret.reveal() for secret in secrets).body(bytes(body))
    return clean[:BODY_BYTES_LOGGED_MAX].decode("utf-8", "replace")


_: type[Journal] = LogJournal
