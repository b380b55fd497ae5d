"""What of a chat completion can be told otherwise, and what only in its own words."""

from typing import Any

import pytest

from llmgw.chat.understood import says_more
from llmgw.dialects.openai_chat.crossable import CROSSABLE

CROSS: list[dict[str, Any]] = [
    {"id": "1", "choices": [{"message": {"role": "assistant", "content": "hi", "annotations": []}, "logprobs": None}]},
    {"choices": [{"delta": {"tool_calls": [{"type": "function", "function": {"name": "f"}}]}}], "usage": {"a": 1}},
    {"choices": [], "usage": {"prompt_tokens": 1}, "x_groq": {"id": "1"}},
]
ONLY_HERE: list[dict[str, Any]] = [
    {"choices": [{"message": {"audio": {"id": "1"}}}]},
    {"choices": [{"message": {"content": "hi", "annotations": [{"type": "url_citation"}]}}]},
    {"choices": [{"message": {"content": [{"type": "text", "text": "hi"}]}}]},
    {"choices": [{"message": {"content": "hi"}, "logprobs": {"content": [{"token": "hi"}]}}]},
    {"choices": [{"message": {"reasoning_details": [{"type": "reasoning.encrypted"}]}}]},
    {"choices": [{"delta": {"tool_calls": [{"type": "custom", "custom": {}}]}}]},
    {"choices": [{"message": {"content": "hi"}}], "citations": ["https://example.com"]},
]


@pytest.mark.parametrize("said", CROSS)
def test_what_crosses(said: dict[str, Any]) -> None:
    assert not says_more(said, CROSSABLE)


@pytest.mark.parametrize("said", ONLY_HERE)
def test_what_has_no_other_words(said: dict[str, Any]) -> None:
    assert says_more(said, CROSSABLE)
