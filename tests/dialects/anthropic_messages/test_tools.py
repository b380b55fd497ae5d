"""Tools and the choice among them; what has no word is named."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Conversation, Tool, ToolChoice, ToolMode
from llmgw.dialects.anthropic_messages.tools import CallerChoice, CallerTool, read_choice, read_tools, write_tools

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def test_a_tool_is_read_and_what_is_beside_it_named() -> None:
    told: list[Any] = [
        {"name": "f", "description": "d", "input_schema": SCHEMA, "strict": True, "cache_control": {}},
        {"name": "g", "type": "custom", "input_examples": [{}], "defer_loading": True, "allowed_callers": []},
        {"name": "web_search", "type": "web_search_20250305"},
    ]
    beyond: list[str] = []
    tools = list(read_tools(msgspec.convert(told, list[CallerTool]), beyond))

    assert tools == [Tool("f", "d", SCHEMA, strict=True, cache="5m"), Tool("g")]
    assert beyond == ["input_examples", "defer_loading", "tools.web_search_20250305"]


def test_a_choice_is_read() -> None:
    assert read_choice(None) is None
    assert read_choice(CallerChoice("tool", "f", disable_parallel_tool_use=True)) == ToolChoice(
        ToolMode.REQUIRED, "f", parallel=False
    )


@pytest.mark.parametrize(
    ("model", "choice", "told", "named"),
    [
        ("claude-opus-5", ToolChoice(ToolMode.REQUIRED), {"type": "any"}, []),
        ("claude-opus-5-5", ToolChoice(ToolMode.REQUIRED), {"type": "auto"}, ["tool_choice"]),
        ("claude-opus-5-5", ToolChoice(ToolMode.NONE), {"type": "none"}, []),
        ("claude-opus-5-5", None, None, []),
    ],
)
def test_a_choice_is_written_as_the_model_takes_it(
    model: str, choice: ToolChoice | None, told: Any, named: list[str]
) -> None:
    unsaid: list[str] = []
    conversation = Conversation(model="m", messages=(), tools=(Tool("f"),), tool_choice=choice)

    assert told == write_tools(conversation, model, unsaid)["tool_choice"]
    assert named == unsaid


def test_without_tools_nothing_is_said() -> None:
    assert write_tools(Conversation(model="m", messages=(), tool_choice=ToolChoice()), "m", []) == {}
