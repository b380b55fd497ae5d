"""Google's schemas (https://ai.google.dev/api/caching#Schema), read as JSON Schema, of which they are a dialect.

Types are in capitals, `nullable` is a field of its own, and numbers may be text. JSON Schema itself goes on as it is.
"""

from typing import Any

from llmgw.dialects.gemini_generate.names import camel

_TYPES = ("", "string", "number", "integer", "boolean", "array", "object", "null")  # by their number
_COUNTS = frozenset({"maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"})
_DIGITS_MAX = 15  # Python refuses to read very long numbers, and no count is one
_ONLY_GOOGLES = frozenset({"example", "nullable", "propertyOrdering", "type"})
_OF_SCHEMAS = frozenset({"$defs", "defs", "properties"})


def json_schema(told: Any) -> Any:
    """Raises RecursionError if it is nested too deeply."""
    if isinstance(told, list):
        return [json_schema(item) for item in told]
    if not isinstance(told, dict):
        return told
    named = {camel(name): value for name, value in told.items()}
    schema = {name: _value(name, value) for name, value in named.items() if name not in _ONLY_GOOGLES}
    kind = _type(named.get("type"))
    if not named.get("nullable"):
        return {"type": kind, **schema} if kind else schema
    return {"type": [kind, "null"], **schema} if kind else {"anyOf": [schema, {"type": "null"}]}


def _value(name: str, value: Any) -> Any:
    if name in _OF_SCHEMAS and isinstance(value, dict):
        return {key: json_schema(inner) for key, inner in value.items()}
    if name in {"anyOf", "items", "additionalProperties"}:
        return json_schema(value)
    is_text = name in _COUNTS and isinstance(value, str) and value.isdecimal() and len(value) <= _DIGITS_MAX
    return int(value) if is_text else value


def _type(told: Any) -> Any:
    """Types that are not in capitals, or several, are JSON Schema's own."""
    if isinstance(told, int):
        return _TYPES[told] if 0 <= told < len(_TYPES) else ""
    if not isinstance(told, str):
        return told
    return "" if told == "TYPE_UNSPECIFIED" else told.lower()
