"""The well-formed answers are what the OpenAI SDK's own types take, strictly."""

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.partners.bodies import DONE, ToolCall, Usage, chat_answer, chat_events, is_content, sse_event

CALL = ToolCall("get_weather", '{"city":"Paris"}')


def payloads(events: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(event.removeprefix(b"data: ")) for event in events if event != DONE]


@pytest.mark.parametrize(
    "answer", [chat_answer(), chat_answer(tool_calls=[CALL]), chat_answer(n=3), chat_answer(usage=None)]
)
def test_an_answer_is_a_chat_completion(answer: dict[str, Any]) -> None:
    ChatCompletion.model_validate(answer, strict=True)


@pytest.mark.parametrize(
    "events",
    [chat_events(), chat_events(tool_calls=[CALL]), chat_events(n=2), chat_events(include_usage=True)],
)
def test_a_stream_is_chat_completion_chunks_and_an_end_mark(events: list[bytes]) -> None:
    for payload in payloads(events):
        ChatCompletionChunk.model_validate(payload, strict=True)

    assert events[-1] == DONE


def test_the_content_of_a_stream_is_its_text_in_pieces() -> None:
    chunks = payloads(chat_events("Es war  einmal ein König"))
    pieces = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks]

    assert "".join(pieces) == "Es war  einmal ein König"
    assert pieces == ["", "Es ", "war  ", "einmal ", "ein ", "König", ""]


def test_usage_is_a_chunk_of_its_own_and_null_before_it() -> None:
    chunks = payloads(chat_events(include_usage=True, usage=Usage(5, 7, cached_tokens=4, reasoning_tokens=2)))

    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 12
    assert "usage" not in payloads(chat_events())[-1]


def test_tool_calls_come_split_and_add_up() -> None:
    calls = [CALL, ToolCall("get_time", "{}", "call_2")]
    chunks = payloads(chat_events(tool_calls=calls))
    deltas = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    arguments = ["".join(d["function"]["arguments"] for d in deltas if d["index"] == index) for index in (0, 1)]

    assert [d["function"]["name"] for d in deltas if "id" in d] == ["get_weather", "get_time"]
    assert arguments == ['{"city":"Paris"}', "{}"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_several_choices_interleave() -> None:
    indexes = [chunk["choices"][0]["index"] for chunk in payloads(chat_events("one two", n=2))]

    assert indexes == [0, 1] * 4


def test_content_is_told_from_preamble_finish_usage_and_end() -> None:
    events = chat_events("one two", include_usage=True)

    assert [is_content(event) for event in events] == [False, True, True, False, False, False]


def test_an_event_may_have_a_name() -> None:
    assert sse_event({"a": "ö"}, name="error") == b'event: error\ndata: {"a":"\xc3\xb6"}\n\n'
