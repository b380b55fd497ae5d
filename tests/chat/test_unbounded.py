"""What a provider keeps, and what it runs by itself, is found by its name; what nobody knows is not trusted."""

import msgspec
import pytest

from llmgw.chat.unbounded import of_fields, of_model, of_tools, ready_made


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("previous_response_id", "resp_1"),
        ("conversation", {"id": "conv_1"}),
        ("prompt", {"id": "pmpt_1"}),
        ("background", True),
        ("container", "container_1"),
        ("mcp_servers", [{"url": "https://a"}]),
        ("cachedContent", "cachedContents/1"),
        ("cached_content", "cachedContents/1"),
        ("web_search_options", {}),
        ("plugins", [{"id": "web"}]),
        ("models", ["a/b"]),
        ("context_management", [{"type": "compaction"}]),
        ("context_management", {"edits": [{"type": "compact_20260112"}]}),
    ],
)
def test_a_field_that_costs_nobody_knows_what_is_named(name: str, value: object) -> None:
    assert of_fields({"model": raw("m"), name: raw(value)}) == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("previous_response_id", None),
        ("background", False),
        ("plugins", []),
        ("prompt", "Once upon a time"),
        ("prompt", [1, 2]),
        ("context_management", {"edits": [{"type": "clear_tool_uses_20250919"}]}),
        ("store", True),
        ("messages", []),
    ],
)
def test_one_that_says_nothing_of_the_kind_is_not(name: str, value: object) -> None:
    assert of_fields({"model": raw("m"), name: raw(value)}) == ""


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "function", "function": {"name": "f"}},
        {"function": {"name": "f"}},
        {"type": "function", "name": "f", "parameters": {"type": "object"}},
        {"name": "f", "input_schema": {"type": "object"}},
        {"type": None, "name": "f", "input_schema": {}},
        {"type": "custom", "name": "f"},
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
        {"type": "computer_20250124", "name": "computer"},
        {"type": "memory_20250818", "name": "memory"},
        {"type": "computer_use_preview", "environment": "browser"},
        {"type": "local_shell"},
        {"type": "apply_patch"},
        {"type": "shell", "environment": {"type": "local"}},
        {"functionDeclarations": [{"name": "f"}], "googleSearch": None},
        {"function_declarations": [{"name": "f"}]},
        {"computerUse": {"environment": "ENVIRONMENT_BROWSER"}},
        {},
    ],
)
def test_what_the_caller_runs_is_bounded(tool: object) -> None:
    assert of_tools(raw([tool])) == ""


@pytest.mark.parametrize(
    ("tool", "kind"),
    [
        *(
            ({"type": kind, "name": "f"}, kind)
            for kind in (
                *("web_search", "web_search_preview", "web_search_20250305", "web_fetch_20250910", "file_search"),
                *("code_interpreter", "code_execution_20250825", "image_generation", "mcp", "tool_search"),
                *("openrouter:web_search", "browser_search", "of_tomorrow", "bash_", "functions"),
            )
        ),
        ({"type": "shell"}, "shell"),
        ({"type": "shell", "environment": {"type": "container_auto"}}, "shell"),
        ({"type": 5}, "of no kind"),
        ({"googleSearch": {}}, "googleSearch"),
        ({"functionDeclarations": [], "codeExecution": {}}, "codeExecution"),
        ({"url_context": {}}, "url_context"),
    ],
)
def test_what_the_provider_runs_is_not(tool: object, kind: str) -> None:
    plain = {"type": "function", "name": "f"}

    assert of_tools(raw([plain, tool])) == f"tools[1]: {kind}"


@pytest.mark.parametrize(("tools", "expected"), [(None, ""), ([], ""), ({"a": 1}, "tools"), (["web_search"], "tools")])
def test_tools_that_are_none_are_not_trusted_either(tools: object, expected: str) -> None:
    assert of_tools(raw(tools)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-4o", ""),
        ("openai/gpt-4o:online", ":online"),
        ("o3-deep-research", "deep-research"),
        ("groq/compound-mini", "groq/compound"),
        ("compound-beta", "compound-beta"),
    ],
)
def test_some_models_have_tools_of_their_own(name: str, expected: str) -> None:
    assert of_model(name) == expected


def test_tools_that_the_provider_explains_are_counted() -> None:
    tools = [
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "e"},
        {"type": "computer_use_preview"},
        {"computerUse": {}},
        {"type": "function", "name": "shell", "parameters": {"type": "object"}},
    ]

    assert ready_made(msgspec.json.encode(tools)) == 4
