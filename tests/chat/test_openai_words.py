"""OpenAI's own words: errors with the place of a fault, lists of models, usage however a provider counts it."""

import json
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Effort
from llmgw.chat.dialect import ErrorReport
from llmgw.chat.openai_words import (
    FINISHES,
    USER_CHARS_MAX,
    count,
    may_matter,
    read_usage,
    with_usage,
    write_effort,
    write_error,
    write_model,
    write_models,
    write_usage,
    write_user,
)
from llmgw.chat.usage import Usage


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"), (401, "authentication_error"), (402, "insufficient_quota"),
        (403, "permission_error"), (404, "invalid_request_error"), (429, "rate_limit_error"), (500, "server_error"),
        (504, "server_error"), (413, "invalid_request_error"),
    ],
)  # fmt: skip
def test_an_error_is_written_as_openai_would(status: int, kind: str) -> None:
    body = write_error(ErrorReport(status, "the_code", "The message\nin two lines", "the.param"))

    assert {
        "error": {"message": "The message\nin two lines", "type": kind, "param": "the.param", "code": "the_code"}
    } == json.loads(body)


def test_an_error_names_the_attempts_if_there_were_any() -> None:
    attempts = ({"target": "gpt", "class": "timeout", "status": None},)
    body = write_error(ErrorReport(504, "timeout", "late", attempts=attempts))

    assert [attempts[0]] == json.loads(body)["error"]["attempts"]


def test_a_message_with_half_a_character_is_written_all_the_same() -> None:
    body = write_error(ErrorReport(404, "unknown_path", "no /caf\udce9 here"))

    assert json.loads(body)["error"]["message"] == "no /caf? here"


def test_models_are_listed_as_openai_would() -> None:
    listed = json.loads(write_models(["a", "b"], 7))

    assert (listed["object"], [model["id"] for model in listed["data"]]) == ("list", ["a", "b"])
    assert listed["data"][0] == json.loads(write_model("a", 7))
    assert listed["data"][0] == {"id": "a", "object": "model", "created": 7, "owned_by": "llmgw"}


@pytest.mark.parametrize(("cached", "written", "expected"), [(0, 4, 4), (3, 4, 4), (8, 8, 2)])
def test_tokens_put_into_the_cache_are_read(cached: int, written: int, expected: int) -> None:
    """OpenRouter has told the same tokens as both."""
    details = {"cached_tokens": cached, "cache_write_tokens": written}
    told = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": details}

    assert Usage(10, 2, cached, cache_write_input_tokens=expected) == read_usage(told)


@pytest.mark.parametrize("usage", [Usage(), Usage(9, 3), Usage(9, 3, 4, 2), Usage(9, 3, 4, 2, 5)])
def test_usage_that_is_written_is_read_again(usage: Usage) -> None:
    assert usage == read_usage(write_usage(usage))


@pytest.mark.parametrize("told", [None, "9", -1, [], {}, float("inf"), float("nan")])
def test_what_is_no_count_counts_nothing(told: Any) -> None:
    assert count({"tokens": told}, "tokens") == 0
    assert count(told, "tokens") == 0


def test_reasons_are_in_lower_case() -> None:
    assert [word for word in FINISHES if word != word.lower()] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, {}), (b"null", {}), (b"{}", {}), (b'{"vendor":1,"include_usage":false}', {"vendor": 1})],
)
def test_usage_is_asked_for_beside_what_the_caller_asked(given: bytes | None, expected: dict[str, Any]) -> None:
    asked = with_usage(None if given is None else msgspec.Raw(given))

    assert json.loads(bytes(asked)) == {**expected, "include_usage": True}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (b'data: {"usage":null,"finish_reason":null}', False),
        (b'data: {"usage":{}}', True),
        (b'data: {"finish_reason":"stop"}', True),
        (b'data: {"error":{}}', True),
        (b"data: [DONE]", True),
        (b"event: error", True),
    ],
)
def test_most_chunks_need_not_be_read(events: bytes, expected: bool) -> None:
    assert may_matter(events) is expected


def test_what_was_heard_seen_said_and_drawn_is_read_and_written() -> None:
    usage = Usage(30, 20, audio_input_tokens=4, audio_output_tokens=3, image_input_tokens=2, image_output_tokens=1)

    assert read_usage(write_usage(usage)) == usage
    assert read_usage({"prompt_tokens": 1}, "priority") == Usage(1, service_tier="priority")
    assert read_usage({"prompt_tokens": 1}, "default") == Usage(1)


@pytest.mark.parametrize(
    ("effort", "word"),
    [
        (None, None),
        (Effort("none"), None),
        (Effort(is_shown=True), None),
        (Effort("low"), "low"),
        (Effort("max"), "high"),
        (Effort(budget_tokens=1024), "low"),
        (Effort(budget_tokens=1025), "medium"),
        (Effort(budget_tokens=99_999), "high"),
    ],
)
def test_how_much_to_think_is_a_word(effort: Effort | None, word: str | None) -> None:
    assert write_effort(effort) == word


def test_a_long_user_is_the_same_each_time() -> None:
    long = "u" * (USER_CHARS_MAX + 1)

    assert (write_user(""), write_user("ada")) == (None, "ada")
    assert write_user(long) == write_user(long) != write_user(long + "u")
    assert len(write_user(long) or "") == USER_CHARS_MAX
