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
from llmgw.dialects.ollama_chat.requests import write_conversation

NOTHING = Edits("llama3.3", {}, {}, frozenset(), ask_usage=True)
HI = (Message(Role.USER, (Text("hi"),)),)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def written(edits: Edits = NOTHING, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    body, dropped = write_conversation(Conversation(model="m", messages=HI, **fields), edits)
    return json.loads(body), dropped


@pytest.mark.parametrize("stream", [True, False])
def test_whether_to_stream_is_always_said(stream: bool) -> None:
    assert written(stream=stream) == (
        {"model": "llama3.3", "messages": [{"role": "user", "content": "hi"}], "stream": stream},
        (),
    )


def test_tools_are_functions_with_a_schema() -> None:
    body, _ = written(tools=(Tool("weather", "The weather", SCHEMA), Tool("time")))

    assert body["tools"] == [
        {"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": SCHEMA}},
        {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}},
    ]


@pytest.mark.parametrize(
    ("choice", "has_tools", "names"),
    [
        (ToolChoice(), True, ()),
        (ToolChoice(ToolMode.NONE), False, ()),
        (ToolChoice(ToolMode.REQUIRED), True, ("tool_choice",)),
        (ToolChoice(ToolMode.REQUIRED, "time"), True, ("tool_choice",)),
        (ToolChoice(parallel=False), True, ("parallel_tool_calls",)),
    ],
)
def test_no_tool_can_be_forced(choice: ToolChoice, has_tools: bool, names: tuple[str, ...]) -> None:
    body, dropped = written(tools=(Tool("time"),), tool_choice=choice)

    assert ("tools" in body, dropped) == (has_tools, names)
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("told", "form"), [(ResponseFormat(), "json"), (ResponseFormat(SCHEMA, "x", strict=True), SCHEMA)]
)
def test_a_format_is_json_or_a_schema(told: ResponseFormat, form: Any) -> None:
    assert written(response_format=told) == ({**written()[0], "format": form}, ())


def test_to_think_and_the_options_are_said() -> None:
    body, _ = written(effort=Effort("high"), max_tokens=5, sampling=Sampling(temperature=0.0))

    assert (body["think"], body["options"]) == (True, {"num_predict": 5, "temperature": 0.0})


def test_what_has_no_word_is_named() -> None:
    sampling = Sampling(logit_bias={"1": 1.0}, logprobs=2)
    strict = (Tool("t", strict=True, cache="5m"),)
    told = written(
        choices=2, user="u", metadata={"a": "b"}, sampling=sampling, tools=strict, beyond=("store",), wants_usage=False
    )

    assert told[1] == ("store", "cache_control", "logit_bias", "logprobs", "metadata", "n", "strict", "user")


def test_a_file_sets_what_no_caller_can_say_and_drops_what_the_model_cannot() -> None:
    edits = Edits(
        "llama3.3",
        {"keep_alive": msgspec.Raw(b'"1h"')},
        {},
        frozenset({"reasoning_effort", "temperature"}),
        ask_usage=True,
        context_window=16384,
    )
    body, dropped = written(edits, effort=Effort("low"), sampling=Sampling(temperature=1.0, seed=3))

    assert (body["keep_alive"], body["options"], "think" in body) == ("1h", {"num_ctx": 16384, "seed": 3}, False)
    assert dropped == ("temperature", "reasoning_effort")
