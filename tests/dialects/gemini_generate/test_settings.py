"""Everything about an answer but what it answers."""

from typing import Any

import pytest

from llmgw.chat.conversation import Conversation, Effort, ResponseFormat, Sampling, Tool
from llmgw.dialects.gemini_generate.settings import (
    read_facts,
    read_format,
    read_sampling,
    read_settings,
    write_settings,
)

SCHEMA = {"type": "object"}


def written(model: str = "gemini-2.5-flash", **fields: Any) -> tuple[dict[str, Any], list[str]]:
    dropped: list[str] = []
    conversation = Conversation(model="m", messages=(), **fields)
    return write_settings(conversation, model, dropped.append), dropped


def test_settings_come_and_go() -> None:
    beyond: list[str] = []
    told = {
        "maxOutputTokens": 5,
        "stopSequences": ["a"],
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 2.0,
        "presencePenalty": -1.5,
        "frequencyPenalty": 1.0,
        "seed": 7,
    }
    settings = read_settings(told, beyond)
    sampling = read_sampling(settings)

    assert sampling == Sampling(0.5, 0.9, 2, -1.5, 1.0, 7)
    assert written(max_tokens=5, stop=("a",), sampling=sampling) == (told, [])
    assert beyond == []


def test_what_has_no_word_is_named() -> None:
    beyond: list[str] = []
    read_settings({"speechConfig": {}, "mediaResolution": None, "responseModalities": ["TEXT"]}, beyond)
    read_settings({"responseModalities": ["AUDIO"], "responseMimeType": "text/x.enum"}, beyond)

    assert beyond == [
        "generationConfig.speechConfig",
        "generationConfig.responseModalities",
        "generationConfig.responseMimeType",
    ]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, None),
        ({"responseMimeType": "text/plain"}, None),
        ({"responseMimeType": "application/json"}, ResponseFormat()),
        ({"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}}, ResponseFormat(SCHEMA)),
        ({"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}, ResponseFormat(SCHEMA)),
    ],
)
def test_the_form_of_the_answer(told: Any, expected: ResponseFormat | None) -> None:
    assert expected == read_format(read_settings(told, []))
    assert (expected is not None) == read_facts(told).is_json


def test_a_schema_is_written_as_it_is() -> None:
    told = {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}

    assert written(response_format=ResponseFormat(SCHEMA)) == (told, [])
    assert written(response_format=ResponseFormat()) == (
        {"responseMimeType": "application/json"},
        [],
    )


def test_older_models_take_no_schema_beside_tools() -> None:
    fields: Any = {"response_format": ResponseFormat(SCHEMA), "tools": (Tool("f"),)}

    assert written("gemini-2.5-flash", **fields) == ({}, ["response_format"])
    assert written("gemini-3-flash-preview", **fields)[1] == []


def test_how_much_to_think_is_among_them() -> None:
    assert written(effort=Effort("none")) == ({"thinkingConfig": {"thinkingBudget": 0}}, [])


def test_what_no_answer_could_tell_is_named() -> None:
    told, dropped = written(choices=2, sampling=Sampling(logprobs=0, logit_bias={"1": 1.0}))

    assert (told, sorted(dropped)) == ({}, ["logit_bias", "logprobs", "n"])


@pytest.mark.parametrize(
    ("told", "logprobs"), [({}, None), ({"responseLogprobs": True}, 0), ({"responseLogprobs": True, "logprobs": 5}, 5)]
)
def test_logprobs_that_are_asked_for(told: dict[str, Any], logprobs: int | None) -> None:
    assert logprobs == read_sampling(read_settings(told, [])).logprobs
