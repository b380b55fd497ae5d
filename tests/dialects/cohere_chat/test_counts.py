from typing import Any

import pytest

from llmgw.chat.events import UsageTold
from llmgw.chat.usage import Usage
from llmgw.dialects.cohere_chat.counts import read_usage

BILLED = {"input_tokens": 5, "output_tokens": 6}
TOKENS = {"input_tokens": 763, "output_tokens": 408.0, "reasoning_tokens": 54}


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"billed_units": BILLED, "tokens": TOKENS, "cached_tokens": 448}, Usage(763, 408, 448, 54)),
        ({"billed_units": BILLED}, Usage(5, 6)),
        ({"tokens": {"output_tokens": 1}}, Usage(0, 1)),
        ({"tokens": {"input_tokens": -1, "output_tokens": None}, "cached_tokens": "x"}, Usage()),
    ],
)
def test_what_the_model_has_read_counts_and_else_what_is_billed(told: Any, usage: Usage) -> None:
    assert read_usage(told) == [UsageTold(usage)]


@pytest.mark.parametrize("told", [None, [], {}, {"tokens": {}}, {"tokens": 3}, {"billed_units": {"search_units": 1}}])
def test_nothing_counted_is_nothing_told(told: Any) -> None:
    assert read_usage(told) == []
