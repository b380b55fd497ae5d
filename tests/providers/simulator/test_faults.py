"""Failures by share: the draw decides, and the order in a file does not."""

import pytest

from llmgw.errors import FailureClass
from llmgw.providers.simulator.faults import REFUSALS, draw_failure

SHARES = {FailureClass.SERVER_ERROR: 0.25, FailureClass.RATE_LIMITED: 0.5}


@pytest.mark.parametrize(
    ("drawn", "failure"),
    [
        (0.0, FailureClass.RATE_LIMITED),
        (0.49, FailureClass.RATE_LIMITED),
        (0.5, FailureClass.SERVER_ERROR),
        (0.74, FailureClass.SERVER_ERROR),
        (0.75, None),
        (0.99, None),
    ],
)
def test_the_draw_decides_by_share(drawn: float, failure: FailureClass | None) -> None:
    turned = dict(reversed(SHARES.items()))

    assert failure == draw_failure(SHARES, lambda: drawn)
    assert failure == draw_failure(turned, lambda: drawn)


def test_what_is_ours_is_never_drawn() -> None:
    assert draw_failure({FailureClass.BLOCKED: 1.0}, lambda: 0.0) is None


def test_no_shares_no_failure() -> None:
    assert draw_failure({}, lambda: 0.0) is None


def test_errors_say_that_they_are_simulated() -> None:
    assert all(refusal.message.startswith("Simulated: ") for refusal in REFUSALS.values())
