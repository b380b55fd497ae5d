"""Requests between Anthropic's words and the hub's; what cannot cross is named."""

import json
from contextlib import suppress
from typing import Any

import msgspec
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
)
from llmgw.chat.request import Edits
from llmgw.dialects.anthropic_messages.facts import read_request
from llmgw.dialects.anthropic_messages.requests import MAX_TOKENS, read_conversation, write_conversation
from llmgw.errors import InvalidRequestError

HELLO = Message(Role.USER, (Text("Hello"),))
SENT: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def read(**fields: Any) -> Conversation:
    return read_conversation(read_request(json.dumps({**SENT, **fields}).encode()))


def edits(**fields: Any) -> Edits:
    raws = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in fields.items()}
    return Edits("claude-sonnet-4-5", {}, raws, frozenset(), ask_usage=True)


def write(model: str = "claude-sonnet-4-5", **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    conversation = Conversation(model="asked", **{"messages": (HELLO,), **fields})
    body, dropped = write_conversation(conversation, Edits(model, {}, {}, frozenset(), ask_usage=True))
    return json.loads(body), dropped


def test_a_plain_request_is_read() -> None:
    assert read() == Conversation(model="m", messages=(HELLO,), max_tokens=9)


def test_everything_that_has_a_word_is_read() -> None:
    conversation = read(
        system="Be brief",
        tools=[
            {
                "name": "f",
                "description": "d",
                "input_schema": SCHEMA,
                "strict": True,
                "cache_control": {"type": "ephemeral"},
            }
        ],
        tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}, "effort": "low"},
        thinking={"type": "adaptive"},
        stop_sequences=["END"],
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        metadata={"user_id": "u", "team": "x"},
        stream=True,
    )

    assert conversation == Conversation(
        model="m",
        messages=(HELLO,),
        system=(Text("Be brief"),),
        tools=(Tool("f", "d", SCHEMA, strict=True, cache="5m"),),
        tool_choice=ToolChoice(ToolMode.REQUIRED, "f", parallel=False),
        response_format=ResponseFormat(SCHEMA),
        max_tokens=9,
        stop=("END",),
        sampling=Sampling(temperature=0.5, top_p=0.9, top_k=40),
        effort=Effort("low"),
        user="u",
        metadata={"team": "x"},
        stream=True,
    )


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ({"type": "auto"}, ToolChoice()),
        ({"type": "any", "disable_parallel_tool_use": False}, ToolChoice(ToolMode.REQUIRED, parallel=True)),
        ({"type": "none"}, ToolChoice(ToolMode.NONE)),
        ({"type": "of_tomorrow"}, ToolChoice()),
    ],
)
def test_each_choice_of_tools(choice: Any, expected: ToolChoice | None) -> None:
    assert expected == read(tool_choice=choice).tool_choice


def test_the_older_name_of_the_output_format() -> None:
    assert read(output_format={"type": "json_schema", "schema": SCHEMA}).response_format == ResponseFormat(SCHEMA)
    assert read(output_format={"type": "of_tomorrow"}).response_format is None


def test_what_has_no_word_is_named_once() -> None:
    conversation = read(
        container="c",
        mcp_servers=None,
        tools=[{"type": "web_search_20250305", "name": "web_search"}, {"type": "custom", "name": "f"}],
        messages=[{"role": "assistant", "content": [{"type": "server_tool_use"}, {"type": "server_tool_use"}]}],
    )

    assert conversation.beyond == ("container", "messages.server_tool_use", "tools.web_search_20250305")
    assert [tool.name for tool in conversation.tools] == ["f"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": [{"role": "robot", "content": ""}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "a"}]}]}, "messages[0].content[0].type"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"temperature": "warm"}, "temperature"),
        ({"output_config": {"format": 5}}, None),
    ],
)
def test_a_fault_is_told_with_its_place(fields: dict[str, Any], param: str | None) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(**fields)

    assert param == caught.value.param


def test_a_plain_request_is_written() -> None:
    body, dropped = write()

    assert dropped == ()
    assert body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": MAX_TOKENS,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }


def test_everything_that_it_can_say_is_written() -> None:
    body, dropped = write(
        system=(Text("Be brief", "1h"), Text("")),
        tools=(Tool("f", "d", SCHEMA, strict=True, cache="5m"), Tool("g", strict=False)),
        tool_choice=ToolChoice(parallel=False),
        response_format=ResponseFormat(SCHEMA),
        max_tokens=50,
        stop=("END",),
        user="u",
        stream=True,
    )

    assert dropped == ()
    assert body["system"] == [{"type": "text", "text": "Be brief", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    assert body["tools"] == [
        {
            "name": "f",
            "description": "d",
            "input_schema": SCHEMA,
            "strict": True,
            "cache_control": {"type": "ephemeral"},
        },
        {"name": "g", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert body["output_config"] == {
        "format": {"type": "json_schema", "schema": {**SCHEMA, "additionalProperties": False}}
    }
    assert (
        body["max_tokens"],
        body["stop_sequences"],
        body["metadata"],
        body["stream"],
    ) == (50, ["END"], {"user_id": "u"}, True)


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ToolChoice(ToolMode.REQUIRED, "f"), {"type": "tool", "name": "f"}),
        (ToolChoice(ToolMode.REQUIRED, parallel=True), {"type": "any", "disable_parallel_tool_use": False}),
        (ToolChoice(ToolMode.NONE, parallel=False), {"type": "none"}),
    ],
)
def test_each_choice_of_tools_is_written(choice: ToolChoice, told: Any) -> None:
    assert write(tools=(Tool("f"),), tool_choice=choice)[0]["tool_choice"] == told


def test_without_tools_there_is_no_choice() -> None:
    assert "tool_choice" not in write(tool_choice=ToolChoice(ToolMode.NONE))[0]


def test_what_it_cannot_say_is_named_as_callers_of_openai_know_it() -> None:
    sampling = Sampling(presence_penalty=1, frequency_penalty=1, seed=0, logit_bias={"1": 2.0}, logprobs=0)
    _, dropped = write(
        beyond=("store",),
        response_format=ResponseFormat(),
        choices=2,
        sampling=sampling,
        metadata={"a": "b"},
        model="claude-3-5-haiku",
        effort=Effort("low"),
    )

    assert dropped == (
        "store",
        "response_format",
        "n",
        "presence_penalty",
        "frequency_penalty",
        "seed",
        "logit_bias",
        "logprobs",
        "metadata",
        "reasoning_effort",
    )


def test_instructions_alone_are_what_the_user_says() -> None:
    body, _ = write(messages=(), system=(Text("Say hello"),))

    assert "system" not in body
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Say hello"}]}]


@pytest.mark.parametrize(
    ("asked", "default", "told"),
    [(None, {}, 4096 + 4096), (5000, {}, 5000), (100, {}, 4196), (None, {"max_tokens": 9000}, 9000)],
)
def test_the_cap_is_above_the_budget(asked: int | None, default: dict[str, int], told: int) -> None:
    conversation = Conversation(model="m", messages=(HELLO,), max_tokens=asked, effort=Effort("medium"))
    body, _ = write_conversation(conversation, edits(**default))

    assert json.loads(body)["max_tokens"] == told


def test_a_word_of_effort_goes_beside_the_format() -> None:
    body, _ = write("claude-opus-5", effort=Effort("high"), response_format=ResponseFormat([SCHEMA]))

    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"]["effort"] == "high"
    assert body["output_config"]["format"]["schema"] == [{**SCHEMA, "additionalProperties": False}]


def test_the_edits_of_the_target_have_the_last_word() -> None:
    conversation = Conversation(model="m", messages=(HELLO,), user="u", sampling=Sampling(top_k=4))
    changes = Edits(
        "up",
        {"top_k": msgspec.Raw(b"9")},
        {"service_tier": msgspec.Raw(b'"auto"')},
        frozenset({"metadata"}),
        ask_usage=True,
    )
    body, dropped = write_conversation(conversation, changes)
    told = json.loads(body)

    assert (told["model"], told["top_k"], told["service_tier"], dropped) == ("up", 9, "auto", ("metadata",))
    assert "metadata" not in told


NAMES = st.sampled_from(["role", "content", "type", "source", "input", "name"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from([*SENT, "system", "tools", "thinking"]), VALUES))
def test_bodies_of_any_shape_are_read_or_a_typed_error(fields: dict[str, Any]) -> None:
    with suppress(InvalidRequestError):
        read(**fields)
