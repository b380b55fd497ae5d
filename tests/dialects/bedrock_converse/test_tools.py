"""Tools and the choice among them."""

from typing import Any

import pytest

from llmgw.chat.conversation import Text, Tool, ToolChoice, ToolMode, ToolResult, ToolUse
from llmgw.dialects.bedrock_converse.tools import write_tools
from tests.dialects.bedrock_converse.wire import CLAUDE, HELLO, LLAMA, NOVA, asking, assistant, user

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
F = Tool("f", "does it", SCHEMA)
LOOP = (HELLO, assistant(ToolUse("t", "g", "{}")), user(ToolResult("t", (Text("4"),))))
CONFIG = {"tools": [{"toolSpec": {"name": "f", "description": "does it", "inputSchema": {"json": SCHEMA}}}]}


def said(choice: ToolChoice | None, model: str = CLAUDE, **fields: Any) -> tuple[Any, dict[str, Any], list[str]]:
    unsaid: list[str] = []
    config, own = write_tools(asking(tools=(F,), tool_choice=choice, **fields), model, unsaid)
    return config, own, unsaid


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (None, {}),
        (ToolChoice(), {"toolChoice": {"auto": {}}}),
        (ToolChoice(ToolMode.REQUIRED), {"toolChoice": {"any": {}}}),
        (ToolChoice(ToolMode.REQUIRED, "f"), {"toolChoice": {"tool": {"name": "f"}}}),
        (ToolChoice(parallel=True), {"toolChoice": {"auto": {}}}),
    ],
)
def test_a_choice_is_said(choice: ToolChoice | None, told: dict[str, Any]) -> None:
    assert said(choice) == ({**CONFIG, **told}, {}, [])


@pytest.mark.parametrize(
    ("tool", "spec"),
    [
        (Tool("f"), {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}}),
        (Tool("f", "", SCHEMA, True), {"name": "f", "inputSchema": {"json": SCHEMA}, "strict": True}),
        (
            Tool("f", "", {"properties": {}}, False),
            {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}},
        ),
    ],
)
def test_a_schema_is_always_that_of_an_object(tool: Tool, spec: dict[str, Any]) -> None:
    config, _ = write_tools(asking(tools=(tool,)), CLAUDE, [])

    assert config == {"tools": [{"toolSpec": spec}]}


def test_strictness_is_named_where_the_model_has_none() -> None:
    unsaid: list[str] = []
    config, _ = write_tools(asking(tools=(Tool("f", "", SCHEMA, True),)), NOVA, unsaid)

    assert config == {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": SCHEMA}}}]}
    assert unsaid == ["strict"]


def test_none_is_no_tools_at_all_where_there_were_no_calls() -> None:
    assert said(ToolChoice(ToolMode.NONE)) == (None, {}, [])
    assert write_tools(asking(), CLAUDE, []) == (None, {})


def test_none_after_calls_is_claudes_own_field() -> None:
    unsaid: list[str] = []
    none = asking(*LOOP, tools=(F,), tool_choice=ToolChoice(ToolMode.NONE))

    assert write_tools(none, CLAUDE, unsaid) == (CONFIG, {"tool_choice": {"type": "none"}})
    assert unsaid == []
    assert write_tools(none, NOVA, unsaid) == (CONFIG, {})
    assert unsaid == ["tool_choice"]


def test_tools_that_are_only_known_by_their_calls_are_named_and_not_to_be_called() -> None:
    spec = {"name": "g", "inputSchema": {"json": {"type": "object", "properties": {}}}}

    assert write_tools(asking(*LOOP), CLAUDE, []) == (
        {"tools": [{"toolSpec": spec}]},
        {"tool_choice": {"type": "none"}},
    )
    assert write_tools(asking(*LOOP), LLAMA, []) == ({"tools": [{"toolSpec": spec}]}, {})


@pytest.mark.parametrize(
    ("choice", "own"),
    [
        (ToolChoice(parallel=False), {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(ToolMode.REQUIRED, parallel=False), {"type": "any", "disable_parallel_tool_use": True}),
        (
            ToolChoice(ToolMode.REQUIRED, "f", parallel=False),
            {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_one_call_at_a_time_is_claudes_own_field(choice: ToolChoice, own: dict[str, Any]) -> None:
    assert said(choice) == (CONFIG, {"tool_choice": own}, [])


def test_one_call_at_a_time_is_named_elsewhere() -> None:
    assert said(ToolChoice(parallel=False), NOVA) == (
        {**CONFIG, "toolChoice": {"auto": {}}},
        {},
        ["parallel_tool_calls"],
    )


def test_a_model_that_cannot_be_forced_is_not() -> None:
    newer = "global.anthropic.claude-opus-5-5"

    assert said(ToolChoice(ToolMode.REQUIRED), newer) == ({**CONFIG, "toolChoice": {"auto": {}}}, {}, ["tool_choice"])
