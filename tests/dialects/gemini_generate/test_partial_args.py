"""Arguments in pieces, each with its place."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.dialects.gemini_generate.partial_args import HELD_BYTES_MAX, PartialArgs
from llmgw.dialects.gemini_generate.wire import PartialArg
from llmgw.errors import UpstreamProtocolError


def whole(*pieces: tuple[str, Any]) -> Any:
    args = PartialArgs()
    for place, value in pieces:
        args.take([_piece(place, value)])
    return json.loads(args.json())


def _piece(place: str, value: Any) -> PartialArg:
    if isinstance(value, str):
        return PartialArg(place, value)
    return PartialArg(place, bool_value=value) if isinstance(value, bool) else PartialArg(place, number_value=value)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], {}),
        ([("$.a", "Bos"), ("$.b", 2.0), ("$.a", "ton")], {"a": "Boston", "b": 2}),
        ([("$.a", 0.5), ("$.b", True), ("$.c", None)], {"a": 0.5, "b": True, "c": None}),
        ([("$.a[0].b", "x"), ("$.a[1].b", "y"), ("$.a[0].b", "z")], {"a": [{"b": "xz"}, {"b": "y"}]}),
        ([("$['a b'][\"c\"]", 1e300)], {"a b": {"c": 1e300}}),
        ([("$.a", 1.0), ("$.a", "x")], {"a": "x"}),
        ([("$.a[999999999]", "x")], {"a": ["x"]}),
    ],
)
def test_arguments_grow(pieces: list[tuple[str, Any]], expected: Any) -> None:
    assert expected == whole(*pieces)


@pytest.mark.parametrize("place", ["", "$", "a", "$..", "$" + ".a" * 65])
def test_a_piece_must_have_a_place(place: str) -> None:
    with pytest.raises(UpstreamProtocolError, match="no place"):
        whole((place, "x"))


def test_nothing_lies_inside_a_text() -> None:
    with pytest.raises(UpstreamProtocolError, match="inside another"):
        whole(("$.a", "x"), ("$.a.b", "y"))


@given(st.lists(st.tuples(st.from_regex(r"\$(\.[ab]|\[[01]\]){1,4}", fullmatch=True), st.text() | st.floats())))
def test_any_pieces_are_json_or_an_error(pieces: list[tuple[str, Any]]) -> None:
    with suppress(UpstreamProtocolError):
        assert isinstance(whole(*pieces), dict | list)


@pytest.mark.parametrize("place", ["$.a", "$.p{0}", "$.p{0}.a.b.c.d"])
def test_they_do_not_grow_without_end(place: str) -> None:
    args, piece = PartialArgs(), "x" * 1024

    with pytest.raises(UpstreamProtocolError, match="over"):
        args.take(PartialArg(place.format(number), piece) for number in range(HELD_BYTES_MAX // len(piece)))
