"""Turns that alternate, begin with the user and have the results of tools first."""

import pytest

from llmgw.chat.conversation import Image, Message, Role, Text, ToolResult
from llmgw.chat.turns import joined, plain_id, results_first, speaker, spoken

FOUR = ToolResult("t", (Text("4"),))


def test_instructions_amid_the_conversation_are_the_users_text_in_a_tag() -> None:
    dropped: list[str] = []
    message = Message(Role.SYSTEM, (Text("Be brief.", cache="5m"), Text(" "), Image(url="https://a/b")))

    assert list(spoken(message, dropped.append)) == [Text("<system>\nBe brief.\n</system>", cache="5m")]
    assert (speaker(message), dropped) == (Role.USER, ["messages.image"])


def test_others_say_what_they_say() -> None:
    dropped: list[str] = []
    message = Message(Role.ASSISTANT, (Text(" "), Image()))

    assert spoken(message, dropped.append) == message.parts
    assert (speaker(message), dropped) == (Role.ASSISTANT, [])


def test_results_stand_first_and_what_was_changed_is_told() -> None:
    dropped: list[str] = []
    other = ToolResult("u", ())

    assert results_first([FOUR, other, Text("a"), Text("b")], dropped.append) == [FOUR, other, Text("a"), Text("b")]
    assert dropped == []
    assert results_first([Text("a"), FOUR, Text("b"), other], dropped.append) == [FOUR, other, Text("a"), Text("b")]
    assert dropped == ["messages.order"]


def test_neighbours_of_one_role_are_one_turn() -> None:
    turns = [{"role": "user", "parts": [1]}, {"role": "user", "parts": [2]}, {"role": "model", "parts": [3]}]

    assert joined(turns, "parts") == [{"role": "user", "parts": [1, 2]}, {"role": "model", "parts": [3]}]


@pytest.mark.parametrize(("given", "chars_max"), [("call_1-A", None), ("a" * 64, 64), ("a" * 500, None)])
def test_a_plain_id_stays(given: str, chars_max: int | None) -> None:
    assert given == plain_id(given, "x", chars_max)


@pytest.mark.parametrize("given", ["", "a.b", "é" * 100, "a" * 65, "\ud800"])
def test_any_other_becomes_the_same_always(given: str) -> None:
    told = plain_id(given, "x", 64)

    assert told == plain_id(given, "x", 64)
    assert told.replace("_", "").replace("-", "").isalnum()
    assert len(told) <= 64
    assert plain_id("a" * 65, "x", 64) != plain_id("a" * 66, "x", 64)
