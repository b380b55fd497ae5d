"""Which fields of two bodies keep them apart."""

import msgspec
import pytest

from llmgw.policy.cache_compare import DIFFERENCES_MAX, Comparison, explain
from llmgw.policy.cache_key import UnkeyableError

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def compared(one: str, other: str) -> Comparison:
    return explain(_fields(one.encode()), _fields(other.encode()))


@pytest.mark.parametrize(
    ("one", "other", "differ", "ignored"),
    [
        ("{}", "{}", (), ()),
        ('{"a": 1.0, "b": [1]}', '{"b": [1e0], "a": 1}', (), ()),
        ('{"user": "x", "stream": true}', '{"user": "y"}', (), ("stream", "user")),
        ('{"temperature": 0}', '{"temperature": 1}', ("temperature",), ()),
        ('{"temperature": 0}', "{}", ("temperature",), ()),
        ('{"a": null}', "{}", ("a",), ()),
        ('{"a": true}', '{"a": 1}', ("a",), ()),
        ('{"m": [{"c": "x"}, {"c": "y"}]}', '{"m": [{"c": "x"}, {"c": "z"}, 5]}', ("m[1].c", "m[2]"), ()),
        ('{"m": [1]}', '{"m": {"0": 1}}', ("m",), ()),
        ('{"b": 1, "a": {"d": 1, "c": 1}}', '{"b": 2, "a": {"d": 2, "c": 2}}', ("a.c", "a.d", "b"), ()),
    ],
)
def test_they_are_told_by_their_paths(one: str, other: str, differ: tuple[str, ...], ignored: tuple[str, ...]) -> None:
    assert compared(one, other) == Comparison(differ, ignored)
    assert compared(one, other).same is (not differ)


def test_only_the_first_of_many_are_told() -> None:
    differ = compared('{"m": [' + "1," * 1000 + "0]}", '{"m": []}').differ

    assert (len(differ), differ[0]) == (DIFFERENCES_MAX, "m[0]")


def test_a_deep_body_can_be_compared() -> None:
    one, other = ('{"a": ' + "[" * 500 + inner + "]" * 500 + "}" for inner in "12")

    assert len(compared(one, other).differ) == 1


def test_what_has_no_key_is_like_nothing() -> None:
    with pytest.raises(UnkeyableError):
        compared('{"a": {"b": 1, "b": 2}}', "{}")
