"""What a caller says of the cache."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.policy.cache_control import NO_CONTROL, Control, read_control


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", NO_CONTROL),
        ("no-cache", Control(no_cache=True)),
        ("No-Store", Control(no_store=True)),
        ("max-age=60", Control(max_age_s=60.0)),
        ('max-age="60"', Control(max_age_s=60.0)),
        ("max-age=0", Control(max_age_s=0.0)),
        ("max-age=99999999999999999999", Control(max_age_s=2.0**31)),
        ("max-age=60, max-age=5", Control(max_age_s=5.0)),
        ("only-if-cached", Control(only_if_cached=True)),
        (" no-cache ,no-store,, max-age=1 ", Control(no_cache=True, no_store=True, max_age_s=1.0)),
        ("max-stale=5, min-fresh, no-transform, private", NO_CONTROL),
        ('x="no-cache, no-store"', NO_CONTROL),
        ("max-age", NO_CONTROL),
        ("max-age=-1", NO_CONTROL),
        ("max-age=1.5", NO_CONTROL),
        ("max-age=\N{ARABIC-INDIC DIGIT ONE}", NO_CONTROL),
        ("max-age=soon, no-cache", Control(no_cache=True)),
        ("no-cached", NO_CONTROL),
    ],
)
def test_it_is_read_as_far_as_it_is_about_us(text: str, expected: Control) -> None:
    assert read_control(text) == expected


@given(st.text())
def test_garbage_is_passed_over(text: str) -> None:
    assert read_control(text + " ;").only_if_cached is False or "only-if-cached" in text.lower()


def test_a_long_one_is_not_read_to_its_end() -> None:
    assert read_control("a=1," * 1000 + "no-cache") == NO_CONTROL
