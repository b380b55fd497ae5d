"""What of an answer of Gemini can be told otherwise, and what only in its own words."""

from typing import Any

import pytest

from llmgw.chat.understood import says_more
from llmgw.dialects.gemini_generate.crossable import CROSSABLE

CROSS: list[dict[str, Any]] = [
    {"candidates": [{"content": {"parts": [{"text": "hi", "thought": True}], "role": "model"}}]},
    {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}]}}], "modelVersion": "m"},
]
ONLY_HERE: list[dict[str, Any]] = [
    {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png"}}]}}]},
    {"candidates": [{"content": {"parts": [{"executableCode": {"code": "1"}}]}}]},
    {"candidates": [{"content": {"parts": [{"text": "hi"}]}, "groundingMetadata": {"webSearchQueries": ["x"]}}]},
    {"candidates": [{"content": {"parts": [{"text": "hi"}]}, "logprobsResult": {"chosenCandidates": [1]}}]},
]


@pytest.mark.parametrize("said", CROSS)
def test_what_crosses(said: dict[str, Any]) -> None:
    assert not says_more(said, CROSSABLE)


@pytest.mark.parametrize("said", ONLY_HERE)
def test_what_has_no_other_words(said: dict[str, Any]) -> None:
    assert says_more(said, CROSSABLE)
