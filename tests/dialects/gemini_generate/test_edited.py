"""What the file changes in a request, whose settings lie one deeper than elsewhere."""

import json
from typing import Any

import msgspec
import pytest

from llmgw.dialects.gemini_generate.edited import applied
from tests.dialects.gemini_generate.wire import edits

CONFIG = {"temperature": 0.5, "maxOutputTokens": 9}


def changed(fields: dict[str, Any], **changes: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    raws = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in fields.items()}
    body, dropped = applied(raws, edits(**changes))
    return {name: json.loads(bytes(raw)) for name, raw in body.items()}, dropped


def test_without_changes_everything_is_as_it_came() -> None:
    fields = {"generation_config": {"top_p": 1}, "x": None}

    assert (fields, ()) == changed(fields)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"set": {"temperature": 1}}, {**CONFIG, "temperature": 1}),
        ({"set": {"generationConfig": {"temperature": 1}}}, {**CONFIG, "temperature": 1}),
        ({"set": {"generationConfig.temperature": 1}}, {**CONFIG, "temperature": 1}),
        ({"default": {"temperature": 1, "top_p": 0.1}}, {**CONFIG, "topP": 0.1}),
        ({"default": {"generation_config": {"top_k": 3}}}, {**CONFIG, "topK": 3}),
        ({"set": {"stop": "END"}}, {**CONFIG, "stopSequences": ["END"]}),
        ({"set": {"max_completion_tokens": 1}}, {**CONFIG, "maxOutputTokens": 1}),
        ({"drop": ["n"]}, CONFIG),
    ],
)
def test_settings_are_changed_one_by_one(changes: Any, expected: dict[str, Any]) -> None:
    assert ({"generationConfig": expected}, ()) == changed({"generationConfig": CONFIG}, **changes)


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        ("temperature", {"maxOutputTokens": 9}),
        ("generationConfig.temperature", {"maxOutputTokens": 9}),
        ("max_tokens", {"temperature": 0.5}),
        ("generationConfig", None),
    ],
)
def test_what_is_dropped_is_named_as_the_file_names_it(drop: str, left: dict[str, Any] | None) -> None:
    expected = {} if left is None else {"generationConfig": left}

    assert (expected, (drop,)) == changed({"generationConfig": CONFIG}, drop=[drop])


def test_all_other_fields_are_changed_as_everywhere() -> None:
    fields: dict[str, Any] = {"safety_settings": [], "toolConfig": {}, "generationConfig": None}
    body, dropped = changed(fields, set={"labels": {"a": "b"}}, drop=["safetySettings"])

    assert body == {"toolConfig": {}, "generationConfig": None, "labels": {"a": "b"}}
    assert dropped == ("safetySettings",)
