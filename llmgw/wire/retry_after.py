"""How long a provider asks us to wait, in whichever way it says so.

`retry-after-ms` (milliseconds), `Retry-After` (seconds or an HTTP date, RFC 9110, 10.2.3), the reset of a limit of
which nothing remains (`x-ratelimit-reset-requests: 6m0s`, OpenAI and Groq), and the duration of google.rpc.RetryInfo.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

RETRY_AFTER_S_MAX = 7 * 24 * 3600.0

_LIMITS = ("requests", "tokens")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")
_UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def from_headers(headers: Mapping[str, str], now_s: float) -> float | None:
    """Seconds to wait by the headers (lower-case names), or None. `now_s` is Unix time, for dates."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds:  # Azure says 0 beside a `retry-after` of seconds: then it is the seconds
        return _bounded(milliseconds / 1000)
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None:
        return _bounded(seconds)
    return _until(text, now_s) if text else _until_refilled(headers)


def from_duration(text: str) -> float | None:
    """Seconds of a Go duration (`6m0s`, `120ms`, `34.07s`), or None."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return _bounded(sum(float(number) * _UNIT_S[unit] for number, unit in parts))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _until(date: str, now_s: float) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _bounded(moment.timestamp() - now_s)


def _until_refilled(headers: Mapping[str, str]) -> float | None:
    """Until every limit that is used up has its reset behind it."""
    spent = [limit for limit in _LIMITS if _number(headers.get(f"x-ratelimit-remaining-{limit}", "")) == 0]
    waits = [from_duration(headers.get(f"x-ratelimit-reset-{limit}", "")) for limit in spent]
    return max((wait_s for wait_s in waits if wait_s is not None), default=None)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), RETRY_AFTER_S_MAX)
