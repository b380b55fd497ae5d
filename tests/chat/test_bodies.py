"""A fault of a body is told with its place; what only rules want of it is text."""

import msgspec
import pytest

from llmgw.chat.bodies import completed, fields, model_of, reading, scalars
from llmgw.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("words", "base", "message", "param"),
    [
        ("Expected `str`, got `int` - at `$.model`", "", "model: Expected `str`, got `int`", "model"),
        ("Object missing required field `model`", "", "model: missing", "model"),
        ("Object missing required field `role` - at `$.a[1]`", "", "a[1].role: missing", "a[1].role"),
        ("Expected `object`, got `array`", "", "the body: Expected `object`, got `array`", None),
        ("Expected `str`, got `int` - at `$.b`", "a[0]", "a[0].b: Expected `str`, got `int`", "a[0].b"),
    ],
)
def test_a_fault_is_told_with_its_place(words: str, base: str, message: str, param: str | None) -> None:
    with pytest.raises(InvalidRequestError) as caught, reading(base=base):
        raise msgspec.ValidationError(words)

    assert (message, param) == (caught.value.message, caught.value.param)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "the body is not JSON: Input data was truncated"),
        (b'{"a": "\\ud83d"}', "the body is not JSON: an escape stands for half a character"),
        (b'{"a": "\xff"}', "the body is not JSON: 'utf-8' codec can't decode"),
        (b"[1]", "the body: Expected `object`, got `array`"),
    ],
)
def test_what_is_no_body(body: bytes, message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        _read(body)

    assert caught.value.message.startswith(message)


def _read(body: bytes) -> None:
    with reading(body):
        fields(body)


def test_the_paths_model_wins_and_one_there_must_be() -> None:
    assert (model_of("a", "b"), model_of("a", ""), model_of(None, "b")) == ("b", "a", "b")
    with pytest.raises(InvalidRequestError, match="model: missing"):
        model_of(None, "")


def test_scalars_are_text_and_all_else_is_left_out() -> None:
    assert scalars({"a": 1, "b": True, "c": "x", "d": None, "e": [1], "f": {"g": 1}}) == {
        "a": "1",
        "b": "true",
        "c": "x",
    }
    assert scalars([1]) == {}


def test_half_a_character_is_replaced() -> None:
    assert completed(rb'"\ud83d\ude00 \ud83d x"') == rb'"\ud83d\ude00 \ufffd x"'


def test_an_escaped_backslash_before_it_makes_a_text_of_an_escape() -> None:
    assert completed(rb'{"a":"\\ud83d literal","b":"\ud800"}') == rb'{"a":"\\ud83d literal","b":"\ufffd"}'
    assert completed(rb'"\\\ud83d \\\\ud83d \n\ud83d\ude00"') == rb'"\\\ufffd \\\\ud83d \n\ud83d\ude00"'
