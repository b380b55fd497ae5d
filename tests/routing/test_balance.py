from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.routing.balance import by_cost, by_latency, by_load, by_value, by_weight, expected_s
from llmgw.routing.dice import Dice
from llmgw.routing.health_board import UNKNOWN, Wait

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


# By something else: every member is in the order once, and the weights have their say.


@given(weights=weights, seed=st.integers(min_value=0, max_value=2**64), data=st.data())
def test_whatever_is_chosen_by_every_member_with_a_weight_is_in_the_order_once(
    weights: list[float], seed: int, data: st.DataObject
) -> None:
    many = st.integers(0, 9)
    numbers = data.draw(st.lists(many, min_size=len(weights), max_size=len(weights)))
    draw = Dice(seed).draw
    orders = [
        by_cost([number or None for number in numbers], weights, draw),
        by_load(numbers, weights, draw),
        by_latency([float(number) for number in numbers], weights, draw),
        by_value(str(seed), [str(number) for number in range(len(weights))], weights),
    ]

    assert [sorted(order) for order in orders] == [[at for at, weight in enumerate(weights) if weight > 0]] * 4


def test_equals_are_drawn_by_weight() -> None:
    dice, draws = Dice(3), 4000
    firsts = [Counter(choose([0, 0], [1.0, 3.0], dice.draw)[0] for _ in range(draws)) for choose in (by_cost, by_load)]

    assert [abs(first[1] / draws - 0.75) < 0.03 for first in firsts] == [True, True]


def test_of_five_the_quickest_is_in_two_fifths_of_the_pairs_and_the_slowest_never_wins() -> None:
    dice, draws = Dice(3), 10_000
    first = Counter(by_latency([0.1, 0.2, 0.3, 0.4, 0.5], [1.0] * 5, dice.draw)[0] for _ in range(draws))

    assert [round(first[index] / draws, 1) for index in range(5)] == [0.4, 0.3, 0.2, 0.1, 0.0]
    assert first[4] == 0


# What is expected of a wait.


def test_a_newcomer_takes_as_long_as_most() -> None:
    known = [Wait(average_s, 0.0, 0.0) for average_s in (0.1, 0.3, 2.0)]

    assert expected_s([*known, UNKNOWN]) == [0.1, 0.3, 2.0, 0.3]
    assert expected_s([UNKNOWN, UNKNOWN]) == [0.0, 0.0]


def test_what_was_known_fades_towards_what_most_take_and_is_forgotten() -> None:
    fresh = [Wait(0.1, 0.0, 0.0), Wait(0.3, 0.0, 0.0)]
    ages_s = (0.0, 10.0, 29.0, 30.0)
    slow = [expected_s([*fresh, Wait(2.0, age_s, 0.0)])[2] for age_s in ages_s]

    assert slow == [2.0, pytest.approx(0.3 + 1.7 * 0.3679, abs=1e-3), pytest.approx(0.3 + 1.7 * 0.055, abs=1e-3), 0.2]


def test_nobody_takes_less_than_he_has_been_awaited() -> None:
    assert expected_s([Wait(0.1, 0.0, 4.0), Wait(None, 0.0, 5.0)]) == [4.0, 5.0]


# What sticks.


VALUES = [f"user{number}" for number in range(4000)]


def test_values_are_shared_by_weight_and_each_has_the_same_order_always() -> None:
    orders = [by_value(value, ["a", "b", "c"], [1.0, 2.0, 1.0]) for value in VALUES]
    first = Counter(order[0] for order in orders)

    assert orders == [by_value(value, ["a", "b", "c"], [1.0, 2.0, 1.0]) for value in VALUES]
    assert abs(first[1] / len(VALUES) - 0.5) < 0.03


def test_a_member_that_comes_takes_its_share_and_no_other_value_moves() -> None:
    before = [by_value(value, ["a", "b"], [1.0, 1.0])[0] for value in VALUES]
    after = [by_value(value, ["b", "new", "a"], [1.0, 0.2, 1.0])[0] for value in VALUES]
    moved = [
        there for here, there in zip(before, ({0: 1, 1: 2, 2: 0}[one] for one in after), strict=True) if here != there
    ]

    assert set(moved) == {2}
    assert abs(len(moved) / len(VALUES) - 0.2 / 2.2) < 0.02
