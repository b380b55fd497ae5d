"""What is not asked of a cache, in the words of every dialect."""

from typing import Any

import pytest

from llmgw.graph.cache_rules import CacheRule
from tests.policy.cached import BODIES, RULE, decided, ruled

SEARCHES = {"type": "web_search_20250305", "name": "web_search"}
FUNCTION = {"type": "function", "function": {"name": "f"}}


def why(dialect: str, rule: CacheRule = RULE, **fields: Any) -> str:
    decision = decided(dialect, {**BODIES[dialect], **fields}, rule=rule)
    assert (decision.look, decision.keep, bool(decision.key)) == ((not decision.bypass,) * 3)
    return decision.bypass


@pytest.mark.parametrize("dialect", BODIES)
def test_a_plain_request_is_asked(dialect: str) -> None:
    assert why(dialect, temperature=1.0) == ""


@pytest.mark.parametrize(
    ("dialect", "fields", "reason"),
    [
        ("openai_chat", {"n": 2}, "it asks for 2 answers"),
        ("openai_completions", {"n": 3}, "it asks for 3 answers"),
        ("openai_completions", {"prompt": ["a", "b"]}, "it asks for 2 answers"),
        ("gemini_generate", {"generationConfig": {"candidateCount": 2}}, "it asks for 2 answers"),
        ("openai_chat", {"temperature": 1.5}, "its temperature is above 1"),
        ("openai_responses", {"temperature": 2}, "its temperature is above 1"),
        ("gemini_generate", {"generationConfig": {"temperature": 1.01}}, "its temperature is above 1"),
        ("gemini_generate", {"generation_config": {"temperature": 2}}, "its temperature is above 1"),
    ],
)
def test_who_asks_for_variety_gets_it_unless_the_rule_says_otherwise(
    dialect: str, fields: dict[str, Any], reason: str
) -> None:
    assert why(dialect, **fields) == reason
    assert why(dialect, ruled(keep_variety=True), **fields) == ""


@pytest.mark.parametrize("temperature", [None, True, "hot", [2], 1, 0.0, 1.0])
def test_a_temperature_that_is_usual_or_none_is_no_wish_for_variety(temperature: Any) -> None:
    assert why("openai_chat", temperature=temperature) == ""


@pytest.mark.parametrize(
    ("dialect", "fields", "word"),
    [
        ("openai_responses", {"previous_response_id": "resp_1"}, "previous_response_id"),
        ("openai_responses", {"conversation": {"id": "conv_1"}}, "conversation"),
        ("openai_responses", {"background": True}, "background"),
        ("openai_responses", {"prompt": {"id": "pmpt_1"}}, "prompt"),
        ("openai_responses", {"input": [{"type": "item_reference", "id": "msg_1"}]}, "item_reference"),
        ("openai_responses", {"input": [{"id": "msg_1"}]}, "item_reference"),
        ("anthropic_messages", {"container": "container_1"}, "container"),
        ("openai_chat", {"deferred": True}, "deferred"),
    ],
)
def test_what_goes_on_with_what_a_provider_keeps_is_never_asked(
    dialect: str, fields: dict[str, Any], word: str
) -> None:
    generous = ruled(keep_variety=True, keep_tool_calls=True)

    assert why(dialect, generous, **fields).startswith(f"`{word}`")


@pytest.mark.parametrize("nothing", [None, False, "", [], {}])
def test_a_field_that_says_nothing_is_none(nothing: Any) -> None:
    assert why("openai_responses", previous_response_id=nothing, background=nothing) == ""


def test_the_prompt_of_a_completion_is_its_own() -> None:
    assert why("openai_completions", prompt="Once") == ""


@pytest.mark.parametrize(
    ("dialect", "fields", "word"),
    [
        ("openai_chat", {"web_search_options": {"search_context_size": "low"}}, "web_search_options"),
        ("openai_chat", {"web_search_options": {}}, "web_search_options"),
        ("openai_chat", {"web_search": True}, "web_search"),
        ("openai_chat", {"search_parameters": {"mode": "on"}}, "search_parameters"),
        ("openai_chat", {"plugins": [{"id": "web"}]}, "plugins"),
        ("openai_chat", {"tools": [FUNCTION, {"type": "web_search"}]}, "web_search"),
        ("openai_chat", {"tools": [{"googleSearch": {}}]}, "googleSearch"),
        ("openai_chat", {"tools": [{"type": "builtin_function", "function": {"name": "$web_search"}}]}, "builtin"),
        ("anthropic_messages", {"tools": [SEARCHES]}, "web_search_20250305"),
        ("anthropic_messages", {"tools": [{"type": "code_execution_20250825", "name": "c"}]}, "code_execution"),
        ("anthropic_messages", {"mcp_servers": [{"type": "url", "url": "https://x", "name": "m"}]}, "mcp_servers"),
        ("openai_responses", {"tools": [{"type": "web_search"}]}, "web_search"),
        ("openai_responses", {"tools": [{"type": "file_search", "vector_store_ids": ["v"]}]}, "file_search"),
        ("openai_responses", {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}, "code_int"),
        ("openai_responses", {"tools": [{"type": "mcp", "server_label": "m"}]}, "mcp"),
        ("openai_responses", {"tools": [{"type": "computer_use_preview"}]}, "computer_use_preview"),
        ("openai_responses", {"tools": [{"type": "image_generation"}]}, "image_generation"),
        ("gemini_generate", {"tools": [{"googleSearch": {}}]}, "googleSearch"),
        ("gemini_generate", {"tools": [{"google_search": {}}]}, "google_search"),
        ("gemini_generate", {"tools": [{"functionDeclarations": [], "codeExecution": {}}]}, "codeExecution"),
        ("gemini_generate", {"tools": [{"urlContext": {}}]}, "urlContext"),
    ],
)
def test_tools_that_a_provider_runs_are_of_the_moment(dialect: str, fields: dict[str, Any], word: str) -> None:
    assert why(dialect, **fields).startswith(f"`{word}")
    assert why(dialect, ruled(keep_tool_calls=True), **fields) == ""


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        (
            "openai_chat",
            {"tools": [FUNCTION, {"type": "custom", "custom": {"name": "c"}}, {"function": {"name": "f"}}]},
        ),
        ("openai_chat", {"functions": [{"name": "f"}]}),
        ("openai_responses", {"tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}]}),
        ("anthropic_messages", {"tools": [{"name": "f", "input_schema": {}}, {"type": "custom", "name": "g"}]}),
        ("gemini_generate", {"tools": [{"functionDeclarations": [{"name": "f"}]}]}),
        ("gemini_generate", {"tools": [{"function_declarations": [{"name": "f"}], "googleSearch": None}]}),
        ("openai_chat", {"tools": []}),
    ],
)
def test_functions_of_the_caller_are_no_reason(dialect: str, fields: dict[str, Any]) -> None:
    assert why(dialect, **fields) == ""
