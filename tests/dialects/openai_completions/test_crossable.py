"""What of a legacy completion can be told otherwise, and what only in its own words."""

from typing import Any

import pytest

from llmgw.chat.understood import says_more
from llmgw.dialects.openai_completions.crossable import CROSSABLE

CROSS: list[dict[str, Any]] = [
    {"choices": [{"text": "hi", "logprobs": None, "finish_reason": "stop"}], "usage": {"a": 1}},
]
ONLY_HERE: list[dict[str, Any]] = [
    {"choices": [{"text": "hi", "logprobs": {"tokens": ["hi"]}}]},
    {"choices": [{"text": "hi", "prompt_logprobs": [{}, {"1": 2}]}]},
]


@pytest.mark.parametrize("said", CROSS)
def test_what_crosses(said: dict[str, Any]) -> None:
    assert not says_more(said, CROSSABLE)


@pytest.mark.parametrize("said", ONLY_HERE)
def test_what_has_no_other_words(said: dict[str, Any]) -> None:
    assert says_more(said, CROSSABLE)
