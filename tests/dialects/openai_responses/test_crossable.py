"""What of a response can be told otherwise, and what only in its own words."""

from typing import Any

import pytest

from llmgw.chat.understood import says_more
from llmgw.dialects.openai_responses.crossable import CROSSABLE

CROSS: list[dict[str, Any]] = [
    {"output": [{"type": "message", "content": [{"type": "output_text", "text": "hi", "annotations": []}]}]},
    {"type": "response.output_item.added", "item": {"type": "reasoning", "encrypted_content": "x"}},
    {"type": "response.completed", "response": {"output": [{"type": "function_call", "arguments": "{}"}]}},
]
ONLY_HERE: list[dict[str, Any]] = [
    {"output": [{"type": "web_search_call", "status": "completed"}]},
    {"output": [{"type": "message", "content": [{"type": "output_text", "annotations": [{"type": "url_citation"}]}]}]},
    {"type": "response.output_item.done", "item": {"type": "image_generation_call"}},
    {"type": "response.output_text.delta", "delta": "hi", "logprobs": [{"token": "hi"}]},
    {"type": "response.completed", "response": {"output": [{"type": "mcp_call"}]}},
]


@pytest.mark.parametrize("said", CROSS)
def test_what_crosses(said: dict[str, Any]) -> None:
    assert not says_more(said, CROSSABLE)


@pytest.mark.parametrize("said", ONLY_HERE)
def test_what_has_no_other_words(said: dict[str, Any]) -> None:
    assert says_more(said, CROSSABLE)
