"""Whole answers: read from any provider, written as OpenAI would."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.events import Finish
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.answers import annotation, read_events, write_answer
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.partners.bodies import ANSWER_ID, MODEL, ToolCall, chat_answer, encode

WHOLE = Answer(
    id="a",
    model="m",
    parts=(
        Reasoning("Hm", "sig", issuer=ANTHROPIC),
        Text("Hi"),
        ToolUse("b", "f", '{"x":1}'),
        ToolUse("c", "g", "{}", "proof", GOOGLE),
    ),
    finish=Finish.TOOL_USE,
    usage=Usage(9, 3, 4, 2),
)


def read(choice: Any, **fields: Any) -> Answer:
    return fold(read_events(encode({"choices": [choice], **fields})))


def test_an_answer_is_read_as_events() -> None:
    assert read_events(encode(chat_answer("Hi"))) == [
        events.Started(ANSWER_ID, MODEL),
        events.TextDelta("Hi"),
        events.UsageTold(Usage(9, 3)),
        events.Finished(Finish.STOP),
    ]


def test_only_the_first_choice_crosses() -> None:
    answer = chat_answer(n=2, tool_calls=[ToolCall("f")])

    assert fold(read_events(encode(answer))) == fold(read_events(encode(chat_answer(tool_calls=[ToolCall("f")]))))


@pytest.mark.parametrize(
    ("choice", "parts", "finish"),
    [
        ({"finish_reason": "content_filter", "index": 0, "logprobs": None}, (), Finish.CONTENT_FILTER),  # Azure
        ({"message": {"content": None, "refusal": "No"}, "finish_reason": "stop"}, (Refusal("No"),), Finish.REFUSAL),
        ({"message": {"content": [{"type": "text", "text": "x"}]}}, (Text("x"),), Finish.STOP),
        ({"message": {"content": "x"}, "delta": {"content": ""}}, (Text("x"),), Finish.STOP),
        ({"text": "x", "finish_reason": "length"}, (Text("x"),), Finish.LENGTH),
        (
            {"message": {"content": None, "function_call": {"name": "f", "arguments": "{}"}}, "finish_reason": "stop"},
            (ToolUse("call_a_0", "f", "{}"),),
            Finish.TOOL_USE,
        ),
    ],
)
def test_answers_of_every_accent_are_read(choice: Any, parts: tuple[Any, ...], finish: Finish) -> None:
    answer = read(choice, id="a")

    assert (answer.parts, answer.finish) == (parts, finish)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ({"error": {"message": "x", "code": 429}}, FailureClass.RATE_LIMITED),
        ({"object": "error", "message": "x"}, FailureClass.PROTOCOL),
        ({"choices": [{"message": {"content": "half"}, "finish_reason": "error"}]}, FailureClass.PROTOCOL),
        ({"choices": []}, FailureClass.PROTOCOL),
        ({"detail": "x"}, FailureClass.PROTOCOL),
        ({"choices": [5]}, FailureClass.PROTOCOL),
        ([], FailureClass.PROTOCOL),
    ],
)
def test_what_is_no_answer_is_a_failed_attempt(body: Any, failure: FailureClass) -> None:
    with pytest.raises(UpstreamProtocolError) as raised:
        read_events(encode(body))
    assert raised.value.failure is failure


@given(st.binary(max_size=100) | st.just(b'{"choices":[' * 5000))
def test_no_bytes_are_too_odd(body: bytes) -> None:
    with suppress(UpstreamProtocolError):
        read_events(body)


def test_an_answer_is_written_as_openai_would() -> None:
    assert json.loads(write_answer(WHOLE)) == {
        "id": "a",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Hi",
                    "refusal": None,
                    "reasoning_content": "Hm",
                    "reasoning_details": [
                        {
                            "type": "reasoning.text",
                            "text": "Hm",
                            "signature": "sig",
                            "format": "anthropic-claude-v1",
                            "index": 0,
                        }
                    ],
                    "tool_calls": [
                        {"id": "b", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
                        {
                            "id": "c",
                            "type": "function",
                            "function": {"name": "g", "arguments": "{}"},
                            "extra_content": {"google": {"thought_signature": "proof"}},
                        },
                    ],
                },
                "logprobs": None,
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 3,
            "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    }


def test_what_is_written_reads_back() -> None:
    assert fold(read_events(write_answer(WHOLE))) == WHOLE


def test_an_answer_that_says_little_is_written_all_the_same() -> None:
    told = json.loads(write_answer(Answer()))

    assert (told["id"], "usage" in told) == ("chatcmpl-llmgw", False)
    assert told["choices"][0]["message"] == {"role": "assistant", "content": None, "refusal": None}
    assert told["choices"][0]["finish_reason"] == "stop"


def test_a_refusal_and_citations_are_written() -> None:
    cited = {"type": "web_search_result_location", "url": "u", "title": None}
    parts = (Text("a", citations=(cited, {"type": "char_location"})), Text("b"), Refusal("No"))
    choice = json.loads(write_answer(Answer(parts=parts, finish=Finish.REFUSAL)))["choices"][0]

    assert (choice["message"]["content"], choice["message"]["refusal"], choice["finish_reason"]) == ("ab", "No", "stop")
    assert [note["url_citation"]["url"] for note in choice["message"]["annotations"]] == ["u"]


def test_openais_own_citations_stay_as_they_are() -> None:
    told = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 2, "end_index": 5}}

    assert annotation(told) == told
    assert annotation([]) is None
