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
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI, seal
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
    call = ToolUse("t", "f", '{"a')
    told = json.loads(write_answer(Answer(parts=(call, Refusal("No")), finish=Finish.LENGTH)))

    assert told["content"] == [
        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        {"type": "text", "text": "No", "citations": None},
    ]


@pytest.mark.parametrize("arguments", ["", " ", "null"])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    told = json.loads(write_answer(Answer(parts=(ToolUse("t", "f", arguments),))))

    assert told["content"][0]["input"] == {}


@pytest.mark.parametrize("arguments", ['{"a', "[1]", "5", "Paris"])
@pytest.mark.parametrize("finish", [None, Finish.STOP, Finish.TOOL_USE])
def test_arguments_that_are_no_object_are_the_providers_fault(arguments: str, finish: Finish | None) -> None:
    with pytest.raises(UpstreamProtocolError, match="tool call 't'"):
        write_answer(Answer(parts=(ToolUse("t", "f", arguments),), finish=finish))


def test_signatures_of_others_are_sealed_and_there_is_always_one() -> None:
    parts = (
        Reasoning("Hm"),
        Reasoning("Hm", "s", issuer=GOOGLE),
        Reasoning("Hm", redacted="x", issuer=OPENAI),
        ToolUse("t", "f", "{}", "s", GOOGLE),
    )
    told = json.loads(write_answer(Answer(parts=parts)))

    assert told["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": seal("", "", ANTHROPIC)},
        {"type": "thinking", "thinking": "Hm", "signature": seal(GOOGLE, "s", ANTHROPIC)},
        {"type": "thinking", "thinking": "Hm", "signature": seal("", "", ANTHROPIC)},
        {"type": "redacted_thinking", "data": seal(OPENAI, "x", ANTHROPIC)},
        {"type": "thinking", "thinking": "", "signature": seal(GOOGLE, "s", ANTHROPIC)},
        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
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


NAMES = st.sampled_from(["type", "text", "thinking", "signature", "data", "input", "id", "name", "citations", "source"])
KINDS = st.sampled_from(["text", "thinking", "redacted_thinking", "tool_use", "image", "of_tomorrow"])
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(st.lists(st.tuples(KINDS, st.dictionaries(NAMES, VALUES, max_size=4)), max_size=4))
def test_blocks_of_any_shape_are_told_again_or_a_typed_error(blocks: list[tuple[str, dict[str, Any]]]) -> None:
    content = [{**fields, "type": kind} for kind, fields in blocks]
    with suppress(UpstreamProtocolError):
        answer = fold(read_events(write_answer(fold(read_events(body(content=content))))))

        assert answer.parts == fold(read_events(write_answer(answer))).parts
