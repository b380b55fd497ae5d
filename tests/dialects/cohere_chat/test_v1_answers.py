import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.events import Cited, Failed, Finish, Finished, Started, TextDelta, UsageTold
from llmgw.chat.usage import Usage
from llmgw.dialects.cohere_chat.v1_answers import OlderDecoder, read_events
from llmgw.errors import FailureClass, UpstreamProtocolError

META = {"billed_units": {"input_tokens": 7, "output_tokens": 9}, "tokens": {"input_tokens": 70, "output_tokens": 9}}
CALLS = [{"name": "a", "parameters": {"x": 1}}, {"name": "a"}]


def line(kind: str, **more: Any) -> bytes:
    return json.dumps({"event_type": kind, "is_finished": kind == "stream-end", **more}).encode() + b"\n"


def end(reason: str = "COMPLETE", **response: Any) -> bytes:
    return line("stream-end", finish_reason=reason, response={"text": "whole", "meta": META, **response})


def decoded(*lines: bytes) -> list[Any]:
    decoder = OlderDecoder()
    return [event for one in lines for event in decoder.read(one)]


def test_a_stream_of_text() -> None:
    told = decoded(
        line("stream-start", generation_id="g1"),
        b"\n",
        line("text-generation", text="Hel"),
        line("text-generation", text="lo"),
        line("citation-generation", citations=[{"start": 0}]),
        line("search-results", documents=[]),
        end(),
        line("text-generation", text="more"),
    )

    assert told == [
        Started("g1"),
        TextDelta("Hel"),
        TextDelta("lo"),
        Cited({"start": 0}),
        UsageTold(Usage(70, 9)),
        Finished(Finish.STOP),
    ]


def test_a_stream_of_server_sent_events_says_the_same() -> None:
    said = [line("stream-start", generation_id="g1"), line("text-generation", text="x"), end()]
    events = [part for one in said for part in (b"event: some\n", b"data: " + one, b"\n")]

    assert decoded(*events, b"data: [DONE]\n") == decoded(*said)


def test_calls_come_at_once_with_the_plan_for_them() -> None:
    made = line("tool-calls-generation", text="I call", tool_calls=CALLS)
    answer = fold(decoded(line("tool-calls-chunk", text="I"), made, end()))

    assert answer.parts == (
        Reasoning("I call"),
        ToolUse("", "a", '{"x": 1}'),
        ToolUse("", "a", "{}"),
    )
    assert answer.finish is Finish.TOOL_USE


def test_of_several_generations_the_first_is_told() -> None:
    told = decoded(
        line("text-generation", text="a", index=0),
        line("text-generation", text="b", index=1),
        line("stream-end", finish_reason="MAX_TOKENS", response={"id": "1", "generations": [{"text": "a"}]}),
    )

    assert told == [Started(""), TextDelta("a"), Finished(Finish.LENGTH)]


@pytest.mark.parametrize(
    ("reason", "failure"),
    [("ERROR", FailureClass.SERVER_ERROR), ("ERROR_LIMIT", FailureClass.CONTEXT_LENGTH)],
)
def test_some_ends_are_failures(reason: str, failure: FailureClass) -> None:
    failed = decoded(end(reason))[-1]

    assert isinstance(failed, Failed)
    assert failed.error.failure is failure


def test_a_line_of_an_error_is_a_failure() -> None:
    (failed,) = decoded(b'{"message": "boom"}\n')

    assert isinstance(failed, Failed)
    assert failed.error.message == "boom"


def test_an_answer_at_once() -> None:
    told = {"text": "x", "generation_id": "g1", "citations": [{"start": 0}], "finish_reason": "COMPLETE", "meta": META}
    answer = fold(read_events(json.dumps(told).encode()))

    assert answer.parts == (Text("x", citations=({"start": 0},)),)
    assert (answer.id, answer.finish, answer.usage) == ("g1", Finish.STOP, Usage(70, 9))


def test_an_answer_with_calls() -> None:
    told = {"text": "I call", "tool_calls": CALLS, "finish_reason": "COMPLETE"}

    assert fold(read_events(json.dumps(told).encode())).parts[0] == Reasoning("I call")


def test_a_generation() -> None:
    told = {"id": "1", "generations": [{"id": "2", "text": " x", "finish_reason": "MAX_TOKENS"}], "meta": META}
    answer = fold(read_events(json.dumps(told).encode()))

    assert (answer.id, answer.parts, answer.finish) == ("1", (Text(" x"),), Finish.LENGTH)


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b"{}", b'{"message": "boom"}'])
def test_what_is_no_answer_is_told(told: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read_events(told)


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([line("text-generation", text="a"), end()]))))
def test_arbitrary_bytes_end_in_events_or_a_protocol_error(lines: list[bytes]) -> None:
    decoder = OlderDecoder()
    for one in lines:
        with suppress(UpstreamProtocolError):
            assert isinstance(decoder.read(one), list)
