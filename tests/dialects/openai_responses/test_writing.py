"""Messages as the items of an input."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import File, Image, Message, Part, Reasoning, Refusal, Role, Text, ToolResult, ToolUse
from llmgw.chat.signatures import ANTHROPIC, OPENAI
from llmgw.dialects.openai_responses.reading import InputReader, Turns
from llmgw.dialects.openai_responses.writing import ID_CHARS_MAX, wire_id, write_input

OWN = Reasoning("so", "rs_1 gAAA", issuer=OPENAI)
USE = ToolUse("c", "f", '{"a":1}')
IMAGE = Image(url="https://a.example", detail="auto")
CITATION = {"type": "url_citation", "url": "https://a.example", "title": "", "start_index": 0, "end_index": 1}


def write(*messages: Message) -> tuple[list[dict[str, object]], list[str]]:
    dropped: list[str] = []
    return write_input(messages, dropped.append), dropped


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts)


def assistant(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts)


def test_a_turn_of_each() -> None:
    result = ToolResult("c", (Text("sunny"),))
    written, dropped = write(
        user(Text("hi")),
        assistant(OWN, Text("Hm."), USE),
        user(result, Text("and?")),
        Message(Role.SYSTEM, (Text("s"),)),
    )

    assert written == [
        {"role": "user", "content": "hi"},
        {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "so"}],
            "id": "rs_1",
            "encrypted_content": "gAAA",
        },
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hm."}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call_output", "call_id": "c", "output": "sunny"},
        {"role": "user", "content": "and?"},
        {"role": "system", "content": "s"},
    ]
    assert dropped == []


@pytest.mark.parametrize(
    "messages",
    [
        [user(Text("hi"), IMAGE, File(id="file-1"))],
        [user(Text("hi")), assistant(OWN, Text("a"), Refusal("b"), USE), user(ToolResult("c", (Text("d"), IMAGE)))],
        [assistant(Text("cited", citations=(CITATION,)))],
        [user(ToolResult("c", ()))],
    ],
)
def test_what_is_written_is_read_again(messages: Sequence[Message]) -> None:
    written, dropped = write(*messages)
    _, again = InputReader(dropped.append).read(msgspec.convert(written, Turns))

    assert again == tuple(messages)
    assert dropped == []


@pytest.mark.parametrize(
    ("parts", "kinds"),
    [
        ((OWN,), []),
        ((Text("a"), OWN), ["message"]),
        ((OWN, OWN, USE), ["reasoning", "reasoning", "function_call"]),
        ((Reasoning("so"), USE), ["function_call"]),
        ((Reasoning("so", "sig", issuer=ANTHROPIC), USE), ["function_call"]),
        ((Text(""), USE), ["function_call"]),
    ],
)
def test_a_thought_goes_back_only_to_who_proved_it_and_before_what_followed_it(parts: Any, kinds: list[str]) -> None:
    written, dropped = write(assistant(*parts))

    assert [item["type"] for item in written] == kinds
    assert dropped == []


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (assistant(IMAGE, Text("a")), ["messages.image"]),
        (assistant(ToolResult("c", ()), Text("a")), ["messages.tool_result"]),
        (user(USE), ["messages.tool_use"]),
        (user(ToolResult("c", (), is_error=True)), ["is_error"]),
        (Message(Role.USER, (Text("a"),), "bob"), ["messages.name"]),
        (assistant(Text("a", citations=({"type": "char_location"},))), ["messages.annotations"]),
    ],
)
def test_what_cannot_be_said_is_named(message: Message, names: list[str]) -> None:
    _, dropped = write(message)

    assert dropped == names


def test_a_message_without_parts_is_an_empty_one() -> None:
    assert write(user()) == ([{"role": "user", "content": ""}], [])
    assert write(user(Refusal("No."))) == ([{"role": "user", "content": "No."}], [])


def test_texts_of_a_result_are_one() -> None:
    written, _ = write(user(ToolResult("c", (Text("a"), Text("b")))))

    assert written[0]["output"] == "a\nb"


def test_arguments_are_json_and_ids_not_too_long() -> None:
    long = "i" * (ID_CHARS_MAX + 1)
    written, _ = write(assistant(ToolUse(long, "f", " ")), user(ToolResult(long, ())))

    assert written[0]["arguments"] == "{}"
    assert written[0]["call_id"] == written[1]["call_id"] == wire_id(long)
    assert (len(wire_id(long)), wire_id("c")) == (ID_CHARS_MAX, "c")
