"""Three counts of input stand beside each other; the last word of each holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.counts import Counts, write_usage

BESIDE = {"input_tokens": 10, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 3000, "output_tokens": 5}
COUNT = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        (BESIDE, Usage(3210, 5, 200, 0, 3000)),
        ({"input_tokens": 10, "output_tokens": 5}, Usage(10, 5)),
        ({**BESIDE, "output_tokens_details": {"thinking_tokens": 4}}, Usage(3210, 5, 200, 4, 3000)),
        ({**BESIDE, "cache_read_input_tokens": None, "output_tokens_details": None}, Usage(3010, 5, 0, 0, 3000)),
        ({**BESIDE, "cache_creation": {"ephemeral_1h_input_tokens": 7}}, Usage(3210, 5, 200, 0, 3000, 7)),
        ({"input_tokens": 10, "service_tier": "priority"}, Usage(10, service_tier="priority")),
        ({"input_tokens": 10, "service_tier": "standard", "speed": "fast"}, Usage(10, service_tier="fast")),
        ({"input_tokens": True, "output_tokens": "5"}, None),
        ({"input_tokens": -1, "output_tokens": 1.5}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_what_stands_beside_is_added_up(told: Any, usage: Usage | None) -> None:
    assert usage == Counts().take(told)


@pytest.mark.parametrize(
    ("later", "usage"),
    [
        ({"output_tokens": 99}, Usage(3210, 99, 200, 0, 3000)),
        ({"input_tokens": 404_500, "output_tokens": 9}, Usage(407_700, 9, 200, 0, 3000)),
        ({"cache_read_input_tokens": 0, "output_tokens": 9}, Usage(3010, 9, 0, 0, 3000)),
        ({**BESIDE, "input_tokens": None}, Usage(3210, 5, 200, 0, 3000)),
    ],
)
def test_the_last_word_of_each_count_holds_and_nothing_is_added(later: Any, usage: Usage) -> None:
    counts = Counts()
    counts.take(BESIDE)

    assert usage == counts.take(later)


def test_without_news_nothing_is_told() -> None:
    counts = Counts()
    counts.take(BESIDE)

    assert counts.take({"service_tier": "standard"}) is None
    assert counts.take({"output_tokens": 6}) == Usage(3210, 6, 200, 0, 3000)


@given(COUNT, COUNT, COUNT, COUNT, COUNT)
def test_what_is_written_is_read_as_the_same(fresh: int, cached: int, written: int, output: int, thought: int) -> None:
    usage = Usage(fresh + cached + written, output, cached, thought, written)

    assert usage == Counts().take(write_usage(usage))


def test_nobody_counted() -> None:
    assert write_usage(None) == {**dict.fromkeys(BESIDE, 0)}


def test_more_in_the_cache_than_in_the_whole_is_no_negative_count() -> None:
    assert write_usage(Usage(10, 1, 161))["input_tokens"] == 0


def test_what_is_to_stay_for_an_hour_is_written_apart() -> None:
    usage = Usage(20, 5, 0, 0, 10, 7)
    told = write_usage(usage)

    assert told["cache_creation"] == {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 7}
    assert Counts().take(told) == usage
