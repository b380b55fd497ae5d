"""Usage as the Responses API counts."""

import pytest

from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.usage import read_usage, write_usage
from tests.dialects.openai_responses.wire import USAGE


def test_it_is_read_as_it_is_written() -> None:
    usage = Usage(17, 7, 5, 3, 2)

    assert read_usage(USAGE) == usage
    assert write_usage(usage) == USAGE
    assert write_usage(None) is None


@pytest.mark.parametrize("told", [None, 5, {}, {"total_tokens": 3}, {"prompt_tokens": 3}])
def test_what_is_no_usage(told: object) -> None:
    assert read_usage(told) is None


@pytest.mark.parametrize("details", [None, 5, {}, {"cached_tokens": "x"}])
def test_details_may_be_missing(details: object) -> None:
    told = {"input_tokens": 3, "output_tokens": 2, "input_tokens_details": details, "output_tokens_details": details}

    assert read_usage(told) == Usage(3, 2)


def test_more_cached_than_given_stands_beside_it() -> None:
    assert read_usage({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 161}}) == Usage(171, 0, 161)


def test_what_was_seen_and_drawn_and_the_service_tier_are_told() -> None:
    details = {"input_tokens_details": {"image_tokens": 4}, "output_tokens_details": {"image_tokens": 2}}
    usage = read_usage({"input_tokens": 9, "output_tokens": 3, **details}, "flex")

    assert usage == Usage(9, 3, image_input_tokens=4, image_output_tokens=2, service_tier="flex")
