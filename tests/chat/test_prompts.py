"""What can be said to those who only complete a text."""

import msgspec
import pytest
from msgspec.structs import replace

from llmgw.chat.conversation import (
    Conversation,
    Effort,
    Image,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from llmgw.chat.prompts import name_of, settings, single_prompt, write_prompt_body
from llmgw.chat.request import Edits
from llmgw.errors import InvalidRequestError

HELLO = Conversation(model="m", messages=(Message(Role.USER, (Text("Say hello"),)),))


def test_messages_of_one_user_are_one_prompt() -> None:
    unsaid: list[str] = []
    conversation = replace(HELLO, messages=HELLO.messages * 2, system=(Text("Be brief."),))

    assert single_prompt(conversation, unsaid.append) == "Be brief.\n\nSay hello\n\nSay hello"
    assert unsaid == []


def test_a_turn_of_somebody_else_cannot_be_said() -> None:
    with pytest.raises(InvalidRequestError, match="completes texts"):
        single_prompt(replace(HELLO, messages=()), print)


def test_parts_that_are_no_text_are_named() -> None:
    unsaid: list[str] = []
    parts = (Text("Hi", cache="1h"), ToolUse("1", "t", "{}"), Reasoning("Hm"))
    prompt = single_prompt(replace(HELLO, messages=(Message(Role.USER, parts, "Ann"),)), unsaid.append)

    assert prompt == "Hi"
    assert unsaid == ["messages.tool_use", "messages.reasoning", "messages.name", "cache_control"]


def test_settings_are_said_in_the_words_of_the_target() -> None:
    unsaid: list[str] = []
    conversation = replace(HELLO, max_tokens=5, stop=("x",), user="u", effort=Effort("high"))
    edits = Edits("up", {}, {}, frozenset({"user"}), ask_usage=False)
    said = settings(conversation, {"max_tokens": "max_new_tokens", "user": "user"}, edits, unsaid.append)

    assert (said, unsaid) == ({"max_new_tokens": 5}, ["stop", "user", "reasoning_effort"])


def test_not_to_think_is_what_they_do_anyway() -> None:
    unsaid: list[str] = []
    settings(replace(HELLO, effort=Effort("none"), tool_choice=ToolChoice()), {}, Edits("up", {}, {}, frozenset(),
        ask_usage=False), unsaid.append)  # fmt: skip

    assert unsaid == []


def test_a_body_has_what_the_file_edits() -> None:
    edits = Edits("up", {"b": msgspec.Raw(b"2")}, {}, frozenset({"a"}), ask_usage=False)

    assert write_prompt_body({"a": 1, "c": "x"}, ["seed", "seed"], edits) == (b'{"c":"x","b":2}', ("seed", "a"))


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (ToolUse("1", "t", "{}"), "messages.tool_use"),
        (ToolResult("1", ()), "messages.tool_result"),
        (Image(), "messages.image"),
    ],
)
def test_a_part_is_told_by_its_kind(part: Part, name: str) -> None:
    assert name_of(part) == name
