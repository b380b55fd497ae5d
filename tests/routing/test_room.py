from datetime import UTC, datetime

import pytest

from llmgw.routing.room import RESET_S, Room, room

NOW_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def openai(reset: str) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": "200",
        "x-ratelimit-remaining-requests": "50",
        "x-ratelimit-reset-requests": reset,
    }


@pytest.mark.parametrize(
    ("reset", "expected_s"),
    [
        ("6m0s", 360.0),
        ("120ms", 0.12),
        ("17", 17.0),
        ("2026-01-01T00:00:30Z", 30.0),
        ("2026-01-01T00:00:30", 30.0),
        ("2025-12-31T00:00:00Z", 0.0),
        ("", RESET_S),
        ("soon", RESET_S),
        ("1767225600", RESET_S),
    ],
)
def test_a_reset_is_a_duration_seconds_or_a_moment(reset: str, expected_s: float) -> None:
    assert room(openai(reset), NOW_S) == {"requests": Room(0.25, expected_s)}


def test_each_limit_that_is_told_has_its_room() -> None:
    headers = {
        "anthropic-ratelimit-input-tokens-limit": "1000",
        "anthropic-ratelimit-input-tokens-remaining": "900",
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "0",
    }

    assert room(headers, NOW_S) == {"input-tokens": Room(0.9, RESET_S), "requests": Room(0.0, RESET_S)}


@pytest.mark.parametrize(("remaining", "limit"), [("", "10"), ("5", ""), ("5", "0"), ("nan", "10"), ("-1", "10")])
def test_what_says_nothing_is_no_room(remaining: str, limit: str) -> None:
    assert room({"x-ratelimit-remaining-tokens": remaining, "x-ratelimit-limit-tokens": limit}, NOW_S) == {}
