"""An answer in one piece, read and written."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.dialect import FINISH_CONTENT_FILTER, AnswerSign
from llmgw.chat.events import Finish
from llmgw.chat.signatures import ANTHROPIC
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.answers import read_answer, read_events, write_answer
from llmgw.errors import FailureClass, UpstreamProtocolError

CITATION = {"type": "char_location", "cited_text": "x"}
CONTENT = [
    {"type": "thinking", "thinking": "Hm", "signature": "s"},
    {"type": "redacted_thinking", "data": "x"},
    {"type": "text", "text": "Hello", "citations": [CITATION]},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
    {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
]
ANSWER = Answer(
    id="msg_1",
    model="claude",
    parts=(
        Reasoning("Hm", "s", issuer=ANTHROPIC),
        Reasoning(redacted="x", issuer=ANTHROPIC),
        Text("Hello", citations=(CITATION,)),
        ToolUse("toolu_1", "f", "{}"),
    ),
    finish=Finish.TOOL_USE,
    usage=Usage(17, 7, 5, 3, 2),
)


def body(**fields: Any) -> bytes:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2, "output_tokens": 7}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": CONTENT}
    told = {"usage": {**usage, "output_tokens_details": {"thinking_tokens": 3}}, "stop_reason": "tool_use"}
    return json.dumps({**message, **told, "stop_sequence": None, **fields}).encode()


def test_an_answer_is_read_with_usage_and_stop_reason() -> None:
    assert read_answer(body()) == AnswerSign(Usage(17, 7, 5, 3, 2), "tool_use")
    assert read_answer(body(stop_reason="refusal")).finish == FINISH_CONTENT_FILTER
    assert read_answer(body(content=[], usage=None, stop_reason=None)) == AnswerSign(None, None)


def test_an_answer_becomes_events() -> None:
    assert fold(read_events(body())) == ANSWER


def test_empty_blocks_say_nothing() -> None:
    empty = [{"type": "text", "text": ""}, {"type": "thinking", "thinking": "", "signature": ""}]

    assert fold(read_events(body(content=empty, stop_reason=None, usage={}))).parts == ()


def test_what_is_written_is_read_as_the_same() -> None:
    assert fold(read_events(write_answer(ANSWER))) == ANSWER


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(), "end_turn"),
        (Answer(finish=Finish.STOP, parts=(Refusal("No"),)), "refusal"),
        (Answer(finish=Finish.CONTENT_FILTER), "refusal"),
        (Answer(finish=Finish.STOP, parts=(ToolUse("t", "f", "{}"),)), "tool_use"),
        (Answer(finish=Finish.LENGTH, parts=(ToolUse("t", "f", '{"a'),)), "max_tokens"),
    ],
)
def test_every_answer_has_a_stop_reason_and_an_id(answer: Answer, reason: str) -> None:
    told = json.loads(write_answer(answer))

    assert (reason, "msg_llmgw", "message") == (told["stop_reason"], told["id"], told["type"])
    assert told["usage"]["output_tokens"] == 0


def test_arguments_cut_short_are_none() -> None:
    told = json.loads(write_answer(Answer(parts=(ToolUse("t", "f", '{"a'), Reasoning("Hm"), Refusal("No")))))

    assert told["content"] == [
        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        {"type": "thinking", "thinking": "Hm", "signature": ""},
        {"type": "text", "text": "No", "citations": None},
    ]


@pytest.mark.parametrize(
    ("sent", "failure"),
    [
        (b'{"type":"error","error":{"type":"overloaded_error","message":"no"}}', FailureClass.OVERLOADED),
        (b'{"type":"error"}', FailureClass.PROTOCOL),
        (b'{"error":"no"}', FailureClass.PROTOCOL),
        (b"{}", FailureClass.PROTOCOL),
        (b'{"content":"text"}', FailureClass.PROTOCOL),
        (b"<html>", FailureClass.PROTOCOL),
        (b"\xff", FailureClass.PROTOCOL),
        (b"[" * 100_000, FailureClass.PROTOCOL),
    ],
)
def test_what_is_no_answer_has_its_class(sent: bytes, failure: FailureClass) -> None:
    for read in (read_answer, read_events):
        with pytest.raises(UpstreamProtocolError) as caught:
            read(sent)

        assert failure is caught.value.failure


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_events_or_a_typed_error(sent: bytes) -> None:
    with suppress(UpstreamProtocolError):
        fold(read_events(sent))
