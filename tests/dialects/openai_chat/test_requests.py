"""Requests: read as any caller writes them, written as every provider takes them."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.conversation import (
    Conversation,
    Effort,
    Message,
    Reasoning,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_chat.requests import read_conversation, write_conversation
from llmgw.errors import InvalidRequestError
from tests.partners.bodies import encode

MESSAGES = [{"role": "user", "content": "Hi"}]
ASKED = (Message(Role.USER, (Text("Hi"),)),)
SCHEMA = {"type": "object", "properties": {}}
NAMES = ["role", "content", "type", "text", "tool_calls", "function", "name", "arguments", "image_url", "url", "file",
         "reasoning_details", "signature", "cache_control", "thinking", "json_schema", "effort"]  # fmt: skip
FIELDS = ["tools", "tool_choice", "response_format", "stop", "reasoning", "thinking", "metadata", "n", "user", "store"]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["user", "assistant", "tool", "text", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


def read(**fields: Any) -> Conversation:
    return read_conversation(openai_chat.read_request(encode({"model": "m", "messages": MESSAGES, **fields})))


def raws(**values: Any) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(encode(value)) for name, value in values.items()}


def edits(*, drop: tuple[str, ...] = (), ask_usage: bool = False, **values: dict[str, Any]) -> Edits:
    return Edits(
        "up", raws(**values.get("set", {})), raws(**values.get("default", {})), frozenset(drop), ask_usage=ask_usage
    )


def written(changes: Edits | None = None, **words: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    body, dropped = write_conversation(
        Conversation(**{"model": "m", "messages": ASKED, **words}), edits() if changes is None else changes
    )
    told = json.loads(body)
    assert (told.pop("model"), told.pop("messages")) == ("up", MESSAGES)
    return told, dropped


# Reading.


def test_a_plain_request_says_little() -> None:
    assert read() == Conversation(model="m", messages=ASKED, wants_usage=False)


def test_every_field_with_a_word_is_read() -> None:
    conversation = read(
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=9,
        stop="###",
        temperature=0.5,
        top_p=0.9,
        top_k=5,
        presence_penalty=1,
        frequency_penalty=-1,
        seed=7,
        logit_bias={"50256": -100},
        logprobs=True,
        top_logprobs=2,
        n=3,
        user="ada",
        metadata={"team": "a"},
        tools=[{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
        tool_choice="required",
        parallel_tool_calls=False,
        reasoning_effort="low",
        response_format={"type": "json_object"},
    )

    assert conversation == Conversation(
        model="m",
        messages=ASKED,
        tools=(Tool("f", parameters=SCHEMA),),
        tool_choice=ToolChoice(ToolMode.REQUIRED, parallel=False),
        response_format=ResponseFormat(),
        max_tokens=9,
        stop=("###",),
        sampling=Sampling(0.5, 0.9, 5, 1, -1, 7, {"50256": -100}, 2),
        effort=Effort("low"),
        choices=3,
        user="ada",
        metadata={"team": "a"},
        stream=True,
        wants_usage=True,
    )


def test_the_newer_cap_wins_and_stops_may_be_many() -> None:
    assert read(max_tokens=9, max_completion_tokens=7).max_tokens == 7
    assert read(stop=["a", "b"]).stop == ("a", "b")
    assert read(logprobs=True).sampling.logprobs == 0
    assert read(logprobs=False, top_logprobs=2).sampling.logprobs is None


def test_the_older_functions_are_tools() -> None:
    conversation = read(functions=[{"name": "f", "parameters": SCHEMA}], function_call={"name": "f"})

    assert conversation.tools == (Tool("f", parameters=SCHEMA),)
    assert conversation.tool_choice == ToolChoice(ToolMode.REQUIRED, "f")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"type": "text"}, None),
        (None, None),
        ({"type": "json_object"}, ResponseFormat()),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "description": "d", "schema": SCHEMA, "strict": True}},
            ResponseFormat(SCHEMA, "x", "d", strict=True),
        ),
        ({"type": "json_schema", "json_schema": {"schema": SCHEMA}}, ResponseFormat(SCHEMA)),
    ],
)
def test_a_format_is_read(told: Any, expected: ResponseFormat | None) -> None:
    assert read(response_format=told).response_format == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"reasoning_effort": "none"}, Effort("none")),
        ({"reasoning": {"effort": "high", "exclude": True}}, Effort("high", is_shown=False)),
        ({"reasoning": {"max_tokens": 2000}}, Effort(budget_tokens=2000)),
        ({"reasoning": {"enabled": True}}, Effort("medium")),
        ({"reasoning": {"enabled": False}}, Effort("none")),
        ({"thinking": {"type": "disabled"}}, Effort("none")),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, Effort(budget_tokens=2000)),
        ({"thinking": {"type": "enabled"}}, Effort("medium")),
        ({"thinking": True, "reasoning": "x"}, None),
    ],
)
def test_an_effort_is_read_in_every_accent(fields: dict[str, Any], expected: Effort | None) -> None:
    assert read(**fields).effort == expected


def test_what_has_no_word_is_named() -> None:
    conversation = read(
        store=True, service_tier=None, web_search_options={}, response_format={"type": "grammar"}, tool_choice=[5]
    )

    assert conversation.beyond == ("store", "web_search_options", "tool_choice", "response_format")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": 5}]}]}, "messages[0].content[0].type"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"stop": 5}, "stop"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read(**fields)
    assert raised.value.param == param


def test_what_is_nested_too_deeply_is_refused() -> None:
    raw = msgspec.Raw(b"[" * 100_000 + b"]" * 100_000)
    request = ChatRequest("m", {"messages": msgspec.Raw(b"[]"), "thinking": raw})

    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        read_conversation(request)
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        written(tools=(Tool("f", parameters=deep),))


@given(
    st.lists(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=5), max_size=3),
    st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=4),
)
def test_no_conversation_is_too_odd(messages: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    turns = [{"role": "user", **message} for message in messages]
    with suppress(InvalidRequestError):
        body, _ = write_conversation(read(**{**fields, "messages": turns}), edits())
        assert json.loads(body)["model"] == "up"


# Writing.


def test_little_is_written_for_little() -> None:
    assert written() == ({}, ())


def test_every_word_is_written() -> None:
    told, dropped = written(
        tools=(Tool("f"),),
        tool_choice=ToolChoice(ToolMode.REQUIRED, parallel=False),
        response_format=ResponseFormat(SCHEMA, description="d", strict=False),
        max_tokens=9,
        stop=("a",),
        sampling=Sampling(0.5, 0.9, None, 1, -1, 0, {"5": 1}, 0),
        effort=Effort("low"),
        choices=2,
        user="ada",
    )

    assert dropped == ()
    assert told == {
        "max_tokens": 9,
        "stop": ["a"],
        "temperature": 0.5,
        "top_p": 0.9,
        "presence_penalty": 1,
        "frequency_penalty": -1,
        "seed": 0,
        "logit_bias": {"5": 1},
        "logprobs": True,
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "response", "description": "d", "schema": SCHEMA, "strict": False},
        },
        "n": 2,
        "user": "ada",
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": "required",
        "parallel_tool_calls": False,
    }


def test_a_choice_without_tools_is_not_written() -> None:
    assert written(tool_choice=ToolChoice(ToolMode.NONE, parallel=True)) == ({}, ())
    assert written(response_format=ResponseFormat())[0] == {"response_format": {"type": "json_object"}}


@pytest.mark.parametrize(
    ("effort", "level"),
    [
        (Effort("minimal"), "minimal"),
        (Effort("max"), "high"),
        (Effort("xhigh", 100), "high"),
        (Effort(budget_tokens=1024), "low"),
        (Effort(budget_tokens=4096), "medium"),
        (Effort(budget_tokens=4097), "high"),
        (Effort(), None),
        (Effort("none"), None),
    ],
)
def test_an_effort_is_a_word(effort: Effort, level: str | None) -> None:
    assert written(effort=effort)[0].get("reasoning_effort") == level


def test_usage_is_asked_for_in_streams_where_the_provider_takes_it() -> None:
    asked = {"stream": True, "stream_options": {"include_usage": True}}

    assert written(edits(ask_usage=True), stream=True) == (asked, ())
    assert written(edits(ask_usage=True)) == ({}, ())
    assert written(edits(), stream=True) == ({"stream": True}, ())


@pytest.mark.parametrize(
    ("changes", "expected", "dropped"),
    [
        (edits(), {"max_tokens": 9}, ()),
        (edits(default={"max_completion_tokens": 5}), {"max_completion_tokens": 9}, ()),
        (edits(set={"max_completion_tokens": 5}), {"max_completion_tokens": 5}, ()),
        (edits(drop=("max_tokens",)), {"max_completion_tokens": 9}, ()),
        (edits(drop=("max_tokens", "max_completion_tokens")), {}, ("max_tokens",)),
        (edits(default={"top_k": 5}), {"max_tokens": 9, "top_k": 5}, ()),
        (replace(edits(), cap_field="max_completion_tokens"), {"max_completion_tokens": 9}, ()),
        (replace(edits(set={"max_tokens": 5}), cap_field="max_completion_tokens"), {"max_tokens": 5}, ()),
    ],
)
def test_the_target_tells_what_a_cap_is_called(
    changes: Edits, expected: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    assert written(changes, max_tokens=9) == (expected, dropped)


def test_a_user_with_a_long_name_is_the_same_by_its_digest() -> None:
    told = written(user="u" * 150)[0]["user"]

    assert (len(told), told == written(user="u" * 150)[0]["user"]) == (64, True)
    assert written(user="u" * 64)[0]["user"] == "u" * 64


def test_what_is_not_said_is_named() -> None:
    _, dropped = written(
        edits(drop=("seed",)),
        beyond=("container", "top_k"),
        sampling=Sampling(top_k=5, seed=1),
        metadata={"a": "b"},
        effort=Effort("none"),
        tools=(Tool("f", cache="5m"),),
    )

    assert dropped == ("container", "top_k", "metadata", "thinking", "cache_control", "seed")


@pytest.mark.parametrize(
    ("parts", "dropped"),
    [
        ((Text("Hi", "5m"),), ("cache_control",)),
        ((ToolResult("a", (Text("x", "5m"),)),), ("cache_control",)),
        ((Reasoning("Hm"), Text("Hi")), ()),
    ],
)
def test_cache_marks_are_named_wherever_they_are(parts: tuple[Any, ...], dropped: tuple[str, ...]) -> None:
    messages = (Message(Role.USER, parts),)

    assert write_conversation(Conversation(model="m", messages=messages), edits())[1] == dropped
