from typing import Any

import msgspec
import pytest

from llmgw.dialects.cohere_chat.wire import Message


def message(**told: Any) -> Message:
    return msgspec.convert(told, Message)


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (None, []),
        ("plain", ["plain"]),
        ({"type": "text", "text": "a"}, ["a"]),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], ["a", "b"]),
        ([], []),
    ],
)
def test_content_is_one_block_or_many(content: Any, texts: list[str]) -> None:
    assert texts == [block.text for block in message(content=content).blocks]


@pytest.mark.parametrize(("calls", "ids"), [(None, []), ({"id": "a"}, ["a"]), ([{"id": "a"}, {"id": "b"}], ["a", "b"])])
def test_calls_are_one_or_many(calls: Any, ids: list[str]) -> None:
    assert ids == [call.id for call in message(tool_calls=calls).calls]


@pytest.mark.parametrize(
    ("citations", "starts"),
    [
        (None, []),
        ({"start": 1}, [1]),
        ([{"start": 1, "type": "TEXT_CONTENT"}, {"start": 2, "type": "PLAN"}, 7], [1]),
        ([{"start": 1, "type": "THINKING_CONTENT"}], []),
    ],
)
def test_citations_are_of_what_is_said(citations: Any, starts: list[int]) -> None:
    assert starts == [one["start"] for one in message(citations=citations).cited]
