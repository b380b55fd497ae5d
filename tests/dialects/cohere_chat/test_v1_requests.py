import json
from typing import Any

import pytest

from llmgw.chat.conversation import (
    Conversation,
    Image,
    Message,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
)
from llmgw.chat.request import Edits
from llmgw.dialects.cohere_chat.v1_requests import write_chat, write_generate
from llmgw.errors import InvalidRequestError

NOTHING = Edits("command-r", {}, {}, frozenset(), ask_usage=True)
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Where"}, "days": {"type": ["integer", "null"]}, "x": {}},
    "required": ["city"],
}


def user(text: str) -> Message:
    return Message(Role.USER, (Text(text),))


def chat(*messages: Message, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    body, dropped = write_chat(Conversation(model="m", messages=messages, **fields), NOTHING)
    return json.loads(body), dropped


def test_the_last_turn_is_the_message_and_all_before_is_history() -> None:
    turns = (user("a"), Message(Role.ASSISTANT, (Text("b"),)), user("c"))
    told = chat(*turns, system=(Text("Be brief"),), max_tokens=5, stop=("x",), sampling=Sampling(top_p=0.5))

    assert told == (
        {
            "model": "command-r",
            "message": "c",
            "chat_history": [
                {"role": "SYSTEM", "message": "Be brief"},
                {"role": "USER", "message": "a"},
                {"role": "CHATBOT", "message": "b"},
            ],
            "max_tokens": 5,
            "stop_sequences": ["x"],
            "p": 0.5,
            "stream": False,
        },
        (),
    )


def test_results_say_again_what_was_called() -> None:
    call = ToolUse("c1", "weather", '{"city": "Paris"}')
    result = Message(Role.USER, (ToolResult("c1", (Text("sunny"),)),))
    body, _ = chat(user("a"), Message(Role.ASSISTANT, (call,)), result, tools=(Tool("weather", "Tells", SCHEMA),))
    called = {"name": "weather", "parameters": {"city": "Paris"}}

    assert body["message"] == ""
    assert body["tool_results"] == [{"call": called, "outputs": [{"output": "sunny"}]}]
    assert body["chat_history"][1] == {"role": "CHATBOT", "message": "", "tool_calls": [called]}
    assert body["tools"] == [
        {
            "name": "weather",
            "description": "Tells",
            "parameter_definitions": {
                "city": {"description": "Where", "type": "str", "required": True},
                "days": {"type": "int", "required": False},
                "x": {"type": "str", "required": False},
            },
        }
    ]


def test_what_has_no_word_is_named() -> None:
    picture = Message(Role.USER, (Text("a"), Image("image/png", "AAAA")))
    choice = ToolChoice(ToolMode.REQUIRED, "t")
    body, dropped = chat(picture, tools=(Tool("t", strict=True),), tool_choice=choice, choices=2)

    assert (body["tool_choice"], set(dropped)) == ("REQUIRED", {"messages.image", "tool_choice", "strict", "n"})


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (Message(Role.ASSISTANT, (Text("a", citations=({"url": "x"},)),)), "messages.annotations"),
        (Message(Role.USER, (Text("a"),), "Ann"), "messages.name"),
        (Message(Role.USER, (Text("a"), ToolResult("c1", (Text("4"),)))), "messages.order"),
    ],
)
def test_what_a_turn_loses_is_named(message: Message, name: str) -> None:
    assert chat(message)[1] == (name,)


def test_settings_out_of_bounds_are_named() -> None:
    assert chat(user("a"), sampling=Sampling(presence_penalty=-1.0))[1] == ("presence_penalty",)


def test_json_is_asked_for_in_the_older_word() -> None:
    assert chat(user("a"), response_format=ResponseFormat({}))[0]["response_format"] == {
        "type": "json_object",
        "schema": {},
    }


def test_a_prompt_is_what_one_user_has_said() -> None:
    said = Conversation(model="m", messages=(user("a"),), system=(Text("s"),), tools=(Tool("t"),), stream=True)
    body, dropped = write_generate(said, NOTHING)

    assert json.loads(body) == {"model": "command-r", "prompt": "s\n\na", "stream": True}
    assert dropped == ("tools",)
    with pytest.raises(InvalidRequestError):
        write_generate(Conversation(model="m", messages=(user("a"), Message(Role.ASSISTANT, (Text("b"),)))), NOTHING)
