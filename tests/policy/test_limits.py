import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from llmgw.graph.rules import Amounts, LimitRule, Rate, Scope
from llmgw.policy.claims import LimitClaim, Part, Room, Scarce
from llmgw.policy.limits import LimitBucket, LimitHold, SlidingWindow, tightest
from tests.policy.rules import limit

S = 1_000_000  # microseconds
MINUTE = 60 * S


def bucket(rule: LimitRule) -> LimitBucket:
    return LimitBucket(rule, ("k",))


def claim(input_tokens: int = 10, output_tokens: int | None = 10) -> LimitClaim:
    return LimitClaim(limit(), ("k",), input_tokens, output_tokens)


def took(of: LimitBucket, now_us: int, asked: LimitClaim | None = None) -> LimitHold:
    taken = of.take(now_us, asked or claim())
    assert isinstance(taken, LimitHold)
    return taken


def window(amount: int, used: int = 0, at_us: int = 0) -> SlidingWindow:
    made = SlidingWindow(Rate(amount, 60.0))
    made.move(at_us)
    made.add(made.slot, used)
    return made


def test_a_rate_is_what_it_says_and_at_once() -> None:
    one = bucket(limit(requests=2))
    taken = [one.take(0, claim()) for _ in range(3)]

    assert [isinstance(it, LimitHold) for it in taken[:2]] == [True, True]
    assert taken[2] is Scarce.REQUESTS


def test_a_request_counts_until_its_quantum_has_left() -> None:
    one = bucket(limit(requests=1))
    took(one, 50_000)  # its quantum ends at 60 ms

    assert one.take(MINUTE + 59_999, claim()) is Scarce.REQUESTS
    took(one, MINUTE + 60_000)


def test_the_wait_is_until_enough_has_left() -> None:
    one = bucket(limit(requests=2))
    took(one, 0)
    took(one, 30 * S)
    wait_s = one.wait_s(40 * S, claim(), Scarce.REQUESTS)

    assert wait_s == pytest.approx(20.06, abs=1e-4)
    assert wait_s is not None
    took(one, 40 * S + int(wait_s * S))


def test_nobody_waits_for_what_will_never_be() -> None:
    none = bucket(limit(requests=0, tokens=0, concurrent=0))

    assert none.take(0, claim()) is Scarce.REQUESTS
    assert [none.wait_s(0, claim(), it) for it in (Scarce.REQUESTS, Scarce.TOKENS, Scarce.CONCURRENT)] == [None] * 3


def test_a_bucket_of_no_tokens_admits_nobody() -> None:
    assert bucket(limit(tokens=0)).take(0, claim(0, 0)) is Scarce.TOKENS


def test_requests_under_way_are_as_many_as_allowed() -> None:
    one = bucket(limit(concurrent=1))
    first = took(one, 0)

    assert one.take(0, claim()) is Scarce.CONCURRENT
    assert one.wait_s(0, claim(), Scarce.CONCURRENT) == 1.0
    first.settle(1, 0, 0)
    took(one, 1)


@pytest.mark.parametrize(
    ("output_tokens", "answers", "expected"),
    [
        (50, [], 60),  # as many as it may write
        (None, [], 10 + 4096),  # a guess, where nobody has said anything
        (50, [20], 30),  # as many as answers had of late
        (None, [20], 30),
        (50, [900], 60),  # and never more than it may
        (None, [80, 0], 90),  # what was not answered says nothing
        (None, [80, 160, 120, 40], 110),
        (None, [80] * 40 + [112], 91),  # of many the last one is one of 32
        (999_999, [], 100_000),  # never more than there is
        (0, [], 10),
    ],
)
def test_tokens_are_taken_as_expected(output_tokens: int | None, answers: list[int], expected: int) -> None:
    one = bucket(limit(tokens=100_000))
    for answer in answers:
        took(one, 0, claim(0, 1)).settle(0, 0, answer)
    took(one, 0, claim(10, output_tokens))

    assert one.tokens is not None
    assert one.tokens.total == expected


def test_tokens_are_corrected_where_they_were_taken() -> None:
    one = bucket(limit(tokens=100))
    hold = took(one, 0, claim(50, 50))
    hold.settle(30 * S, 10, 5)
    assert one.tokens is not None
    left = [one.tokens.left]
    one.move(MINUTE + 60_000)
    left.append(one.tokens.left)

    assert left == [90, 100]


def test_more_tokens_than_there_are_are_owed() -> None:
    one = bucket(limit(tokens=100))
    took(one, 0, claim(0, 10)).settle(0, 250, 250)
    waits_s = [one.wait_s(0, claim(0, tokens), Scarce.TOKENS) for tokens in (1, 100)]

    assert one.take(59 * S, claim(0, 1)) is Scarce.TOKENS
    assert waits_s == [pytest.approx(60.06, abs=1e-4)] * 2
    took(one, MINUTE + 60_000, claim(0, 100))


def test_what_is_late_for_its_window_is_owed_in_this_one() -> None:
    one = bucket(limit(tokens=100))
    hold = took(one, 0, claim(0, 40))
    hold.settle(5 * MINUTE, 70, 70)
    assert one.tokens is not None

    assert one.tokens.left == 70


def test_what_was_too_much_and_is_late_is_over() -> None:
    one = bucket(limit(tokens=100))
    hold = took(one, 0, claim(0, 40))
    hold.settle(5 * MINUTE, 5, 5)
    assert one.tokens is not None

    assert one.tokens.left == 100


def test_what_is_undone_has_never_been() -> None:
    one = bucket(limit(requests=1, tokens=20, concurrent=1))
    took(one, 0).undo()

    assert one.is_idle(0)
    took(one, 0)


def test_without_limits_only_those_under_way_are_counted() -> None:
    one = bucket(LimitRule(Scope("nothing")))
    hold = took(one, 0)
    busy = one.is_idle(0)
    hold.undo()

    assert (busy, one.is_idle(0)) == (False, True)
    assert (one.wait_s(0, claim(), Scarce.REQUESTS), one.wait_s(0, claim(), Scarce.TOKENS)) == (None, None)


def test_other_amounts_hold_for_what_was_counted_too() -> None:
    one = bucket(limit(requests=3, tokens=100, concurrent=5))
    held = [took(one, 0, claim(0, 30)) for _ in range(3)]
    one.follow(limit(requests=4, tokens=110, concurrent=3))
    refused = one.take(0, claim(0, 20))
    held[0].settle(0, 0, 0)
    one.follow(limit(requests=3, tokens=110))

    assert (refused, one.take(0, claim(0, 20))) == (Scarce.CONCURRENT, Scarce.REQUESTS)


def test_another_length_is_counted_anew_and_old_requests_leave_it_alone() -> None:
    one = bucket(limit(requests=1, tokens=100))
    hold = took(one, 0, claim(0, 100))
    one.follow(limit(requests=1, tokens=100, per_s=3600))
    took(one, 0, claim(0, 50))
    hold.settle(0, 10, 10)
    assert one.tokens is not None

    assert one.tokens.left == 50
    assert one.in_flight == 1


def test_amounts_may_go_by_value() -> None:
    rule = LimitRule(Scope("l", ("key",)), Amounts(Rate(1, 60.0), {"k": Rate(2, 60.0)}), None, Amounts(None, {"k": 9}))
    one, other = LimitBucket(rule, ("k",)), LimitBucket(rule, ("other",))
    for it in (one, one, other):
        took(it, 0)

    assert (one.take(0, claim()), other.take(0, claim())) == (Scarce.REQUESTS, Scarce.REQUESTS)


def test_a_bucket_is_idle_when_nothing_counts_any_more() -> None:
    one = bucket(limit(requests=5, tokens=500))
    took(one, 0).settle(0, 9, 9)

    assert [one.is_idle(now_us) for now_us in (0, MINUTE, MINUTE + 60_000)] == [False, False, True]


def test_callers_are_told_what_is_left_and_when_all_of_it_is_there() -> None:
    assert window(100, 30).room(10 * S) == Room(100, 70, 50.06)
    assert window(100).room(10 * S) == Room(100, 100, 0.0)
    assert window(100, 130).room(60 * S) == Room(100, 0, 0.06)


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([], None),
        ([None], None),
        ([window(100, 50), window(10, 1)], 100),  # half, and not one of ten
        ([window(10, 1), None, window(100, 50)], 100),
        ([window(100, 100), window(0)], 0),
        ([window(0), window(100, 1)], 0),
        ([window(100, 150), window(10, 20)], 10),
    ],
)
def test_the_tightest_has_the_smallest_share_left(windows: list[SlidingWindow | None], expected: int | None) -> None:
    found = tightest(windows)

    assert (None if found is None else found.limit) == expected


@given(
    st.integers(1, 5),
    st.floats(1.0, 7200.0),
    st.lists(st.one_of(st.integers(0, 10_000), st.integers(0, 10**10)), max_size=60),
)
def test_in_no_window_of_its_length_are_more_than_it_says(amount: int, per_s: float, pauses: list[int]) -> None:
    one, now_us, admitted = bucket(limit(requests=amount, per_s=per_s)), 0, list[int]()
    for pause_us in pauses:
        now_us += pause_us
        within = [at_us for at_us in admitted if at_us >= now_us - per_s * S]
        nearly = [at_us for at_us in admitted if at_us >= now_us - per_s * S * 1.002 - 2]
        if isinstance(one.take(now_us, claim()), LimitHold):
            admitted.append(now_us)

            assert len(within) < amount
        else:
            assert len(nearly) >= amount


@given(st.integers(1, 50), st.lists(st.tuples(st.integers(0, 70 * S), st.integers(0, 40), st.integers(0, 60))))
def test_after_the_wait_there_is_room(amount: int, steps: list[tuple[int, int, int]]) -> None:
    one, now_us = bucket(limit(tokens=amount)), 0
    for pause_us, expected, tokens in steps:
        now_us += pause_us
        asked = claim(0, expected)
        taken = one.take(now_us, asked)
        if isinstance(taken, Scarce):
            wait_s = one.wait_s(now_us, asked, taken)
            assert wait_s is not None
            now_us += int(wait_s * S)
            taken = one.take(now_us, asked)

        assert isinstance(taken, LimitHold)
        taken.settle(now_us, tokens, tokens)


def test_an_answer_that_costs_nothing_takes_a_request_and_nothing_else() -> None:
    one = bucket(limit(requests=1, tokens=1, concurrent=1))
    under_way = took(one, 0, structs.replace(claim(), part=Part.REST))
    kept = took(one, 0, structs.replace(claim(), part=Part.REQUEST))

    assert one.take(0, structs.replace(claim(), part=Part.REQUEST)) is Scarce.REQUESTS
    kept.settle(0, 0, 0)
    assert one.in_flight == 1
    under_way.settle(0, 0, 0)
    assert one.in_flight == 0


def test_what_was_counted_as_a_request_is_not_counted_again() -> None:
    one = bucket(limit(requests=1))
    took(one, 0, structs.replace(claim(), part=Part.REQUEST))

    assert isinstance(one.take(0, structs.replace(claim(), part=Part.REST)), LimitHold)
    assert one.take(0, claim()) is Scarce.REQUESTS
