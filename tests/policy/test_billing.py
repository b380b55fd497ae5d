"""What an attempt is taken to have used, however it ended."""

import pytest

from llmgw.chat.usage import Usage
from llmgw.policy import billing
from llmgw.policy.billing import NOTHING, Spent

TOLD = Usage(input_tokens=9, output_tokens=3, cached_input_tokens=4)


def test_limits_count_what_went_in_and_what_came_out() -> None:
    assert (Spent(TOLD).tokens, NOTHING.tokens) == (12, 0)


@pytest.mark.parametrize(("size", "expected"), [(0, 0), (3, 0), (4, 1), (4001, 1000)])
def test_an_answer_that_does_not_tell_has_about_a_token_for_four_bytes(size: int, expected: int) -> None:
    assert expected == billing.tokens_about(bytes(size))


def test_of_one_that_tells_nothing_holds_an_estimate_that_says_so() -> None:
    assert billing.estimated(100, 200) == Spent(Usage(100, 200), estimated=True)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, Usage(100, 20)),
        (Usage(9, 0, cached_input_tokens=4), Usage(9, 20, cached_input_tokens=4)),
        (Usage(9, 50), Usage(9, 50)),
    ],
    ids=["nothing told", "only the input told", "more told than was counted"],
)
def test_of_one_that_broke_off_holds_what_is_known_to_have_been_used(told: Usage | None, expected: Usage) -> None:
    assert billing.broken_off(told, 100, 20) == Spent(expected, estimated=True)


def test_of_one_that_nobody_waited_for_all_that_was_reserved_counts() -> None:
    assert billing.unknown(100) == Spent(Usage(100), estimated=True, all_reserved=True)
