"""Where the JSON Schema of the config file lies.

In the wheel it stands beside this module, in a checkout in `schemas/`. It is read when a
file is checked, never at import.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

JsonSchema = dict[str, Any]

_PACKAGED = Path(__file__).with_name("llmgw.schema.json")
_CHECKOUT = Path(__file__).parents[2] / "schemas" / "llmgw.schema.json"


@cache
def schema_text() -> str:
    """The schema as shipped: what `llmgw schema` prints."""
    return (_PACKAGED if _PACKAGED.exists() else _CHECKOUT).read_text(encoding="utf-8")


@cache
def resolved_schema() -> JsonSchema:
    """The schema with every `$ref` replaced by what it names: the validator then never looks anything up."""
    schema = json.loads(schema_text())
    definitions: JsonSchema = {}
    for name, definition in schema.pop("$defs").items():
        definitions[name] = _resolved(definition, definitions)
    return {key: _resolved(value, definitions) for key, value in schema.items()}


def _resolved(node: Any, definitions: JsonSchema) -> Any:
    """What stands beside a `$ref` (title, description, default) wins over what it names. Names go upwards only."""
    if isinstance(node, list):
        return [_resolved(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    here = {key: _resolved(value, definitions) for key, value in node.items() if key != "$ref"}
    named = definitions[node["$ref"].removeprefix("#/$defs/")] if "$ref" in node else {}
    return named | here
