"""A request for the next response, in both directions."""

import json
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import (
    Conversation,
    Effort,
    Message,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
)
from llmgw.chat.openai_words import USER_CHARS_MAX
from llmgw.chat.request import Edits
from llmgw.dialects.openai_responses.facts import read_request
from llmgw.dialects.openai_responses.requests import read_conversation, write_conversation
from llmgw.errors import InvalidRequestError

EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
HELLO = (Message(Role.USER, (Text("hi"),)),)
SCHEMA = {"type": "object", "properties": {}}


def read(**fields: Any) -> Conversation:
    return read_conversation(read_request(json.dumps({"model": "m", "input": "hi", **fields}).encode()))


def write(edits: Edits = EDITS, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    body, unsaid = write_conversation(Conversation(**{"model": "m", "messages": HELLO, **fields}), edits)
    told: dict[str, Any] = json.loads(body)
    return told, unsaid


def test_every_word() -> None:
    assert read(
        instructions="s",
        tools=[{"type": "function", "name": "f", "parameters": SCHEMA}],
        tool_choice="required",
        parallel_tool_calls=False,
        text={"format": {"type": "json_object"}},
        reasoning={"effort": "low", "summary": "auto"},
        max_output_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_logprobs=2,
        user="u",
        metadata={"team": "a"},
        stream=True,
    ) == Conversation(
        model="m",
        messages=HELLO,
        system=(Text("s"),),
        tools=(Tool("f", "", SCHEMA),),
        tool_choice=ToolChoice(ToolMode.REQUIRED, parallel=False),
        response_format=ResponseFormat(),
        max_tokens=9,
        sampling=Sampling(temperature=0.5, top_p=0.9, logprobs=2),
        effort=Effort("low", is_shown=True),
        user="u",
        metadata={"team": "a"},
        stream=True,
    )


def test_instructions_come_before_those_of_the_input() -> None:
    turns = [{"role": "system", "content": "b"}, {"role": "user", "content": "hi"}]

    assert read(instructions="a", input=turns).system == (Text("a"), Text("b"))


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"previous_response_id": "resp_1", "conversation": "conv_1", "background": True}, None),
        ({"prompt": {"id": "pmpt_1"}, "max_tool_calls": 3, "prompt_cache_key": "k", "of_tomorrow": 1}, None),
        ({"store": True, "truncation": "auto", "service_tier": "flex"}, None),
        ({"store": False, "truncation": "disabled", "service_tier": "auto", "background": False}, []),
        ({"previous_response_id": None, "prompt_cache_key": "", "stream_options": {"include_obfuscation": False}}, []),
        ({"include": ["reasoning.encrypted_content", "message.output_text.logprobs"]}, []),
        ({"include": ["web_search_call.action.sources"]}, ["include"]),
        ({"text": {"verbosity": "low"}}, ["text.verbosity"]),
        ({"reasoning": {"effort": "low", "context": "all_turns", "mode": None}}, ["reasoning.context"]),
        ({"tools": [{"type": "web_search"}]}, ["tools.web_search"]),
        ({"tool_choice": {"type": "web_search"}}, ["tool_choice"]),
        ({"input": [{"id": "msg_1"}]}, ["input.item_reference"]),
    ],
)
def test_what_has_no_word_is_named_unless_it_says_what_is_so_anyway(
    fields: dict[str, Any], names: list[str] | None
) -> None:
    assert set(read(**fields).beyond) == set(fields if names is None else names)


@pytest.mark.parametrize(
    ("told", "effort"),
    [
        (None, None),
        ({}, None),
        ({"effort": None, "summary": None}, None),
        ({"effort": "high"}, Effort("high")),
        ({"effort": 5}, None),
        ({"summary": "auto"}, Effort(is_shown=True)),
        ({"effort": "low", "generate_summary": "concise"}, Effort("low", is_shown=True)),
    ],
)
def test_how_much_to_think(told: Any, effort: Effort | None) -> None:
    assert read(reasoning=told).effort == effort


@pytest.mark.parametrize(
    ("fields", "logprobs"),
    [
        ({}, None),
        ({"top_logprobs": 0}, None),
        ({"include": ["message.output_text.logprobs"]}, 0),
        ({"top_logprobs": 3}, 3),
    ],
)
def test_how_many_of_the_likeliest_tokens(fields: dict[str, Any], logprobs: int | None) -> None:
    assert read(**fields).sampling.logprobs == logprobs


def test_faults_name_their_place() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read(input=[{"role": "user", "content": "hi"}, {"type": "function_call"}])
    with pytest.raises(InvalidRequestError, match="top_p"):
        read(top_p="many")

    assert raised.value.param == "input[1].call_id"


def test_a_provider_is_to_keep_nothing() -> None:
    assert write() == ({"input": [{"role": "user", "content": "hi"}], "store": False, "model": "up"}, ())


def test_all_that_is_said() -> None:
    written, unsaid = write(
        system=(Text("a"), Text("b")),
        tools=(Tool("f", "", SCHEMA, strict=True),),
        tool_choice=ToolChoice(ToolMode.REQUIRED, "f", parallel=False),
        response_format=ResponseFormat(SCHEMA, "n"),
        max_tokens=9,
        sampling=Sampling(temperature=0.5, top_p=0.9, logprobs=2),
        effort=Effort("low", is_shown=True),
        user="u" * (USER_CHARS_MAX + 1),
        metadata={"team": "a"},
        stream=True,
        beyond=("of_tomorrow",),
    )

    assert unsaid == ("of_tomorrow",)
    assert len(written.pop("user")) == USER_CHARS_MAX
    assert written == {
        "input": [{"role": "user", "content": "hi"}],
        "instructions": "a\n\nb",
        "tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": True}],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}},
        "reasoning": {"effort": "low", "summary": "auto"},
        "max_output_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_logprobs": 2,
        "metadata": {"team": "a"},
        "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
        "store": False,
        "stream": True,
        "model": "up",
    }


@pytest.mark.parametrize(
    ("effort", "reasoning"),
    [
        (None, None),
        (Effort("none"), None),
        (Effort("minimal"), {"effort": "minimal"}),
        (Effort("xhigh"), {"effort": "high"}),
        (Effort(budget_tokens=1024), {"effort": "low"}),
        (Effort(budget_tokens=4000), {"effort": "medium"}),
        (Effort(budget_tokens=32_000, is_shown=True), {"effort": "high", "summary": "auto"}),
        (Effort(is_shown=True), {"summary": "auto"}),
    ],
)
def test_thoughts_are_asked_for_with_their_proofs(effort: Effort | None, reasoning: object) -> None:
    written, _ = write(effort=effort)

    assert written.get("reasoning") == reasoning
    assert written.get("include") == (["reasoning.encrypted_content"] if reasoning else None)


def test_what_is_unsaid_is_named_as_openais_callers_know_it() -> None:
    sampling = Sampling(
        top_k=1, presence_penalty=0.1, frequency_penalty=0.1, seed=0, logit_bias={"1": 1.0}, temperature=1.0
    )
    _, unsaid = write(
        stop=("x",),
        choices=2,
        sampling=sampling,
        effort=Effort("none"),
        messages=(Message(Role.USER, (Text("a", "5m"),)),),
    )

    assert unsaid == (
        *("stop", "n", "top_k", "presence_penalty", "frequency_penalty", "seed", "logit_bias", "thinking"),
        "cache_control",
    )


def test_the_file_has_the_last_word() -> None:
    edits = Edits(
        "up",
        {"store": msgspec.Raw(b"true")},
        {"truncation": msgspec.Raw(b'"auto"')},
        frozenset({"user"}),
        ask_usage=True,
    )
    written, unsaid = write(edits, user="u")

    assert (written["store"], written["truncation"], "user" in written, unsaid) == (True, "auto", False, ("user",))


def test_a_schema_may_not_be_nested_without_end() -> None:
    schema: Any = {}
    for _ in range(100_000):
        schema = [schema]
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        write(response_format=ResponseFormat(schema))
