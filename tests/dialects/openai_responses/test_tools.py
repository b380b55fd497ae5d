"""Tools, the choice among them, and the form of the answer."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import ResponseFormat, Tool, ToolChoice, ToolMode
from llmgw.dialects.openai_responses.tools import (
    CallerTool,
    TextConfig,
    read_choice,
    read_format,
    read_tools,
    write_format,
    write_tools,
)

SCHEMA = {"type": "object", "properties": {"a": {}}}
F = {"type": "function", "name": "f", "parameters": SCHEMA}
SEARCH = {"type": "web_search"}


def read(tools: list[Any], choice: Any = None) -> tuple[tuple[Tool, ...], list[str]]:
    dropped: list[str] = []
    return read_tools(msgspec.convert(tools, list[CallerTool]), choice, dropped.append), dropped


def test_functions_are_tools_and_all_else_is_named() -> None:
    custom = {"type": "custom", "name": "c", "format": {}}
    tools, dropped = read([{**F, "strict": True, "description": "d"}, F, SEARCH, custom])

    assert tools == (Tool("f", "d", SCHEMA, strict=True), Tool("f", "", SCHEMA))
    assert dropped == ["tools.web_search", "tools.custom"]


def test_only_what_is_allowed_is_a_tool() -> None:
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}, SEARCH, 5]}
    tools, _ = read([F, {**F, "name": "g"}], allowed)

    assert [tool.name for tool in tools] == ["g"]
    assert read_choice(allowed, None, pytest.fail) == ToolChoice(ToolMode.REQUIRED)


@pytest.mark.parametrize(
    ("told", "parallel", "choice"),
    [
        (None, None, None),
        (None, False, ToolChoice(parallel=False)),
        ("auto", None, ToolChoice()),
        ("none", None, ToolChoice(ToolMode.NONE)),
        ("required", True, ToolChoice(ToolMode.REQUIRED, parallel=True)),
        ({"type": "function", "name": "f"}, None, ToolChoice(ToolMode.REQUIRED, "f")),
    ],
)
def test_the_choice(told: Any, parallel: bool | None, choice: ToolChoice | None) -> None:
    assert choice == read_choice(told, parallel, pytest.fail)


@pytest.mark.parametrize("told", ["of_tomorrow", {"type": "web_search"}, {"type": "mcp", "name": "x"}, 5])
def test_a_choice_without_a_word_is_named(told: Any) -> None:
    dropped: list[str] = []

    assert read_choice(told, None, dropped.append) is None
    assert dropped == ["tool_choice"]


@pytest.mark.parametrize(
    ("text", "expected", "dropped"),
    [
        (None, None, []),
        ({"format": {"type": "text"}, "verbosity": "low"}, None, ["text.verbosity"]),
        ({"format": {"type": "json_object"}}, ResponseFormat(), []),
        (
            {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True, "description": "d"}},
            ResponseFormat(SCHEMA, "n", "d", strict=True),
            [],
        ),
        ({"format": {"type": "json_schema", "name": "n"}}, None, ["text.format"]),
        ({"format": {"type": "grammar"}}, None, ["text.format"]),
    ],
)
def test_the_form_of_the_answer(text: Any, expected: ResponseFormat | None, dropped: list[str]) -> None:
    told: list[str] = []

    assert expected == read_format(msgspec.convert(text, TextConfig | None), told.append)
    assert dropped == told


def test_strict_is_always_said_for_here_it_is_what_silence_means() -> None:
    written = write_tools([Tool("f", "d", SCHEMA), Tool("g", strict=True)], None)["tools"]

    assert written == [
        {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": False},
        {"type": "function", "name": "g", "parameters": {"type": "object", "properties": {}}, "strict": True},
    ]


@pytest.mark.parametrize(
    ("choice", "told", "parallel"),
    [
        (None, None, None),
        (ToolChoice(), None, None),
        (ToolChoice(ToolMode.NONE, parallel=False), "none", False),
        (ToolChoice(ToolMode.REQUIRED, "f"), {"type": "function", "name": "f"}, None),
    ],
)
def test_the_choice_is_written(choice: ToolChoice | None, told: object, parallel: bool | None) -> None:
    written = write_tools([Tool("f")], choice)

    assert (written["tool_choice"], written["parallel_tool_calls"]) == (told, parallel)


def test_without_tools_there_is_no_choice() -> None:
    assert write_tools([], ToolChoice(ToolMode.REQUIRED)) == {}


@pytest.mark.parametrize(
    "told", [None, ResponseFormat(), ResponseFormat(SCHEMA, "n", "d", strict=True), ResponseFormat(SCHEMA, "n")]
)
def test_the_form_that_is_written_is_read_again(told: ResponseFormat | None) -> None:
    written = msgspec.convert(write_format(told), TextConfig | None)

    assert told == read_format(written, pytest.fail)


def test_a_schema_has_a_name() -> None:
    assert write_format(ResponseFormat(SCHEMA)) == {
        "format": {"type": "json_schema", "name": "response", "schema": SCHEMA}
    }
