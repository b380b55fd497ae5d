from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.routing.balance import by_weight
from llmgw.routing.dice import Dice

weights = st.lists(st.floats(min_value=0, max_value=1e6, allow_subnormal=True), max_size=8)


@given(weights=weights, seed=st.integers(min_value=0, max_value=2**64))
def test_every_member_with_a_weight_is_in_the_order_once_and_no_other(weights: list[float], seed: int) -> None:
    order = by_weight(weights, Dice(seed).draw)

    assert sorted(order) == [index for index, weight in enumerate(weights) if weight > 0]


@given(weights=weights, seed=st.integers(min_value=0, max_value=2**64))
def test_the_seed_decides_the_order(weights: list[float], seed: int) -> None:
    assert by_weight(weights, Dice(seed).draw) == by_weight(weights, Dice(seed).draw)


@pytest.mark.parametrize("weights", [[1.0, 3.0], [1.0, 1.0, 2.0], [0.1, 0.0, 0.3, 0.6], [5.0]])
def test_the_first_place_is_shared_by_weight(weights: list[float]) -> None:
    draws = 20_000
    dice = Dice(42)
    first = Counter(by_weight(weights, dice.draw)[0] for _ in range(draws))

    for index, weight in enumerate(weights):
        assert abs(first[index] / draws - weight / sum(weights)) < 0.012


def test_the_second_place_is_shared_by_weight_among_the_rest() -> None:
    draws = 30_000
    dice = Dice(7)
    orders = [by_weight([2.0, 1.0, 3.0], dice.draw) for _ in range(draws)]
    after_the_last = [order[1] for order in orders if order[0] == 2]

    assert abs(after_the_last.count(0) / len(after_the_last) - 2 / 3) < 0.015


@pytest.mark.parametrize("draw", [0.0, 1.0 - 2**-53])
def test_the_borders_of_a_draw_are_fine(draw: float) -> None:
    assert by_weight([1.0, 2.0], lambda: draw) == [0, 1] if draw == 0.0 else [1, 0]
