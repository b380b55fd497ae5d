"""Tools, and the choice among them."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Tool, ToolChoice, ToolMode
from llmgw.dialects.openai_chat.tools import CallerTool, Function, read_choice, read_tools, write_choice, write_tool

SCHEMA = {"type": "object", "properties": {}}
NAMED = {"type": "function", "function": {"name": "f"}}


def test_functions_are_read_and_the_rest_is_named() -> None:
    tools = msgspec.convert(
        [
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}},
            {"function": {"name": "g"}, "cache_control": {"type": "ephemeral"}},
            {"type": "openrouter:web_search", "parameters": {}},
        ],
        list[CallerTool],
    )
    dropped: list[str] = []

    assert read_tools(tools, [Function("h")], dropped.append) == (
        Tool("f", "d", SCHEMA, strict=True),
        Tool("g", cache="5m"),
        Tool("h"),
    )
    assert dropped == ["tools.openrouter:web_search"]


@pytest.mark.parametrize(
    ("told", "parallel", "choice"),
    [
        (None, None, None),
        (None, False, ToolChoice(parallel=False)),
        ("auto", None, ToolChoice()),
        ("none", None, ToolChoice(ToolMode.NONE)),
        ("required", True, ToolChoice(ToolMode.REQUIRED, parallel=True)),
        ("any", None, ToolChoice(ToolMode.REQUIRED)),
        (NAMED, None, ToolChoice(ToolMode.REQUIRED, "f")),
        ({"name": "f"}, None, ToolChoice(ToolMode.REQUIRED, "f")),  # function_call
    ],
)
def test_a_choice_is_read(told: Any, parallel: bool | None, choice: ToolChoice | None) -> None:
    assert read_choice(told, parallel, pytest.fail) == choice


@pytest.mark.parametrize("told", ["sometimes", {"type": "allowed_tools"}, 5, {"function": 5}])
def test_a_choice_that_we_do_not_know_is_named(told: Any) -> None:
    dropped: list[str] = []

    assert read_choice(told, None, dropped.append) is None
    assert dropped == ["tool_choice"]


def test_a_tool_is_written_with_what_it_has() -> None:
    assert write_tool(Tool("f", "d", SCHEMA, strict=True, cache="5m")) == {
        "type": "function",
        "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True},
    }
    assert write_tool(Tool("f")) == NAMED


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (None, None),
        (ToolChoice(), None),
        (ToolChoice(ToolMode.NONE), "none"),
        (ToolChoice(ToolMode.REQUIRED), "required"),
        (ToolChoice(ToolMode.REQUIRED, "f"), NAMED),
    ],
)
def test_a_choice_is_written(choice: ToolChoice | None, written: Any) -> None:
    assert write_choice(choice) == written
