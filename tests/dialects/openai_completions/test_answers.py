"""A whole answer in both directions."""

import json

import pytest

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Refusal, Text
from llmgw.chat.events import Finish
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_completions.answers import finish_word, read_events, write_answer
from tests.dialects.openai_completions.wire import USAGE, choice, completion

HELLO = Answer(id="cmpl-1", model="partner-1", parts=(Text("Hello"),), finish=Finish.STOP, usage=Usage(9, 3))


def test_an_answer_is_read() -> None:
    assert fold(read_events(completion(choice("Hello", "stop"), usage=USAGE))) == HELLO


def test_of_several_choices_the_first_crosses() -> None:
    body = completion(choice("Hello", "stop"), choice("Hi", "length", 1), usage=USAGE)

    assert fold(read_events(body)) == HELLO


def test_an_empty_answer_is_one() -> None:
    assert fold(read_events(completion(choice("", "stop")))).parts == ()


def test_an_answer_without_a_reason_has_ended() -> None:
    assert fold(read_events(completion(choice("Hello")))).finish is Finish.STOP


def test_an_answer_is_written_as_openai_would() -> None:
    written = json.loads(write_answer(HELLO, 7))

    assert written["choices"] == [{"text": "Hello", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert {name: written[name] for name in ("id", "object", "created", "model")} == {
        "id": "cmpl-1", "object": "text_completion", "created": 7, "model": "partner-1",
    }  # fmt: skip
    assert fold(read_events(write_answer(HELLO))) == HELLO


def test_a_thought_is_left_out_and_a_refusal_is_text() -> None:
    written = json.loads(write_answer(Answer(parts=(Reasoning("Hm"), Text("Well. "), Refusal("No.")))))

    assert (written["choices"][0]["text"], written["id"], "usage" in written) == ("Well. No.", "cmpl-llmgw", False)


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (None, "stop"), (Finish.STOP, "stop"), (Finish.STOP_SEQUENCE, "stop"), (Finish.LENGTH, "length"),
        (Finish.CONTENT_FILTER, "content_filter"), (Finish.REFUSAL, "content_filter"), (Finish.TOOL_USE, "stop"),
    ],
)  # fmt: skip
def test_there_are_three_reasons(finish: Finish | None, word: str) -> None:
    assert finish_word(finish) == word
