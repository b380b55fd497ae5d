import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.events import (
    Cited,
    Failed,
    Finish,
    Finished,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
)
from llmgw.chat.usage import Usage
from llmgw.dialects.cohere_chat.decoding import CALLS_OPEN_MAX, CohereDecoder
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.work import is_linear

USAGE = {"billed_units": {"input_tokens": 1, "output_tokens": 2}, "tokens": {"input_tokens": 5, "output_tokens": 6}}
DONE = b"data: [DONE]\n\n"


def event(kind: str, message: dict[str, Any] | None = None, **more: Any) -> bytes:
    told = {"type": kind, **more, **({} if message is None else {"delta": {"message": message}})}
    return f"event: {kind}\ndata: {json.dumps(told)}\n\n".encode()


def end(reason: str | None = "COMPLETE", **delta: Any) -> bytes:
    return event("message-end", delta={"finish_reason": reason, "usage": USAGE, **delta})


def text(piece: str, index: int = 0) -> bytes:
    return event("content-delta", {"content": {"text": piece}}, index=index)


def call(kind: str, index: int, **fields: Any) -> bytes:
    return event(f"tool-call-{kind}", {"tool_calls": fields}, index=index)


def decoded(*events: bytes) -> list[Any]:
    decoder = CohereDecoder()
    return [new for one in events for new in decoder.read(one)]


START = event("message-start", {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}, id="a1")


def test_a_stream_of_text_is_told_piece_by_piece() -> None:
    opened = event("content-start", {"content": {"type": "text", "text": ""}}, index=0)
    closed = event("content-end", index=0)
    told = decoded(START, opened, text("Hel"), b": comment\n\n", text("lo"), closed, end(), DONE)

    assert told[:-2] == [Started("a1"), TextDelta("Hel"), TextDelta("lo")]
    assert (fold(told).usage, told[-1]) == (Usage(5, 6), Finished(Finish.STOP))


def test_thoughts_and_the_plan_are_reasoning() -> None:
    thought = event("content-delta", {"content": {"thinking": "hm"}}, index=0)
    plan = event("tool-plan-delta", {"tool_plan": "I will"})

    assert decoded(thought, plan) == [ReasoningDelta("hm"), ReasoningDelta("I will")]


def test_calls_are_numbered_in_their_order_and_may_have_no_arguments() -> None:
    told = decoded(
        call("start", 3, id="c1", type="function", function={"name": "a", "arguments": ""}),
        call("delta", 3, function={"arguments": '{"x"'}),
        call("delta", 3, function={"arguments": ":1}"}),
        event("tool-call-end", index=3),
        call("start", 4, id="c2", function={"name": "b"}),
        event("tool-call-end", index=4),
        call("delta", 9, function={"arguments": "lost"}),
        end("TOOL_CALL"),
    )

    assert told[:5] == [
        ToolStarted(0, "c1", "a"),
        ToolDelta(0, '{"x"'),
        ToolDelta(0, ":1}"),
        ToolStarted(1, "c2", "b"),
        ToolDelta(1, "{}"),
    ]
    assert fold(told).parts == (ToolUse("c1", "a", '{"x":1}'), ToolUse("c2", "b", "{}"))


def test_a_call_may_begin_with_arguments() -> None:
    told = decoded(
        call("start", 0, id="c1", function={"name": "a", "arguments": "{}"}), event("tool-call-end", index=0)
    )

    assert told == [ToolStarted(0, "c1", "a"), ToolDelta(0, "{}")]


def test_citations_come_amid_the_text() -> None:
    citation = {"start": 0, "end": 1, "text": "a", "sources": [], "type": "TEXT_CONTENT"}
    told = decoded(text("a"), event("citation-start", {"citations": citation}, index=0), text("b"), end())

    assert told[1] == Cited(citation)
    assert fold(told).parts == (Text("ab", citations=(citation,)),)


@pytest.mark.parametrize(
    ("ending", "message"),
    [(end("ERROR", error="boom"), "boom"), (end("TIMEOUT"), "the answer ended with TIMEOUT")],
)
def test_an_end_with_an_error_is_a_failure(ending: bytes, message: str) -> None:
    failed = decoded(START, ending)[-1]

    assert isinstance(failed, Failed)
    assert (failed.error.failure, failed.error.message) == (FailureClass.SERVER_ERROR, message)


@pytest.mark.parametrize(
    "told",
    [
        b'event: error\ndata: {"message": "boom"}\n\n',
        b"event: error\ndata: boom\n\n",
        b'data: {"type": "error", "message": "boom"}\n\n',
        b'data: {"id": "1", "message": "boom"}\n\n',
    ],
)
def test_an_error_amid_the_stream_is_a_failure(told: bytes) -> None:
    (failed,) = decoded(told)

    assert isinstance(failed, Failed)
    assert (failed.error.failure, failed.error.message) == (FailureClass.SERVER_ERROR, "boom")


def test_the_kind_may_be_told_by_the_event_alone() -> None:
    named = b'event: content-delta\ndata: {"delta": {"message": {"content": {"text": "x"}}}}\n\n'

    assert decoded(named) == [TextDelta("x")]


def test_what_is_new_says_nothing_and_nothing_follows_the_end() -> None:
    decoder = CohereDecoder()
    for one in (event("debug", prompt="x"), event("search-start"), end()):
        decoder.read(one)

    assert (decoder.ended, decoder.read(text("more")), decoder.read(DONE)) == (True, [], [])


def test_an_end_mark_alone_is_no_end() -> None:
    decoder = CohereDecoder()

    assert (decoder.read(DONE), decoder.ended) == ([], False)


def test_what_is_no_event_of_a_message_is_told() -> None:
    for data in (b"data: {\n\n", b"data: []\n\n", b'data: {"type": 5}\n\n', b'data: {"type": "x", "delta": 5}\n\n'):
        with pytest.raises(UpstreamProtocolError):
            decoded(data)


def test_calls_without_end_do_not_fill_memory() -> None:
    starts = [call("start", n, id=f"c{n}", function={"name": "a"}) for n in range(CALLS_OPEN_MAX + 10)]

    assert len(decoded(*starts)) == CALLS_OPEN_MAX


PIECES = [START, text("a"), call("start", 0, id="c"), call("delta", 0, function={"arguments": "{"}), end()]


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(PIECES))))
def test_arbitrary_bytes_end_in_events_or_a_protocol_error(events: list[bytes]) -> None:
    decoder = CohereDecoder()
    for one in events:
        with suppress(UpstreamProtocolError):
            assert isinstance(decoder.read(one), list)


def test_the_work_is_linear_in_the_events() -> None:
    def work(count: int) -> None:
        decoder, one = CohereDecoder(), text("x")
        for _ in range(count):
            decoder.read(one)

    assert is_linear(work)


def test_reasoning_and_text_of_a_whole_stream_are_apart() -> None:
    thought = event("content-start", {"content": {"type": "thinking", "thinking": "hm"}}, index=0)

    assert fold(decoded(START, thought, text("x", 1), end())).parts == (Reasoning("hm"), Text("x"))
