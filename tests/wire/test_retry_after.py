"""A provider says how long to wait in many ways; nonsense is no hint."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.wire.retry_after import RETRY_AFTER_S_MAX, from_duration, from_headers
from tests.partners.provider_errors import go_duration

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW_S = NOW.timestamp()
IN_A_MINUTE = datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after-ms": "18642", "retry-after": "3600"}, 18.642),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1),  # Azure
        ({"retry-after-ms": "0"}, None),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2),
        ({"retry-after": format_datetime(IN_A_MINUTE, usegmt=True)}, 60),
        ({"retry-after": "Friday, 02-Jan-26 03:05:05 GMT"}, 60),
        ({"retry-after": "Fri Jan  2 03:05:05 2026"}, 60),
        ({"retry-after": "Fri, 02 Jan 2026 04:05:05 +0100"}, 60),
        ({"retry-after": "Fri, 02 Jan 2026 03:00:00 GMT"}, 0),  # it is past
        ({"retry-after": "9e99"}, RETRY_AFTER_S_MAX),
        ({"retry-after": "Fri, 02 Jan 2099 03:05:05 GMT"}, RETRY_AFTER_S_MAX),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "later"}, None),
        ({"retry-after": "Mon, 01 Jan 2024 00:00:00 +99999999999999999999"}, None),
        ({"retry-after": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, None),
    ],
)
def test_the_headers_say_how_long(headers: dict[str, str], wait_s: float | None) -> None:
    assert wait_s == from_headers(headers, NOW_S)


@pytest.mark.parametrize(
    ("remaining", "reset", "wait_s"),
    [
        (("0", "1000"), ("2s", "1h0m0s"), 2),
        (("1000", "0"), ("2s", "120ms"), 0.12),
        (("0", "0"), ("2s", "6m0s"), 360),
        (("0", "0"), ("2s", "soon"), 2),
        (("0", "0"), ("", ""), None),
        (("1", "1"), ("2s", "6m0s"), None),
        (("", ""), ("2s", "6m0s"), None),
    ],
)
def test_without_retry_after_a_limit_that_is_used_up_says_when_it_is_refilled(
    remaining: tuple[str, str], reset: tuple[str, str], wait_s: float | None
) -> None:
    headers = {
        "x-ratelimit-remaining-requests": remaining[0],
        "x-ratelimit-remaining-tokens": remaining[1],
        "x-ratelimit-reset-requests": reset[0],
        "x-ratelimit-reset-tokens": reset[1],
    }

    assert wait_s == from_headers(headers, NOW_S)
    assert from_headers({**headers, "retry-after": "7"}, NOW_S) == 7


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("34.07s", 34.07), ("6m0s", 360), ("1h0m0s", 3600), ("1h2m3.5s", 3723.5), ("5µs", 5e-6), ("5us", 5e-6),
        ("100ns", 1e-7), ("9999999h", RETRY_AFTER_S_MAX), ("1" * 400 + "s", RETRY_AFTER_S_MAX),
        ("", None), ("5", None), ("s", None), ("-5s", None), ("5m later", None), ("5 s", None), ("1h,2m", None),
    ],
)  # fmt: skip
def test_durations_are_read_as_go_writes_them(text: str, wait_s: float | None) -> None:
    assert pytest.approx(wait_s) == from_duration(text) if wait_s else from_duration(text) is None


@given(st.integers(0, 100_000).map(lambda milliseconds: milliseconds / 1000))
def test_what_go_prints_is_read_back(wait_s: float) -> None:
    assert pytest.approx(wait_s) == from_duration(go_duration(wait_s))


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset-tokens"]), st.text()))
def test_no_header_is_too_odd_and_every_wait_is_bounded(headers: dict[str, str]) -> None:
    wait_s = from_headers({**headers, "x-ratelimit-remaining-tokens": "0"}, NOW_S)

    assert wait_s is None or 0 <= wait_s <= RETRY_AFTER_S_MAX


@given(
    st.from_regex(
        r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d{1,3}:\d\d:\d\d( [+-]\d{1,22}| GMT)?", fullmatch=True
    )
)
def test_no_date_is_too_odd(date: str) -> None:
    wait_s = from_headers({"retry-after": date}, NOW_S)

    assert wait_s is None or 0 <= wait_s <= RETRY_AFTER_S_MAX
