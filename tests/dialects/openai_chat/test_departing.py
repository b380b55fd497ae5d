"""What a provider takes only otherwise is mended on the way out, whoever asked; all else is the caller's bytes."""

import json
import re
from typing import Any

import msgspec
import pytest

from llmgw.chat.departures import NO_DEPARTURES, Departures
from llmgw.chat.request import Edits
from llmgw.dialects.openai_chat.departing import call_id, departed
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.providers.catalog import catalog
from tests.partners.bodies import encode

ASK = [{"role": "user", "content": "hi"}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "t", "arguments": "{}"}}
LOOP = [
    *ASK,
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
]


def edits(departures: Departures, **more: Any) -> Edits:
    return Edits("up", {}, {}, frozenset(), ask_usage=False, departures=departures, **more)


def forwarded(departures: Departures, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    request = openai_chat.read_request(encode({"model": "m", "messages": ASK, **fields}))
    body, dropped = openai_chat.write_request(request, edits(departures))
    return json.loads(body), dropped


def translated(departures: Departures, **fields: Any) -> dict[str, Any]:
    request = openai_chat.read_request(encode({"model": "m", "messages": ASK, **fields}))
    body, _ = openai_chat.write_conversation(openai_chat.read_conversation(request), edits(departures))
    told: dict[str, Any] = json.loads(body)
    return told


def test_a_field_has_another_name() -> None:
    departures = Departures(rename={"max_completion_tokens": "max_tokens", "seed": "random_seed"})

    assert forwarded(departures, max_completion_tokens=5, seed=7) == (
        {"model": "up", "messages": ASK, "max_tokens": 5, "random_seed": 7},
        (),
    )
    assert translated(departures, max_completion_tokens=5, seed=7)["random_seed"] == 7


def test_of_a_field_that_was_said_under_both_names_the_right_one_counts() -> None:
    departures = Departures(rename={"max_completion_tokens": "max_tokens"})
    body, dropped = forwarded(departures, max_completion_tokens=5, max_tokens=6)

    assert (body["max_tokens"], "max_completion_tokens" in body, dropped) == (6, False, ("max_completion_tokens",))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("required", "any"),
        ("auto", "auto"),
        ({"type": "function", "function": {"name": "t"}}, {"type": "function", "function": {"name": "t"}}),
        (None, None),
    ],
)
def test_a_word_has_another_word(told: Any, expected: Any) -> None:
    departures = Departures(words={"tool_choice": {"required": "any"}})

    assert forwarded(departures, tool_choice=told)[0]["tool_choice"] == expected


def test_a_role_has_another_name() -> None:
    departures = Departures(roles={"developer": "system"})
    turns = [{"role": "developer", "content": 'a "developer" it is'}, *ASK, {"role": "developer", "content": "b"}]
    body, dropped = forwarded(departures, messages=turns)

    assert [turn["role"] for turn in body["messages"]] == ["system", "user", "system"]
    assert (body["messages"][0]["content"], dropped) == ('a "developer" it is', ())


def test_what_a_message_must_not_have_is_left_out_and_named_if_it_said_something() -> None:
    departures = Departures(leaves_out=frozenset({"refusal", "reasoning_content", "annotations"}))
    turn: Any = {"role": "assistant", "content": "Hello", "refusal": None, "annotations": [], "reasoning_content": "Hm"}
    body, dropped = forwarded(departures, messages=[*ASK, turn, turn, *ASK])

    assert body["messages"][1] == {"role": "assistant", "content": "Hello"}
    assert dropped == ("messages.reasoning_content",)


@pytest.mark.parametrize("through", [translated, lambda *args, **fields: forwarded(*args, **fields)[0]])
def test_ids_of_calls_and_their_results_are_others_but_the_same(through: Any) -> None:
    body = through(Departures(call_id_chars=9), messages=LOOP, tools=[])
    (call,) = body["messages"][1]["tool_calls"]

    assert re.fullmatch("[a-zA-Z0-9]{9}", call["id"])
    assert call["id"] == body["messages"][2]["tool_call_id"]
    assert (call["function"], call["type"]) == (CALL["function"], "function")
    assert body == through(Departures(call_id_chars=9), messages=LOOP, tools=[])


@pytest.mark.parametrize("told", ["", "call_0fypS", "a" * 10, "a" * 8, "aaaaaaaa\n", "\u00e9" * 9])
def test_an_id_that_is_not_taken_becomes_one_that_is(told: str) -> None:
    assert re.fullmatch("[a-zA-Z0-9]{9}", call_id(told, 9))
    assert call_id(told, 9) != call_id(told + "x", 9)
    assert call_id("AbC123xyZ", 9) == "AbC123xyZ"


def test_an_answer_that_was_begun_is_marked() -> None:
    departures = Departures(prefill_field="prefix")
    begun = [*ASK, {"role": "assistant", "content": "Hel"}]

    assert forwarded(departures, messages=begun)[0]["messages"][-1]["prefix"] is True
    assert translated(departures, messages=begun)["messages"][-1]["prefix"] is True
    assert forwarded(departures, messages=[*begun, *ASK])[0]["messages"] == [*begun, *ASK]
    marked = [*ASK, {"role": "assistant", "content": "Hel", "prefix": False}]
    assert forwarded(departures, messages=marked)[0]["messages"] == marked


def test_without_anything_to_mend_the_messages_are_the_callers_bytes() -> None:
    departures = catalog()["mistral"].departs
    messages = msgspec.Raw(b'[ {"role" : "user", "content": "\\u0068i"} ]')
    body = {"model": msgspec.Raw(b'"m"'), "messages": messages}

    assert departed(body, departures) == ()
    assert body["messages"] is messages
    assert departed(body, NO_DEPARTURES) == ()


@pytest.mark.parametrize(
    "turn",
    [
        b'{"role":"assistant","tool_calls":null}',
        b'{"role":"assistant","tool_calls":"no"}',
        b'{"role":"assistant","tool_calls":[1]}',
        b'{"role":"assistant","tool_calls":[{"id":7},{"function":null}],"refusal":null}',
        b'{"role":"tool","tool_call_id":null}',
    ],
)
def test_what_is_malformed_is_the_providers_to_refuse(turn: bytes) -> None:
    body = {"messages": msgspec.Raw(b"[" + turn + b',{"role":"user"}]')}
    departed(body, catalog()["mistral"].departs)
    first = msgspec.json.decode(body["messages"], type=list[dict[str, msgspec.Raw]])[0]
    sent = msgspec.json.decode(turn, type=dict[str, msgspec.Raw])

    assert {name: bytes(raw) for name, raw in first.items()} == {
        name: bytes(raw) for name, raw in sent.items() if name != "refusal"
    }


def test_mistral_gets_a_loop_of_another_provider_as_it_takes_it() -> None:
    """What an agent has that was served by OpenAI and DeepSeek before."""
    turns = [
        {"role": "developer", "content": "Be brief."},
        *ASK,
        {"role": "assistant", "content": None, "refusal": None, "reasoning_content": "Hm", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    body, dropped = forwarded(
        catalog()["mistral"].departs, messages=turns, max_completion_tokens=5, seed=7, tool_choice="required"
    )
    id_ = call_id("call_1", 9)

    assert body == {
        "model": "up",
        "messages": [
            {"role": "system", "content": "Be brief."},
            *ASK,
            {"role": "assistant", "content": None, "tool_calls": [{**CALL, "id": id_}]},
            {"role": "tool", "tool_call_id": id_, "content": "sunny"},
        ],
        "max_tokens": 5,
        "random_seed": 7,
        "tool_choice": "any",
    }
    assert dropped == ("messages.reasoning_content",)


def test_deepseek_gets_back_what_it_thought() -> None:
    turns = [*ASK, {"role": "assistant", "content": None, "reasoning_content": "Hm", "tool_calls": [CALL]}, *LOOP[2:]]
    body, dropped = forwarded(catalog()["deepseek"].departs, messages=turns)

    assert (body["messages"], dropped) == (turns, ())
