"""What a model takes, by its name."""

import pytest

from llmgw.dialects.gemini_generate import models


@pytest.mark.parametrize(
    ("model", "thinks", "takes_level", "wants_signatures"),
    [
        ("gemini-1.5-flash", False, False, False),
        ("gemini-2.0-flash", False, False, False),
        ("gemini-2.5-pro", True, False, False),
        ("gemini-3-pro-preview", True, True, True),
        ("gemini-3.1-pro-preview", True, True, True),
        ("models/gemini-3.5-flash", True, True, True),
        ("gemini-flash-latest", True, True, True),
        ("gemma-3-27b-it", False, False, False),
        ("1234567890", True, False, False),
    ],
)
def test_thinking_and_signatures(model: str, *, thinks: bool, takes_level: bool, wants_signatures: bool) -> None:
    told = (models.thinks(model), models.takes_level(model), models.wants_signatures(model))

    assert (thinks, takes_level, wants_signatures) == told
    assert models.takes_schema_with_tools(model) == models.takes_media_in_results(model) == wants_signatures


@pytest.mark.parametrize(
    ("model", "levels", "budgets", "can_stop"),
    [
        ("gemini-2.5-flash", ("minimal", "low", "medium", "high"), (1, 24_576), True),
        ("gemini-2.5-flash-lite", ("minimal", "low", "medium", "high"), (512, 24_576), True),
        ("gemini-2.5-pro", ("low", "medium", "high"), (128, 32_768), False),
        ("gemini-3-pro-preview", ("low", "high"), (128, 32_768), False),
        ("gemini-3.1-pro-preview", ("low", "medium", "high"), (128, 32_768), False),
        ("gemini-3-flash-preview", ("minimal", "low", "medium", "high"), (1, 24_576), False),
    ],
)
def test_words_and_budgets(model: str, levels: tuple[str, ...], budgets: tuple[int, int], *, can_stop: bool) -> None:
    assert (levels, budgets, can_stop) == (
        models.levels(model),
        models.budgets(model),
        models.can_stop_thinking(model),
    )
