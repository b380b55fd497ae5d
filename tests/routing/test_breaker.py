import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.errors import FailureClass as F
from llmgw.graph.route import BreakerRule
from llmgw.routing.breaker import Breaker, State

RULE = BreakerRule()


def opened(*, at_s: float = 0.0, rule: BreakerRule = RULE) -> Breaker:
    breaker = Breaker(rule)
    for _ in range(rule.failures):
        breaker.failed(F.CONNECTION, at_s)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(RULE)
    states = []
    for failure in (*[F.TIMEOUT] * 4, None, *[F.CONNECTION] * 5):
        if failure is None:
            breaker.answered(1.0)
        else:
            breaker.failed(failure, 1.0)
        states.append(breaker.state(1.0))

    assert states == [State.CLOSED] * 9 + [State.OPEN]
    assert breaker.failure is F.CONNECTION


@pytest.mark.parametrize(("failed", "is_open"), [(5, False), (6, True)])
def test_it_opens_over_half_of_at_least_ten(failed: int, *, is_open: bool) -> None:
    breaker = Breaker(RULE)
    for number in range(4):
        breaker.answered(number * 1.0)
        breaker.failed(F.SERVER_ERROR, number * 1.0)
    for _ in range(10 - 8 - (failed - 4)):
        breaker.answered(5.0)
    for _ in range(failed - 4):
        breaker.failed(F.SERVER_ERROR, 5.0)

    assert (breaker.state(5.0) is State.OPEN) is is_open


def test_what_has_left_the_window_counts_no_more() -> None:
    breaker = Breaker(RULE)
    for now_s in (0.0, 40.0):
        for _ in range(4):
            breaker.failed(F.TIMEOUT, now_s)
        breaker.answered(now_s)

    assert breaker.counts(40.0) == (0, 1, 4)
    assert breaker.counts(200.0) == (0, 0, 0)


@pytest.mark.parametrize(
    "failure",
    [
        F.RATE_LIMITED,
        F.QUOTA_EXHAUSTED,
        F.UNAUTHORIZED,
        F.INVALID_REQUEST,
        F.CONTEXT_LENGTH,
        F.CONTENT_FILTER,
        F.BLOCKED,
    ],
)
def test_what_says_nothing_of_the_target_opens_nothing(failure: F) -> None:
    breaker = Breaker(RULE)
    for _ in range(50):
        breaker.failed(failure, 0.0)

    assert (breaker.state(0.0), breaker.counts(0.0)) == (State.CLOSED, (0, 0, 0))


def test_half_open_one_probe_passes() -> None:
    breaker = opened()
    before = (breaker.state(14.9), breaker.lets_pass(14.9))
    due = (breaker.state(15.0), breaker.lets_pass(15.0))
    breaker.is_probed = True

    assert (before, due) == ((State.OPEN, False), (State.HALF_OPEN, True))
    assert not breaker.lets_pass(15.0)


def test_a_probe_that_is_answered_closes_it_and_nothing_of_before_counts() -> None:
    breaker = opened()
    breaker.is_probed = True
    breaker.probe_answered(16.0)

    assert (breaker.state(16.0), breaker.lets_pass(16.0), breaker.counts(16.0)) == (State.CLOSED, True, (0, 0, 0))
    assert (breaker.failure, breaker.closed_s) == (None, 16.0)


def test_a_probe_that_fails_doubles_the_time_up_to_the_longest() -> None:
    breaker, now_s, times_s = opened(), 0.0, []
    for _ in range(7):
        times_s.append(breaker.open_for_s)
        now_s += breaker.open_for_s
        breaker.probe_failed(F.TIMEOUT, now_s)

    assert times_s == [15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0]
    assert breaker.failure is F.TIMEOUT


def test_whoever_is_tried_before_his_time_because_all_are_open_waits_no_longer_for_it() -> None:
    breaker = opened()
    breaker.probe_failed(F.TIMEOUT, 5.0)

    assert (breaker.opened_s, breaker.open_for_s) == (5.0, 15.0)


def test_a_probe_that_says_nothing_leaves_it_half_open() -> None:
    breaker = opened()
    breaker.is_probed = True
    breaker.probe_failed(F.RATE_LIMITED, 15.0)

    assert (breaker.state(15.0), breaker.lets_pass(15.0)) == (State.HALF_OPEN, True)


@given(st.lists(st.tuples(st.sampled_from([None, F.TIMEOUT, F.RATE_LIMITED]), st.floats(0.0, 20.0))))
def test_its_counts_are_those_of_the_window(outcomes: list[tuple[F | None, float]]) -> None:
    breaker, now_s, all_of_them = Breaker(BreakerRule(failures=1000, error_rate=1.0)), 0.0, []
    for outcome, pause_s in outcomes:
        now_s += pause_s
        if outcome is None:
            breaker.answered(now_s)
        else:
            breaker.failed(outcome, now_s)
        all_of_them.append((outcome, int(now_s / 3.0)))
    counted = [outcome for outcome, slot in all_of_them if slot > int(now_s / 3.0) - 10]

    assert breaker.counts(now_s)[1:] == (counted.count(None), counted.count(F.TIMEOUT))
