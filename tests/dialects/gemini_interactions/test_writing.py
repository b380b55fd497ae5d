"""A conversation becomes the steps of an interaction."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from llmgw.chat.conversation import (
    Audio,
    Conversation,
    Effort,
    File,
    Image,
    Message,
    Reasoning,
    Refusal,
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
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.dialects.gemini_interactions.writing import write_conversation
from llmgw.errors import InvalidRequestError
from tests.dialects.prompted import HELLO, NO_EDITS

SCHEMA = {"type": "object", "properties": {}}


def text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def written(conversation: Conversation) -> tuple[dict[str, Any], set[str]]:
    body, unsaid = write_conversation(conversation, NO_EDITS)
    return json.loads(body), set(unsaid)


def steps(*messages: Message) -> Any:
    return written(replace(HELLO, messages=messages))[0]["input"]


def test_little_is_asked_for_and_nothing_stored() -> None:
    assert written(HELLO) == (
        {"model": "up", "input": [{"type": "user_input", "content": [text("Say hello")]}], "store": False},
        set(),
    )


def test_a_loop_of_tools_is_a_row_of_steps() -> None:
    told = steps(
        Message(
            Role.ASSISTANT,
            (
                Reasoning("Hm", "proof", issuer=GOOGLE),
                Text("Let me see."),
                ToolUse("1", "weather", '{"city": "Rome"}', "proof2", GOOGLE),
            ),
        ),
        Message(Role.USER, (Text("and?"), ToolResult("1", (Text("sunny"),), is_error=True))),
    )

    assert told == [
        {"type": "thought", "signature": "proof", "summary": [text("Hm")]},
        {"type": "model_output", "content": [text("Let me see.")]},
        {"type": "thought", "signature": "proof2"},
        {"type": "function_call", "id": "1", "name": "weather", "arguments": {"city": "Rome"}},
        {
            "type": "function_result", "call_id": "1", "name": "weather", "result": [text("sunny")], "is_error": True,
        },
        {"type": "user_input", "content": [text("and?")]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "thought", [Reasoning("Hm"), Reasoning("Hm", "s", issuer=ANTHROPIC), Reasoning("", "llmgw.x.y", issuer=GOOGLE)]
)
def test_a_thought_of_somebody_else_is_left_out(thought: Reasoning) -> None:
    assert steps(Message(Role.ASSISTANT, (thought, Refusal("No.")))) == [
        {"type": "model_output", "content": [text("No.")]}
    ]


def test_media_are_content() -> None:
    parts = (
        Image("image/png", "aGk="),
        Image(url="https://a/b.png"),
        Audio("aGk=", "wav"),
        File(media_type="application/pdf", data="aGk="),
    )

    assert steps(Message(Role.USER, parts)) == [
        {
            "type": "user_input",
            "content": [
                {"type": "image", "data": "aGk=", "mime_type": "image/png"},
                {"type": "image", "uri": "https://a/b.png"},
                {"type": "audio", "data": "aGk=", "mime_type": "audio/wav"},
                {"type": "document", "data": "aGk=", "mime_type": "application/pdf"},
            ],
        }
    ]
    assert steps(Message(Role.ASSISTANT, parts[:1]))[0]["type"] == "model_output"


def test_instructions_amid_the_conversation_are_in_a_tag() -> None:
    told = steps(*HELLO.messages, Message(Role.SYSTEM, (Text("Be brief."),)))

    assert told[1] == {"type": "user_input", "content": [text("<system>\nBe brief.\n</system>")]}


def test_settings_have_their_own_words() -> None:
    body, unsaid = written(
        replace(
            HELLO,
            system=(Text("A"), Text("B")),
            max_tokens=5,
            stop=("x",),
            sampling=Sampling(temperature=0.5, top_p=0.9, seed=7),
            effort=Effort("max", is_shown=True),
            tools=(Tool("t", "does", SCHEMA),),
            tool_choice=ToolChoice(ToolMode.REQUIRED, "t"),
            response_format=ResponseFormat(SCHEMA),
            stream=True,
        )
    )
    config = {
        "max_output_tokens": 5, "stop_sequences": ["x"], "temperature": 0.5, "top_p": 0.9, "seed": 7,
        "thinking_level": "high", "thinking_summaries": "auto",
        "tool_choice": {"allowed_tools": {"mode": "any", "tools": ["t"]}},
    }  # fmt: skip

    assert body["generation_config"] == config
    assert (body["system_instruction"], body["stream"], unsaid) == ("A\n\nB", True, set())
    assert body["tools"] == [{"type": "function", "name": "t", "description": "does", "parameters": SCHEMA}]
    assert body["response_format"] == {"type": "text", "mime_type": "application/json", "schema": SCHEMA}


@pytest.mark.parametrize(
    ("effort", "level"),
    [
        (Effort("none"), "minimal"), (Effort("low"), "low"), (Effort(budget_tokens=500), "low"),
        (Effort(budget_tokens=2000), "medium"), (Effort(budget_tokens=9000), "high"), (Effort(), None),
        (Effort(is_shown=False), None),
    ],
)  # fmt: skip
def test_an_effort_is_a_level(effort: Effort, level: str | None) -> None:
    assert written(replace(HELLO, effort=effort))[0].get("generation_config", {}).get("thinking_level") == level


@pytest.mark.parametrize(
    ("mode", "word"), [(ToolMode.AUTO, "auto"), (ToolMode.NONE, "none"), (ToolMode.REQUIRED, "any")]
)
def test_a_choice_is_a_mode(mode: ToolMode, word: str) -> None:
    body, _ = written(replace(HELLO, tools=(Tool("t"),), tool_choice=ToolChoice(mode)))

    assert body["generation_config"] == {"tool_choice": word}
    assert "generation_config" not in written(replace(HELLO, tools=(Tool("t"),)))[0]


def test_any_json_is_a_format_without_a_schema() -> None:
    told = written(replace(HELLO, response_format=ResponseFormat()))[0]["response_format"]

    assert told == {"type": "text", "mime_type": "application/json"}


def test_what_cannot_be_said_is_named() -> None:
    parts = (Text("Hi", cache="5m"), File(id="f"), Reasoning("Hm"), ToolUse("1", "t", "{}"))
    conversation = replace(
        HELLO,
        messages=(Message(Role.USER, parts),),
        choices=2,
        user="u",
        metadata={"a": "b"},
        sampling=Sampling(top_k=3, presence_penalty=1, frequency_penalty=1, logit_bias={"1": 1}, logprobs=1),
        tools=(Tool("t", strict=True),),
        tool_choice=ToolChoice(parallel=False),
        beyond=("vendor",),
    )

    assert written(conversation)[1] == {
        *("vendor", "n", "user", "metadata", "top_k", "presence_penalty", "frequency_penalty", "logit_bias"),
        *("logprobs", "strict", "parallel_tool_calls", "cache_control"),
        *("messages.file", "messages.reasoning", "messages.tool_use"),
    }


def test_arguments_must_be_an_object() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        steps(Message(Role.ASSISTANT, (ToolUse("1", "t", "[]"),)))

    assert caught.value.param == "messages[0]"


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (Message(Role.USER, (Text("a"),), "Ann"), "messages.name"),
        (Message(Role.USER, (Image(url="https://a/b", detail="high"),)), "messages.image_url.detail"),
        (Message(Role.ASSISTANT, (Text("a", citations=({"url": "x"},)),)), "messages.annotations"),
        (Message(Role.USER, (Text("a"), ToolResult("1", (Text("4"),)))), "messages.order"),
        (Message(Role.SYSTEM, (Text("a"), Image(url="https://a/b"))), "messages.image"),
    ],
)
def test_what_a_message_loses_is_named(message: Message, name: str) -> None:
    assert written(replace(HELLO, messages=(message,)))[1] == {name}


def test_that_it_is_not_to_think_at_all_cannot_be_said() -> None:
    assert written(replace(HELLO, effort=Effort("none")))[1] == {"reasoning_effort"}
