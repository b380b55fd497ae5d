"""Usage as each provider counts it, and texts that are cut inside a character."""

import json
from typing import Any

import pytest

from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.chunks import FullChunk, decoded, fully_decoded
from llmgw.dialects.openai_chat.dialect import openai_chat
from tests.partners.bodies import encode, sse_event


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}, Usage(9, 3)),
        (
            {
                "prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12,
                "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(9, 3, 4, 2),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": None}, Usage(9, 3)),
        ({"prompt_tokens": 9}, Usage(9, 0)),
        ({"completion_tokens": 3, "total_tokens": 12}, Usage(0, 3)),
        ({"prompt_tokens": 9.0, "completion_tokens": None}, Usage(9, 0)),
        ({"prompt_tokens": -1, "completion_tokens": "3"}, Usage(0, 0)),
        # Azure's Grok: cached beside the prompt.
        (
            {
                "prompt_tokens": 10, "completion_tokens": 6, "total_tokens": 16,
                "prompt_tokens_details": {"cached_tokens": 161},
            },
            Usage(171, 6, 161),
        ),
        # xAI: reasoning beside the completion, both in the total.
        (
            {
                "prompt_tokens": 291, "completion_tokens": 26, "total_tokens": 506,
                "prompt_tokens_details": {"cached_tokens": 244}, "completion_tokens_details": {"reasoning_tokens": 189},
            },
            Usage(291, 215, 244, 189),
        ),
        # Gemini's OpenAI-compatible endpoint: thoughts in the total only.
        ({"prompt_tokens": 66, "completion_tokens": 6, "total_tokens": 100}, Usage(66, 34, 0, 28)),
        # OpenRouter, miscounted: more reasoning than completion, but the total says that it is inside.
        (
            {
                "prompt_tokens": 43, "completion_tokens": 10, "total_tokens": 53,
                "completion_tokens_details": {"reasoning_tokens": 11},
            },
            Usage(43, 10, 0, 11),
        ),
        ({}, None),
        ({"total_tokens": 12}, None),
        (None, None),
        ([9, 3], None),
    ],
)  # fmt: skip
def test_usage_is_read_as_each_provider_counts(told: Any, usage: Usage | None) -> None:
    answer = encode({"choices": [{"message": {"content": "x"}}], "usage": told})
    event = sse_event({"choices": [], "usage": told})

    assert usage == openai_chat.read_answer(answer).usage
    assert usage == openai_chat.read_event(event).usage


def test_what_the_hub_needs_is_read_only_for_it() -> None:
    body = encode({"id": "a", "model": "m", "choices": [{"message": {"content": "x", "annotations": []}}]})
    full = fully_decoded(body)

    assert isinstance(full, FullChunk)
    assert (full.id, full.model) == ("a", "m")
    assert full.choices is not None
    assert full.choices[0].message is not None
    assert not isinstance(decoded(body), FullChunk)


@pytest.mark.parametrize("half", [rb"\ud83d", rb"\uDE00", rb"\ude00\ud83d", rb"\ud83d\ud83d\ude00"])
def test_a_provider_may_cut_a_text_inside_a_character(half: bytes) -> None:
    answer = b'{"choices":[{"index":0,"message":{"content":"a %s"},"finish_reason":"stop"}]}' % half
    event = b'data: {"choices":[{"delta":{"content":"a %s"}}]}\n\n' % half

    assert openai_chat.read_answer(answer).finish == "stop"
    assert openai_chat.read_event(event).content


@pytest.mark.parametrize(
    "told",
    [
        {"prompt_tokens_details": {"cached_tokens": 4}},
        {"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6},
        {"num_cached_tokens": 4},
    ],
)
def test_cached_tokens_are_found_where_a_provider_puts_them(told: dict[str, Any]) -> None:
    body = json.dumps({"choices": [{}], "usage": {"prompt_tokens": 10, "completion_tokens": 2, **told}})
    usage = openai_chat.read_answer(body.encode()).usage

    assert Usage(10, 2, cached_input_tokens=4) == usage
