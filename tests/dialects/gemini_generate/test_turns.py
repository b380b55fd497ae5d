"""The messages of a conversation, as Google takes them."""

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
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.chat.turns import OPENING
from llmgw.dialects.gemini_generate.turns import ContentWriter
from llmgw.errors import InvalidRequestError
from tests.dialects.gemini_generate.wire import call, text, thought

HI = Message(Role.USER, (Text("Hi"),))
IMAGE = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
OLDER, NEWER = "gemini-2.5-flash", "gemini-3-flash-preview"


def write(*messages: Message, model: str = OLDER) -> tuple[Any, list[str]]:
    dropped: list[str] = []
    turns = ContentWriter(model, dropped.append).write(messages)
    return msgspec.json.decode(msgspec.json.encode(turns)), dropped


def said(*parts: Part, model: str = OLDER) -> Any:
    """The parts of a turn of the model."""
    turns, dropped = write(HI, Message(Role.ASSISTANT, parts), model=model)
    assert dropped == []
    return turns[1]["parts"]


def test_neighbours_of_one_role_are_one_turn_and_the_user_begins() -> None:
    turns, _ = write(
        Message(Role.ASSISTANT, (Text("a"),)),
        Message(Role.ASSISTANT, (Refusal("b"),)),
        Message(Role.USER, ()),
        Message(Role.USER, (Text(""),)),
        Message(Role.ASSISTANT, (Text("c"),)),
        HI,
    )

    assert turns == [
        {"role": "user", "parts": [text(OPENING)]},
        {"role": "model", "parts": [text("a"), text("b"), text("c")]},
        {"role": "user", "parts": [text("Hi")]},
    ]


def test_instructions_amid_the_conversation_are_in_a_tag() -> None:
    turns, _ = write(HI, Message(Role.SYSTEM, (Text("Be brief"),)))

    assert turns == [{"role": "user", "parts": [text("Hi"), text("<system>\nBe brief\n</system>")]}]


def test_a_call_and_its_result() -> None:
    turns, dropped = write(
        HI,
        Message(Role.ASSISTANT, (Text("Well"), ToolUse("a", "f", '{"x": 1.0}'), ToolUse("b", "g", ""))),
        Message(Role.USER, (Text("There"), ToolResult("b", (Text("2"), Text("3"))))),
        Message(Role.USER, (ToolResult("a", (Text('{"y": 1}'),)), ToolResult("z", (Text("no"),), is_error=True))),
    )

    assert turns[1]["parts"] == [text("Well"), call("f", {"x": 1.0}, id="a"), call("g", {}, id="b")]
    assert turns[2]["parts"] == [
        {"functionResponse": {"id": "b", "name": "g", "response": {"output": "2\n3"}}},
        {"functionResponse": {"id": "a", "name": "f", "response": {"y": 1}}},
        {"functionResponse": {"id": "z", "name": "z", "response": {"error": "no"}}},
        text("There"),
    ]
    assert dropped == ["messages.order"]


@pytest.mark.parametrize("arguments", ["[1]", "{", "5", '{"a": "\ud800"}'])
def test_arguments_must_be_an_object(arguments: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"messages\[1\]: the arguments of tool call 'a' are no JSON object"):
        write(HI, Message(Role.ASSISTANT, (ToolUse("a", "f", arguments),)))


def test_images_of_results_stand_in_them_where_the_model_takes_it_and_beside_them_elsewhere() -> None:
    message = Message(Role.USER, (ToolResult("a", (Text("x"), Image("image/png", "AA==")), "f"), Text("See")))
    told = {"id": "a", "name": "f", "response": {"output": "x"}}

    assert write(message, model=NEWER)[0][0]["parts"] == [{"functionResponse": {**told, "parts": [IMAGE]}}, text("See")]
    assert write(message, model=OLDER)[0][0]["parts"] == [{"functionResponse": told}, IMAGE, text("See")]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([Reasoning("Hm", "s", issuer=GOOGLE), Text("So")], [thought("Hm"), text("So", thoughtSignature="s")]),
        ([Reasoning("", "s", issuer=GOOGLE), Text("So")], [text("So", thoughtSignature="s")]),
        ([Text("So"), Reasoning("", "s", issuer=GOOGLE)], [text("So"), text("", thoughtSignature="s")]),
        ([Reasoning("Hm", "s", issuer=GOOGLE), ToolUse("a", "f", "{}")], [thought("Hm"), call("f", {}, "s", id="a")]),
        (
            [Reasoning("Hm", "s", issuer=GOOGLE), ToolUse("a", "f", "{}", "t", GOOGLE)],
            [thought("Hm"), text("", thoughtSignature="s"), call("f", {}, "t", id="a")],
        ),
        (
            [Reasoning("", "s", issuer=GOOGLE), Reasoning("Hm"), Image("image/png", "AA==")],
            [text("", thoughtSignature="s"), thought("Hm"), IMAGE],
        ),
        ([Reasoning("Hm", "s", issuer=ANTHROPIC), Text("So")], [thought("Hm"), text("So")]),
        ([Reasoning(redacted="x", issuer=ANTHROPIC), Text("So")], [text("So")]),
        ([ToolUse("a", "f", "{}", "s", ANTHROPIC)], [call("f", {}, id="a")]),
    ],
)
def test_a_proof_stands_on_what_follows_its_thought(parts: list[Part], expected: list[Any]) -> None:
    assert expected == said(*parts)


def test_the_first_call_of_a_turn_says_that_it_was_made_elsewhere_where_it_must_be_signed() -> None:
    calls = (ToolUse("a", "f", "{}"), ToolUse("b", "f", "{}"))
    signed = (ToolUse("a", "f", "{}", "s", GOOGLE), ToolUse("b", "f", "{}"))
    elsewhere = "skip_thought_signature_validator"

    assert said(*calls, model=NEWER) == [call("f", {}, elsewhere, id="a"), call("f", {}, id="b")]
    assert said(*signed, model=NEWER) == [call("f", {}, "s", id="a"), call("f", {}, id="b")]
    assert said(*calls, model=OLDER) == [call("f", {}, id="a"), call("f", {}, id="b")]


def test_media_of_the_user() -> None:
    turns, dropped = write(
        Message(
            Role.USER, (Image("image/png", "AA=="), Audio("AA==", "mp3"), File(data="AA=="), Image(url="http://a/b"))
        )
    )

    assert [next(iter(part)) for part in turns[0]["parts"]] == ["inlineData"] * 3 + ["fileData"]
    assert dropped == []


@pytest.mark.parametrize(
    ("message", "dropped"),
    [
        (Message(Role.USER, (Text("a"),), "Ann"), ["messages.name"]),
        (Message(Role.USER, (Text("a", cache="5m"),)), ["cache_control"]),
        (Message(Role.USER, (Image(url="http://a/b", detail="high"),)), ["messages.image_url.detail"]),
        (Message(Role.USER, (File(id="file-1"),)), ["messages.file"]),
        (Message(Role.USER, (ToolUse("a", "f", "{}"),)), ["messages.tool_use"]),
        (Message(Role.USER, (Reasoning("Hm"),)), ["messages.reasoning"]),
        (Message(Role.ASSISTANT, (ToolResult("a", ()),)), ["messages.tool_result"]),
        (Message(Role.ASSISTANT, (Text("a", citations=({},)),)), ["messages.annotations"]),
        (Message(Role.ASSISTANT, (ToolUse("a", "f", "{}", cache="5m"),)), ["cache_control"]),
        (Message(Role.USER, (ToolResult("a", (), cache="5m"),)), ["messages.order", "cache_control"]),
    ],
)
def test_what_cannot_be_said_is_named(message: Message, dropped: list[str]) -> None:
    assert dropped == write(HI, message)[1]
