import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from llmgw.config import schema
from llmgw.config.schema import resolved_schema, schema_text


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every map of the schema that describes a value."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from objects(child)
    if isinstance(node, list):
        for child in node:
            yield from objects(child)


def test_the_schema_is_a_schema_with_an_address() -> None:
    document = json.loads(schema_text())

    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == "urn:llmgw:config"


def test_no_reference_is_left_after_resolving() -> None:
    assert not any("$ref" in node or "$defs" in node for node in objects(resolved_schema()))


def test_what_stands_beside_a_reference_wins() -> None:
    port = resolved_schema()["properties"]["server"]["properties"]
    assert port["drain"]["title"] == "Drain"
    assert port["drain"]["default"] == "30s"
    assert "pattern" in port["drain"]


def test_every_key_has_a_title_and_a_description_for_editors() -> None:
    bare = [
        key
        for node in objects(resolved_schema())
        if isinstance(node.get("properties"), dict)
        for key, value in node["properties"].items()
        if not (value.get("title") and value.get("description"))
    ]

    assert bare == []


def test_every_map_says_what_it_may_hold() -> None:
    open_maps = [
        node.get("title")
        for node in objects(resolved_schema())
        if node.get("type") == "object" and "additionalProperties" not in node
    ]

    assert open_maps == ["Set", "Default"]  # parts of a request's body: any JSON


def test_every_pattern_is_anchored_at_both_ends() -> None:
    patterns = [node["pattern"] for node in objects(resolved_schema()) if isinstance(node.get("pattern"), str)]

    assert patterns
    assert all(pattern.startswith("^") and pattern.endswith("$") for pattern in patterns)


def test_the_packaged_copy_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packaged = tmp_path / "llmgw.schema.json"
    packaged.write_text('{"title": "packaged"}')
    monkeypatch.setattr(schema, "_PACKAGED", packaged)

    assert schema_text.__wrapped__() == '{"title": "packaged"}'
