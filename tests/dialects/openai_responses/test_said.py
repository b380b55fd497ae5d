"""What a provider's items say, whole."""

from typing import Any

import pytest

from llmgw.chat.events import Cited, Event, ReasoningDelta, RefusalDelta, TextDelta, ToolDelta, ToolStarted
from llmgw.chat.signatures import OPENAI
from llmgw.dialects.openai_responses.said import arguments_of, say, start_call
from tests.dialects.openai_responses.wire import call, message, output_text, thought

NOTE = {"type": "file_citation"}
RAW = {"type": "reasoning_text", "text": "long"}


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (
            message(output_text("a", NOTE), {"type": "refusal", "refusal": "b"}, {"type": "of_tomorrow"}),
            [TextDelta("a"), Cited(NOTE), RefusalDelta("b")],
        ),
        (thought("a", "b"), [ReasoningDelta("a\n\nb")]),
        (thought("a", content=[RAW, RAW]), [ReasoningDelta("long\n\nlong")]),
        (thought(encrypted_content="x"), [ReasoningDelta(signature="rs_1 x", issuer=OPENAI)]),
        (thought(id=None, encrypted_content="x"), [ReasoningDelta(signature=" x", issuer=OPENAI)]),
        (call('{"a":1}'), [ToolStarted(2, "call_1", "f"), ToolDelta(2, '{"a":1}')]),
        ({"type": "web_search_call"}, []),
        ({"type": ["message"]}, []),
        ("x", []),
        (None, []),
    ],
)
def test_items(item: Any, told: list[Event]) -> None:
    assert list(say(item, 2)) == told


@pytest.mark.parametrize(
    ("item", "id_"), [(call(), "call_1"), (call(call_id=None), "fc_1"), (call(call_id="", id=5), "")]
)
def test_a_call_without_an_id_has_that_of_its_item(item: dict[str, Any], id_: str) -> None:
    assert start_call(item, 3).id == id_


@pytest.mark.parametrize(("told", "text"), [(None, ""), ("{", "{"), ({"a": 1}, '{"a":1}'), (5, "5")])
def test_arguments_are_json_as_text(told: object, text: str) -> None:
    assert arguments_of(told) == text
