import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.graph.rules import BudgetRule, Rolling
from llmgw.policy.budget import BudgetBucket, Reservation, Short, least_left, reservation, used
from llmgw.policy.claims import CAP_TOKENS_MIN, CAP_TOKENS_UNKNOWN, Scarce, WorstCase
from llmgw.policy.entry import Charge
from llmgw.policy.windows import CurrentSlot
from tests.policy.rules import NOON_S, PRICE, budget, cappable, exactly

OCTOBER_MS = 1_790_812_800_000  # 2026-10-01 00:00 UTC
NOVEMBER_MS = 1_793_491_200_000


def bucket(rule: BudgetRule, *, spent: int = 0, others: int = 0, reserved: int = 0) -> BudgetBucket:
    """Entered by one who asks, and by others before."""
    made = BudgetBucket(rule, ("k",), CurrentSlot(rule.window, int(NOON_S * 1000)))
    made.reserve(reserved)
    made.spent.add(made.turns.slot_ms, spent)
    for _ in range(others + 1):
        made.enter()
    return made


def test_the_worst_case_is_reserved_where_it_fits() -> None:
    one = bucket(budget(1000), spent=300, reserved=200)

    assert reservation(exactly(500), [one]) == (500, None)
    assert reservation(exactly(501), [one]) == Short(0, Scarce.BUDGET, 501, 500)


def test_it_has_to_fit_everywhere() -> None:
    wide, narrow = bucket(budget(1000)), bucket(budget(100))

    assert reservation(exactly(101), [wide, narrow]) == Short(1, Scarce.BUDGET, 101, 100)
    assert reservation(exactly(100), [wide, narrow]) == (100, None)


def test_a_body_that_may_be_capped_is_left_alone_if_its_worst_case_fits() -> None:
    assert reservation(cappable(100, 900), [bucket(budget(1000), others=5)]) == (1000, None)


@pytest.mark.parametrize(
    ("others", "tokens_max", "expected"),
    [
        (0, 5000, (1000, 900)),  # all that is left, less what is fixed
        (1, 5000, (500, 400)),  # half of it, because one is under way
        (2, 5000, Short(0, Scarce.BUDGET, 356, 333)),  # a third is less than 256 tokens
        (0, None, (1000, 900)),
        (0, 901, (1000, 900)),
    ],
)
def test_else_the_answer_is_capped_to_a_share(
    others: int, tokens_max: int | None, expected: Reservation | Short
) -> None:
    assert reservation(cappable(100, tokens_max), [bucket(budget(1000), others=others)]) == expected


def test_the_smallest_share_decides() -> None:
    shared, alone, roomy = bucket(budget(10_000), others=9), bucket(budget(600)), bucket(budget(800))

    assert reservation(cappable(0, 50_000), [shared, alone, roomy]) == (600, 600)
    assert reservation(cappable(0, 50_000), [alone, roomy, bucket(budget(10_000), others=19)]) == (500, 500)


def test_of_an_unknown_maximum_as_much_as_we_like_is_asked_for() -> None:
    assert reservation(cappable(7, None), [bucket(budget(10**9))]) == (CAP_TOKENS_UNKNOWN + 7, CAP_TOKENS_UNKNOWN)


def test_what_costs_nothing_by_the_token_is_not_capped() -> None:
    one = bucket(budget(100))

    assert reservation(cappable(100, None, price=0), [one]) == (100, None)
    assert reservation(cappable(101, None, price=0), [one]) == Short(0, Scarce.BUDGET, 101, 100)


def test_less_than_a_few_words_is_refused_however_little_was_asked_for() -> None:
    one = bucket(budget(100))

    assert reservation(cappable(0, 200), [one]) == Short(0, Scarce.BUDGET, 200, 100)
    assert reservation(cappable(0, 100), [one]) == (100, None)


def test_what_is_fixed_may_be_too_much_alone() -> None:
    assert reservation(cappable(2000, 5000), [bucket(budget(1000))]) == Short(0, Scarce.BUDGET, 2256, 1000)


def test_a_caller_who_has_set_a_cap_keeps_it() -> None:
    cost = WorstCase(0, PRICE, 5000, may_cap=False)

    assert reservation(cost, [bucket(budget(1000))]) == Short(0, Scarce.BUDGET, 5000, 1000)


def test_what_is_free_fits_into_nothing() -> None:
    overrun = bucket(budget(100), spent=170)

    assert reservation(exactly(0), [overrun]) == (0, None)
    assert reservation(cappable(0, None, price=0), [overrun]) == (0, None)
    assert reservation(exactly(1), [overrun]) == Short(0, Scarce.BUDGET, 1, -70)


def test_a_shadow_reserves_and_refuses_nobody() -> None:
    shadow = bucket(budget(10, hard=False), spent=50)

    assert reservation(exactly(500), [shadow]) == (500, None)
    assert reservation(cappable(0, None), [shadow]) == (CAP_TOKENS_UNKNOWN, None)
    assert reservation(None, [shadow]) == (0, None)


def test_a_shadow_does_not_cap_beside_a_budget_that_does() -> None:
    assert reservation(cappable(0, 5000), [bucket(budget(1, hard=False)), bucket(budget(1000))]) == (1000, 1000)


def test_a_budget_without_an_amount_for_these_values_limits_nothing() -> None:
    one = bucket(budget(None, by_value={"other": 5}))

    assert reservation(exactly(10**15), [one]) == (10**15, None)
    assert reservation(None, [one]) == (0, None)
    assert (one.used, least_left([one])) == (0.0, None)


def test_what_cannot_be_bounded_is_refused_unless_the_budget_allows_it() -> None:
    strict, open_ = bucket(budget(1000), spent=1), bucket(budget(1000, allow=True))

    assert reservation(None, [open_]) == (0, None)
    assert reservation(None, [open_, strict]) == Short(1, Scarce.UNBOUNDED, 0, 999)


def test_it_is_allowed_for_as_long_as_anything_is_left() -> None:
    one = bucket(budget(1000, allow=True), spent=1000)

    assert reservation(None, [one]) == Short(0, Scarce.BUDGET, 1, 0)


def test_a_settlement_takes_the_place_of_what_was_reserved() -> None:
    one = bucket(budget(1000))
    cell = one.reserve(400)
    before = one.left
    one.settle(cell, 400, 150)

    assert (before, one.left, one.reserved, one.in_flight, one.spent.total) == (600, 850, 0, 0, 150)


def test_after_an_overrun_nothing_is_left() -> None:
    one = bucket(budget(1000))
    one.settle(one.reserve(400), 400, 1500)

    assert (one.left, one.used) == (-500, 1.5)


def test_a_charge_names_the_slot_in_which_it_was_reserved() -> None:
    one = bucket(budget(1000))
    october = one.reserve(400)
    charges = [one.charge(october)]
    one.turns.move(NOVEMBER_MS)
    one.move()
    charges.append(one.charge(one.reserve(100)))
    one.settle(october, 400, 300)

    assert charges == [Charge("b-id", '["k"]', OCTOBER_MS), Charge("b-id", '["k"]', NOVEMBER_MS)]
    assert (one.spent.total, one.reserved) == (0, 100)


def test_what_is_reserved_counts_when_the_window_turns() -> None:
    one = bucket(budget(1000), spent=500)
    one.reserve(400)
    one.turns.move(NOVEMBER_MS)
    one.move()

    assert one.left == 600


def crossings(one: BudgetBucket, *amounts: int) -> list[list[float]]:
    told = []
    for nanousd in amounts:
        one.enter()
        told.append([crossed.at for crossed in one.settle(one.reserve(nanousd), nanousd, nanousd)])
    return told


def test_each_part_of_a_budget_is_told_once_when_it_is_spent() -> None:
    one = bucket(budget(1000, alert_at=(0.5, 0.8, 1.0)))

    assert crossings(one, 499, 1, 100, 300, 100, 500) == [[], [0.5], [], [0.8], [1.0], []]


def test_one_settlement_may_cross_several() -> None:
    one = bucket(budget(1000, alert_at=(0.5, 0.8, 1.0)))
    one.enter()
    crossed = one.settle(one.reserve(900), 900, 900)

    assert [(it.at, it.spent_nanousd, it.limit_nanousd, it.values, it.slot) for it in crossed] == [
        (0.5, 900, 1000, ("k",), OCTOBER_MS),
        (0.8, 900, 1000, ("k",), OCTOBER_MS),
    ]


def test_what_was_spent_before_we_came_is_not_told() -> None:
    one = bucket(budget(1000, alert_at=(0.5, 0.8)))
    one.spent.raise_to([(OCTOBER_MS, 600)])

    assert crossings(one, 100, 100) == [[], [0.8]]


def test_the_next_window_is_told_of_again() -> None:
    one = bucket(budget(1000, alert_at=(0.5,)))
    told = crossings(one, 600)
    one.turns.move(NOVEMBER_MS)

    assert told + crossings(one, 600) == [[0.5], [0.5]]


def test_what_is_booked_in_a_window_that_is_over_crosses_nothing() -> None:
    one = bucket(budget(1000, alert_at=(0.5,)))
    october = one.reserve(900)
    one.turns.move(NOVEMBER_MS)

    assert one.settle(october, 900, 900) == ()


def test_a_rolling_budget_that_goes_up_and_down_is_told_once_per_length() -> None:
    one = bucket(budget(1000, window=Rolling(1000.0), alert_at=(0.5,)))
    told = crossings(one, 550)
    for passed_s, nanousd in [(600, 200), (1100, 350), (1650, 200), (2200, 400)]:
        one.turns.move(int((NOON_S + passed_s) * 1000))
        told += crossings(one, nanousd)

    assert told == [[0.5], [], [0.5], [], [0.5]]


def test_another_amount_is_told_of_anew() -> None:
    one = bucket(budget(1000, alert_at=(0.5,)))
    told = crossings(one, 500)
    one.follow(budget(2000, alert_at=(0.5,)))

    assert told + crossings(one, 400, 100) == [[0.5], [], [0.5]]


def test_what_is_come_to_because_the_limit_was_lowered_is_told_by_the_next_settlement() -> None:
    one = bucket(budget(1000, alert_at=(0.5, 0.8, 1.0)))
    told = crossings(one, 600)
    one.follow(budget(700, alert_at=(0.5, 0.8, 1.0)))

    assert told + crossings(one, 0, 0, 100) == [[0.5], [0.8], [], [1.0]]


def test_a_limit_where_there_was_none_is_come_to_as_well() -> None:
    one = bucket(budget(None))
    told = crossings(one, 600)
    one.follow(budget(700, alert_at=(0.5, 0.8, 1.0)))

    assert told + crossings(one, 1) == [[], [0.5, 0.8]]


def test_what_was_come_to_before_the_limit_was_raised_or_the_rule_read_again_is_not_told() -> None:
    one = bucket(budget(1000, alert_at=(0.5,)))
    one.spent.raise_to([(OCTOBER_MS, 600)])
    one.follow(budget(1000, alert_at=(0.5,)))
    told = crossings(one, 1)
    one.follow(budget(1100, alert_at=(0.5,)))

    assert told + crossings(one, 1) == [[], []]


def test_what_a_lowered_limit_was_come_to_in_a_window_that_is_over_is_not_told() -> None:
    one = bucket(budget(1000, alert_at=(0.8,)))
    told = crossings(one, 600)
    one.follow(budget(700, alert_at=(0.8,)))
    one.turns.move(NOVEMBER_MS)

    assert told + crossings(one, 10, 550) == [[], [], [0.8]]


def test_nobody_is_told_of_what_has_no_limit() -> None:
    assert crossings(bucket(budget(None, alert_at=(0.5,))), 500) == [[]]
    assert crossings(bucket(budget(100)), 500) == [[]]


def test_a_bucket_is_idle_when_nothing_was_spent_and_nobody_is_there() -> None:
    one = bucket(budget(1000))
    busy = one.is_idle(0)
    one.settle(one.reserve(5), 5, 5)
    spent = one.is_idle(0)
    one.turns.move(NOVEMBER_MS)

    assert (busy, spent, one.is_idle(0)) == (False, False, True)


def test_the_least_that_is_left_is_told() -> None:
    assert least_left([bucket(budget(100)), bucket(budget(50, hard=False)), bucket(budget(None))]) == 50
    assert least_left([]) is None


@pytest.mark.parametrize(
    ("limit", "nanousd", "expected"), [(None, 5, 0.0), (0, 0, 1.0), (10, 4, 0.4), (10, 10, 1.0), (10, 15, 1.5)]
)
def test_which_share_is_used(limit: int | None, nanousd: int, expected: float) -> None:
    assert used(limit, nanousd) == expected


amounts = st.integers(0, 5000)
costs = st.builds(
    WorstCase, st.integers(0, 900), st.sampled_from([0, 1, 999_999, PRICE, 3 * PRICE]), amounts, st.booleans()
)
cappables = st.builds(cappable, st.integers(0, 900), st.none() | amounts, st.sampled_from([0, 1, PRICE, 7_777_777]))
buckets = st.builds(
    lambda limit, hard, allow, spent, others: bucket(budget(limit, hard=hard, allow=allow), spent=spent, others=others),
    st.none() | amounts,
    st.booleans(),
    st.booleans(),
    amounts,
    st.integers(0, 4),
)


@given(costs | cappables, st.lists(buckets, max_size=4))
def test_whatever_is_reserved_fits_into_every_hard_budget(cost: WorstCase, asked: list[BudgetBucket]) -> None:
    hard = [it for it in asked if it.is_hard]
    found = reservation(cost, asked)
    if isinstance(found, Short):
        assert found.needed_nanousd > found.left_nanousd
        assert asked[found.bucket].is_hard
        return
    nanousd, cap = found

    assert all(nanousd <= it.left for it in hard) or nanousd == 0
    if cap is None:
        assert cost.tokens_max is None or nanousd == cost.nanousd(cost.tokens_max)
    else:
        assert cost.may_cap
        assert CAP_TOKENS_MIN <= cap <= (cost.tokens_max or CAP_TOKENS_UNKNOWN)
        assert nanousd == cost.nanousd(cap)
        assert cap in {cost.tokens_max, CAP_TOKENS_UNKNOWN} or any(
            cost.nanousd(cap + 1) > it.left // it.in_flight for it in hard
        )
