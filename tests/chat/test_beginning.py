from typing import Any

import msgspec
import pytest

from llmgw.chat.beginning import BESIDE, beginning
from llmgw.errors import InvalidRequestError

HELLO = {"role": "user", "content": "hello"}


def of(turns: list[Any], **beside: object) -> str:
    return beginning({name: msgspec.Raw(msgspec.json.encode(value)) for name, value in beside.items()}, turns)


def test_it_stays_while_the_conversation_grows() -> None:
    instructions = {"role": "system", "content": "be kind"}
    first = of([instructions, HELLO])

    assert (
        of([instructions, HELLO, {"role": "assistant", "content": "hi"}, {"role": "user", "content": "more"}]) == first
    )
    assert of([HELLO]) != first


@pytest.mark.parametrize("name", BESIDE)
def test_what_stands_beside_the_turns_is_part_of_it(name: str) -> None:
    assert len({of([HELLO]), of([HELLO], **{name: [{"text": "a"}]}), of([HELLO], **{name: [{"text": "b"}]})}) == 3


def test_other_fields_are_not() -> None:
    assert of([HELLO], temperature=1, model="m") == of([HELLO])


def test_marks_that_move_along_change_nothing() -> None:
    marked = {"role": "user", "content": [{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}]}

    assert of([marked]) == of([HELLO])


@pytest.mark.parametrize(
    "turns",
    [
        [{"role": "user", "parts": [{"text": "hello"}]}, {"role": "model", "parts": []}],
        [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
        ["hello"],
    ],
)
def test_turns_of_any_dialect_are_read(turns: list[Any]) -> None:
    assert of(turns) == of([HELLO])


def test_of_nothing_it_is_empty() -> None:
    assert of([], system="be kind") == ""


def test_what_cannot_be_read_is_told_with_its_place() -> None:
    with pytest.raises(InvalidRequestError, match="system: "):
        beginning({"system": msgspec.Raw(b"{")}, [HELLO])


def test_letters_that_are_none_are_no_fault() -> None:
    assert of([{"role": "user", "content": "\ud800"}]) != of([HELLO])
