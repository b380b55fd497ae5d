"""The reference part of docs/config.md, written from the JSON Schema so that the two cannot differ."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

BEGIN = "<!-- reference: written by `make golden` from the schema -->\n"


def reference(schema: Schema) -> str:
    """A table per section."""
    parts = []
    for name, section in schema["properties"].items():
        resolved = _resolved(schema, section)
        rows = list(_rows(schema, resolved, ""))
        parts.append(f"### {name}\n\n{resolved['description']}\n\n| key | what it says | default |\n|---|---|---|\n")
        parts.append("".join(f"| `{key}` | {text} | {default} |\n" for key, text, default in rows))
        parts.append("\n")
    return "".join(parts)


def _rows(schema: Schema, node: Schema, prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, member in node.get("properties", {}).items():
        resolved = _resolved(schema, member)
        default = resolved.get("default")
        shown = "" if default is None or default in ({}, []) else f"`{_yaml(default)}`"
        yield f"{prefix}{name}", resolved.get("description", "").replace("|", "\\|"), shown
        yield from _inner(schema, resolved, f"{prefix}{name}")
    for suffix, inner in _nameless(schema, node):
        yield from _rows(schema, inner, f"{prefix}{suffix}")


def _inner(schema: Schema, node: Schema, path: str) -> Iterator[tuple[str, str, str]]:
    yield from _rows(schema, {**node, "additionalProperties": None, "items": None}, f"{path}.")
    for suffix, inner in _nameless(schema, node):
        yield from _rows(schema, inner, f"{path}{suffix}")


def _nameless(schema: Schema, node: Schema) -> Iterator[tuple[str, Schema]]:
    """Maps of names and lists, and the long form of what also has a short one."""
    if isinstance(node.get("additionalProperties"), dict):
        yield "NAME.", _long_form(schema, node["additionalProperties"])
    if isinstance(node.get("items"), dict):
        yield "[].", _long_form(schema, node["items"])


def _long_form(schema: Schema, node: Schema) -> Schema:
    resolved = _resolved(schema, node)
    return _resolved(schema, resolved["else"]) if "else" in resolved else resolved


def _resolved(schema: Schema, node: Schema) -> Schema:
    if "$ref" not in node:
        return node
    return {**schema["$defs"][node["$ref"].rpartition("/")[2]], **node}


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
