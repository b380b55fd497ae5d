"""What a model takes is told by the version in its name, however the name is dressed up."""

import pytest

from llmgw.chat.claude import models


@pytest.mark.parametrize(
    ("model", "effort", "budget", "sampling", "two"),
    [
        ("claude-v2:1", False, False, True, True),
        ("claude-3-5-haiku-20241022", False, False, True, True),
        ("claude-3-7-sonnet-20250219", False, True, True, True),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", False, True, True, True),
        ("claude-opus-4-1-20250805", False, True, True, False),
        ("claude-sonnet-4-5", False, True, True, False),
        ("anthropic/claude-sonnet-4.6", True, True, True, False),
        ("claude-opus-4-7", True, False, False, False),
        ("claude-opus-5", True, False, False, False),
        ("claude-sonnet-5-20260601", True, False, False, False),
        ("house-model", False, True, True, False),
        ("", False, True, True, False),
    ],
)
def test_each_version_takes_what_it_takes(model: str, effort: bool, budget: bool, sampling: bool, two: bool) -> None:
    assert (effort, budget) == (models.takes_effort(model), models.takes_budget(model))
    assert (sampling, two) == (models.takes_sampling(model), models.takes_two_of_sampling(model))


@pytest.mark.parametrize(
    ("model", "at_rest", "forced", "prefill"),
    [
        ("claude-sonnet-4-5", "", True, True),
        ("claude-sonnet-4-6", "", True, False),
        ("us.anthropic.claude-opus-4-6-v1", "", True, False),
        ("claude-opus-4-8", "", True, False),
        ("claude-opus-5", "disabled", True, False),
        ("claude-sonnet-5", "disabled", True, False),
        ("claude-opus-5-5", None, False, False),
        ("claude-sonnet-5-5", "between_tools", False, False),
        ("claude-haiku-5-5", "disabled", True, False),
        ("claude-fable-5", None, True, False),
        ("claude-fable-5-1", None, False, False),
        ("house-model", "", True, True),
    ],
)
def test_what_newer_models_refuse(model: str, at_rest: str | None, forced: bool, prefill: bool) -> None:
    assert (at_rest, forced, prefill) == (
        models.at_rest(model),
        models.takes_forced_tools(model),
        models.takes_prefill(model),
    )


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("claude-3-opus-20240229", 4096),
        ("claude-3-5-sonnet-20241022", 8192),
        ("claude-opus-4-1-20250805", 32_000),
        ("claude-haiku-4-5-20251001", 64_000),
        ("anthropic/claude-opus-4.6", 128_000),
        ("claude-sonnet-5", 128_000),
        ("house-model", 4096),
    ],
)
def test_the_longest_answer(model: str, most: int) -> None:
    assert most == models.output_tokens_max(model)


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("claude-3-opus-20240229", 4096),
        ("claude-3-7-sonnet-20250219", 128_000),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", 64_000),
        ("claude-opus-4-1-20250805", 32_000),
        ("claude-haiku-4-5", 64_000),
        ("claude-opus-5", 128_000),
        ("claude-opus-6", None),
        ("house-model", None),
    ],
)
def test_beyond_the_limit_a_model_is_known_to_refuse(model: str, limit: int | None) -> None:
    assert limit == models.output_tokens_limit(model)
