"""How much to think, by word and by budget."""

from typing import Any

import pytest

from llmgw.chat.conversation import Effort
from llmgw.dialects.gemini_generate.thinking import ThinkingConfig, read_effort, write_effort


@pytest.mark.parametrize(
    ("config", "effort"),
    [
        (None, None),
        (ThinkingConfig(), None),
        (ThinkingConfig(include_thoughts=False), None),
        (ThinkingConfig(include_thoughts=True), Effort(is_shown=True)),
        (ThinkingConfig(thinking_budget=0), Effort("none")),
        (ThinkingConfig(thinking_budget=-1), Effort()),
        (ThinkingConfig(True, 512), Effort(budget_tokens=512, is_shown=True)),
        (ThinkingConfig(thinking_level="HIGH"), Effort("high")),
        (ThinkingConfig(thinking_level="THINKING_LEVEL_UNSPECIFIED"), None),
    ],
)
def test_what_is_asked_for(config: ThinkingConfig | None, effort: Effort | None) -> None:
    assert effort == read_effort(config)


@pytest.mark.parametrize(
    ("effort", "model", "config"),
    [
        (None, "gemini-2.5-flash", None),
        (Effort("high"), "gemini-2.5-flash", {"includeThoughts": True, "thinkingBudget": 24_576}),
        (Effort("low", is_shown=False), "gemini-2.5-flash", {"thinkingBudget": 1024}),
        (Effort(), "gemini-2.5-pro", {"includeThoughts": True}),
        (Effort("none"), "gemini-2.5-flash", {"thinkingBudget": 0}),
        (Effort("none"), "gemini-2.0-flash", None),
        (Effort("minimal"), "gemini-3-pro-preview", {"includeThoughts": True, "thinkingLevel": "low"}),
        (Effort("medium"), "gemini-3-pro-preview", {"includeThoughts": True, "thinkingLevel": "high"}),
        (Effort("medium"), "gemini-3.1-pro-preview", {"includeThoughts": True, "thinkingLevel": "medium"}),
        (Effort("xhigh"), "gemini-3-flash-preview", {"includeThoughts": True, "thinkingLevel": "high"}),
        (Effort(budget_tokens=512), "gemini-3-pro-preview", {"includeThoughts": True, "thinkingBudget": 512}),
    ],
)
def test_what_a_model_is_told(effort: Effort | None, model: str, config: dict[str, Any] | None) -> None:
    dropped: list[str] = []

    assert config == write_effort(effort, model, dropped.append)
    assert dropped == []


@pytest.mark.parametrize(
    ("effort", "model", "config"),
    [
        (Effort(budget_tokens=64_000), "gemini-2.5-flash", {"includeThoughts": True, "thinkingBudget": 24_576}),
        (Effort(budget_tokens=1), "gemini-2.5-pro", {"includeThoughts": True, "thinkingBudget": 128}),
        (Effort("none"), "gemini-2.5-pro", {"thinkingBudget": 128}),
        (Effort("none"), "gemini-3-pro-preview", {"thinkingLevel": "low"}),
        (Effort("none"), "gemini-3-flash-preview", {"thinkingLevel": "minimal"}),
    ],
)
def test_what_a_model_cannot_be_told_is_named_and_it_is_told_the_nearest(
    effort: Effort, model: str, config: dict[str, Any]
) -> None:
    dropped: list[str] = []

    assert config == write_effort(effort, model, dropped.append)
    assert dropped == ["reasoning_effort"]


def test_a_model_that_does_not_think_is_not_asked_to() -> None:
    dropped: list[str] = []

    assert write_effort(Effort("low"), "gemini-2.0-flash", dropped.append) is None
    assert dropped == ["reasoning_effort"]
