"""A prompt becomes a conversation of one message, and such a conversation a prompt."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from llmgw.chat.conversation import (
    Conversation,
    Image,
    Message,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolResult,
)
from llmgw.chat.unsupported import Policy, refused
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.errors import InvalidRequestError
from tests.dialects.openai_completions.wire import NO_EDITS, asked

HELLO = Conversation(model="m", messages=(Message(Role.USER, (Text("Say hello"),)),))
SETTINGS: dict[str, Any] = {
    "max_tokens": 5, "stop": ["\n"], "temperature": 0.5, "top_p": 0.9, "presence_penalty": 0.1,
    "frequency_penalty": 0.2, "seed": 7, "logit_bias": {"50256": -100.0}, "user": "u",
}  # fmt: skip


def test_a_prompt_is_what_a_user_said() -> None:
    conversation = openai_completions.read_conversation(asked(stop="END", top_k=3, stream=True))

    assert conversation == replace(HELLO, stop=("END",), sampling=Sampling(top_k=3), stream=True, wants_usage=False)


def test_settings_cross_and_come_back() -> None:
    conversation = openai_completions.read_conversation(asked(**SETTINGS))
    body, dropped = openai_completions.write_conversation(conversation, NO_EDITS)

    assert (json.loads(body), dropped) == ({"model": "up", "prompt": "Say hello", **SETTINGS}, ())


@pytest.mark.parametrize("prompt", ["Say hello", ["Say hello"]])
def test_one_prompt_in_a_list_is_one_prompt(prompt: Any) -> None:
    assert openai_completions.read_conversation(asked(prompt=prompt)).messages == HELLO.messages


def test_fields_that_ask_for_nothing_are_not_missed() -> None:
    idle = {"n": 1, "best_of": 1, "echo": False, "suffix": None, "logprobs": None}

    assert openai_completions.read_conversation(asked(**idle)).beyond == ()


@pytest.mark.parametrize(
    ("fields", "beyond"),
    [
        ({"n": 2}, ["n"]),
        ({"best_of": 3}, ["best_of"]),
        ({"echo": True}, ["echo"]),
        ({"suffix": "}"}, ["suffix"]),
        ({"prompt": ["a", "b"]}, ["prompt"]),
        ({"logprobs": 3}, []),
        ({"min_p": 0.1}, []),
    ],
)
def test_what_would_be_another_answer_is_refused(fields: dict[str, Any], beyond: list[str]) -> None:
    conversation = openai_completions.read_conversation(asked(**fields))

    assert set(conversation.beyond) == set(fields)
    assert refused(conversation.beyond, Policy.USUAL, openai_completions.meaning) == beyond


@pytest.mark.parametrize("prompt", [None, [], [1, 2], [[1, 2]], ["a", 1]])
def test_tokens_are_words_of_one_model_only(prompt: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        openai_completions.read_conversation(asked(prompt=prompt))

    assert caught.value.param == "prompt"


def test_a_setting_of_the_wrong_type_is_told_with_its_place() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        openai_completions.read_conversation(asked(temperature="hot"))

    assert caught.value.param == "temperature"


def test_instructions_stand_before_the_message() -> None:
    body, dropped = openai_completions.write_conversation(replace(HELLO, system=(Text("Be brief."),)), NO_EDITS)

    assert (json.loads(body)["prompt"], dropped) == ("Be brief.\n\nSay hello", ())


@pytest.mark.parametrize(("ask_usage", "expected"), [(True, {"include_usage": True}), (False, None)])
def test_a_stream_is_asked_for_with_its_usage(ask_usage: bool, expected: Any) -> None:
    edits = NO_EDITS.__class__("up", {}, {}, frozenset(), ask_usage=ask_usage)
    body = json.loads(openai_completions.write_conversation(replace(HELLO, stream=True), edits)[0])

    assert (body["stream"], body.get("stream_options")) == (True, expected)


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (Message(Role.ASSISTANT, (Text("Hi"),)),),
        (*HELLO.messages, Message(Role.ASSISTANT, (Text("Hi"),)), *HELLO.messages),
        (*HELLO.messages, Message(Role.SYSTEM, (Text("Be brief"),))),
    ],
)
def test_a_chat_cannot_be_said(messages: tuple[Message, ...]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        openai_completions.write_conversation(replace(HELLO, messages=messages), NO_EDITS)

    assert caught.value.param == "messages"


def test_what_cannot_be_said_is_named() -> None:
    parts = (Text("Look", cache="5m"), Image(url="https://a/b.png"), ToolResult("1", ()))
    conversation = replace(
        HELLO,
        messages=(Message(Role.USER, parts, name="Ann"),),
        tools=(Tool("t"),),
        response_format=ResponseFormat(),
        choices=2,
        sampling=Sampling(top_k=3, logprobs=2),
        metadata={"a": "b"},
        beyond=("vendor",),
    )
    body, dropped = openai_completions.write_conversation(conversation, NO_EDITS)

    assert json.loads(body) == {"model": "up", "prompt": "Look"}
    assert set(dropped) == {
        *("messages.image", "messages.tool_result", "messages.name", "cache_control", "tools", "response_format"),
        *("n", "top_k", "logprobs", "metadata", "vendor"),
    }
    assert set(refused(dropped, Policy.USUAL, openai_completions.meaning)) == {
        "messages.image", "messages.tool_result", "tools", "response_format", "n",
    }  # fmt: skip
