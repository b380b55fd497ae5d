"""Deltas and messages of every accent become the same events."""

from typing import Any

import msgspec
import pytest

from llmgw.chat import events
from llmgw.chat.events import Event, Failed, Finish, Finished, ReasoningDelta, RefusalDelta, TextDelta
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.chunks import FullChoice, FullChunk
from llmgw.dialects.openai_chat.deltas import Saying, texts
from llmgw.errors import FailureClass

CALL = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]}


def choice(**fields: Any) -> FullChoice:
    return msgspec.convert(fields, FullChoice)


def said(**fields: Any) -> list[Event]:
    return list(Saying().say_delta(choice(**fields)))


def finished(reason: Any, *deltas: dict[str, Any], stopped_by: Any = None) -> list[Event]:
    saying = Saying()
    for delta in deltas:
        list(saying.say_delta(choice(delta=delta)))
    return list(saying.end(reason, stopped_by))


@pytest.mark.parametrize(
    ("delta", "told"),
    [
        ({"content": "Hi"}, [TextDelta("Hi")]),
        ({"content": ""}, []),
        ({"content": None, "role": "assistant", "padding": "x"}, []),
        ({"content": [{"type": "text", "text": "a"}, "b", {"text": ""}]}, [TextDelta("a"), TextDelta("b")]),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}], "closed": True}]},
            [ReasoningDelta("Hm")],
        ),
        (
            {"content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi"}]},
            [ReasoningDelta("Hm"), TextDelta("Hi")],
        ),
        ({"content": [{"type": "reference", "reference_ids": [1]}, 5, None]}, []),
        ({"refusal": "No"}, [RefusalDelta("No")]),
        ({"refusal": {}, "audio": {}, "tool_calls": {}, "function_call": {}, "annotations": {}}, []),
        ({"reasoning_content": "Hm", "content": "Hi"}, [ReasoningDelta("Hm"), TextDelta("Hi")]),
        ({"annotations": [{"type": "url_citation"}, 5]}, [events.Cited({"type": "url_citation"})]),
        (CALL, [events.ToolStarted(0, "a", "f"), events.ToolDelta(0, "{}")]),
    ],
)  # fmt: skip
def test_a_delta_says(delta: dict[str, Any], told: list[Event]) -> None:
    assert said(delta=delta) == told


def test_together_says_it_twice_and_older_ones_as_text_only() -> None:
    assert said(text="Hi", delta={"content": "Hi"}) == [TextDelta("Hi")]
    assert said(text="Hi") == [TextDelta("Hi")]
    assert said(text=None) == []


def test_a_message_amid_a_stream_counts_only_where_nothing_else_was_said() -> None:
    saying = Saying()
    message = {"content": "Hi there"}

    assert said(message=message) == [TextDelta("Hi there")]
    assert said(message=message, delta={"content": "Hi"}) == [TextDelta("Hi")]
    assert list(saying.say_delta(choice(delta={"content": "Hi"}))) == [TextDelta("Hi")]
    assert list(saying.say_delta(choice(message=message))) == []


def test_the_start_is_the_first_chunk_with_an_id_or_a_choice() -> None:
    saying = Saying()

    assert list(saying.start(FullChunk(id="", model="", choices=[]))) == []
    assert list(saying.start(FullChunk(id="a", model="m", choices=[]))) == [events.Started("a", "m")]
    assert list(saying.start(FullChunk(id="b", model="m", choices=[]))) == []
    assert list(Saying().start(FullChunk(id=5, model=None, choices=[choice()]))) == [events.Started("", "")]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("stop", Finish.STOP), ("eos", Finish.STOP), ("eos_token", Finish.STOP), ("end_turn", Finish.STOP),
        ("STOP", Finish.STOP), ("completed", Finish.STOP),
        ("length", Finish.LENGTH), ("max_tokens", Finish.LENGTH), ("MAX_TOKENS", Finish.LENGTH),
        ("model_length", Finish.LENGTH), ("tool_calls", Finish.TOOL_USE), ("function_call", Finish.TOOL_USE),
        ("tool_use", Finish.TOOL_USE), ("content_filter", Finish.CONTENT_FILTER), ("SAFETY", Finish.CONTENT_FILTER),
        ("sensitive", Finish.CONTENT_FILTER), ("refusal", Finish.REFUSAL), ("pause_turn", Finish.PAUSE),
        ("stop_sequence", Finish.STOP_SEQUENCE),
    ],
)  # fmt: skip
def test_a_finish_has_many_words(reason: Any, finish: Finish) -> None:
    assert finished(reason) == [Finished(finish)]


@pytest.mark.parametrize("reason", ["COMPLETE", "unheard_of", 5])
def test_a_word_that_nobody_knows_is_an_end_all_the_same(reason: Any) -> None:
    assert finished(reason) == [Finished(Finish.STOP, is_unknown=True)]
    assert finished(reason, CALL) == [Finished(Finish.TOOL_USE, is_unknown=True)]
    assert finished(reason, stopped_by="###") == [Finished(Finish.STOP_SEQUENCE, "###", is_unknown=True)]


def test_many_end_a_call_and_a_refusal_with_stop() -> None:
    assert finished("stop", CALL) == [Finished(Finish.TOOL_USE)]
    assert finished("length", CALL) == [Finished(Finish.LENGTH)]
    assert finished("stop", {"refusal": "No"}) == [Finished(Finish.REFUSAL)]
    assert finished("content_filter", {"refusal": "No"}) == [Finished(Finish.CONTENT_FILTER)]


@pytest.mark.parametrize(
    ("stopped_by", "told"),
    [
        ("###", Finished(Finish.STOP_SEQUENCE, "###")),
        (128001, Finished(Finish.STOP)),
        ("end_turn", Finished(Finish.STOP)),
        ("length", Finished(Finish.STOP)),
        (None, Finished(Finish.STOP)),
    ],
)
def test_vllm_names_the_stop_sequence(stopped_by: Any, told: Event) -> None:
    assert finished("stop", stopped_by=stopped_by) == [told]


@pytest.mark.parametrize(
    ("reason", "failure"),
    [("insufficient_system_resource", FailureClass.OVERLOADED), ("network_error", FailureClass.SERVER_ERROR)],
)
def test_some_tell_a_failure_as_a_finish(reason: str, failure: FailureClass) -> None:
    (told,) = finished(reason)

    assert isinstance(told, Failed)
    assert told.error.failure is failure


def test_the_end_and_the_same_usage_are_told_once() -> None:
    saying = Saying()

    assert list(saying.tell(Usage(9, 3))) == [events.UsageTold(Usage(9, 3))]
    assert [*saying.tell(Usage(9, 3)), *saying.tell(None)] == []
    assert list(saying.tell(Usage(9, 4))) == [events.UsageTold(Usage(9, 4))]
    assert list(saying.end("stop")) == [Finished(Finish.STOP)]
    assert list(saying.end("length")) == []


def test_texts_are_found_in_texts_parts_and_lists() -> None:
    assert list(texts(["a", {"text": "b"}, {"text": 5}, None, ""])) == ["a", "b"]
    assert list(texts("a")) == ["a"]
    assert list(texts({"text": "a"})) == ["a"]
