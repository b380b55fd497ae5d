"""What the hub knows of an answer, and what would be lost."""

from typing import Any

import pytest

from llmgw.chat.understood import TEXT, anything, says_more

KNOWN = {"text": TEXT, "parts": [{"type": frozenset({"a", "b"}), **anything("more")}], **anything("id")}


@pytest.mark.parametrize(
    ("value", "is_more"),
    [
        ({}, False),
        ({"text": "hi", "id": {"any": ["thing"]}}, False),
        ({"text": [{"type": "image"}]}, True),
        ({"other": None, "others": [], "no": False, "nought": 0, "empty": ""}, False),
        ({"other": 1}, True),
        ({"parts": [{"type": "a"}, {"type": "b", "more": 1}]}, False),
        ({"parts": [{"type": "a"}, {"type": "c"}]}, True),
        ({"parts": {"type": "a"}}, True),
        ({"parts": ["text"]}, True),
        ("text", True),
    ],
)
def test_what_is_not_known_and_not_empty_is_more(value: Any, is_more: bool) -> None:
    assert is_more == says_more(value, KNOWN)
