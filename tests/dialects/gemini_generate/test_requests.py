"""A request for the next turn, there and back."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.conversation import (
    Conversation,
    Effort,
    Message,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
    ToolUse,
)
from llmgw.dialects.gemini_generate.facts import read_request
from llmgw.dialects.gemini_generate.requests import read_conversation, write_conversation
from llmgw.errors import InvalidRequestError
from tests.dialects.gemini_generate.wire import HELLO, body, edits, text

HI = Message(Role.USER, (Text("Hello"),))


def read(**fields: Any) -> Conversation:
    return read_conversation(read_request(body(**fields), "m"))


def written(conversation: Conversation, **changes: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    told, dropped = write_conversation(conversation, edits(**changes))
    return json.loads(told), dropped


def test_everything_that_has_a_word() -> None:
    conversation = read(
        system_instruction={"parts": [text("Be brief")]},
        tools=[{"function_declarations": [{"name": "f"}]}],
        tool_config={"function_calling_config": {"mode": "ANY"}},
        generation_config={
            "max_output_tokens": 9,
            "candidate_count": 2,
            "stop_sequences": "END",
            "temperature": 1,
            "response_mime_type": "application/json",
            "thinking_config": {"thinking_budget": 5},
        },
        labels={"team": "a"},
    )

    assert conversation == Conversation(
        model="m",
        messages=(HI,),
        system=(Text("Be brief"),),
        tools=(Tool("f"),),
        tool_choice=ToolChoice(ToolMode.REQUIRED),
        response_format=ResponseFormat(),
        max_tokens=9,
        stop=("END",),
        sampling=Sampling(temperature=1),
        effort=Effort(budget_tokens=5),
        choices=2,
        metadata={"team": "a"},
    )


def test_what_has_no_word_is_named() -> None:
    conversation = read(
        safety_settings=[{"category": "A"}],
        cachedContent="cachedContents/a",
        tools=[{"googleSearch": {}}],
        generationConfig={"speechConfig": {}},
        toolConfig=None,
        store=False,
        modelArmorConfig={},
    )

    assert set(conversation.beyond) == {
        "safetySettings",
        "cachedContent",
        "tools.googleSearch",
        "generationConfig.speechConfig",
        "store",
    }


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"contents": [{"parts": [5]}]}, "contents[...].parts[...]"),
        ({"contents": [{"parts": [{"functionCall": 5}]}]}, "contents[...].parts[...].functionCall"),
        ({"systemInstruction": [5]}, "systemInstruction.parts[...]"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "tools[...].functionDeclarations[0].name"),
        ({"toolConfig": {"functionCallingConfig": 5}}, "toolConfig.functionCallingConfig"),
        ({"generationConfig": {"temperature": "x"}}, "generationConfig.temperature"),
    ],
)
def test_a_fault_is_the_callers(fields: dict[str, Any], param: str | None) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(**fields)

    assert param == caught.value.param


def test_a_conversation_for_gemini() -> None:
    told, dropped = written(
        Conversation(
            model="ours",
            messages=(HI,),
            system=(Text("Be brief"), Text("")),
            tools=(Tool("f"),),
            tool_choice=ToolChoice(),
            max_tokens=9,
            stream=True,
        )
    )

    assert told == {
        "systemInstruction": {"parts": [text("Be brief")]},
        "contents": HELLO,
        "tools": [{"functionDeclarations": [{"name": "f"}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        "generationConfig": {"maxOutputTokens": 9},
    }
    assert dropped == ()


def test_instructions_alone_are_what_the_user_says() -> None:
    assert written(Conversation(model="m", messages=(), system=(Text("Hi"),)))[0] == {
        "contents": [{"role": "user", "parts": [text("Hi")]}]
    }


def test_what_cannot_be_said_is_named_once() -> None:
    conversation = Conversation(
        model="m",
        messages=(Message(Role.USER, (Text("a", cache="5m"),)),),
        system=(Text("b", cache="5m"),),
        user="ann",
        metadata={"a": "b"},
        beyond=("service_tier",),
    )

    assert sorted(written(conversation)[1]) == ["cache_control", "metadata", "service_tier", "user"]


def test_what_the_file_says_is_done() -> None:
    told, dropped = written(
        Conversation(model="m", messages=(HI,), max_tokens=9, sampling=Sampling(temperature=1.0)),
        default={"max_tokens": 1, "top_p": 0.5},
        drop=["temperature"],
    )

    assert told["generationConfig"] == {"maxOutputTokens": 9, "topP": 0.5}
    assert dropped == ("temperature",)


def test_a_body_that_is_nested_too_deeply() -> None:
    schema: Any = {}
    for _ in range(100_000):
        schema = {"items": schema}
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        written(Conversation(model="m", messages=(HI,), tools=(Tool("f", parameters=schema),)))
    while schema:
        schema = schema["items"]  # Python itself could not let go of it at once


def test_arguments_that_are_none() -> None:
    message = Message(Role.ASSISTANT, (ToolUse("a", "f", "["),))
    with pytest.raises(InvalidRequestError, match="no JSON object"):
        written(Conversation(model="m", messages=(message,)))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["parts", "text", "role", "functionCall", "name", "mode", "type"]), inner)
    ),
    max_leaves=10,
)
_NAMES = ("tools", "toolConfig", "generationConfig", "systemInstruction", "labels", "x_y")


@given(st.fixed_dictionaries({"contents": _json}, optional=dict.fromkeys(_NAMES, _json)))
def test_any_request_is_read_or_refused(fields: dict[str, Any]) -> None:
    with suppress(InvalidRequestError):
        write_conversation(read(**fields), edits())
