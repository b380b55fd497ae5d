"""Functions and the choice among them, there and back."""

from typing import Any

import pytest

from llmgw.chat.conversation import Tool, ToolChoice, ToolMode
from llmgw.dialects.gemini_generate.tools import read_choice, read_tools, write_tools

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
F, G, H = Tool("f"), Tool("g"), Tool("h")


def test_functions_of_all_tools_with_either_kind_of_schema() -> None:
    beyond: list[str] = []
    google = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}
    told = [
        {"functionDeclarations": [{"name": "f", "description": "F", "parameters": google}]},
        {"functionDeclarations": [{"name": "g", "parametersJsonSchema": SCHEMA}, {"name": "h"}]},
    ]

    assert read_tools(told, beyond) == (Tool("f", "F", SCHEMA), Tool("g", "", SCHEMA), Tool("h"))
    assert beyond == []


def test_tools_of_googles_own_are_named() -> None:
    beyond: list[str] = []
    told = [
        {"googleSearch": {}, "codeExecution": None},
        {"functionDeclarations": [{"name": "f", "response": SCHEMA}]},
        5,
    ]

    assert read_tools(told, beyond) == (F,)
    assert beyond == ["tools.googleSearch", "functionDeclarations.response"]


@pytest.mark.parametrize(
    ("calling", "tools", "choice"),
    [
        (None, (F, G, H), None),
        ({"mode": "AUTO"}, (F, G, H), ToolChoice()),
        ({"mode": "NONE", "allowedFunctionNames": ["f"]}, (F, G, H), ToolChoice(ToolMode.NONE)),
        ({"mode": "ANY"}, (F, G, H), ToolChoice(ToolMode.REQUIRED)),
        ({"mode": 2}, (F, G, H), ToolChoice(ToolMode.REQUIRED)),
        ({"mode": "ANY", "allowedFunctionNames": ["g"]}, (F, G, H), ToolChoice(ToolMode.REQUIRED, "g")),
        ({"mode": "ANY", "allowedFunctionNames": ["f", "h"]}, (F, H), ToolChoice(ToolMode.REQUIRED)),
        ({"mode": "MODE_UNSPECIFIED"}, (F, G, H), ToolChoice()),
    ],
)
def test_whether_the_model_may_call(calling: Any, tools: tuple[Tool, ...], choice: ToolChoice | None) -> None:
    beyond: list[str] = []

    assert (tools, choice) == read_choice({"functionCallingConfig": calling}, (F, G, H), beyond)
    assert beyond == []


def test_choices_without_a_word_are_named() -> None:
    beyond: list[str] = []
    calling = {"mode": "VALIDATED", "allowedFunctionNames": ["f"], "streamFunctionCallArguments": True}
    told = read_choice({"functionCallingConfig": calling, "retrievalConfig": {"languageCode": "en"}}, (F, G), beyond)

    assert told == ((F,), ToolChoice())
    assert beyond == [
        "toolConfig.retrievalConfig",
        "functionCallingConfig.VALIDATED",
        "functionCallingConfig.streamFunctionCallArguments",
    ]
    assert read_choice(None, (F,), beyond) == ((F,), None)


def test_functions_are_written_with_json_schema() -> None:
    dropped: list[str] = []

    assert write_tools((Tool("f", "F", SCHEMA), G), None, dropped.append) == {
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "f", "description": "F", "parametersJsonSchema": SCHEMA},
                    {"name": "g"},
                ]
            }
        ]
    }
    assert dropped == []


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        (ToolChoice(), {"mode": "AUTO"}),
        (ToolChoice(ToolMode.NONE, parallel=False), {"mode": "NONE"}),
        (ToolChoice(ToolMode.REQUIRED), {"mode": "ANY"}),
        (ToolChoice(ToolMode.REQUIRED, "f"), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_the_choice_is_written(choice: ToolChoice, calling: dict[str, Any]) -> None:
    dropped: list[str] = []

    assert write_tools((F,), choice, dropped.append)["toolConfig"] == {"functionCallingConfig": calling}
    assert dropped == []


def test_what_cannot_be_said_of_tools_is_named() -> None:
    dropped: list[str] = []
    write_tools((Tool("f", strict=True, cache="5m"),), ToolChoice(parallel=False), dropped.append)

    assert dropped == ["strict", "cache_control", "parallel_tool_calls"]
    assert write_tools((), ToolChoice(), dropped.append) == {}
