"""Every object of a schema is closed, and what only looks like a schema stays as it is."""

from typing import Any

import pytest

from llmgw.chat.claude.schemas import closed

OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {"additionalProperties": False, **OBJECT}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, True),
        (OBJECT, CLOSED),
        ([OBJECT], [CLOSED]),
        ({**OBJECT, "additionalProperties": OBJECT}, {**OBJECT, "additionalProperties": CLOSED}),
        ({"type": "object"}, {"type": "object"}),
        ({"type": "array", "items": OBJECT}, {"type": "array", "items": CLOSED}),
        ({"anyOf": [OBJECT, {"type": "null"}]}, {"anyOf": [CLOSED, {"type": "null"}]}),
        ({"$defs": {"default": OBJECT}}, {"$defs": {"default": CLOSED}}),
        (
            {"type": "object", "properties": {"enum": OBJECT}},
            {"additionalProperties": False, "type": "object", "properties": {"enum": CLOSED}},
        ),
    ],
)
def test_each_schema(schema: Any, expected: Any) -> None:
    assert expected == closed(schema)


@pytest.mark.parametrize("word", ["default", "const", "enum", "examples"])
def test_values_are_no_schemas(word: str) -> None:
    assert closed({word: [OBJECT]}) == {word: [OBJECT]}
