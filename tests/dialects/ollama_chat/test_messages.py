import json
from base64 import b64encode
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import (
    Audio,
    Conversation,
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
from llmgw.dialects.ollama_chat.messages import write_messages
from llmgw.errors import InvalidRequestError


def written(*messages: Message, system: tuple[Text, ...] = ()) -> tuple[list[dict[str, Any]], set[str]]:
    unsaid: dict[str, None] = {}
    told = write_messages(Conversation(model="m", messages=messages, system=system), unsaid.setdefault)
    return json.loads(msgspec.json.encode(told)), set(unsaid)


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts)


def test_instructions_stand_first_or_where_they_were_given() -> None:
    told = written(user(Text("hi")), Message(Role.SYSTEM, (Text("now"),)), system=(Text("a"), Text("b")))

    assert told == (
        [
            {"role": "system", "content": "a\n\nb"},
            {"role": "user", "content": "hi"},
            {"role": "system", "content": "now"},
        ],
        set(),
    )


def test_images_stand_beside_the_text_without_their_address() -> None:
    told = written(user(Text("what"), Image("image/png", "AAAA"), File("b.jpg", "image/jpeg", "BBBB"), Text("is it")))

    assert told == ([{"role": "user", "content": "what\n\nis it", "images": ["AAAA", "BBBB"]}], set())


def test_a_text_document_is_text_under_its_name() -> None:
    given = b64encode(b"one, two").decode()
    told, unsaid = written(user(File("a.csv", "text/csv", given), File("", "text/plain", given), Text("sum")))

    assert (told[0]["content"], unsaid) == ("a.csv:\none, two\n\none, two\n\nsum", set())


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (Image(url="https://a.example/a.png"), "messages.image.url"),
        (Audio("AAAA", "wav"), "messages.audio"),
        (File("a.pdf", "application/pdf", "AAAA"), "messages.file"),
        (File(id="file-1"), "messages.file"),
        (Text("cited", citations=({"url": "x"},)), "messages.annotations"),
    ],
)
def test_what_cannot_be_said_is_named(part: Part, name: str) -> None:
    assert written(user(Text("hi"), part))[1] == {name}


def test_a_turn_of_the_model_has_its_thoughts_whoever_had_them_and_its_calls_as_objects() -> None:
    call = ToolUse("c1", "weather", '{"city": "Paris"}')
    thought = Reasoning("hm", "signed", issuer="anthropic")
    told = written(Message(Role.ASSISTANT, (thought, Text("I"), Text(" look"), Refusal("."), call)))

    assert told[0] == [
        {
            "role": "assistant",
            "content": "I look.",
            "thinking": "hm",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": {"city": "Paris"}}}
            ],
        }
    ]


def test_redacted_thoughts_are_not_said() -> None:
    assert written(Message(Role.ASSISTANT, (Reasoning(redacted="x"), Text("hi"))))[0] == [
        {"role": "assistant", "content": "hi"}
    ]


def test_results_are_messages_of_their_own_by_the_name_of_their_tool() -> None:
    calls = Message(Role.ASSISTANT, (ToolUse("c1", "weather", ""), ToolUse("c2", "time", "{}")))
    results = user(Text("and?"), ToolResult("c1", (Text("sunny"), Text("warm"))), ToolResult("c2", (), "clock"))
    told, unsaid = written(calls, results)

    assert told[1:] == [
        {"role": "tool", "content": "sunny\nwarm", "tool_name": "weather", "tool_call_id": "c1"},
        {"role": "tool", "content": "", "tool_name": "clock", "tool_call_id": "c2"},
        {"role": "user", "content": "and?"},
    ]
    assert unsaid == {"messages.order"}


def test_an_error_of_a_tool_and_the_name_of_a_speaker_have_no_place() -> None:
    result = ToolResult("c1", (Text("no"), Image("image/png", "AAAA")), is_error=True)
    told, unsaid = written(Message(Role.USER, (result,), "bob"))

    assert told == [{"role": "tool", "content": "no", "images": ["AAAA"], "tool_call_id": "c1"}]
    assert unsaid == {"is_error", "messages.name"}


def test_arguments_that_are_no_object_are_the_callers_fault() -> None:
    with pytest.raises(InvalidRequestError, match=r"messages\[1\]: the arguments of tool call 'c1'"):
        written(user(Text("hi")), Message(Role.ASSISTANT, (ToolUse("c1", "t", "[]"),)))
