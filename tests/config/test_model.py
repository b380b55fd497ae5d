"""The schema and the classes say the same: names, what is required, defaults, choices."""

import types
import typing
from collections.abc import Iterator
from enum import EnumMeta
from typing import Any

import msgspec
import pytest

from llmgw.config.load import _decoded
from llmgw.config.model import ConfigFile, Section
from llmgw.config.schema import resolved_schema


def parts(kind: Any) -> Iterator[Any]:
    """The types that a type is made of."""
    yield kind
    if not isinstance(kind, type) or isinstance(kind, types.GenericAlias):
        for argument in typing.get_args(kind):
            yield from parts(argument)


def only_section(kind: Any) -> type[Section] | None:
    found = {part for part in parts(kind) if isinstance(part, type) and issubclass(part, Section)}
    assert len(found) <= 1, kind
    return next(iter(found), None)


def described(schema: Any) -> dict[str, Any] | None:
    """The map with properties that a schema leads to: itself, its items, its values, or one of its branches."""
    if "properties" in schema:
        return dict(schema)
    for key in ("items", "additionalProperties", "then", "else"):
        if isinstance(schema.get(key), dict) and (found := described(schema[key])) is not None:
            return found
    return None


def choices_of(kind: Any) -> Iterator[Any]:
    for part in parts(kind):
        if isinstance(part, EnumMeta):
            yield from (choice.value for choice in list[Any](part))
        elif typing.get_origin(part) is typing.Literal:
            yield from typing.get_args(part)


def enums_of(schema: Any) -> Iterator[Any]:
    yield from schema.get("enum", ())
    for key in ("items", "additionalProperties", "propertyNames", "then", "else"):
        if isinstance(schema.get(key), dict) and "properties" not in schema[key]:
            yield from enums_of(schema[key])


def pairs(kind: Any, schema: Any, path: str = "file") -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Every class of the file with the map of the schema that describes it."""
    yield path, kind, schema
    for field in msgspec.structs.fields(kind):
        below = described(schema["properties"].get(field.encode_name, {}))
        section = only_section(field.type)
        assert (section is None) == (below is None), f"{path}.{field.encode_name}"
        if section is not None:
            yield from pairs(section, below, f"{path}.{field.encode_name}")


ALL = list(pairs(ConfigFile, resolved_schema()))
each_pair = pytest.mark.parametrize(("path", "kind", "schema"), ALL, ids=[path for path, _, _ in ALL])


@each_pair
def test_the_keys_are_the_same(path: str, kind: Any, schema: Any) -> None:
    assert {field.encode_name for field in msgspec.structs.fields(kind)} == set(schema["properties"])
    assert schema["additionalProperties"] is False


@each_pair
def test_the_same_keys_are_required(path: str, kind: Any, schema: Any) -> None:
    required = {field.encode_name for field in msgspec.structs.fields(kind) if field.required}

    assert required == set(schema.get("required", ()))


@each_pair
def test_the_defaults_are_the_same(path: str, kind: Any, schema: Any) -> None:
    for field in msgspec.structs.fields(kind):
        default = (
            field.default_factory() if field.default is msgspec.NODEFAULT and not field.required else field.default
        )
        written = schema["properties"][field.encode_name].get("default", msgspec.NODEFAULT)
        if default is None or default is msgspec.NODEFAULT or isinstance(default, Section):
            assert written is msgspec.NODEFAULT, field.encode_name
        else:
            assert msgspec.convert(written, field.type, dec_hook=_decoded) == default, field.encode_name


@each_pair
def test_the_choices_are_the_same(path: str, kind: Any, schema: Any) -> None:
    for field in msgspec.structs.fields(kind):
        of_schema = set(enums_of(schema["properties"][field.encode_name]))
        if field.encode_name == "on_failure":  # `any` is spelled out, and the caller's fault never falls back
            of_schema = of_schema - {"any"} | {"invalid_request"}

        assert of_schema == set(choices_of(field.type)), field.encode_name


def test_every_class_of_the_model_is_reached() -> None:
    assert {kind for _, kind, _ in ALL} == set(Section.__subclasses__())


def test_an_empty_file_is_all_defaults() -> None:
    assert msgspec.convert({}, ConfigFile) == ConfigFile()
