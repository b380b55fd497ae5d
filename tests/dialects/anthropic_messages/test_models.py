"""What a model takes is told by the version in its name, however the name is dressed up."""

import pytest

from llmgw.dialects.anthropic_messages import models


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
