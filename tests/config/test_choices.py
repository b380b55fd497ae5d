from typing import Any

import pytest

from llmgw.config.choices import lone_word, not_in_list
from llmgw.config.problems import KeyPath
from llmgw.config.violation import Violation
from llmgw.errors import FailureClass
from llmgw.routing.outcome import class_of_status

CLASSES = ["any", *(failure.value for failure in FailureClass if failure is not FailureClass.INVALID_REQUEST)]
ITEM: KeyPath = ("routes", "r", "fallback", 1, "on_failure", 0)


def said(value: Any, known: list[str] = CLASSES, path: KeyPath = ITEM, **more: Any) -> list[tuple[str, str | None]]:
    written = more.pop("written", str(value))
    return [(f.message, f.hint) for f in not_in_list(Violation(path, "enum", known, value, {}, written, **more))]


def alone(value: Any, schema: dict[str, Any], **more: Any) -> list[tuple[str, str | None]] | None:
    told = lone_word(Violation(ITEM[:-1], "type", "array", value, schema, str(value), **more))
    return None if told is None else [(finding.message, finding.hint) for finding in told]


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        (429, "429 is not a failure class", "write rate_limited"),
        ("503", '"503" is not a failure class', "write overloaded"),
        ("rate_limit", '"rate_limit" is not a failure class', "write rate_limited"),
        ("timeuot", '"timeuot" is not a failure class', "did you mean timeout?"),
        ("zzz", '"zzz" is not a failure class', "write one of " + ", ".join(CLASSES)),
        (400, "400 is not a failure class", "the caller's own fault never leads to another target: take it out"),
        (
            "invalid_request",
            '"invalid_request" is not a failure class',
            "the caller's own fault never leads to another target: take it out",
        ),
    ],
)
def test_a_failure_class_is_shown_for_what_others_write(value: Any, message: str, hint: str) -> None:
    assert said(value) == [(message, hint)]


@pytest.mark.parametrize("status", [401, 402, 403, 404, 408, 409, 425, 429, 498, 500, 501, 502, 503, 504, 529])
def test_a_status_is_the_class_that_it_has_in_the_table_of_failures(status: int) -> None:
    assert said(status) == [(f"{status} is not a failure class", f"write {class_of_status(status)}")]


def test_other_words_are_shown_too() -> None:
    levels = ["debug", "info", "warning", "error"]

    assert said("warn", levels) == [('"warn" is not known here', "write warning")]
    assert said("eror", levels) == [('"eror" is not known here', "did you mean error?")]
    assert said("401", ["timeout", "protocol"]) == [('"401" is not known here', "write one of timeout, protocol")]


def test_words_of_budgets_are_shown() -> None:
    assert said("gpt", ["reject"]) == [
        ('"gpt" is not known here', "write {use: gpt} for a model or route of this file, or reject")
    ]
    assert said("block", ["reject"]) == [('"block" is not known here', "write reject")]
    assert said("reject", ["refuse", "allow"]) == [('"reject" is not known here', "write refuse")]
    assert said("soft", ["hard", "shadow"]) == [('"soft" is not known here', "write shadow")]


@pytest.mark.parametrize("value", [None, [], {}])
def test_what_is_no_word_is_told_by_its_type(value: Any) -> None:
    assert said(value) == []
    assert alone(value, {"enum": CLASSES}) is None


def test_a_word_of_a_later_version_and_one_from_a_reference() -> None:
    assert said("images", ["chat"], ("keys", 0, "endpoints", 0))[0][0].startswith("`images` (the endpoint images)")
    assert "hunter2" not in str(said("hunter2", written="${C}", is_reference=True))
    assert alone("hunter2", {"items": {"enum": CLASSES}}, is_reference=True) is None


@pytest.mark.parametrize(
    ("word", "ours"),
    [("simple-shuffle", "weight"), ("cost-based-routing", "cost"), ("fastest", "latency"), ("least-busy", "load")],
)
def test_words_of_others_for_how_a_pool_chooses(word: str, ours: str) -> None:
    known = ["weight", "cost", "latency", "load"]

    assert said(word, known, ("routes", "r", "by")) == [(f'"{word}" is not known here', f"write {ours}")]


def test_one_class_where_a_list_is_wanted_is_shown_as_a_list() -> None:
    schema = {"items": {"enum": CLASSES}}

    assert alone("rate_limit", schema) == [('"rate_limit" is not a failure class', "write [rate_limited]")]
    assert alone(503, schema) == [("503 is not a failure class", "write [overloaded]")]
    assert alone("timeuot", schema) == [('"timeuot" is not a failure class', "did you mean [timeout]?")]
    assert alone("timeout", schema) is None
    assert alone("timeout", {"items": {}}) is None


def test_a_number_for_a_word_is_told_once() -> None:
    assert alone(429, {"enum": CLASSES}) == []
    assert alone(429, {"else": {"enum": CLASSES}}) == []


def test_abilities_are_shown_for_what_others_call_them() -> None:
    known = ["tools", "json", "images"]

    assert [said(word, known)[0][1] for word in ("vision", "function_calling", "json_schema")] == [
        "write images",
        "write tools",
        "write json",
    ]
