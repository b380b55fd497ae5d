"""JSON Schemas as Claude takes them for an answer: every object must say that it has no other properties.

Only schemas are walked into, not the values that they speak of: a default or an example may look like a schema.
"""

from typing import Any

_SCHEMAS = frozenset(
    {
        *("items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"),
        *("additionalProperties", "unevaluatedProperties", "propertyNames"),
        *("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    }
)
_NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})


def closed(schema: Any) -> Any:
    """The same, with `additionalProperties` false wherever it is not said. May raise RecursionError."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _inner(name, value) for name, value in schema.items()}
    is_object = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
    return {"additionalProperties": False, **told} if is_object else told


def _inner(name: str, value: Any) -> Any:
    if name in _SCHEMAS:
        return closed(value)
    if name in _NAMED_SCHEMAS and isinstance(value, dict):
        return {key: closed(inner) for key, inner in value.items()}
    return value
