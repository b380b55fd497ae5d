"""Where the question of a request ends, and its context begins."""

from typing import Any

import pytest

from llmgw.policy.cache_question import QUESTION_CHARS_MAX, Asked, cut
from tests.policy.cached import BODIES

IMAGE = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}


def of_chat(*messages: Any) -> Asked | None:
    return cut("openai_chat", {"messages": list(messages), "temperature": 0})


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "anthropic_messages", "gemini_generate"])
def test_every_dialect_of_conversations_has_one(dialect: str) -> None:
    found = cut(dialect, BODIES[dialect])
    assert found is not None

    assert found.question == "Hi"
    assert "Hi" not in str(found.context)


def test_a_text_that_is_to_be_gone_on_with_is_no_question() -> None:
    assert cut("openai_completions", {"prompt": "Once upon a time"}) is None


def test_all_but_the_text_of_the_last_turn_is_its_context() -> None:
    system = {"role": "system", "content": "Be brief."}

    assert of_chat(system, user("One?"), user("Two?", name="ada")) == Asked(
        "Two?", {"messages": [system, user("One?"), user(None, name="ada")], "temperature": 0}
    )


def test_a_turn_in_parts_is_a_question_if_all_of_them_are_text() -> None:
    parts = [{"type": "text", "text": "In short:"}, {"type": "text", "text": "why?", "cache_control": {"type": "x"}}]
    left = [{"type": "text", "text": None}, {"type": "text", "text": None, "cache_control": {"type": "x"}}]

    assert of_chat(user(parts)) == Asked("In short:\nwhy?", {"messages": [user(left)], "temperature": 0})


def test_the_items_of_responses_are_turns_too() -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why?"}]}
    found = cut("openai_responses", {"input": [item]})
    assert found is not None

    assert found.question == "Why?"


@pytest.mark.parametrize(
    "messages",
    [
        [],
        ["Hi"],
        [user("Hi"), {"role": "assistant", "content": "Hello"}],
        [user("Hi"), {"role": "tool", "content": "42", "tool_call_id": "c"}],
        [user([{"type": "text", "text": "What is this?"}, IMAGE])],
        [user([{"type": "tool_result", "tool_use_id": "t", "content": "42"}])],
        [user([{"type": "file", "file": {"file_id": "f"}}])],
        [user([])],
        [user(None)],
        [user("  ")],
        [user(["Hi"])],
        [user([{"type": "text", "text": 5}])],
        [user("x" * (QUESTION_CHARS_MAX + 1))],
    ],
)
def test_what_is_no_question_in_text_has_to_be_the_same(messages: list[Any]) -> None:
    assert of_chat(*messages) is None


@pytest.mark.parametrize(
    "item",
    [
        {"type": "function_call_output", "call_id": "c", "output": "42"},
        {"type": "item_reference", "id": "msg_1"},
        {"role": "user", "type": "reasoning", "content": "Hi"},
        {"role": "developer", "content": "Hi"},
    ],
)
def test_the_last_item_of_responses_has_to_be_a_message_of_the_user(item: dict[str, Any]) -> None:
    assert cut("openai_responses", {"input": [item]}) is None


def test_parts_of_gemini_that_are_more_than_text_are_none() -> None:
    parts = [{"text": "What is this?"}, {"inlineData": {"mimeType": "image/png", "data": ""}}]

    assert cut("gemini_generate", {"contents": [{"role": "user", "parts": parts}]}) is None


def test_the_body_itself_stays_as_it_was() -> None:
    body = {"messages": [user("Hi")]}
    cut("openai_chat", body)

    assert body == {"messages": [user("Hi")]}
