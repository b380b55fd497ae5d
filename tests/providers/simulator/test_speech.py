"""What the simulator says: stable, as long as asked for, in JSON or as calls when those are wanted."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from llmgw.providers.simulator.request import read_request
from llmgw.providers.simulator.speech import Speech, speak, tokens

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
        },
    },
}
TIME = {"type": "function", "function": {"name": "get_time"}}
TOOLS = [WEATHER, TIME]


def said(question: str = "Hello", *, output_tokens: int | None = None, choice: int = 0, **fields: Any) -> Speech:
    body = {"messages": [{"role": "user", "content": question}], **fields}
    return speak(read_request(msgspec.json.encode(body)), choice, output_tokens, "req-1")


def text(speech: Speech) -> str:
    return "".join(speech.words)


def called(speech: Speech) -> list[str]:
    return [call.name for call in speech.calls]


@given(st.text())
def test_tokens_join_to_their_text(written: str) -> None:
    assert written == "".join(tokens(written))


@given(st.text(), st.none() | st.integers(0, 300), st.none() | st.integers(1, 300))
def test_the_size_is_the_number_of_words_and_never_over_the_limit(
    question: str, output_tokens: int | None, tokens_max: int | None
) -> None:
    speech = said(question, output_tokens=output_tokens, max_tokens=tokens_max)
    words = list(speech.words)

    assert speech.size == len(words)
    assert tokens_max is None or speech.size <= tokens_max
    assert output_tokens is None or speech.finish == ("length" if output_tokens > (tokens_max or 999) else "stop")


def test_it_says_that_it_is_the_simulator_and_quotes_the_question() -> None:
    answer = text(said("What is the\n  capital of France?"))

    assert "simulator" in answer
    assert '"What is the capital of France?"' in answer
    assert answer == text(said("What is the\n  capital of France?"))


def test_a_long_question_is_quoted_in_part() -> None:
    assert len(text(said("x" * 100_000))) < 500


def test_no_question_is_answered_all_the_same() -> None:
    assert "no text" in text(said(" "))


def test_choices_differ() -> None:
    answers = {text(said(choice=choice, n=3)) for choice in range(3)}

    assert len(answers) == 3


@pytest.mark.parametrize(
    ("question", "size"), [("Tell me of bees in 50 words", 50), ("a 120-word poem", 120), ("say 7 tokens!", 7)]
)
def test_the_prompt_may_ask_for_a_length(question: str, size: int) -> None:
    assert size == said(question).size


def test_the_limit_cuts_with_its_own_reason() -> None:
    speech = said(max_completion_tokens=3)

    assert speech.finish == "length"
    assert text(speech) == "This is the"


@pytest.mark.parametrize("stop", ["simulator", ["never said", "simulator", ""]])
def test_a_stop_sequence_ends_the_answer_before_it(stop: object) -> None:
    speech = said(stop=stop)

    assert speech.finish == "stop"
    assert text(speech) == "This is the llmgw "


def test_json_is_an_object_that_says_who_answers() -> None:
    answer = msgspec.json.decode(text(said(response_format={"type": "json_object"})))

    assert answer["simulator"] is True
    assert "You wrote" in answer["answer"]


@pytest.mark.parametrize("schema", [{"type": "object", "required": ["a"]}, {"type": "array", "minItems": 2}])
def test_json_follows_its_schema(schema: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    answer = msgspec.json.decode(text(said(response_format=wanted)))

    assert Draft202012Validator(schema).is_valid(answer)


@pytest.mark.parametrize("schema", [None, False])
def test_json_without_a_usable_schema_is_an_object(schema: object) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    assert isinstance(msgspec.json.decode(text(said(response_format=wanted))), dict)


@pytest.mark.parametrize(
    ("question", "fields", "names"),
    [
        ("Hello", {}, []),
        ("Please call get_weather.", {}, ["get_weather"]),
        ("GET_WEATHER and get_time, please", {}, ["get_weather", "get_time"]),
        ("get_weather and get_time", {"parallel_tool_calls": False}, ["get_weather"]),
        ("forget_weather", {}, []),
        ("call get_weather", {"tool_choice": "none"}, []),
        ("Hello", {"tool_choice": "required"}, ["get_weather"]),
        ("get_time", {"tool_choice": "required"}, ["get_time"]),
        ("Hello", {"tool_choice": {"type": "function", "function": {"name": "get_time"}}}, ["get_time"]),
        ("Hello", {"tool_choice": {"type": "function", "function": {"name": "unknown"}}}, []),
        ("Hello", {"tool_choice": {"type": "function"}}, []),
        ("Hello", {"tools": [{"type": "custom"}], "tool_choice": "required"}, []),
    ],
)
def test_tools_are_called_when_demanded_or_named(question: str, fields: dict[str, Any], names: list[str]) -> None:
    speech = said(question, **{"tools": TOOLS, **fields})

    assert names == called(speech)
    assert speech.finish == ("tool_calls" if names else "stop")


def test_arguments_satisfy_the_schema_of_the_function() -> None:
    speech = said("get_weather", tools=TOOLS)
    arguments = msgspec.json.decode(speech.calls[0].arguments)

    assert arguments == {"city": "simulated city", "unit": "celsius"}
    assert said("get_time", tools=TOOLS).calls[0].arguments == "{}"


def test_a_result_of_a_tool_is_answered_in_text() -> None:
    messages = [{"role": "user", "content": "get_weather"}, {"role": "tool", "content": "21 degrees"}]
    speech = said(messages=messages, tools=TOOLS, tool_choice="required")

    assert called(speech) == []
    assert '"21 degrees"' in text(speech)
