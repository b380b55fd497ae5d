from typing import Any

import pytest

from llmgw.config.problems import KeyPath
from llmgw.config.violation import Violation
from llmgw.config.wrong_type import wrong_type

DURATION = {"pattern": "^[0-9]+(ms|s|m|h|d)$"}


def said(
    wanted: Any, value: Any, written: str | None = None, path: KeyPath = ("server", "x"), **more: Any
) -> tuple[str, str | None]:
    text = str(value) if written is None else written
    (finding,) = wrong_type(Violation(path, "type", wanted, value, more.pop("schema", {}), text, **more))
    return finding.message, finding.hint


@pytest.mark.parametrize(
    ("wanted", "value", "written", "message", "hint"),
    [
        ("boolean", "yes", None, 'must be true or false, not the text "yes"', "write true"),
        ("boolean", "Off", None, 'must be true or false, not the text "Off"', "write false"),
        ("boolean", "maybe", None, 'must be true or false, not the text "maybe"', None),
        ("string", 2024.1, "2024.10", "must be text, not the number 2024.10", 'put it in quotes: "2024.10"'),
        ("string", True, "True", "must be text, not the boolean True", 'put it in quotes: "True"'),
        ("string", ["a"], "", "must be text, not a list", "write one value instead of a list"),
        ("string", {"a": 1}, "", "must be text, not a map", None),
        ("integer", "4000", None, 'must be a whole number, not the text "4000"', "write 4000, without quotes"),
        ("integer", "10,000", None, 'must be a whole number, not the text "10,000"', "write 10000, without quotes"),
        ("integer", "128k", None, 'must be a whole number, not the text "128k"', "write 128000"),
        ("integer", "1.5M", None, 'must be a whole number, not the text "1.5M"', "write 1500000"),
        ("integer", 1.5, None, "must be a whole number, not the number 1.5", None),
        ("number", "80%", None, 'must be a number, not the text "80%"', "write 0.8"),
        ("number", "$0.60", None, 'must be a number, not the text "$0.60"', "write 0.60"),
        ("number", "many", None, 'must be a number, not the text "many"', None),
        ("array", "gpt", None, 'must be a list, not the text "gpt"', "write [gpt]"),
        ("array", "x" * 70, None, 'must be a list, not the text "' + "x" * 59 + '…"', "write a list: [a, b]"),
        ("array", 5, None, "must be a list, not the number 5", "write a list: each entry begins with a dash"),
        ("array", {"a": 1}, "", "must be a list, not a map", "write a list: each entry begins with a dash"),
        ("object", ["a"], "", "must be a map, not a list", "write names as keys: NAME: …"),
        (
            "object",
            "a",
            None,
            'must be a map, not the text "a"',
            "write its keys on lines of their own, indented below",
        ),
        (
            "object",
            "port:4000",
            None,
            'must be a map, not the text "port:4000"',
            "a space is missing after the colon: write port: 4000",
        ),
        ("object", None, "", "has no value", "write {} for nothing, or take the key out"),
        ("string", None, "", "has no value", "give it one, or take the key out"),
        (["object", "string"], 4, None, "must be a map or text, not the number 4", 'put it in quotes: "4"'),
    ],
)
def test_each_value_of_the_wrong_type_has_its_words(
    wanted: Any, value: Any, written: str | None, message: str, hint: str | None
) -> None:
    assert said(wanted, value, written) == (message, hint)


def test_a_number_for_a_duration_lacks_a_unit() -> None:
    assert said("string", 60, schema=DURATION) == ("a duration needs a unit", "60ms or 60s?")
    assert said("string", True, "true", schema=DURATION)[0] == "must be text, not the boolean true"


@pytest.mark.parametrize(
    ("path", "value", "hint"),
    [
        (
            ("models", "gpt", "timeout"),
            60,
            "write {total: 60s} or {total: 60ms}, with any of connect, first_token, idle, total",
        ),
        (("models",), None, "write NAME: provider/model, as in gpt: openai/gpt-4o-mini"),
        (("models", "gpt"), None, "write provider/model, as in openai/gpt-4o-mini"),
        (("routes", "chat"), None, "write {fallback: [gpt, claude]}, or pool or when"),
        (("defaults", "timeout"), "5 min", "write {total: 5m}, with any of connect, first_token, idle, total"),
        (("routes", "a", "timeout"), "soon", "write {total: 60s}, with any of connect, first_token, idle, total"),
        (("models", "gpt", "retry"), 3, "write {attempts: 3}; it counts the first try too"),
        (("models", "gpt", "retry"), "twice", "write {attempts: 2}; it counts the first try too"),
        (("models",), [], "names are keys here: models: {gpt: openai/gpt-4o-mini}"),
    ],
)
def test_some_places_have_a_remedy_of_their_own(path: KeyPath, value: Any, hint: str | None) -> None:
    assert said("object", value, path=path)[1] == hint


def test_a_value_from_a_reference_is_not_shown() -> None:
    assert said("integer", "hunter2", "${PORT}", is_reference=True) == (
        'must be a whole number, not what "${PORT}" holds',
        "check the variable",
    )


def test_a_value_where_secrets_stand_is_not_shown() -> None:
    assert said("string", 123456, "***", is_secret=True) == ("must be text, not a number", "put it in quotes")
    assert said("string", True, "***", is_secret=True) == ("must be text, not a boolean", "put it in quotes")
    assert said("object", "hunter2", "***", is_secret=True)[0] == "must be a map, not text"
