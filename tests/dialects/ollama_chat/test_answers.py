import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.events import Failed, Finish, Finished, ReasoningDelta, Started, TextDelta, ToolDelta, ToolStarted
from llmgw.chat.usage import Usage
from llmgw.dialects.ollama_chat.answers import OllamaDecoder, read_events
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.work import is_linear

HEAD = {"model": "qwen3:8b", "created_at": "2026-01-01T00:00:00.123456Z"}
END = {"done": True, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 7}


def line(told: dict[str, Any]) -> bytes:
    return json.dumps({**HEAD, **told}).encode() + b"\n"


def said(**message: Any) -> bytes:
    return line({"message": {"role": "assistant", "content": "", **message}, "done": False})


def decoded(*lines: bytes) -> list[Any]:
    decoder = OllamaDecoder()
    return [event for one in lines for event in decoder.read(one)]


def call(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}, **more}


def test_a_stream_is_told_line_by_line() -> None:
    told = decoded(said(thinking="hm"), said(content="Hel"), b"\n", said(content="lo"), line({"message": {}, **END}))

    assert [type(event) for event in told[:1]] == [Started]
    assert told[1:4] == [ReasoningDelta("hm"), TextDelta("Hel"), TextDelta("lo")]
    assert fold(told).usage == Usage(11, 7)
    assert told[-1] == Finished(Finish.STOP)
    assert (fold(told).model, fold(told).id) == ("qwen3:8b", "")


def test_calls_come_whole() -> None:
    told = decoded(said(tool_calls=[call("a", {"x": 1}), call("b", None, id="c2")]), said(tool_calls=[call("a", {})]))
    started = [event for event in told if isinstance(event, ToolStarted)]

    assert [(one.index, one.id, one.name) for one in started] == [(0, "", "a"), (1, "c2", "b"), (2, "", "a")]
    assert [event for event in told if isinstance(event, ToolDelta)] == [
        ToolDelta(0, '{"x": 1}'),
        ToolDelta(1, "{}"),
        ToolDelta(2, "{}"),
    ]


@pytest.mark.parametrize(
    ("reason", "calls", "finish"),
    [
        ("stop", [], Finish.STOP),
        ("stop", [call("a", {})], Finish.TOOL_USE),
        ("length", [call("a", {})], Finish.LENGTH),
        ("length", [], Finish.LENGTH),
        ("load", [], Finish.STOP),
        (None, [], Finish.STOP),
    ],
)
def test_an_end_has_its_reason(reason: str | None, calls: list[Any], finish: Finish) -> None:
    body = line({"message": {"content": "x", "tool_calls": calls}, **END, "done_reason": reason})

    assert fold(read_events(body)).finish is finish


@pytest.mark.parametrize(
    ("counts", "usage"),
    [({}, None), ({"eval_count": 7}, Usage(0, 7)), ({"prompt_eval_count": 3, "eval_count": 7}, Usage(3, 7))],
)
def test_counts_may_be_missing(counts: dict[str, int], usage: Usage | None) -> None:
    body = json.dumps({"message": {"content": "x"}, "done": True, **counts}).encode()

    assert fold(read_events(body)).usage == usage


def test_an_answer_at_once_says_all_in_order() -> None:
    message = {"thinking": "hm", "content": "x", "tool_calls": [call("a", '{"y":2}', id="c1")]}
    answer = fold(read_events(line({"message": message, **END})))

    assert answer.parts == (Reasoning("hm"), Text("x"), ToolUse("c1", "a", '{"y":2}'))


def test_a_completion_has_its_text_elsewhere() -> None:
    answer = fold(read_events(line({"response": "x", "thinking": "hm", "context": [1], **END})))

    assert answer.parts == (Reasoning("hm"), Text("x"))


def test_a_line_with_an_error_is_a_failure() -> None:
    (failed,) = decoded(b'{"error": "CUDA error: out of memory"}\n')

    assert isinstance(failed, Failed)
    assert (failed.error.failure, failed.error.message) == (FailureClass.SERVER_ERROR, "CUDA error: out of memory")


def test_nothing_follows_the_end() -> None:
    decoder = OllamaDecoder()
    decoder.read(line({"message": {"content": "x"}, **END}))

    assert (decoder.ended, decoder.read(said(content="more"))) == (True, [])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"done": "x"}', b"{}", b'{"message": {"content": "x"}}'])
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read_events(body)


def test_an_error_instead_of_an_answer_has_its_class() -> None:
    with pytest.raises(UpstreamProtocolError, match="not found") as caught:
        read_events(b'{"error": "model \'x\' not found"}')

    assert caught.value.failure is FailureClass.NOT_FOUND


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([said(content="a"), said(tool_calls=[call("a", 1)])])))
)
def test_arbitrary_bytes_end_in_events_or_a_protocol_error(lines: list[bytes]) -> None:
    decoder = OllamaDecoder()
    for one in lines:
        with suppress(UpstreamProtocolError):
            assert isinstance(decoder.read(one), list)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
        lambda inner: st.one_of(
            st.lists(inner),
            st.dictionaries(
                st.sampled_from(
                    ["message", "content", "tool_calls", "function", "arguments", "done", "error", "model"]
                ),
                inner,
            ),
        ),
    )
)
def test_arbitrary_json_ends_in_events_or_a_protocol_error(told: Any) -> None:
    with suppress(UpstreamProtocolError):
        read_events(json.dumps(told).encode())


def test_the_work_is_linear_in_the_lines() -> None:
    def work(count: int) -> None:
        decoder, one = OllamaDecoder(), said(tool_calls=[call("a", {})])
        for _ in range(count):
            decoder.read(one)

    assert is_linear(work)
