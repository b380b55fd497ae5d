"""Values from JSON Schemas: valid wherever the schema is of the supported subset, bounded wherever it is not."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from llmgw.providers.simulator.instance import (
    CHARS_MAX,
    DEPTH_MAX,
    STEPS_MAX,
    ImpossibleSchemaError,
    instance,
)

Schema = dict[str, Any]

NAMES = st.text("abcxyz_", min_size=1, max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)


def is_valid(value: object, schema: Schema | bool) -> bool:
    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(schema, format_checker=checker).is_valid(value)


@st.composite
def strings(draw: st.DrawFn) -> Schema:
    length_min = draw(st.integers(0, 30))
    room = draw(st.none() | st.integers(0, 30))
    schema: Schema = {"type": "string", "minLength": length_min}
    return schema if room is None else {**schema, "maxLength": length_min + room}


@st.composite
def integers(draw: st.DrawFn) -> Schema:
    low = draw(st.none() | st.integers(-1000, 1000))
    step = draw(st.none() | st.integers(1, 7))
    schema: Schema = {"type": "integer"}
    if step is not None:
        schema["multipleOf"] = step
    if low is not None:
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = (low or 0) + 2 * (step or 1) + 1
    return schema


@st.composite
def numbers(draw: st.DrawFn) -> Schema:
    low = draw(st.floats(-1e6, 1e6))
    room = draw(st.floats(1e-3, 1e3))
    above = draw(st.sampled_from(["minimum", "exclusiveMinimum"]))
    below = draw(st.sampled_from(["maximum", "exclusiveMaximum"]))
    both: Schema = {"type": "number", above: low, below: low + room}
    return draw(st.sampled_from([both, {"type": "number", above: low}, {"type": "number", below: low}]))


def lists_of(schemas: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    @st.composite
    def lists(draw: st.DrawFn) -> Schema:
        items_min = draw(st.integers(0, 3))
        schema: Schema = {"type": "array", "items": draw(schemas), "minItems": items_min}
        if draw(st.booleans()):
            schema["maxItems"] = items_min + draw(st.integers(0, 2))
        if draw(st.booleans()):
            schema["prefixItems"] = draw(st.lists(schemas, max_size=2))
        return schema

    return lists()


def objects_of(schemas: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    @st.composite
    def objects(draw: st.DrawFn) -> Schema:
        properties = draw(st.dictionaries(NAMES, schemas, max_size=4))
        required = [name for name in properties if draw(st.booleans())]
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "minProperties": draw(st.integers(0, len(properties))),
            "additionalProperties": False,
        }

    return objects()


def choices_of(schemas: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.lists(schemas, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}) | schemas.map(
        lambda schema: {"allOf": [schema], "description": "beside"}
    )


FIXED: list[Schema] = [
    {},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["string", "null"]},
    {"oneOf": [{"type": "null"}, {"type": "integer"}]},
    {"$ref": "#/$defs/shared"},
    *({"type": "string", "format": name} for name in ("date", "email", "ipv4", "ipv6", "uuid")),
]
LEAVES: st.SearchStrategy[Schema] = (
    strings()
    | integers()
    | numbers()
    | SCALARS.map(lambda value: {"const": value})
    | st.lists(SCALARS, min_size=1, max_size=3).map(lambda values: {"enum": values})
    | st.sampled_from(FIXED)
)
DEFINITIONS: Schema = {"shared": {"type": "object", "required": ["it"]}}
INNER: st.SearchStrategy[Schema] = st.recursive(
    LEAVES, lambda inner: lists_of(inner) | objects_of(inner) | choices_of(inner), max_leaves=12
)
SCHEMAS = INNER.map(lambda schema: schema | {"$defs": DEFINITIONS})


@given(SCHEMAS)
def test_a_value_satisfies_its_schema_and_is_the_same_every_time(schema: Schema) -> None:
    value = instance(schema)

    assert is_valid(value, schema)
    assert instance(schema) == value


# Any JSON may come as a schema: keywords of wrong types, references to anywhere.
KEYWORDS = st.sampled_from(
    [
        *("type", "format", "enum", "anyOf", "allOf", "$ref"),
        *("properties", "required", "minProperties", "items", "prefixItems", "minItems", "maxItems"),
        *("minLength", "maxLength", "minimum", "exclusiveMaximum", "multipleOf"),
    ]
)
WORDS = st.sampled_from(["object", "array", "number", "integer", "string", "#", "#/properties/a", "#/$defs/x", "a"])
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS | st.just("a"), inner, max_size=4),
    max_leaves=20,
)


@given(ANYTHING)
def test_whatever_comes_as_a_schema_is_answered_or_refused(schema: object) -> None:
    try:
        value = instance(schema)
    except ImpossibleSchemaError:
        return

    assert len(msgspec.json.encode(value)) <= STEPS_MAX * (CHARS_MAX + 100)


NODE: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "left": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        "right": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
    },
    "required": ["name", "left", "right", "children"],
    "additionalProperties": False,
}


def test_a_recursive_schema_ends() -> None:
    schema = {"$ref": "#/$defs/node", "$defs": {"node": NODE}}
    value = instance(schema)

    assert is_valid(value, schema)
    assert len(msgspec.json.encode(value)) < 2_000


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"$ref": "#"},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#/$defs/missing"},
        {"type": "object", "required": ["self"], "properties": {"self": {"$ref": "#"}}},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": []},
        {"anyOf": [False, {"$ref": "#/no"}]},
        {"type": "array", "minItems": 10**9, "items": {"type": "null"}},
        {"type": "array", "minItems": 1, "items": False},
        {"type": "string", "minLength": 10**9},
        {"type": "object", "minProperties": 10**9},
        {"type": "object", "required": ["b"], "additionalProperties": False},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "integer", "minimum": 10**400, "multipleOf": 0.5},
        {"type": "array", "minItems": 100, "items": {"const": "x" * 10_000}},
    ],
)
def test_what_cannot_be_built_within_bounds_is_refused(schema: Schema) -> None:
    with pytest.raises(ImpossibleSchemaError):
        instance(schema)


def test_a_schema_deeper_than_the_bound_is_refused() -> None:
    schema: Schema = {"type": "string"}
    for _ in range(DEPTH_MAX + 1):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}

    with pytest.raises(ImpossibleSchemaError):
        instance(schema)


def test_texts_tell_what_they_stand_for() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

    assert instance(schema) == {"city": "simulated city"}


@pytest.mark.parametrize("name", ["object", "array", "number", "string"])
def test_a_type_may_be_told_by_other_words(name: str) -> None:
    hints: dict[str, Schema] = {
        "object": {"required": []},
        "array": {"maxItems": 0, "minItems": 0},
        "number": {"minimum": 3},
        "string": {"minLength": 1},
    }

    assert is_valid(instance(hints[name]), {"type": name})


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 1),
        ({"type": ["integer", "null"]}, 1),
        ({"type": "integer", "minimum": 2.5}, 3),
        ({"type": "integer", "maximum": -2.5}, -3),
        ({"type": "integer", "minimum": 10, "multipleOf": 7}, 14),
        ({"type": "integer", "maximum": 2**63 - 1, "exclusiveMinimum": 1}, 2),
        ({"type": "number", "exclusiveMinimum": 0.25, "exclusiveMaximum": 0.75}, 0.5),
        ({"type": "number", "minimum": 0.25, "maximum": 0.75}, 0.25),
    ],
)
def test_a_number_lies_within_its_bounds(schema: Schema, value: float) -> None:
    assert instance(schema) == value


def test_an_example_that_cannot_be_built_is_left_out() -> None:
    assert instance({"type": "array", "items": False}) == []


def test_arrays_show_one_example() -> None:
    assert instance({"type": "array", "items": {"type": "integer"}}) == [1]


def test_a_reference_is_a_json_pointer() -> None:
    schema = {"$ref": "#/$defs/a~1b%20c", "$defs": {"a/b c": {"const": 7}}}

    assert instance(schema) == 7


def test_a_branch_that_cannot_be_built_yields_to_the_next() -> None:
    schema = {"anyOf": [{"type": "integer", "minimum": 3, "maximum": 2}, {"const": "second"}]}

    assert instance(schema) == "second"


def test_parts_of_an_all_of_are_one_object() -> None:
    part = {"properties": {"a": {"const": 1}}, "required": ["a"]}
    other = {"properties": {"b": {"const": 2}}, "required": ["b"]}

    assert instance({"type": "object", "allOf": [part, other, True]}) == {"a": 1, "b": 2}
