import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.config.schema import schema_text
from llmgw.config.units import (
    DURATION_PATTERN,
    LONG_DURATION_PATTERN,
    LONGEST,
    LONGEST_S,
    RATE_PATTERN,
    SIZE_PATTERN,
    WINDOW_PATTERN,
    duration_hint,
    duration_s,
    fraction_hint,
    rate,
    rate_hint,
    size_bytes,
    size_hint,
    window_hint,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("30s", 30), ("5m", 300), ("1h", 3600), ("7d", 604_800), ("1.5s", 1.5), ("0s", 0)],
)
def test_a_duration_is_seconds(text: str, expected: float) -> None:
    assert duration_s(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "60", "s", "1h30m", "5 m", "-1s", "1S", "1e3s", "30s\n", "٣s"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration: "):
        duration_s(text)


@pytest.mark.parametrize(("text", "expected"), [("1B", 1), ("64KiB", 65_536), ("32MiB", 33_554_432), ("1GiB", 2**30)])
def test_a_size_is_bytes(text: str, expected: int) -> None:
    assert size_bytes(text) == expected


@pytest.mark.parametrize("text", ["32", "32MB", "1.5MiB", "32 MiB", "MiB"])
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        size_bytes(text)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("60", "60ms or 60s?"),
        ("1500", "1500ms or 1500s?"),
        ("5 min", "write 5m"),
        ("2 hours", "write 2h"),
        ("250 msec", "write 250ms"),
        ("999999d", "write 3660d at the most"),
        ("10000 days", "write 3660d at the most"),
        ("1h30m", "write one number and one unit: 500ms, 30s, 5m, 1h or 7d"),
        ("soon", "write one number and one unit: 500ms, 30s, 5m, 1h or 7d"),
    ],
)
def test_a_wrong_duration_is_shown_rightly(written: str, expected: str) -> None:
    assert duration_hint(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("32MB", "write 32MiB"),
        ("64 kb", "write 64KiB"),
        ("1000", "write 1000B"),
        ("1g", "write 1GiB"),
        ("1.5MB", "write a whole number and KiB, MiB or GiB, as in 32MiB"),
        ("big", "write a whole number and KiB, MiB or GiB, as in 32MiB"),
    ],
)
def test_a_wrong_size_is_shown_rightly(written: str, expected: str) -> None:
    assert size_hint(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"), [("80%", "write 0.8"), ("12.5 %", "write 0.125"), ("0.8", None), ("%", None)]
)
def test_percent_is_shown_as_a_fraction(written: str, expected: str | None) -> None:
    assert fraction_hint(written) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60/m", (60, 60.0)),
        ("10/s", (10, 1.0)),
        ("5/h", (5, 3600.0)),
        ("1000/d", (1000, 86_400.0)),
        ("200k/m", (200_000, 60.0)),
        ("1.5k/m", (1500, 60.0)),
        ("0.000001M/d", (1, 86_400.0)),
        ("0/m", (0, 60.0)),
    ],
)
def test_a_rate_is_so_many_within_so_many_seconds(text: str, expected: tuple[int, float]) -> None:
    assert rate(text) == expected


@pytest.mark.parametrize(
    "text", ["", "60", "60/", "/m", "1.5/s", "60/30s", "60 /m", "-1/m", "60K/m", "60m/m", "1.0001k/s"]
)
def test_anything_else_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="not a rate: "):
        rate(text)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("60", "60/s, 60/m or 60/h?"),
        ("200k", "200k/s, 200k/m or 200k/h?"),
        ("60rpm", "write 60/m"),
        ("60 per minute", "write 60/m"),
        ("60/min", "write 60/m"),
        ("60 / m", "write 60/m"),
        ("10 rps", "write 10/s"),
        ("200k tpm", "write 200k/m"),
        ("200K/m", "write 200k/m"),
        ("1,000 requests per day", "write 1000/d"),
        ("100 tokens/second", "write 100/s"),
        ("10 a day", "write 10/d"),
        ("5m/m", "write 5M/m"),
        ("1.5/s", "write a whole number and a time: 60/m, 10/s, 200k/m, 1M/d"),
        ("60/30s", "write a whole number and a time: 60/m, 10/s, 200k/m, 1M/d"),
        ("fast", "write a whole number and a time: 60/m, 10/s, 200k/m, 1M/d"),
    ],
)
def test_a_wrong_rate_is_shown_rightly(written: str, expected: str) -> None:
    assert rate_hint(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("monthly", "write month"),
        ("per month", "write month"),
        ("Month", "write month"),
        ("1mo", "write month"),
        ("1 week", "write week"),
        ("year", "write 365d"),
        ("30 days", "write 30d"),
        ("30", "30h or 30d?"),
        ("999999d", "write 3660d at the most"),
        ("soon", "write hour, day, week or month (of the calendar), or the last so many: 30d"),
    ],
)
def test_a_wrong_time_for_a_budget_is_shown_rightly(written: str, expected: str) -> None:
    assert window_hint(written) == expected


@pytest.mark.parametrize(
    ("pattern", "title"),
    [(RATE_PATTERN, "Rate"), (WINDOW_PATTERN, "Window"), (LONG_DURATION_PATTERN, "Duration")],
)
def test_the_schema_has_the_same_patterns(pattern: str, title: str) -> None:
    assert f'"{pattern}"'.replace("\\", "\\\\") in schema_text().partition(f'"title": "{title}"')[2]


@pytest.mark.parametrize("pattern", [WINDOW_PATTERN, LONG_DURATION_PATTERN])
@given(number=st.integers(1, 999_999_999), unit=st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_the_patterns_of_long_durations_take_all_up_to_the_longest_and_nothing_of_another_age(
    pattern: str, number: int, unit: str
) -> None:
    seconds = duration_s(f"{number}{unit}")
    is_taken = re.fullmatch(pattern, f"{number}{unit}") is not None

    assert is_taken or seconds > LONGEST_S
    assert not is_taken or seconds < 35 * 366 * 86_400


def test_the_longest_is_one_of_them() -> None:
    assert re.fullmatch(LONG_DURATION_PATTERN, LONGEST)
    assert duration_s(LONGEST) == LONGEST_S


@given(st.from_regex(RATE_PATTERN, fullmatch=True))
def test_what_the_pattern_takes_is_a_rate(text: str) -> None:
    if not text.endswith("\n"):
        amount, per_s = rate(text)

        assert amount >= 0
        assert per_s >= 1


@given(st.text(max_size=30))
def test_a_hint_for_a_rate_is_itself_right(written: str) -> None:
    hint = rate_hint(written).removeprefix("write ")

    assert " " in hint or rate(hint)


@given(st.from_regex(DURATION_PATTERN, fullmatch=True))
def test_what_the_pattern_takes_is_a_duration(text: str) -> None:
    if not text.endswith("\n"):
        assert duration_s(text) >= 0


@given(st.from_regex(SIZE_PATTERN, fullmatch=True))
def test_what_the_pattern_takes_is_a_size(text: str) -> None:
    if not text.endswith("\n"):
        assert size_bytes(text) >= 0


@given(st.text(max_size=30))
def test_a_hint_for_a_duration_is_itself_right(written: str) -> None:
    hint = duration_hint(written).removeprefix("write ")

    assert " " in hint or duration_s(hint) >= 0
