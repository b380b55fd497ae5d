"""Parts as content blocks, in the order and of the form that Anthropic takes."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolResult,
    ToolUse,
)
from llmgw.chat.signatures import ANTHROPIC
from llmgw.chat.turns import CLOSING, OPENING
from llmgw.dialects.anthropic_messages.parts import wire_id, write_messages, write_part
from llmgw.errors import InvalidRequestError

CALL = ToolUse("toolu_1", "f", '{"a": 1}')
RESULT = ToolResult("toolu_1", (Text("ok"),))


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts)


def assistant(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts)


def written(*messages: Message) -> list[tuple[str, list[Any]]]:
    """Roles, and of each block its text or its kind."""
    turns = write_messages(messages, [])
    return [(turn["role"], [block.get("text", block["type"]) for block in turn["content"]]) for turn in turns]


def one(part: Part) -> tuple[Any, list[str]]:
    dropped: list[str] = []
    block = write_part(part, 0, dropped)
    return (None if block is None else msgspec.json.decode(msgspec.json.encode(block))), dropped


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Text("a"), {"type": "text", "text": "a"}),
        (Text("a", "5m"), {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}),
        (Text("a", "1h"), {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        (
            Text("a", "", ({"type": "char_location"},)),
            {"type": "text", "text": "a", "citations": [{"type": "char_location"}]},
        ),
        (Text(" \n"), None),
        (Refusal("No"), {"type": "text", "text": "No"}),
        (Reasoning("Hm", "s", issuer=ANTHROPIC), {"type": "thinking", "thinking": "Hm", "signature": "s"}),
        (Reasoning("", "s", issuer=ANTHROPIC), {"type": "thinking", "thinking": "", "signature": "s"}),
        (Reasoning(redacted="x", issuer=ANTHROPIC), {"type": "redacted_thinking", "data": "x"}),
        (Reasoning("Hm", issuer=ANTHROPIC), None),
        (Reasoning("Hm", "s", issuer="gemini"), None),
        (CALL, {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}),
        (ToolUse("t", "f", " "), {"type": "tool_use", "id": "t", "name": "f", "input": {}}),
        (RESULT, {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "ok"}]}),
        (
            ToolResult("t", (Text(""),), is_error=True),
            {"type": "tool_result", "tool_use_id": "t", "content": [], "is_error": True},
        ),
        (
            Image("image/png", "x"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x"}},
        ),
        (Image(url="https://a"), {"type": "image", "source": {"type": "url", "url": "https://a"}}),
        (
            File(id="file_1", name="t", cache="5m"),
            {
                "type": "document",
                "source": {"type": "file", "file_id": "file_1"},
                "title": "t",
                "cache_control": {"type": "ephemeral"},
            },
        ),
    ],
)
def test_each_kind(part: Part, block: Any) -> None:
    assert (block, []) == one(part)


def test_what_it_cannot_say_is_named() -> None:
    assert one(Audio("x", "wav")) == (None, ["messages.audio"])
    assert one(File(media_type="application/zip", data="UEs")) == (None, ["messages.file"])
    assert one(Text("a", "", ({"type": "url_citation"},))) == ({"type": "text", "text": "a"}, ["messages.annotations"])


def test_all_results_of_a_turn_stand_first_in_one_message() -> None:
    other = ToolResult("toolu_2", (Text("ok"),))

    assert written(
        user(Text("go")),
        assistant(Text("Well"), CALL, ToolUse("toolu_2", "f", "{}")),
        user(RESULT),
        user(Text("and")),
        user(other),
    ) == [
        ("user", ["go"]),
        ("assistant", ["Well", "tool_use", "tool_use"]),
        ("user", ["tool_result", "tool_result", "and"]),
    ]


def test_neighbours_of_a_role_are_one_message() -> None:
    assert written(user(Text("a")), user(Text("b")), assistant(Text("c")), assistant(Text(" ")), user(Text("d"))) == [
        ("user", ["a", "b"]),
        ("assistant", ["c"]),
        ("user", ["d"]),
    ]


def test_a_turn_of_which_nothing_is_left_joins_its_neighbours() -> None:
    foreign = Reasoning("Hm", "s", issuer="gemini")

    assert written(user(Text("a")), assistant(foreign), user(), user(Text("b"))) == [("user", ["a", "b"])]


def test_instructions_amid_the_conversation_are_the_users_in_a_tag() -> None:
    system = Message(Role.SYSTEM, (Text("Be brief"), Text(" ")))

    assert written(user(Text("a")), system) == [("user", ["a", "<system>\nBe brief\n</system>"])]


def test_the_assistant_does_not_begin() -> None:
    assert written(assistant(Text("a")), user(Text("b")))[0] == ("user", [OPENING])


def test_to_models_that_do_not_go_on_from_there_the_user_speaks_last() -> None:
    dropped: list[str] = []
    turns = write_messages([user(Text("a")), assistant(Text("{ "))], dropped, goes_on=False)

    assert turns[-1] == {"role": "user", "content": [{"type": "text", "text": CLOSING}]}
    assert turns[-2]["content"] == [{"type": "text", "text": "{ "}]
    assert dropped == ["messages.prefill"]


def test_what_changes_without_a_loss_of_words_is_named() -> None:
    dropped: list[str] = []
    write_messages([Message(Role.USER, (Text("a"),), "ada"), assistant(CALL), user(Text("Look"), RESULT)], dropped)

    assert dropped == ["messages.name", "messages.order"]


def test_a_turn_of_sound_alone_is_left_out() -> None:
    dropped: list[str] = []
    turns = write_messages([user(Audio("x", "wav")), user(Text("a"))], dropped)

    assert turns == [{"role": "user", "content": [{"type": "text", "text": "a"}]}]
    assert dropped == ["messages.audio"]


def test_what_the_assistant_is_to_go_on_from_ends_in_no_white_space() -> None:
    assert written(user(Text("a")), assistant(Text("{ \n"))) == [("user", ["a"]), ("assistant", ["{"])]


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", "5", '"{}"', '{"a": "\ud800"}', "[" * 10_000])
def test_arguments_that_are_no_object_are_the_callers_fault(arguments: str) -> None:
    with pytest.raises(InvalidRequestError, match="tool call 't'") as caught:
        write_messages([user(Text("a")), assistant(ToolUse("t", "f", arguments))], [])

    assert caught.value.param == "messages[1]"


@pytest.mark.parametrize("given", ["toolu_01A", "call_x-1", "srvtoolu_bdrk_1"])
def test_ids_stay(given: str) -> None:
    assert given == wire_id(given)


def test_foreign_ids_become_the_same_every_time_and_no_two_alike() -> None:
    foreign = ["functions.f:0", "functions.f:1", "functions/f:0", "", "ä", "\ud800"]
    names = list(map(wire_id, foreign))

    assert names == list(map(wire_id, foreign))
    assert len(set(names)) == len(foreign)
    assert all(name.replace("_", "").replace("-", "").isalnum() and name.isascii() for name in names)
