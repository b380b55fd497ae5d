"""What a provider keeps, and what it runs by itself, is found by its name; what nobody knows is not trusted."""

import msgspec
import pytest

from llmgw.chat.unbounded import of_fields, of_model, of_tools, ready_made, service_tier


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
        ("connectors", [{"id": "web-search"}]),
        ("deferred", True),
        ("inference_geo", "us"),
        ("provider", {"order": ["a"]}),
        ("route", "fallback"),
        ("preset", "cheap"),
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
        ("inference_geo", "global"),
        ("provider", "a"),
        ("deferred", False),
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
        ("gpt-4o-mini-search-preview-2025-03-11", "search-preview"),
        ("gpt-5-search-api", "search-api"),
        ("perplexity/sonar-reasoning", "perplexity/sonar"),
        ("llama-3.1-sonar-small-128k-online", "sonar-small-128k-online"),
        ("sonar-pro", ""),  # of Perplexity, whose fee is in the table
        ("openai/gpt-4o:nitro", ":nitro"),
        ("moonshotai/kimi-k2:exacto", ":exacto"),
        ("@preset/cheap", "@preset/"),
        ("openai/gpt-4o:free", ""),
    ],
)
def test_some_models_have_tools_of_their_own(name: str, expected: str) -> None:
    assert of_model(name) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"service_tier": "auto"}, ""),
        ({"service_tier": None}, ""),
        ({"service_tier": "standard_only", "speed": "standard"}, ""),
        ({"service_tier": "Priority"}, "priority"),
        ({"serviceTier": "flex"}, "flex"),
        ({"service_tier": "auto", "speed": "fast"}, "fast"),
        ({"service_tier": "flex", "speed": "fast"}, "flex+fast"),
        ({"serviceTier": {"type": "reserved"}}, "reserved"),
        ({"serviceTier": {"type": "default"}, "performanceConfig": {"latency": "optimized"}}, "optimized"),
        ({"service_tier": 5}, "of no kind"),
    ],
)
def test_the_service_tier_that_is_asked_for_is_told(fields: dict[str, object], expected: str) -> None:
    assert service_tier({name: raw(value) for name, value in fields.items()}) == expected


def test_tools_that_the_provider_explains_are_counted() -> None:
    tools = [
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "e"},
        {"type": "computer_use_preview"},
        {"computerUse": {}},
        {"type": "function", "name": "shell", "parameters": {"type": "object"}},
    ]

    assert ready_made(msgspec.json.encode(tools)) == 4
