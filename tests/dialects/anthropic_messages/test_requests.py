"""Requests between Anthropic's words and the hub's; what cannot cross is named."""

import hashlib
import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import Answer
from llmgw.chat.conversation import (
    Audio,
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
    ToolUse,
)
from llmgw.chat.request import Edits
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI
from llmgw.dialects.anthropic_messages.answers import write_answer
from llmgw.dialects.anthropic_messages.facts import read_request
from llmgw.dialects.anthropic_messages.requests import read_conversation, write_conversation
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
        tools=[
            {"type": "web_search_20250305", "name": "web_search"},
            {"type": "custom", "name": "f", "input_examples": [{}], "defer_loading": True},
        ],
        messages=[{"role": "assistant", "content": [{"type": "server_tool_use"}, {"type": "server_tool_use"}]}],
    )

    assert conversation.beyond == (
        "container",
        "messages.server_tool_use",
        "tools.web_search_20250305",
        "input_examples",
        "defer_loading",
    )
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
        "max_tokens": 64_000,
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
        "response_format.json_object",
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
    [
        (None, {}, (64_000, 16384)),
        (50_000, {}, (50_000, 16384)),
        (9000, {}, (9000, 4500)),
        (100, {}, (100, None)),
        (None, {"max_tokens": 9000}, (9000, 4500)),
    ],
)
def test_a_budget_stays_below_a_cap_that_somebody_named(asked: int | None, default: Any, told: Any) -> None:
    conversation = Conversation(model="m", messages=(HELLO,), max_tokens=asked, effort=Effort("high"))
    body, dropped = write_conversation(conversation, edits(**default))
    said = json.loads(body)

    assert told == (said["max_tokens"], said.get("thinking", {}).get("budget_tokens"))
    assert dropped == (() if told[1] else ("reasoning_effort",))


@pytest.mark.parametrize(
    ("model", "asked", "told", "dropped"),
    [
        ("claude-haiku-4-5", 64_000, 64_000, ()),
        ("claude-haiku-4-5", 100_000, 64_000, ("max_tokens",)),
        ("claude-3-haiku", 8000, 4096, ("max_tokens",)),
        ("house-model", 1_000_000, 1_000_000, ()),
    ],
)
def test_a_cap_that_the_model_would_refuse_is_lowered_and_named(
    model: str, asked: int, told: int, dropped: tuple[str, ...]
) -> None:
    body, left_out = write(model, max_tokens=asked)

    assert (body["max_tokens"], left_out) == (told, dropped)


def test_what_the_file_sets_is_its_own_word() -> None:
    conversation = Conversation(model="m", messages=(HELLO,), max_tokens=100_000)
    fixed = Edits("claude-3-haiku", {"max_tokens": msgspec.Raw(b"9000")}, {}, frozenset(), ask_usage=True)
    body, dropped = write_conversation(conversation, fixed)

    assert (json.loads(body)["max_tokens"], dropped) == (9000, ())


def test_the_cap_of_the_target_wins_and_one_that_nobody_named_makes_room() -> None:
    conversation = Conversation(model="m", messages=(HELLO,), max_tokens=50_000, effort=Effort("high"))
    capped = Edits("claude-opus-4", {"max_tokens": msgspec.Raw(b"3000")}, {}, frozenset(), ask_usage=True)
    body, _ = write_conversation(conversation, capped)

    assert (json.loads(body)["max_tokens"], json.loads(body)["thinking"]["budget_tokens"]) == (3000, 1500)
    assert write("house-model", effort=Effort("medium"))[0]["max_tokens"] == 4096 + 4096


@pytest.mark.parametrize(
    ("user", "is_told"),
    [
        ("user-17", True),
        ("550e8400-e29b-41d4-a716-446655440000", True),
        ("ada@example.com", False),
        ("+49 (0) 170 1234567", False),
        ("x" * 257, False),
    ],
)
def test_who_could_be_known_by_his_name_is_told_by_its_digest(user: str, is_told: bool) -> None:
    told = write(user=user)[0]["metadata"]["user_id"]

    assert told == (user if is_told else hashlib.sha256(user.encode()).hexdigest())


def test_newer_models_are_not_forced_and_that_is_named() -> None:
    forced = ToolChoice(ToolMode.REQUIRED, "f", parallel=False)
    body, dropped = write("claude-opus-5-5", tools=(Tool("f"),), tool_choice=forced)

    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert dropped == ("tool_choice",)


def test_who_always_thinks_thinks_as_little_as_it_can() -> None:
    body, dropped = write("claude-opus-5-5", effort=Effort("none"))

    assert (body["output_config"], "thinking" in body, dropped) == ({"effort": "low"}, False, ("reasoning_effort",))


def test_the_users_turn_is_last_where_the_model_does_not_go_on() -> None:
    turns = (HELLO, Message(Role.ASSISTANT, (Text("{"),)))

    assert write("claude-sonnet-4-5", messages=turns)[0]["messages"][-1]["role"] == "assistant"
    assert write("claude-sonnet-4-6", messages=turns)[0]["messages"][-1]["role"] == "user"


@pytest.mark.parametrize(
    ("messages", "why"),
    [((), "there is nothing in them"), ((Message(Role.USER, (Audio("x", "wav"),)),), "can be said to this model: mes")],
)
def test_nothing_to_say_is_refused(messages: tuple[Message, ...], why: str) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        write(messages=messages)


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for fields in ({"response_format": ResponseFormat(deep)}, {"tools": (Tool("f", "", {"a": deep}),)}):
        with pytest.raises(InvalidRequestError, match="nested too deeply"):
            write(**fields)


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


def test_signatures_of_others_come_back_from_a_client_that_knows_only_anthropics() -> None:
    parts = (
        Reasoning("Hm"),
        Reasoning("So", "sig", issuer=OPENAI),
        Reasoning(redacted="x", issuer=ANTHROPIC),
        Text("Hello"),
        ToolUse("t", "f", "{}", "proof", GOOGLE),
    )
    said = json.loads(write_answer(Answer(parts=parts)))["content"]
    conversation = read(messages=[{"role": "assistant", "content": said}])
    body, dropped = write_conversation(conversation, edits())

    assert conversation.messages[0].parts == (
        *parts[:4],
        Reasoning("", "proof", issuer=GOOGLE),
        ToolUse("t", "f", "{}"),
    )
    assert [block["type"] for block in json.loads(body)["messages"][1]["content"]] == [
        "redacted_thinking",
        "text",
        "tool_use",
    ]
    assert dropped == ()


NAMES = st.sampled_from(["role", "content", "type", "source", "input", "name"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from([*SENT, "system", "tools", "thinking"]), VALUES))
def test_bodies_of_any_shape_are_read_or_a_typed_error(fields: dict[str, Any]) -> None:
    with suppress(InvalidRequestError):
        read(**fields)
