"""What a caller hands back of earlier thoughts goes only to whom it is of use; what the provider gave, as it came."""

import json
from typing import Any

import msgspec
import pytest

from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.events import Finish
from llmgw.chat.request import Edits
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.dialects.openai_chat.answers import write_answer
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_chat.returning import returned
from llmgw.providers.catalog import catalog
from tests.partners.bodies import encode

ASK = {"role": "user", "content": "hi"}
CLAUDES = {"type": "reasoning.text", "text": "Hm", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
MINIMAX = {"type": "reasoning.text", "text": "Hm", "format": "MiniMax-response-v1", "index": 0}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def sent(turn: dict[str, Any], model: str = "llama-3.3-70b", thoughts: str = "") -> dict[str, Any]:
    """The turn as a provider gets it."""
    edits = Edits(model, {}, {}, frozenset(), ask_usage=True, thoughts_field=thoughts)
    request = openai_chat.read_request(encode({"model": "m", "messages": [ASK, turn]}))
    body, dropped = openai_chat.write_request(request, edits)
    told: dict[str, Any] = json.loads(body)["messages"][1]

    assert dropped == ()
    return told


def crossed(*parts: Any) -> dict[str, Any]:
    """A message as we write it for a client, from an answer of another dialect."""
    answer = Answer(id="id", model="m", parts=parts, finish=Finish.STOP)
    message: dict[str, Any] = json.loads(write_answer(answer))["choices"][0]["message"]
    return message


@pytest.mark.parametrize("thought", [Reasoning("Hm", "sig", issuer=ANTHROPIC), Reasoning("Hm")])
def test_our_words_for_thoughts_do_not_go_to_who_has_none(thought: Reasoning) -> None:
    plain = crossed(Text("Hi"))

    assert sent(crossed(thought, Text("Hi"))) == plain


@pytest.mark.parametrize(
    ("field", "expected"),
    [("reasoning_content", {"reasoning_content": "Hm"}), ("reasoning", {"reasoning": "Hm"}), ("", {})],
)
def test_the_text_goes_where_the_provider_takes_it(field: str, expected: dict[str, str]) -> None:
    turn = sent(crossed(Reasoning("Hm", "sig", issuer=ANTHROPIC), Text("Hi")), thoughts=field)

    assert {name: value for name, value in turn.items() if name.startswith("reasoning")} == expected


def test_details_go_to_their_issuers_models() -> None:
    turn = crossed(Reasoning("Hm", "sig", issuer=ANTHROPIC), Text("Hi"))
    own = sent(turn, "anthropic/claude-sonnet-4", "reasoning_details")

    assert (own["reasoning_details"], "reasoning_content" in own) == (turn["reasoning_details"], False)
    assert sent(turn, "openai/gpt-5", "reasoning_details") == crossed(Text("Hi"))


def test_googles_signatures_go_to_its_models_only() -> None:
    turn = crossed(Text("Hi"), ToolUse("a", "f", "{}", "sig", GOOGLE))

    assert "extra_content" in turn["tool_calls"][0]
    assert sent(turn, "gemini-3-pro") == turn
    assert sent(turn) == crossed(Text("Hi"), ToolUse("a", "f", "{}"))


def test_what_else_is_in_the_extra_content_stays() -> None:
    extra = {"google": {"thought_signature": "s"}, "own": 1}
    turn = {"role": "assistant", "content": "x", "extra_content": extra, "tool_calls": [{**CALL, "extra_content": 5}]}

    assert sent(turn) == {**turn, "extra_content": {"own": 1}}


@pytest.mark.parametrize(
    ("fields", "model", "thoughts"),
    [
        ({"reasoning_content": "Hm"}, "grok-4", ""),
        ({"reasoning": "Hm", "reasoning_details": [CLAUDES]}, "gateway-model", ""),
        ({"reasoning": "Hm", "reasoning_details": [CLAUDES]}, "anthropic/claude-x", "reasoning_details"),
        ({"reasoning": "Hm", "reasoning_details": [CLAUDES]}, "openrouter/auto", "reasoning_details"),
        ({"reasoning_details": [CLAUDES]}, "claude-sonnet-4-6", ""),
        ({"reasoning_content": "Hm", "reasoning_details": [MINIMAX]}, "MiniMax-M2", ""),
        ({"reasoning_content": "Hm", "reasoning_details": "odd"}, "x", ""),
        ({"reasoning_content": "Hm", "reasoning_details": None, "tool_calls": None}, "x", ""),
        ({"extra_content": {"vendor": 1}, "tool_calls": "odd"}, "x", ""),
        ({"tool_calls": [{**CALL, "extra_content": {"vendor": 1}}]}, "x", ""),
        ({"tool_calls": ["extra_content"]}, "x", ""),
    ],
)
def test_what_the_provider_gave_survives(fields: dict[str, Any], model: str, thoughts: str) -> None:
    turn = {"role": "assistant", "content": "Hi", **fields}

    assert sent(turn, model, thoughts) == turn


def test_messages_without_any_of_it_are_not_touched() -> None:
    messages = msgspec.Raw(b'[{"role": "user",  "content": "say \\"reasoning_details\\""}]')

    assert returned(messages, Edits("up", {}, {}, frozenset(), ask_usage=True)) is messages


@pytest.mark.parametrize("name", ["groq", "cerebras"])
def test_who_is_known_to_refuse_a_thought_alone_does_not_get_it(name: str) -> None:
    edits = Edits("llama", {}, {}, frozenset(), ask_usage=True, departures=catalog()[name].departs)
    turn = {"role": "assistant", "content": "Hi", "reasoning_content": "Hm", "reasoning": "Hm"}
    body, dropped = openai_chat.write_request(
        openai_chat.read_request(encode({"model": "m", "messages": [ASK, turn]})), edits
    )

    assert json.loads(body)["messages"][1] == {"role": "assistant", "content": "Hi", "reasoning": "Hm"}
    assert dropped == ("messages.reasoning_content",)
