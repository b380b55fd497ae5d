"""What a worst case comes to, and how two standings go together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.policy.claims import Room, Standing, WorstCase

TIGHT, WIDE = Room(10, 1, 6.0), Room(1000, 900, 1.0)


@pytest.mark.parametrize(
    ("per_mtok", "tokens", "expected"), [(0, 4096, 100), (2_000_000, 3, 106), (1, 1, 101), (1, 1_000_000, 101)]
)
def test_a_worst_case_is_rounded_up(per_mtok: int, tokens: int, expected: int) -> None:
    assert expected == WorstCase(100, per_mtok, None, may_cap=True).nanousd(tokens)


@given(per_mtok=st.integers(0, 10**12), tokens=st.integers(0, 10**6))
def test_one_token_more_never_costs_less(per_mtok: int, tokens: int) -> None:
    cost = WorstCase(0, per_mtok, None, may_cap=True)

    assert cost.nanousd(tokens) <= cost.nanousd(tokens + 1)
    assert cost.nanousd(tokens) * 1_000_000 >= per_mtok * tokens


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (None, None, None),
        (TIGHT, None, TIGHT),
        (None, TIGHT, TIGHT),
        (TIGHT, WIDE, TIGHT),
        (WIDE, TIGHT, TIGHT),
        (Room(100, 100, 0.0), Room(10, 10, 0.0), Room(100, 100, 0.0)),
        (WIDE, Room(0, 0, 1.0), WIDE),
    ],
)
def test_where_two_limits_apply_the_tighter_one_is_told(
    one: Room | None, other: Room | None, expected: Room | None
) -> None:
    assert expected == Standing(requests=one).within(Standing(requests=other)).requests
    assert expected == Standing(tokens=one).within(Standing(tokens=other)).tokens


def test_a_budget_is_that_of_the_attempt() -> None:
    assert Standing(budget_left_nanousd=5).within(Standing(budget_left_nanousd=1)).budget_left_nanousd == 5
