"""Usage is a value: equal counts are equal."""

import pytest

from llmgw.chat.usage import TOKENS_MAX, Usage, service_tier, tokens


def test_equal_counts_are_equal_and_hash_alike() -> None:
    assert Usage(9, 3) == Usage(input_tokens=9, output_tokens=3, cached_input_tokens=0, reasoning_tokens=0)
    assert hash(Usage(9, 3)) == hash(Usage(9, 3))


def test_usage_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Usage(9, 3).input_tokens = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("priority", "priority"),
        ("FLEX", "flex"),
        ("default", ""),
        ("standard", ""),
        ("on_demand", ""),
        ("auto", ""),
        (None, ""),
        (1, ""),
        ("x" * 99, "x" * 50),
    ],
)
def test_only_a_service_tier_that_is_not_the_usual_one_is_told(told: object, name: str) -> None:
    assert service_tier(told) == name


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (7, 7),
        (7.9, 7),
        (1e300, TOKENS_MAX),
        (10**300, TOKENS_MAX),
        (float("inf"), 0),
        (float("nan"), 0),
        (-1, 0),
        ("7", 0),
    ],
)
def test_a_count_is_a_number_that_can_be(told: object, expected: int) -> None:
    assert tokens(told) == expected
