"""Error answers in the shapes of many providers, each with the failure class that the contract gives it.

There is no common shape; a gateway that reads only one of them treats the others wrongly. The texts are
ours, but for the few signs that tell a class where nothing else does.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

import msgspec

from tests.partners.behaviours import body_answer, json_answer
from tests.partners.bodies import encode
from tests.partners.steps import Behaviour

TABLE = Path(__file__).with_suffix(".jsonl")


class ProviderError(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recognisable error: where it is from, what it looks like, and which class it is."""

    name: str
    failure: str
    status: int
    json: Any = msgspec.UNSET
    text: str = ""
    headers: dict[str, str] = {}

    @property
    def body(self) -> bytes:
        return self.text.encode() if self.json is msgspec.UNSET else encode(self.json)

    @property
    def behaviour(self) -> Behaviour:
        media_type = {} if self.json is msgspec.UNSET else {"content-type": "application/json"}
        return body_answer(self.status, self.body, {**media_type, **self.headers})


def openai_error(
    message: str, *, kind: str | None = None, code: str | int | None = None, param: str | None = None
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def openai_error_answer(status: int, *, code: str | None = None, kind: str | None = None) -> Behaviour:
    """Any status with a plain OpenAI-shaped body."""
    return json_answer(openai_error(f"The upstream says {status}", kind=kind, code=code), status)


def rate_limited_seconds(wait_s: float) -> Behaviour:
    return _rate_limited({"retry-after": str(ceil(wait_s))})


def rate_limited_http_date(wait_s: float) -> Behaviour:
    """A date has whole seconds only: the wait is `wait_s` rounded up to the next one."""
    at = datetime.now(tz=UTC) + timedelta(seconds=wait_s + 1)
    return _rate_limited({"retry-after": format_datetime(at.replace(microsecond=0), usegmt=True)})


def rate_limited_milliseconds(wait_s: float) -> Behaviour:
    """OpenAI and Azure send both; the finer one counts, so the coarse one here is far too long."""
    return _rate_limited({"retry-after-ms": str(round(wait_s * 1000)), "retry-after": "3600"})


def rate_limited_google(wait_s: float) -> Behaviour:
    """Google has no header: RetryInfo in the body says how long."""
    retry_info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{wait_s:g}s"}
    quota = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaMetric": "requests"}]}
    error = {"code": 429, "message": "Too many requests", "status": "RESOURCE_EXHAUSTED"}
    return json_answer({"error": {**error, "details": [quota, retry_info]}}, 429)


def rate_limited_reset_duration(wait_s: float) -> Behaviour:
    """OpenAI and Groq: a Go duration until each limit refills, and no `retry-after`."""
    spent = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-remaining-tokens": "1000"}
    resets = {"x-ratelimit-reset-requests": go_duration(wait_s), "x-ratelimit-reset-tokens": "1h0m0s"}
    return _rate_limited({**spent, **resets})


def rate_limited_without_hint() -> Behaviour:
    return _rate_limited({})


RATE_LIMITED: Mapping[str, Callable[[float], Behaviour]] = {
    "seconds": rate_limited_seconds,
    "http_date": rate_limited_http_date,
    "milliseconds": rate_limited_milliseconds,
    "google_retry_info": rate_limited_google,
    "reset_duration": rate_limited_reset_duration,
}


def go_duration(wait_s: float) -> str:
    """As Go prints it: 120ms, 1.5s, 6m0s, 1h0m0s."""
    if wait_s < 1:
        return f"{round(wait_s * 1000)}ms"
    minutes, seconds = divmod(wait_s, 60)
    if not minutes:
        return f"{seconds:g}s"
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}h{minutes}m{seconds:g}s" if hours else f"{minutes}m{seconds:g}s"


def _rate_limited(headers: Mapping[str, str]) -> Behaviour:
    body = openai_error("Rate limit reached", kind="requests", code="rate_limit_exceeded")
    return json_answer(body, 429, headers)


@cache
def provider_errors() -> tuple[ProviderError, ...]:
    """All rows of the table beside this file: signs of the OpenAI chat dialect, as its many speakers give them."""
    lines = TABLE.read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=ProviderError) for line in lines)
