from llmgw.adapters.counters import BucketStanding, BudgetCounter, Holding, LimitCounter
from llmgw.graph.rules import Rolling
from llmgw.policy.budget import Short
from llmgw.policy.claims import Scarce
from llmgw.policy.limits import LimitHold
from tests.policy.rules import NOON_S, budget, exactly, limit, limited, paying

NOON_MS = int(NOON_S * 1000)
OCTOBER_MS = 1_790_812_800_000  # 2026-10-01 00:00 UTC
NOVEMBER_MS = 1_793_491_200_000
KEY = ("k",)


def test_a_bucket_comes_with_the_first_who_asks_for_it() -> None:
    limits, budgets = LimitCounter(limit(requests=1), 5), BudgetCounter(budget(), 5, NOON_MS)
    found_before = (limits.find(KEY, 0), budgets.find(KEY, NOON_MS))
    opened = (limits.open(KEY, 0), budgets.open(KEY, NOON_MS))

    assert found_before == (None, None)
    assert (limits.find(KEY, 0), budgets.find(KEY, NOON_MS)) == opened


def test_there_are_no_more_than_so_many() -> None:
    limits, budgets = LimitCounter(limit(requests=1), 1), BudgetCounter(budget(), 1, NOON_MS)
    one, other = limits.open(KEY, 0), budgets.open(KEY, NOON_MS)
    assert one is not None
    assert other is not None
    one.in_flight = other.in_flight = 1

    assert (limits.open(("l",), 0), budgets.open(("l",), NOON_MS)) == (None, None)


def test_a_bucket_follows_the_rule_that_holds() -> None:
    limits, budgets = LimitCounter(limit(requests=1), 5), BudgetCounter(budget(1000), 5, NOON_MS)
    limits.open(KEY, 0)
    budgets.open(KEY, NOON_MS)
    limits.rule, budgets.rule = limit(requests=7), budget(500)
    one, other = limits.open(KEY, 0), budgets.find(KEY, NOON_MS)
    assert one is not None
    assert one.requests is not None
    assert other is not None

    assert (one.requests.limit, other.limit) == (7, 500)


def test_a_rule_is_busy_while_somebody_is_under_way() -> None:
    limits, budgets = LimitCounter(limit(requests=1), 5), BudgetCounter(budget(), 5, NOON_MS)
    one, other = limits.open(KEY, 0), budgets.open(KEY, NOON_MS)
    idle = (limits.is_busy, budgets.is_busy)
    assert one is not None
    assert other is not None
    one.in_flight = other.in_flight = 1

    assert (idle, limits.is_busy, budgets.is_busy) == ((False, False), True, True)


def test_a_bucket_stands_as_it_does_now() -> None:
    counter = BudgetCounter(budget(1000), 5, NOON_MS)
    counter.restore(KEY, [(OCTOBER_MS, 700), (OCTOBER_MS - 1, 5)], NOON_MS)
    now, later = (list(counter.standings(at_ms)) for at_ms in (NOON_MS, NOVEMBER_MS))

    assert now == [BucketStanding("b", KEY, 1000, 700, 0, 0, OCTOBER_MS)]
    assert later == [BucketStanding("b", KEY, 1000, 0, 0, 0, NOVEMBER_MS)]


def test_money_is_not_forgotten_because_there_are_many() -> None:
    counter = BudgetCounter(budget(1000), 1, NOON_MS)
    for key in "abc":
        counter.restore((key,), [(OCTOBER_MS, 5)], NOON_MS)

    assert [it.spent_nanousd for it in counter.standings(NOON_MS)] == [5, 5, 5]
    assert counter.open(("d",), NOON_MS) is None


def test_who_has_spent_nothing_that_counts_takes_no_room() -> None:
    counter = BudgetCounter(budget(1000), 1, NOON_MS)
    counter.restore(("a",), [(OCTOBER_MS - 1, 5)], NOON_MS)
    counter.restore(("b",), [(OCTOBER_MS, 0)], NOON_MS)

    assert list(counter.standings(NOON_MS)) == []
    assert counter.open(("c",), NOON_MS) is not None


def test_what_is_counted_is_put_right() -> None:
    minute_ms = 60_000
    counter = BudgetCounter(budget(1000, window=Rolling(60_000.0)), 5, NOON_MS)
    counter.restore(KEY, [(NOON_MS - minute_ms, 10), (NOON_MS, 20)], NOON_MS)
    late = [(NOON_MS - 2 * minute_ms, 1), (NOON_MS - minute_ms, 5), (NOON_MS, -7), (OCTOBER_MS - 400 * minute_ms, 9)]
    counter.correct(KEY, late, NOON_MS)
    counter.correct(("nobody",), [(NOON_MS, 5)], NOON_MS)
    bucket = counter.find(KEY, NOON_MS)
    assert bucket is not None

    assert [(cell.at, cell.amount) for cell in bucket.spent] == [
        (NOON_MS - 2 * minute_ms, 1),
        (NOON_MS - minute_ms, 15),
        (NOON_MS, 13),
    ]
    assert [it.spent_nanousd for it in counter.standings(NOON_MS)] == [29]


def test_all_that_a_claim_holds_is_given_back() -> None:
    rule, month = limit(requests=1), budget(1000)
    limits, budgets = LimitCounter(rule, 5), BudgetCounter(month, 5, NOON_MS)
    one, other = limits.open(KEY, 0), budgets.open(KEY, NOON_MS)
    assert one is not None
    assert other is not None
    taken = one.take(0, limited(rule).limits[0])
    assert isinstance(taken, LimitHold)
    holding = Holding(paying(month, cost=exactly(600)))
    holding.limits.append(taken)
    other.enter()
    holding.budgets.append(other)
    short = holding.reserve()
    held = (one.in_flight, other.in_flight, other.reserved)
    holding.undo()

    assert (short, held) == (None, (1, 1, 600))
    assert (one.in_flight, other.in_flight, other.reserved) == (0, 0, 0)


def test_who_is_refused_holds_nothing_but_a_place() -> None:
    month = budget(100)
    bucket = BudgetCounter(month, 5, NOON_MS).open(KEY, NOON_MS)
    assert bucket is not None
    holding = Holding(paying(month, cost=exactly(600)))
    bucket.enter()
    holding.budgets.append(bucket)

    assert holding.reserve() == Short(0, Scarce.BUDGET, 600, 100)
    assert (bucket.reserved, bucket.in_flight, holding.cells) == (0, 1, [])
