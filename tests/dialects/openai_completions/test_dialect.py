"""The older Completions, forwarded: only what the file says changes."""

import json
from typing import Any

import pytest

from llmgw.chat.answer import Answer
from llmgw.chat.dialect import ErrorReport
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.errors import FailureClass
from llmgw.providers.catalog import dialect
from llmgw.wire import sse
from tests.dialects.openai_completions.wire import NO_EDITS, asked

BODY: dict[str, Any] = {"model": "m", "prompt": [[1, 2]], "best_of": 3, "echo": True, "vendor": {"a": 1}}


def test_it_is_found_by_its_name() -> None:
    assert dialect("openai_completions") is openai_completions


def test_a_request_goes_on_as_it_came() -> None:
    body, dropped = openai_completions.write_request(asked(**BODY), NO_EDITS)

    assert (json.loads(body), dropped) == ({**BODY, "model": "up"}, ())


@pytest.mark.parametrize(("given", "expected"), [(None, {}), ({"vendor": 1}, {"vendor": 1})])
def test_usage_is_asked_for_in_a_stream(given: Any, expected: dict[str, Any]) -> None:
    body, _ = openai_completions.write_request(asked(stream=True, stream_options=given), NO_EDITS)

    assert json.loads(body)["stream_options"] == {**expected, "include_usage": True}


def test_it_is_not_asked_for_where_nobody_understands() -> None:
    edits = Edits("up", {}, {}, frozenset({"suffix"}), ask_usage=False)
    body, dropped = openai_completions.write_request(asked(stream=True, stream_options={}, suffix="x"), edits)

    assert json.loads(body) == {"model": "up", "prompt": "Say hello", "stream": True}
    assert set(dropped) == {"stream_options", "suffix"}


@pytest.mark.parametrize(
    ("body", "is_plain"), [(b'{"error":{"message":"no"}}', True), (b'{"detail":"no"}', False), (b"no", False)]
)
def test_an_error_is_read(body: bytes, is_plain: bool) -> None:
    told = openai_completions.read_error(404, body)

    assert (told.message, told.plain, told.failure) == ("no", is_plain, None)


def test_an_answer_is_written_in_its_words() -> None:
    assert json.loads(openai_completions.write_answer(Answer(), ChatRequest("m", {}), 7))["object"] == "text_completion"


def test_errors_and_models_are_written_as_in_chat() -> None:
    report = ErrorReport(429, FailureClass.RATE_LIMITED.value, "slow down")
    event = openai_completions.write_stream_error(report)

    assert json.loads(openai_completions.write_error(report))["error"]["type"] == "rate_limit_error"
    assert sse.parse(event).data == openai_completions.write_error(report)
    assert json.loads(openai_completions.write_models(["a"], 7))["data"][0]["id"] == "a"
    assert json.loads(openai_completions.write_model("a", 7))["object"] == "model"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (b'data: {"choices":[{"text":"Hi","finish_reason":null}],"usage":null}\n\n', False),
        (b'data: {"choices":[{"text":"Hi","finish_reason":"stop"}]}\n\n', True),
        (b"data: [DONE]\n\n", True),
    ],
)
def test_most_chunks_need_not_be_read(events: bytes, expected: bool) -> None:
    assert openai_completions.may_matter(events) is expected
