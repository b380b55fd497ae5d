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


HEARD_AND_SEEN = {
    "promptTokenCount": 30,
    "cachedContentTokenCount": 9,
    "candidatesTokenCount": 8,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 10},
        {"modality": "AUDIO", "tokenCount": 12},
        {"modality": "IMAGE", "tokenCount": 8},
    ],
    "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 9}],
    "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}, {"modality": "IMAGE", "tokenCount": 5}],
}


def test_what_was_heard_and_seen_is_counted_apart_and_written_again() -> None:
    usage = Counts().take(HEARD_AND_SEEN)

    assert usage == Usage(
        30,
        8,
        9,
        audio_input_tokens=12,
        cached_audio_input_tokens=9,
        audio_output_tokens=3,
        image_input_tokens=8,
        image_output_tokens=5,
    )
    assert Counts().take(write_usage(usage)) == usage


@pytest.mark.parametrize("details", [None, 5, [5], [{"modality": "AUDIO", "tokenCount": "9"}], [{"tokenCount": 9}]])
def test_details_that_tell_nothing_count_nothing(details: Any) -> None:
    assert Counts().take({"promptTokenCount": 9, "promptTokensDetails": details}) == Usage(9)


def test_the_service_tier_is_kept_once_it_is_told() -> None:
    counts = Counts()
    counts.take({"promptTokenCount": 9, "serviceTier": "flex"})

    assert counts.take({"promptTokenCount": 10}) == Usage(10, service_tier="flex")
