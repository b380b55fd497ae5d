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
    ToolResult,
)
from llmgw.chat.request import Edits
from llmgw.chat.writing import arguments_of, encoded, to_answer, told, with_turn, write_body
from llmgw.errors import InvalidRequestError
from llmgw.providers.catalog import DIALECTS, dialect

NOTHING = Edits("up", {}, {}, frozenset(), ask_usage=True)


def raw(**values: Any) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in values.items()}


def conversation(**fields: Any) -> Conversation:
    return Conversation(model="m", messages=(), **fields)


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, set()),
        ({"choices": 2, "user": "u", "metadata": {"a": "b"}}, {"n", "user", "metadata"}),
        ({"sampling": Sampling(temperature=1.0, top_p=0.5, seed=0, top_k=0)}, {"seed", "top_k"}),
        ({"sampling": Sampling(presence_penalty=0.0, frequency_penalty=1.0)}, {"frequency_penalty"}),
        ({"sampling": Sampling(logit_bias={"1": 2.0}, logprobs=0)}, {"logit_bias", "logprobs"}),
        ({"response_format": ResponseFormat(), "effort": Effort("low")}, {"response_format", "reasoning_effort"}),
        ({"effort": Effort("none")}, set()),
        ({"tools": (Tool("t"),)}, {"tools"}),
        ({"tools": (Tool("t", strict=True, cache="5m"),)}, {"tools", "strict", "cache_control"}),
        ({"tools": (Tool("t"),), "tool_choice": ToolChoice(ToolMode.NONE)}, set()),
        ({"tools": (Tool("t"),), "tool_choice": ToolChoice(ToolMode.AUTO)}, {"tools"}),
        (
            {"tools": (Tool("t"),), "tool_choice": ToolChoice(ToolMode.REQUIRED, "t", parallel=False)},
            {"tools", "tool_choice", "parallel_tool_calls"},
        ),
        ({"system": (Text("s", "1h"),)}, {"cache_control"}),
    ],
)
def test_what_was_asked_for_is_told_by_openais_names(fields: dict[str, Any], names: set[str]) -> None:
    assert names == told(conversation(**fields))


def test_a_mark_inside_the_result_of_a_tool_is_a_mark() -> None:
    result = ToolResult("1", (Text("x", cache="5m"),))

    assert told(Conversation(model="m", messages=(Message(Role.USER, (result,)),))) == {"cache_control"}


def test_a_body_has_the_targets_name_of_the_model_and_nothing_that_says_nothing() -> None:
    body, dropped = write_body({"a": 1, "b": None, "stream": False}, ["n"], NOTHING)

    assert json.loads(body) == {"a": 1, "stream": False, "model": "up"}
    assert dropped == ("n",)


def test_a_file_edits_by_the_dialects_words_or_by_openais() -> None:
    words = {"top_p": "p", "stop": "stop_sequences"}
    edits = Edits("up", raw(top_p=0.1), raw(k=3, safety_mode="OFF"), frozenset({"stop", "seed"}), ask_usage=True)
    body, dropped = write_body({"p": 0.9, "k": 1, "stop_sequences": ["x"], "seed": 1}, [], edits, words)

    assert json.loads(body) == {"p": 0.1, "k": 1, "safety_mode": "OFF", "model": "up"}
    assert dropped == ("stop", "seed")  # as the file has it, so that it is known to be meant


def test_what_is_nested_too_deeply_is_the_callers_fault() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        encoded(value)


@pytest.mark.parametrize(("text", "given"), [('{"a": 1}', b'{"a": 1}'), ("", b"{}"), (" ", b"{}")])
def test_arguments_are_an_object_as_it_was_written(text: str, given: bytes) -> None:
    assert given == bytes(arguments_of(text, "c1", 0))


@pytest.mark.parametrize("text", ["[]", "1", "{", '"{}"', "\ud800"])
def test_arguments_that_are_no_object_are_told_with_their_place(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"messages\[3\]: the arguments of tool call 'c1'") as caught:
        arguments_of(text, "c1", 3)

    assert caught.value.param == "messages[3]"


ASKS = Conversation(model="m", messages=(), system=(Text("Be brief."),))


@pytest.mark.parametrize("name", DIALECTS)
def test_without_a_turn_there_is_nothing_to_answer(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="messages"):
        dialect(name).write_conversation(Conversation(model="m", messages=()), NOTHING)


@pytest.mark.parametrize("name", DIALECTS)
def test_instructions_alone_are_said_somewhere(name: str) -> None:
    body, _ = dialect(name).write_conversation(ASKS, NOTHING)

    assert b"Be brief." in body
    assert not any(empty in body for empty in (b'"messages":[]', b'"input":[]', b'"contents":[]'))


def test_what_could_not_be_said_is_told() -> None:
    assert to_answer(["turn"], ["messages.audio"]) == ["turn"]
    with pytest.raises(InvalidRequestError, match=r"can be said to this model: messages.audio, messages.file$"):
        to_answer([], ["messages.audio", "messages.file", "messages.audio"])


def test_instructions_alone_are_what_the_user_says() -> None:
    assert with_turn(ASKS) == Conversation(model="m", messages=(Message(Role.USER, ASKS.system),))
    assert with_turn(with_turn(ASKS)) == with_turn(ASKS)
