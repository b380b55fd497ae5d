"""What the gateway takes from a request's headers: metadata, a time limit, and the few that go upstream."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from llmgw.config.units import duration_hint, duration_s
from llmgw.errors import InvalidRequestError
from llmgw.replies import printable

METADATA_BYTES_MAX = 4096
METADATA_ENTRIES_MAX = 16
REQUEST_ID_CHARS_MAX = 200

# An allow-list: whatever else a caller sends stays here, credentials and cookies first of all.
_FORWARDED_PREFIXES = ("anthropic-", "openai-")
_FORWARDED = frozenset({"traceparent", "tracestate", "idempotency-key"})
_FORWARDED_QUERY = {"anthropic_messages": frozenset({"beta"})}


def forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that an upstream may see, and that can be sent at all; names are in lower case."""
    return {
        name: value
        for name, value in headers.items()
        if (name in _FORWARDED or name.startswith(_FORWARDED_PREFIXES))
        and not name.endswith(("api-key", "auth-token"))
        and value.isprintable()
    }


def query(given: Mapping[str, str], dialect: str) -> str:
    """Of the query too: as the dialect's own SDKs send it, and nothing else."""
    allowed = _FORWARDED_QUERY.get(dialect, frozenset())
    return urlencode({name: value for name, value in given.items() if name in allowed})


def metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """`x-llmgw-metadata`: a JSON object of scalars, as text."""
    text = headers.get("x-llmgw-metadata")
    if text is None:
        return {}
    if len(text) > METADATA_BYTES_MAX:
        raise _wrong("x-llmgw-metadata", f"over {METADATA_BYTES_MAX} bytes")
    try:
        given = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise _wrong("x-llmgw-metadata", 'not JSON; write {"tier": "free"}') from None
    if not isinstance(given, dict) or not all(isinstance(value, str | int | float) for value in given.values()):
        raise _wrong("x-llmgw-metadata", 'not an object of plain values; write {"tier": "free"}')
    if len(given) > METADATA_ENTRIES_MAX:
        raise _wrong("x-llmgw-metadata", f"over {METADATA_ENTRIES_MAX} entries")
    return {name: _text(value) for name, value in given.items()}


def request_id(headers: Mapping[str, str]) -> str | None:
    """The caller's own `x-request-id`, for the log."""
    return printable(headers.get("x-request-id", "")[:REQUEST_ID_CHARS_MAX]) or None


def timeout_s(headers: Mapping[str, str]) -> float | None:
    """`x-llmgw-timeout`: a duration with its unit. It may only lower the route's deadline."""
    text = headers.get("x-llmgw-timeout")
    if text is None:
        return None
    try:
        given_s = duration_s(text)
    except ValueError:
        raise _wrong("x-llmgw-timeout", f"not a duration: {duration_hint(text[:40])}") from None
    if not given_s:
        raise _wrong("x-llmgw-timeout", "no time at all; leave it out for the route's own deadline")
    return given_s


def _wrong(header: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"header {header}: {message}", param=header)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
