import json
from typing import Any

import msgspec
import pytest

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
from llmgw.dialects.cohere_chat.requests import write_conversation

MODEL = "command-a-03-2025"
NOTHING = Edits(MODEL, {}, {}, frozenset(), ask_usage=True)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = (Tool("weather", "The weather", SCHEMA), Tool("time"))


def written(edits: Edits = NOTHING, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    said = Conversation(model="m", messages=(Message(Role.USER, (Text("hi"),)),), **fields)
    body, dropped = write_conversation(said, edits)
    return json.loads(body), dropped


@pytest.mark.parametrize("stream", [True, False])
def test_whether_to_stream_is_always_said(stream: bool) -> None:
    assert written(stream=stream) == (
        {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": stream},
        (),
    )


def test_every_setting_has_its_name() -> None:
    body, dropped = written(
        max_tokens=5, stop=("a",), sampling=Sampling(top_p=0.5, top_k=3), response_format=ResponseFormat(SCHEMA)
    )

    assert (body["max_tokens"], body["stop_sequences"], body["p"], body["k"]) == (5, ["a"], 0.5, 3)
    assert body["response_format"] == {"type": "json_object", "json_schema": SCHEMA}
    assert dropped == ()
    assert written(response_format=ResponseFormat())[0]["response_format"] == {"type": "json_object"}


def test_tools_are_functions_with_a_schema() -> None:
    assert written(tools=TOOLS)[0]["tools"] == [
        {"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": SCHEMA}},
        {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}},
    ]


@pytest.mark.parametrize(
    ("choice", "told", "names"),
    [
        (None, None, ["weather", "time"]),
        (ToolChoice(), None, ["weather", "time"]),
        (ToolChoice(ToolMode.NONE), "NONE", ["weather", "time"]),
        (ToolChoice(ToolMode.REQUIRED), "REQUIRED", ["weather", "time"]),
        (ToolChoice(ToolMode.REQUIRED, "time"), "REQUIRED", ["time"]),
        (ToolChoice(ToolMode.REQUIRED, "nobody"), "REQUIRED", ["weather", "time"]),
    ],
)
def test_a_tool_is_chosen_by_being_the_only_one(choice: ToolChoice | None, told: str | None, names: list[str]) -> None:
    body, dropped = written(tools=TOOLS, tool_choice=choice)

    assert (body.get("tool_choice"), [tool["function"]["name"] for tool in body["tools"]]) == (told, names)
    assert dropped == ()


@pytest.mark.parametrize(
    ("strict", "said", "names"),
    [((True, True), True, ()), ((True, None), None, ("strict",)), ((None, False), None, ())],
)
def test_all_tools_are_strict_or_none(
    strict: tuple[bool | None, ...], said: bool | None, names: tuple[str, ...]
) -> None:
    body, dropped = written(tools=tuple(Tool(f"t{n}", strict=one) for n, one in enumerate(strict)))

    assert (body.get("strict_tools"), dropped) == (said, names)


def test_what_has_no_word_is_named() -> None:
    told = written(
        choices=2,
        user="u",
        metadata={"a": "b"},
        sampling=Sampling(logit_bias={"1": 1.0}, logprobs=2),
        tools=TOOLS,
        tool_choice=ToolChoice(parallel=False),
        effort=Effort("low"),
        stop=tuple("abcdef"),
        beyond=("store",),
    )

    assert (told[0]["stop_sequences"], "thinking" in told[0]) == (list("abcde"), False)
    assert told[1] == (
        *("store", "logit_bias", "logprobs", "metadata", "n", "parallel_tool_calls", "reasoning_effort", "user"),
        "stop",
    )


def test_a_model_that_thinks_is_told_how_much() -> None:
    edits = Edits("command-a-reasoning-08-2025", {}, {}, frozenset(), ask_usage=True)
    body, dropped = written(edits, effort=Effort("low"))

    assert (body["thinking"], dropped) == ({"type": "enabled", "token_budget": 1024}, ())


def test_a_file_sets_what_no_caller_can_say_by_either_name() -> None:
    edits = Edits(
        MODEL,
        {"safety_mode": msgspec.Raw(b'"STRICT"'), "top_p": msgspec.Raw(b"0.3")},
        {"max_completion_tokens": msgspec.Raw(b"9")},
        frozenset({"stop"}),
        ask_usage=True,
    )
    body, dropped = written(edits, stop=("a",), sampling=Sampling(top_p=0.9))

    assert (body["safety_mode"], body["p"], body["max_tokens"]) == ("STRICT", 0.3, 9)
    assert ("stop_sequences" in body, dropped) == (False, ("stop",))
