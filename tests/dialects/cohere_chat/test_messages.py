from base64 import b64encode
from typing import Any

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
from llmgw.dialects.cohere_chat.messages import write_messages

TEXT = b64encode(b"one, two").decode()
CALL = ToolUse("c1", "weather", '{"city": "Paris"}')
WIRE_CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}


def written(
    *messages: Message, system: tuple[Text, ...] = (), thoughts: bool = True
) -> tuple[list[dict[str, Any]], set[str]]:
    unsaid: dict[str, None] = {}
    conversation = Conversation(model="m", messages=messages, system=system)
    return write_messages(conversation, unsaid.setdefault, thoughts=thoughts), set(unsaid)


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts)


def assistant(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts)


def test_instructions_stand_first_or_where_they_were_given() -> None:
    told, unsaid = written(user(Text("hi")), Message(Role.SYSTEM, (Text("now"),)), system=(Text("a"), Text("b")))

    assert [(one["role"], one["content"]) for one in told] == [("system", "a\n\nb"), ("user", "hi"), ("system", "now")]
    assert unsaid == set()


def test_images_and_documents_stand_among_the_text() -> None:
    parts = (Text("a"), Image(url="https://a.example/a.png", detail="low"), Image("image/png", "AAAA"), Text(""))
    told, unsaid = written(user(*parts, File("b.csv", "text/csv", TEXT), File("c.png", "image/png", "BBBB")))

    assert told[0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "https://a.example/a.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": "b.csv:\none, two"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,BBBB"}},
    ]
    assert unsaid == set()


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (user(Text("a"), Audio("AAAA", "wav")), "messages.audio"),
        (user(Text("a"), File("a.pdf", "application/pdf", "AAAA")), "messages.file"),
        (user(ToolResult("c1", (File("a.pdf", "application/pdf", "AAAA"),))), "messages.file"),
        (user(ToolResult("c1", (Image("image/png", "AAAA"),))), "messages.image"),
        (user(ToolResult("c1", (Text("no"),), is_error=True)), "is_error"),
        (assistant(Text("a", citations=({"url": "x"},))), "messages.annotations"),
        (Message(Role.USER, (Text("a"),), "bob"), "messages.name"),
        (user(Text("a"), ToolResult("c1", (Text("4"),))), "messages.order"),
    ],
)
def test_what_cannot_be_said_is_named(message: Message, name: str) -> None:
    assert written(message)[1] == {name}


def test_what_is_said_beside_calls_is_the_plan_for_them() -> None:
    told = written(assistant(Reasoning("hm"), Text("I look"), Refusal("."), CALL))

    assert told[0] == [
        {
            "role": "assistant",
            "tool_plan": "I look.",
            "content": [{"type": "thinking", "thinking": "hm"}],
            "tool_calls": [WIRE_CALL],
        }
    ]


def test_a_model_that_takes_no_thoughts_gets_those_before_calls_as_its_plan() -> None:
    told, _ = written(
        assistant(Reasoning("hm"), Text("I look"), CALL), assistant(Reasoning("so"), Text("it is")), thoughts=False
    )

    assert told == [
        {"role": "assistant", "tool_plan": "hm\n\nI look", "tool_calls": [WIRE_CALL]},
        {"role": "assistant", "content": "it is"},
    ]


def test_calls_alone_have_no_plan_and_arguments_that_are_text() -> None:
    told, _ = written(assistant(Text(""), ToolUse("c2", "time", " ")))

    assert told == [
        {
            "role": "assistant",
            "tool_calls": [{"id": "c2", "type": "function", "function": {"name": "time", "arguments": "{}"}}],
        }
    ]


def test_thoughts_stand_before_what_was_said() -> None:
    told, _ = written(assistant(Reasoning("hm", "signed", issuer="anthropic"), Reasoning(redacted="x"), Text("hi")))

    assert told[0]["content"] == [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hi"}]


def test_a_turn_in_which_nothing_is_said_is_left_out() -> None:
    assert written(assistant(Text("")), user(), user(Text("hi")))[0] == [{"role": "user", "content": "hi"}]


def test_results_are_messages_of_their_own_with_documents_that_can_be_cited() -> None:
    results = (
        ToolResult("c1", (Text("sunny"), Text("warm"))),
        ToolResult("c2", (Text("see"), File("a.txt", "text/plain", TEXT, id="d1"))),
    )
    told, _ = written(user(Text("and?"), *results))

    assert told == [
        {"role": "tool", "tool_call_id": "c1", "content": "sunny\nwarm"},
        {
            "role": "tool",
            "tool_call_id": "c2",
            "content": [
                {"type": "text", "text": "see"},
                {"type": "document", "document": {"id": "d1", "data": {"title": "a.txt", "text": "one, two"}}},
            ],
        },
        {"role": "user", "content": "and?"},
    ]
