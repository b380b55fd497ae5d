"""What of a message can be told otherwise, and what only in its own words."""

from typing import Any

import pytest

from llmgw.chat.understood import says_more
from llmgw.dialects.anthropic_messages.crossable import CROSSABLE

CROSS: list[dict[str, Any]] = [
    {"type": "message", "content": [{"type": "text", "text": "hi", "citations": None}], "usage": {"a": 1}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "1", "name": "f"}},
    {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}},
]
ONLY_HERE: list[dict[str, Any]] = [
    {"type": "message", "content": [{"type": "text", "text": "hi", "citations": [{"type": "char_location"}]}]},
    {"type": "message", "content": [{"type": "server_tool_use", "id": "1"}]},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "web_search_tool_result"}},
    {"type": "content_block_delta", "delta": {"type": "citations_delta", "citation": {"url": "x"}}},
    {"type": "message", "content": [], "container": {"id": "1"}},
]


@pytest.mark.parametrize("said", CROSS)
def test_what_crosses(said: dict[str, Any]) -> None:
    assert not says_more(said, CROSSABLE)


@pytest.mark.parametrize("said", ONLY_HERE)
def test_what_has_no_other_words(said: dict[str, Any]) -> None:
    assert says_more(said, CROSSABLE)
