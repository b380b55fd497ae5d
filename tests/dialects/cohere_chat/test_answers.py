import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.events import Finish
from llmgw.chat.usage import Usage
from llmgw.dialects.cohere_chat.answers import read_events
from llmgw.errors import FailureClass, UpstreamProtocolError

USAGE = {"tokens": {"input_tokens": 5, "output_tokens": 6}, "cached_tokens": 4}


def body(message: dict[str, Any] | None, reason: str = "COMPLETE", **more: Any) -> bytes:
    return json.dumps({"id": "a1", "finish_reason": reason, "message": message, "usage": USAGE, **more}).encode()


def test_an_answer_says_all_in_order() -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "x"}]
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "a", "arguments": '{"y":2}'}},
        {"type": "function", "function": {"name": "b", "arguments": ""}},
    ]
    told = {"role": "assistant", "content": content, "tool_plan": "I call", "tool_calls": calls}
    answer = fold(read_events(body(told, "TOOL_CALL")))

    assert answer.parts == (
        Reasoning("hm"),
        Text("x"),
        Reasoning("I call"),
        ToolUse("c1", "a", '{"y":2}'),
        ToolUse("", "b", "{}"),
    )
    assert (answer.id, answer.finish, answer.usage) == ("a1", Finish.TOOL_USE, Usage(5, 6, 4))


def test_citations_stand_with_the_text_that_they_are_of() -> None:
    cited = [{"start": 0, "content_index": 1}, {"start": 1, "content_index": 0}, {"start": 2}]
    content = [{"type": "text", "text": "a"}, {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "b"}]
    cited[0]["content_index"] = 2
    parts = fold(read_events(body({"content": content, "citations": cited}))).parts

    assert [[one["start"] for one in part.citations] for part in parts if isinstance(part, Text)] == [[1], [0, 2]]


def test_an_answer_that_ended_with_an_error_is_a_failure_with_what_was_said() -> None:
    answer = fold(read_events(body({"content": "half"}, "ERROR")))

    assert (answer.parts, answer.finish) == ((Text("half"),), None)
    assert answer.error is not None
    assert answer.error.failure is FailureClass.SERVER_ERROR


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b"{}", b'{"message": 5}', b'{"message": null}'])
def test_what_is_no_answer_is_told(told: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read_events(told)


def test_an_error_instead_of_an_answer_has_its_class() -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        read_events(b'{"id": "1", "message": "too many tokens: 9 > 8"}')

    assert caught.value.failure in (FailureClass.CONTEXT_LENGTH, FailureClass.PROTOCOL)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
        lambda inner: st.one_of(
            st.lists(inner),
            st.dictionaries(
                st.sampled_from(
                    ["message", "content", "tool_calls", "function", "citations", "usage", "tokens", "text"]
                ),
                inner,
            ),
        ),
    )
)
def test_arbitrary_json_ends_in_events_or_a_protocol_error(told: Any) -> None:
    with suppress(UpstreamProtocolError):
        read_events(json.dumps(told).encode())
