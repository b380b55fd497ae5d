"""One key for what means the same, and never one for what does not."""

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.policy.cache_key import IGNORED, UnkeyableError, digest, packed, read, texts

Spelt = Any

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

names = st.text(max_size=6)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=12)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
bodies = st.dictionaries(names.filter(lambda name: name not in IGNORED), values, max_size=5)


def canonical(body: bytes) -> bytes:
    return read(_fields(body)).canonical


def written(body: Any) -> bytes:
    return json.dumps(body).encode()


def exactly(value: Any) -> Any:
    """What a body means: with numbers by their values, and apart from what only Python takes for the same."""
    match value:
        case dict():
            return ("map", frozenset((name, exactly(inner)) for name, inner in value.items()))
        case list():
            return ("list", tuple(map(exactly, value)))
        case bool() | None:
            return ("word", value)
        case int() | float():
            return ("number", Fraction(repr(value)))
        case _:
            return ("text", value)


@st.composite
def respelt(draw: st.DrawFn, value: Any) -> str:
    """The same JSON in somebody else's hand: order, spaces, escapes and numbers."""
    space = draw(st.sampled_from(["", " ", "\n\t"]))
    match value:
        case dict():
            pairs = draw(st.permutations(list(value.items())))
            inner = [f"{draw(respelt(name))}{space}:{space}{draw(respelt(of))}" for name, of in pairs]
            return "{" + space + f"{space},".join(inner) + "}"
        case list():
            return "[" + f",{space}".join(draw(respelt(of)) for of in value) + space + "]"
        case str():
            return draw(respelt_text(value))
        case bool() | None:
            return json.dumps(value)
        case _:
            return draw(respelt_number(value))


@st.composite
def respelt_text(draw: st.DrawFn, text: str) -> str:
    def char(one: str) -> str:
        plain = json.dumps(one, ensure_ascii=False)[1:-1]
        escaped = "".join(f"\\u{unit:04x}" for unit in memoryview(one.encode("utf-16-le")).cast("H"))
        return draw(st.sampled_from([plain, escaped]))

    return '"' + "".join(map(char, text)) + '"'


@st.composite
def respelt_number(draw: st.DrawFn, number: float) -> str:
    text = repr(number)
    if "e" in text:
        return draw(
            st.sampled_from([text, text.replace("e", "E"), text.replace("e", ".0e") if "." not in text else text])
        )
    kept = [text, f"{text}e0", f"{text}E+0"]
    return draw(
        st.sampled_from([*kept, f"{text}0" if "." in text else f"{text}.0", f"{text}0e-1" if "." not in text else text])
    )


@given(bodies, st.data())
def test_another_hand_writes_the_same(body: dict[str, Any], data: st.DataObject) -> None:
    assert canonical(data.draw(respelt(body)).encode()) == canonical(written(body))


@given(bodies, bodies)
def test_two_bodies_are_the_same_if_they_mean_the_same_and_only_then(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (canonical(written(one)) == canonical(written(other))) is (exactly(one) == exactly(other))


@given(bodies, names.filter(lambda name: name not in IGNORED), values, values)
def test_any_other_field_counts(body: dict[str, Any], name: str, one: Any, other: Any) -> None:
    had, has = {**body, name: one}, {**body, name: other}

    assert (canonical(written(had)) == canonical(written(has))) is (exactly(one) == exactly(other))
    assert canonical(written(had)) != canonical(written({key: of for key, of in body.items() if key != name}))


@given(bodies, st.dictionaries(st.sampled_from(sorted(IGNORED)), values))
def test_what_is_of_no_account_is_not_there(body: dict[str, Any], beside: dict[str, Any]) -> None:
    assert canonical(written({**beside, **body})) == canonical(written(body))


def test_what_is_of_no_account_is_so_at_the_top_only() -> None:
    assert canonical(b'{"a": {"user": "x"}}') != canonical(b'{"a": {"user": "y"}}')


def test_only_what_the_contract_names_is_of_no_account() -> None:
    expected = {"stream", "stream_options", "user", "metadata", "store", "safety_identifier", "prompt_cache_key"}

    assert expected == IGNORED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ("1", "1e0"),
        ("100", "1E+2"),
        ("0.1", "1e-1"),
        ("0.1", "0.10"),
        ("0", "-0"),
        ("0", "-0.0e7"),
        ("123456789012345678901234567890", "123456789012345678901234567890.0"),
        ("1e400", "10e399"),
        ("1e-400", "0.1e-399"),
        ('"é"', r'"\u00e9"'),
        ('"/"', r'"\/"'),
        (r'"\ud83d\ude00"', '"😀"'),
        (r'{"\u0061": 1}', '{"a": 1}'),
        (r'{"a\u003ab": ":"}', r'{"a:b": "\u003A"}'),
    ],
)
def test_these_are_the_same(one: str, other: str) -> None:
    assert canonical(f'{{"x": {one}}}'.encode()) == canonical(f'{{"x": {other}}}'.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", '"1"'),
        ("1", "true"),
        ("0", "false"),
        ("0", "null"),
        ('""', "null"),
        ("0.1", "0.10000000000000001"),
        ("9007199254740993", "9007199254740992"),
        ("9007199254740993.0", "9007199254740992.0"),
        ("1e400", "1e401"),
        ("1e-400", "0"),
        ('"1E+400"', "1e400"),
        ("[1, [2]]", "[[1], 2]"),
        ("[]", "{}"),
        ("[null]", "[]"),
        ('{"a": null}', "{}"),
        ('{"a": {"b": 1}}', '{"a": 1, "b": 1}'),
        (r'"\u00e9"', r'"e\u0301"'),
        (r'"\\u003a"', '":"'),
        ('"a,b"', '["a", "b"]'),
    ],
)
def test_these_are_not(one: str, other: str) -> None:
    assert canonical(f'{{"x": {one}}}'.encode()) != canonical(f'{{"x": {other}}}'.encode())


@pytest.mark.parametrize(
    "inner",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1, "a": 1}',
        r'{"a": 1, "\u0061": 2}',
        r'{"a": ":", "a": "\u003a"}',
        r'{"a": "\u003a", "a": "\u003A\u003a"}',
        r'{"a": 1, "a": "\u003a"}',
        '[{"b": {"a": 1, "a": {"c": 2}}}]',
        '{"": 1, "": 2}',
    ],
)
def test_what_gives_a_name_twice_has_no_key(inner: str) -> None:
    with pytest.raises(UnkeyableError, match="twice"):
        canonical(f'{{"x": {inner}}}'.encode())


@given(values, st.text(max_size=5))
def test_a_name_given_twice_is_always_found(value: Any, name: str) -> None:
    key = json.dumps(name)
    body = f'{{"x": {{{key}: {json.dumps(value)}, "y\\u003a:": "\\u003a", {key}: ":"}}}}'

    with pytest.raises(UnkeyableError, match="twice"):
        canonical(body.encode())


@pytest.mark.parametrize("number", ["1e999999999999999999999", "-1e-999999999999999999999", "1" * 5000])
def test_numbers_that_nobody_can_hold_have_no_key(number: str) -> None:
    with pytest.raises(UnkeyableError, match="exactly"):
        canonical(f'{{"x": {number}}}'.encode())


def test_a_body_that_is_too_deep_has_no_key() -> None:
    deep = {"x": msgspec.Raw(b"[" * 100_000 + b"]" * 100_000)}

    with pytest.raises(UnkeyableError, match="deeply"):
        read(deep)


@pytest.mark.parametrize("inner", [b"1.5,", b"1e63,", b'{"a":1},', b'"\\u003c",', b'":",'])
def test_a_long_body_takes_no_more_than_its_length(inner: bytes) -> None:
    """By what is written of it: a short number must not become a long one."""
    body = b'{"x":[' + inner * 20_000 + b"0]}"

    assert len(canonical(body)) <= 20 * len(body)


@given(st.lists(st.binary(max_size=5), max_size=4), st.lists(st.binary(max_size=5), max_size=4))
def test_parts_never_run_into_each_other(one: list[bytes], other: list[bytes]) -> None:
    assert (packed(*one) == packed(*other)) is (one == other)
    assert (digest(*one) == digest(*other)) is (one == other)


any_text = st.text(st.characters(exclude_categories=()), max_size=5)
told = st.recursive(any_text | st.booleans(), lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)


@given(st.lists(told, max_size=3), st.lists(told, max_size=3))
def test_texts_never_run_into_each_other(one: list[Any], other: list[Any]) -> None:
    assert (texts(*one) == texts(*other)) is (one == other)


def test_what_counts_is_given_back_decoded() -> None:
    fields: Mapping[str, msgspec.Raw] = _fields(b'{"user": "me", "temperature": 1.50, "n": 2.0}')
    temperature, n = read(fields).fields["temperature"], read(fields).fields["n"]

    assert (float(temperature), n) == (1.5, 2)
    assert sorted(read(fields).fields) == ["n", "temperature"]


@pytest.mark.parametrize("name", sorted(IGNORED - {"stream", "stream_options"}))
def test_where_answers_repeat_it_everything_counts(name: str) -> None:
    """A response bears the metadata of its request: nobody is to get those of somebody else."""
    one = {name: msgspec.Raw(b'"a"')}

    assert read(one, "openai_responses").canonical != read({}, "openai_responses").canonical
    assert read(one, "openai_chat").canonical == read({}, "openai_chat").canonical
