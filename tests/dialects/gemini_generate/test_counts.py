"""Usage in Google's words."""

from typing import Any

import pytest

from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_generate.counts import Counts, write_usage
from tests.dialects.gemini_generate.wire import USAGE


def test_thoughts_are_beside_the_answer_and_what_tools_read_beside_the_prompt() -> None:
    told = {**USAGE, "toolUsePromptTokenCount": 5, "cachedContentTokenCount": 8}

    assert Counts().take(told) == Usage(15, 7, 8, 3)


def test_the_last_word_of_each_holds() -> None:
    counts = Counts()
    counts.take({"promptTokenCount": 9, "thoughtsTokenCount": 3, "totalTokenCount": 12})

    assert counts.take({"promptTokenCount": 10, "candidatesTokenCount": 4}) == Usage(10, 7, 0, 3)


@pytest.mark.parametrize(
    "told", [None, 5, [], {}, {"trafficType": "ON_DEMAND"}, {"promptTokenCount": "9"}, {"promptTokenCount": True}]
)
def test_what_tells_nothing_is_nothing(told: Any) -> None:
    assert Counts().take(told) is None


def test_usage_is_written_as_google_counts() -> None:
    assert write_usage(Usage(10, 7, 0, 3)) == USAGE
    assert write_usage(Usage(10, 7, 4)) == {
        "promptTokenCount": 10,
        "candidatesTokenCount": 7,
        "cachedContentTokenCount": 4,
        "totalTokenCount": 17,
    }
