"""Sampling, effort and the form of the answer, as each model takes them."""

from typing import Any

import pytest

from llmgw.chat.conversation import Effort, ResponseFormat, Sampling
from llmgw.dialects.bedrock_converse.tuning import write_format, write_tuning
from tests.dialects.bedrock_converse.wire import CLAUDE, GPT, LLAMA, NOVA, NOVA_2, asking

HIGH = Effort("high")


def tuned(model: str, **fields: Any) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    unsaid: list[str] = []
    return (*write_tuning(asking(**fields), model, unsaid), unsaid)


@pytest.mark.parametrize(
    ("model", "fields", "config", "own", "unsaid"),
    [
        (CLAUDE, {}, {}, {}, []),
        (CLAUDE, {"max_tokens": 5, "stop": ("X", " ")}, {"maxTokens": 5, "stopSequences": ["X"]}, {}, ["stop"]),
        (CLAUDE, {"sampling": Sampling(temperature=0.5, top_k=3)}, {"temperature": 0.5}, {"top_k": 3}, []),
        (CLAUDE, {"sampling": Sampling(temperature=1.5)}, {"temperature": 1.0}, {}, ["temperature"]),
        (CLAUDE, {"effort": HIGH}, {}, {"thinking": {"type": "enabled", "budget_tokens": 16384}}, []),
        (
            CLAUDE,
            {"effort": HIGH, "max_tokens": 4000},
            {"maxTokens": 4000},
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            [],
        ),
        (CLAUDE, {"effort": HIGH, "max_tokens": 100}, {"maxTokens": 100}, {}, ["reasoning_effort"]),
        (
            "anthropic.claude-opus-4-7",
            {"effort": HIGH},
            {},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            [],
        ),
        ("anthropic.claude-3-haiku-20240307-v1:0", {"effort": HIGH}, {}, {}, ["reasoning_effort"]),
        (NOVA, {"sampling": Sampling(top_p=0.9, top_k=3)}, {"topP": 0.9}, {"inferenceConfig": {"topK": 3}}, []),
        (NOVA, {"effort": Effort("none")}, {}, {}, []),
        (NOVA, {"effort": HIGH}, {}, {}, ["reasoning_effort"]),
        (
            NOVA_2,
            {"effort": HIGH},
            {},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
            [],
        ),
        (
            NOVA_2,
            {"effort": HIGH, "max_tokens": 5},
            {"maxTokens": 5},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
            [],
        ),
        (GPT, {"effort": Effort("", 1000)}, {}, {"reasoning_effort": "low"}, []),
        (GPT, {"effort": Effort()}, {}, {"reasoning_effort": "medium"}, []),
        (LLAMA, {"sampling": Sampling(temperature=2.0, top_k=3)}, {"temperature": 1.0}, {}, ["temperature", "top_k"]),
        (LLAMA, {"stop": ("\n", "")}, {"stopSequences": ["\n"]}, {}, []),
    ],
)
def test_each_model_is_told_in_its_way(
    model: str, fields: dict[str, Any], config: dict[str, Any], own: dict[str, Any], unsaid: list[str]
) -> None:
    assert (config, own, unsaid) == tuned(model, **fields)


def test_a_schema_is_a_text_in_which_objects_are_closed() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    told = write_format(ResponseFormat(schema, "city", "of a city"), CLAUDE, [])

    assert told is not None
    assert told["textFormat"]["structure"]["jsonSchema"] == {
        "name": "city",
        "schema": '{"additionalProperties":false,"type":"object","properties":{"a":{"type":"string"}}}',
        "description": "of a city",
    }


@pytest.mark.parametrize(("form", "model"), [(ResponseFormat(), CLAUDE), (ResponseFormat({"type": "object"}), NOVA)])
def test_a_form_that_cannot_be_asked_for_is_named(form: ResponseFormat, model: str) -> None:
    unsaid: list[str] = []

    assert write_format(form, model, unsaid) is None
    assert unsaid == ["response_format"]


def test_no_form_is_none() -> None:
    assert write_format(None, CLAUDE, []) is None
