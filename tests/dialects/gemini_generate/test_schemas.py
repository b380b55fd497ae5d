"""Google's schemas become JSON Schema."""

from typing import Any

import pytest

from llmgw.dialects.gemini_generate.schemas import json_schema


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"type": "STRING", "format": "date"}, {"type": "string", "format": "date"}),
        ({"type": 3}, {"type": "integer"}),
        ({"type": 99}, {}),
        ({"type": "TYPE_UNSPECIFIED", "title": "T"}, {"title": "T"}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"anyOf": [{"type": "NUMBER"}], "nullable": True},
            {"anyOf": [{"anyOf": [{"type": "number"}]}, {"type": "null"}]},
        ),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"any_of": [{"type": "NULL"}]}, {"anyOf": [{"type": "null"}]}),
        (
            {"type": "ARRAY", "items": {"type": "OBJECT"}, "min_items": "2"},
            {"type": "array", "items": {"type": "object"}, "minItems": 2},
        ),
        ({"maxItems": "9" * 5000}, {"maxItems": "9" * 5000}),
        ({"type": "STRING", "enum": ["A_B"], "example": "A_B"}, {"type": "string", "enum": ["A_B"]}),
        (None, None),
        (True, True),
    ],
)
def test_a_schema(told: Any, expected: Any) -> None:
    assert expected == json_schema(told)


def test_names_of_properties_are_the_callers_own() -> None:
    told = {
        "type": "OBJECT",
        "properties": {"min_items": {"type": "INTEGER"}, "type": {"type": "STRING"}},
        "propertyOrdering": ["type", "min_items"],
        "required": ["min_items"],
    }

    assert json_schema(told) == {
        "type": "object",
        "properties": {"min_items": {"type": "integer"}, "type": {"type": "string"}},
        "required": ["min_items"],
    }
