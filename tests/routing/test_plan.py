from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.config.model import TestRequest as Request
from llmgw.errors import BudgetExceededError, RateLimitedError
from llmgw.errors import FailureClass as F
from llmgw.graph.model import Retry
from llmgw.routing.dice import Dice
from llmgw.routing.facts import pretended
from llmgw.routing.health_board import ALL_WELL, Chance
from llmgw.routing.outcome import MOVES, Move, Verdict
from llmgw.routing.plan import AttemptPlan, GiveUp, Refusal, Step, Try, Why, takes
from llmgw.routing.walk import Candidate, Itinerary, walk
from tests.graph.files import sound
from tests.routing.itineraries import candidate, chain, itinerary, turn


def half() -> float:
    return 0.5


@dataclass
class Story:
    """What a plan said, step by step."""

    tries: list[Try]
    end: GiveUp | None

    @property
    def targets(self) -> list[str]:
        return [step.candidate.target.id for step in self.tries]


def played(of: Itinerary, failures: Sequence[F | None], *, retry_after_s: float | None = None) -> Story:
    """Each attempt fails with the next class; None, or the end of the list, answers."""
    plan = AttemptPlan(of, half)
    step: Step = plan.start()
    tries: list[Try] = []
    elapsed_s = 0.0
    for failure in (*failures, None):
        if isinstance(step, GiveUp):
            return Story(tries, step)
        tries.append(step)
        elapsed_s += step.delay_s
        if failure is None:
            break
        step = plan.failed(failure, elapsed_s, retry_after_s)
    return Story(tries, None)


# Several credentials of one provider.

OTHER = Chance(other_key=True)


def switched(of: Itinerary, failures: Sequence[F], keys: int) -> tuple[list[tuple[str, int, float, bool]], Step]:
    """Every attempt fails with the next class, where each target's provider has so many credentials."""
    plan, tries = AttemptPlan(of, half), []
    step = plan.start()
    for failure in failures:
        assert isinstance(step, Try)
        tries.append((step.candidate.target.id, step.tries, step.delay_s, step.is_retry))
        step = plan.failed(failure, 0.0, chance=OTHER if step.tries < keys else Chance())
    return tries, step


@pytest.mark.parametrize("failure", [F.UNAUTHORIZED, F.QUOTA_EXHAUSTED, F.RATE_LIMITED])
def test_another_credential_is_tried_at_once_before_the_next_target(failure: F) -> None:
    tries, step = switched(itinerary(chain("a", "b", retry=Retry(attempts=1))), [failure] * 4, keys=3)

    assert tries == [("a", 1, 0.0, False), ("a", 2, 0.0, False), ("a", 3, 0.0, False), ("b", 1, 0.0, False)]
    assert isinstance(step, Try)
    assert (step.candidate.target.id, step.other_key) == ("b", True)


def test_a_further_credential_leaves_the_retries_as_they_are() -> None:
    tries, step = switched(itinerary(chain("a")), [F.UNAUTHORIZED, F.SERVER_ERROR, F.SERVER_ERROR], keys=2)

    assert tries == [("a", 1, 0.0, False), ("a", 2, 0.0, False), ("a", 3, 0.125, True)]
    assert isinstance(step, GiveUp)


def test_other_failures_do_not_lead_to_another_credential() -> None:
    for failure in set(F) - {F.UNAUTHORIZED, F.QUOTA_EXHAUSTED, F.RATE_LIMITED}:
        _, step = switched(itinerary(chain("a")), [failure], keys=2)
        assert not (isinstance(step, Try) and step.other_key), failure


def test_credentials_count_against_the_ceiling_and_leave_every_target_its_attempt() -> None:
    alone, end = switched(itinerary(chain("a"), max_attempts=3), [F.UNAUTHORIZED] * 3, keys=9)
    two, _ = switched(itinerary(chain("a", "b"), max_attempts=3), [F.UNAUTHORIZED] * 3, keys=9)

    assert (len(alone), end) == (3, GiveUp(Why.MAX_ATTEMPTS))
    assert [name for name, *_ in two] == ["a", "a", "b"]


def test_after_the_deadline_no_credential_is_tried() -> None:
    plan = AttemptPlan(itinerary(chain("a"), deadline_s=5.0), half)
    plan.start()

    assert plan.failed(F.UNAUTHORIZED, 5.0, chance=OTHER) == GiveUp(Why.DEADLINE)


# Limits and budgets.


NO_ROOM = Refusal("no room", F.QUOTA_EXHAUSTED, BudgetExceededError("no room"))


def test_an_attempt_that_may_not_be_made_was_none() -> None:
    plan = AttemptPlan(itinerary(chain("a", "b"), max_attempts=1), half)
    plan.start()
    step = plan.refused(NO_ROOM, 0.0)

    assert isinstance(step, Try)
    assert (step.candidate.target.id, step.attempt) == ("b", 1)
    assert plan.candidates[0].dropped == "no room"


def test_a_retry_that_may_not_be_made_leads_to_the_next() -> None:
    plan = AttemptPlan(itinerary(chain("a", "b")), half)
    plan.start()
    retry = plan.failed(F.OVERLOADED, 0.0)
    step = plan.refused(NO_ROOM, 0.0)

    assert isinstance(retry, Try)
    assert (retry.candidate.target.id, retry.tries) == ("a", 2)
    assert isinstance(step, Try)
    assert step.candidate.target.id == "b"


def test_who_is_refused_everywhere_is_told_by_the_first() -> None:
    plan = AttemptPlan(itinerary(chain("a", "b")), half)
    plan.start()
    plan.refused(NO_ROOM, 0.0)
    end = plan.refused(replace(NO_ROOM, error=RateLimitedError("full")), 0.0)

    assert isinstance(end, GiveUp)
    assert Verdict(402, "budget_exceeded") == end.verdict([])
    assert Verdict(503, "overloaded") == end.verdict([F.OVERLOADED])
    assert [dropped.dropped for dropped in end.dropped] == ["no room", "no room"]


def test_a_refusal_counts_as_a_failure_for_those_who_wait_for_one() -> None:
    waiting = candidate("b", turn(1, F.QUOTA_EXHAUSTED))
    plan = AttemptPlan(itinerary([*chain("a"), waiting]), half)
    plan.start()
    step = plan.refused(NO_ROOM, 0.0)

    assert isinstance(step, Try)
    assert step.candidate.target.id == "b"


def test_where_a_budget_leads_is_the_last_choice_and_only_once() -> None:
    elsewhere = replace(NO_ROOM, instead=lambda: [candidate("local")])
    plan = AttemptPlan(itinerary(chain("a", "b")), half)
    plan.start()
    steps = [plan.refused(elsewhere, 0.0), plan.refused(elsewhere, 0.0), plan.refused(elsewhere, 0.0)]

    assert [step.candidate.target.id for step in steps if isinstance(step, Try)] == ["b", "local"]
    assert isinstance(steps[-1], GiveUp)


def test_where_a_budget_leads_is_reached_after_failures_too() -> None:
    plan = AttemptPlan(itinerary(chain("a", "b")), half)
    plan.start()
    plan.refused(replace(NO_ROOM, instead=lambda: [candidate("local")]), 0.0)
    step = plan.failed(F.NOT_FOUND, 0.0)

    assert isinstance(step, Try)
    assert step.candidate.target.id == "local"


# Class by move, one by one.


@pytest.mark.parametrize("failure", F)
def test_what_follows_each_class_with_another_candidate_left(failure: F) -> None:
    story = played(itinerary(chain("a", "b")), [failure] * 9)
    expected = {
        Move.RETRY: (["a", "a", "b", "b"], Why.NO_CANDIDATE),
        Move.NEXT: (["a", "b"], Why.NO_CANDIDATE),
        Move.NEXT_OR_WAIT: (["a", "b", "b"], Why.NO_CANDIDATE),
        Move.NAMED: (["a"], Why.NO_CANDIDATE),
        Move.GIVE_UP: (["a"], Why.CALLERS_FAULT),
    }[MOVES[failure]]

    assert (story.targets, story.end and story.end.why) == expected


@pytest.mark.parametrize("failure", F)
def test_what_follows_each_class_on_the_last_candidate(failure: F) -> None:
    story = played(itinerary(chain("a")), [failure] * 9)
    again = MOVES[failure] in (Move.RETRY, Move.NEXT_OR_WAIT)

    assert story.targets == ["a"] * (2 if again else 1)


@pytest.mark.parametrize("failure", F)
def test_an_entry_is_tried_after_the_classes_that_it_names_and_no_other(failure: F) -> None:
    entries = [candidate("a", turn(0), retry=Retry(1)), candidate("b", turn(1, failure))]

    assert played(itinerary(entries), [failure]).targets == (["a"] if failure is F.INVALID_REQUEST else ["a", "b"])
    for other in set(F) - {failure}:
        assert played(itinerary(entries), [other]).targets == ["a"]


def test_the_first_attempt_is_the_first_candidate_at_once() -> None:
    (step,) = played(itinerary(chain("a", "b")), []).tries

    assert (step.candidate.target.id, step.attempt, step.tries, step.delay_s) == ("a", 1, 1, 0.0)


def test_attempts_are_counted_over_all_and_tries_per_target() -> None:
    story = played(itinerary(chain("a", "b")), [F.OVERLOADED] * 4)

    assert [(step.attempt, step.tries) for step in story.tries] == [(1, 1), (2, 2), (3, 1), (4, 2)]


def test_503_503_200_is_a_a_b() -> None:
    assert played(itinerary(chain("a", "b")), [F.OVERLOADED, F.OVERLOADED]).targets == ["a", "a", "b"]


def test_the_last_failure_decides_which_entry_is_next() -> None:
    entries = [
        candidate("a", turn(0)),
        candidate("b", turn(1)),
        candidate("c", turn(2, F.TIMEOUT)),
        candidate("d", turn(3)),
    ]

    assert played(itinerary(entries), [F.TIMEOUT, F.NOT_FOUND]).targets == ["a", "b", "d"]
    assert played(itinerary(entries), [F.NOT_FOUND, F.TIMEOUT]).targets == ["a", "b", "c"]


def test_nothing_to_try_is_said_at_the_start() -> None:
    assert played(itinerary([]), []).end == GiveUp(Why.NO_CANDIDATE)


def test_a_deadline_of_nothing_is_said_at_the_start() -> None:
    assert played(itinerary(chain("a"), deadline_s=0.0), []).end == GiveUp(Why.DEADLINE)


# Waiting.


def test_waits_double_up_to_the_longest_and_have_full_jitter() -> None:
    retry = Retry(attempts=6, backoff_s=1.0, max_backoff_s=5.0)
    story = played(itinerary(chain("a", retry=retry)), [F.OVERLOADED] * 5)

    assert [step.delay_s for step in story.tries] == [0.0, 0.5, 1.0, 2.0, 2.5, 2.5]


def test_a_wait_is_what_the_provider_asks_if_that_is_longer() -> None:
    assert [step.delay_s for step in played(itinerary(chain("a")), [F.RATE_LIMITED], retry_after_s=3.0).tries] == [
        0,
        3.0,
    ]
    assert [step.delay_s for step in played(itinerary(chain("a")), [F.RATE_LIMITED], retry_after_s=0.0).tries] == [
        0,
        0.125,
    ]


def test_a_wait_over_the_longest_is_not_waited() -> None:
    alone = played(itinerary(chain("a")), [F.RATE_LIMITED], retry_after_s=8.1)
    in_company = played(itinerary(chain("a", "b")), [F.OVERLOADED], retry_after_s=8.1)

    assert (alone.targets, alone.end) == (["a"], GiveUp(Why.NO_CANDIDATE))
    assert in_company.targets == ["a", "b"]


def test_a_wait_up_to_the_longest_is_waited() -> None:
    assert played(itinerary(chain("a")), [F.RATE_LIMITED], retry_after_s=8.0).targets == ["a", "a"]


def test_a_rate_limit_goes_to_the_next_at_once_whatever_it_asks() -> None:
    story = played(itinerary(chain("a", "b")), [F.RATE_LIMITED], retry_after_s=1.0)

    assert [(step.candidate.target.id, step.delay_s) for step in story.tries] == [("a", 0.0), ("b", 0.0)]


def test_a_rate_limit_waits_where_no_other_entry_takes_it() -> None:
    entries = [candidate("a", turn(0)), candidate("b", turn(1, F.TIMEOUT))]

    assert played(itinerary(entries), [F.RATE_LIMITED], retry_after_s=1.0).targets == ["a", "a"]


def test_a_wait_that_the_deadline_cuts_goes_to_the_next_instead() -> None:
    story = played(itinerary(chain("a", "b"), deadline_s=3.0), [F.OVERLOADED], retry_after_s=3.0)

    assert story.targets == ["a", "b"]


def test_a_wait_that_the_deadline_cuts_is_the_end_on_the_last() -> None:
    story = played(itinerary(chain("a"), deadline_s=3.0), [F.OVERLOADED], retry_after_s=3.0)

    assert (story.targets, story.end) == (["a"], GiveUp(Why.DEADLINE))


def test_nothing_is_tried_after_the_deadline() -> None:
    plan = AttemptPlan(itinerary(chain("a", "b"), deadline_s=9.0), half)
    plan.start()

    assert plan.failed(F.TIMEOUT, 9.0) == GiveUp(Why.DEADLINE)


def test_there_is_no_jitter_where_there_is_no_wait() -> None:
    def never() -> float:
        raise AssertionError

    plan = AttemptPlan(itinerary(chain("a", "b", retry=Retry(attempts=1))), never)
    plan.start()

    assert isinstance(plan.failed(F.OVERLOADED, 0.0), Try)


# The ceiling.


def test_the_ceiling_ends_it() -> None:
    story = played(itinerary(chain("a", "b", "c"), max_attempts=2), [F.TIMEOUT] * 3)

    assert (story.targets, story.end) == (["a", "b"], GiveUp(Why.MAX_ATTEMPTS))


def test_retries_leave_room_for_every_target_that_has_not_been_tried() -> None:
    assert played(itinerary(chain("a", "b", "c"), max_attempts=3), [F.OVERLOADED] * 3).targets == ["a", "b", "c"]
    assert played(itinerary(chain("a", "b", "c"), max_attempts=4), [F.OVERLOADED] * 4).targets == ["a", "a", "b", "c"]


def test_room_is_kept_only_for_targets_that_could_follow() -> None:
    entries = [candidate("a", turn(0)), candidate("b", turn(1, F.TIMEOUT)), candidate("a", turn(2))]

    assert played(itinerary(entries, max_attempts=2), [F.OVERLOADED]).targets == ["a", "a"]


# The window.


def windows(*sizes: int | None) -> Itinerary:
    return itinerary([candidate("abcdef"[at], turn(at), window=size) for at, size in enumerate(sizes)])


@pytest.mark.parametrize(
    ("sizes", "targets"),
    [
        ((10, 10, 20), ["a", "c"]),
        ((10, 9, 11), ["a", "c"]),
        ((10, None), ["a"]),
        ((None, 10), ["a"]),
        ((10, 20, 15, 30), ["a", "b", "d"]),
    ],
)
def test_what_was_too_long_goes_only_to_a_larger_window(sizes: tuple[int | None, ...], targets: list[str]) -> None:
    assert played(windows(*sizes), [F.CONTEXT_LENGTH] * 9).targets == targets


def test_what_was_too_long_goes_where_it_is_named_whatever_the_window() -> None:
    entries = [candidate("a", turn(0), window=10), candidate("b", turn(1, F.CONTEXT_LENGTH), window=5)]

    assert played(itinerary(entries), [F.CONTEXT_LENGTH]).targets == ["a", "b"]


def test_members_of_a_pool_with_the_same_window_are_not_asked_for_what_was_too_long() -> None:
    members = [candidate("a", turn(0, place="p"), window=10), candidate("b", turn(1, place="p"), window=10)]

    assert played(itinerary(members), [F.CONTEXT_LENGTH]).targets == ["a"]
    assert played(itinerary(members), [F.TIMEOUT]).targets == ["a", "b"]


# Targets twice.


def test_a_target_that_failed_is_not_tried_again_from_another_place() -> None:
    assert played(itinerary(chain("a", "b", "a", "b", "c")), [F.TIMEOUT] * 9).targets == ["a", "b", "c"]


# Gates of nested routes: [A, inner on …] with inner = [B, C on …].


def nested(outer: tuple[F, ...] = (), inner: tuple[F, ...] = ()) -> Itinerary:
    return itinerary(
        [
            candidate("a", turn(0), retry=Retry(1)),
            candidate("b", turn(1, *outer), turn(0, place="inner"), retry=Retry(1)),
            candidate("c", turn(1, *outer), turn(1, *inner, place="inner"), retry=Retry(1)),
            candidate("d", turn(2), retry=Retry(1)),
        ]
    )


def test_a_nested_chain_is_entered_by_the_gate_of_its_entry() -> None:
    assert played(nested(outer=(F.TIMEOUT,)), [F.TIMEOUT, F.OVERLOADED, F.OVERLOADED]).targets == ["a", "b", "c", "d"]
    assert played(nested(outer=(F.TIMEOUT,)), [F.OVERLOADED]).targets == ["a", "d"]


def test_inside_a_nested_chain_its_own_gates_decide() -> None:
    assert played(nested(inner=(F.TIMEOUT,)), [F.OVERLOADED, F.OVERLOADED]).targets == ["a", "b", "d"]
    assert played(nested(inner=(F.TIMEOUT,)), [F.OVERLOADED, F.TIMEOUT]).targets == ["a", "b", "c"]


def test_a_named_class_opens_a_nested_chain_and_its_first_target_waits_for_nothing() -> None:
    assert played(nested(outer=(F.CONTENT_FILTER,)), [F.CONTENT_FILTER]).targets == ["a", "b"]
    assert played(nested(outer=(F.CONTENT_FILTER,)), [F.CONTENT_FILTER, F.CONTENT_FILTER]).targets == ["a", "b"]


def dropped_b(inner: tuple[F, ...], stands_for: F | None) -> Itinerary:
    a, _, c, d = nested(inner=inner).candidates
    b = candidate("b", turn(1), turn(0, place="inner"), dropped="cannot", stands_for=stands_for)
    return itinerary([a, b, c, d])


def test_a_dropped_candidate_that_stands_for_nothing_leaves_the_last_failure_as_it_was() -> None:
    assert played(dropped_b((F.OVERLOADED,), None), [F.OVERLOADED]).targets == ["a", "c"]
    assert played(dropped_b((F.TIMEOUT,), None), [F.OVERLOADED]).targets == ["a", "d"]
    assert played(dropped_b((), None), [F.OVERLOADED]).targets == ["a", "c"]


def test_a_dropped_candidate_that_stands_for_a_failure_counts_as_one() -> None:
    assert played(dropped_b((F.TIMEOUT,), F.TIMEOUT), [F.OVERLOADED]).targets == ["a", "c"]
    assert played(dropped_b((F.OVERLOADED,), F.TIMEOUT), [F.OVERLOADED]).targets == ["a", "d"]


def test_an_ejected_first_candidate_opens_the_entries_that_wait_for_its_failure() -> None:
    first = candidate("a", turn(0), stands_for=F.OVERLOADED)

    assert played(itinerary([first, candidate("b", turn(1, F.OVERLOADED))]), []).targets == ["b"]
    end = GiveUp(Why.NO_CANDIDATE, (first,))
    assert played(itinerary([first, candidate("b", turn(1, F.TIMEOUT))]), []).end == end
    assert played(itinerary([first, candidate("b", turn(1))]), []).targets == ["b"]


def test_a_first_candidate_that_cannot_take_the_request_opens_only_entries_without_a_gate() -> None:
    first = candidate("a", turn(0), dropped="cannot")
    entries = [first, candidate("b", turn(1, F.OVERLOADED)), candidate("c", turn(2))]

    assert played(itinerary(entries), []).targets == ["c"]


def test_nothing_is_taken_by_default_before_anything_failed_at_a_named_entry() -> None:
    assert not takes(candidate("b", turn(1, F.TIMEOUT)), None, None)
    assert takes(candidate("b", turn(1)), None, None)
    assert not takes(candidate("b", turn(1), window=9), None, F.CONTEXT_LENGTH)


# Properties.

failing = st.lists(st.sampled_from(F), max_size=40)
retries = st.builds(
    Retry,
    attempts=st.integers(1, 4),
    backoff_s=st.floats(0, 4),
    max_backoff_s=st.floats(0, 8),
)


@st.composite
def itineraries(draw: st.DrawFn) -> Itinerary:
    gates = st.one_of(st.just(()), st.lists(st.sampled_from(F), min_size=1, max_size=4).map(tuple))
    count = draw(st.integers(0, 6))
    found: list[Candidate] = []
    for index in range(count):
        outer, inner = draw(st.integers(0, 3)), draw(st.integers(0, 2))
        ways = [(turn(index, *draw(gates)),), (turn(outer, place="o"), turn(index + inner, *draw(gates), place="i"))]
        found.append(
            candidate(
                draw(st.sampled_from("abcdef")),
                *draw(st.sampled_from(ways)),
                window=draw(st.sampled_from([None, 5, 10])),
                retry=draw(retries),
                dropped=draw(st.sampled_from([None, None, None, "cannot"])),
                stands_for=draw(st.sampled_from([None, None, None, F.TIMEOUT, F.OVERLOADED])),
            )
        )
    return itinerary(found, max_attempts=draw(st.integers(1, 8)), deadline_s=draw(st.floats(0.1, 60)))


@given(of=itineraries(), failures=failing, waits=st.lists(st.floats(0, 10), max_size=40), seed=st.integers(0, 99))
def test_a_plan_keeps_its_bounds_whatever_happens(
    of: Itinerary, failures: list[F], waits: list[float], seed: int
) -> None:
    plan = AttemptPlan(of, Dice(seed).draw)
    step = plan.start()
    tries: list[Try] = []
    elapsed_s = 0.0
    for at, failure in enumerate(failures):
        if isinstance(step, GiveUp):
            break
        tries.append(step)
        elapsed_s += step.delay_s
        assert elapsed_s < of.deadline_s
        step = plan.failed(failure, elapsed_s, waits[at] if at < len(waits) else None)

    assert len(tries) <= of.max_attempts
    assert [step.attempt for step in tries] == list(range(1, len(tries) + 1))
    assert all(step.candidate.dropped is None for step in tries)
    places = [of.candidates.index(step.candidate) for step in tries]
    assert places == sorted(places)
    runs = [target for target, _ in groupby(step.candidate.target.id for step in tries)]
    assert len(runs) == len(set(runs))
    for before, after in pairwise(tries):
        if after.tries > 1:
            assert after.candidate is before.candidate
            assert after.tries <= after.candidate.retry.attempts
            assert after.delay_s <= after.candidate.retry.max_backoff_s
        else:
            assert after.delay_s == 0.0


TAKEN_BY_DEFAULT = [failure for failure in F if MOVES[failure] not in (Move.NAMED, Move.GIVE_UP)]


@given(
    ids=st.lists(st.sampled_from("abcdef"), max_size=8),
    failures=st.lists(st.sampled_from(TAKEN_BY_DEFAULT), min_size=60, max_size=60),
    retry=retries,
    room=st.integers(0, 5),
)
def test_every_target_is_tried_once_before_giving_up(
    ids: list[str], failures: list[F], retry: Retry, room: int
) -> None:
    max_attempts = max(len(set(ids)) + room, 1)
    story = played(itinerary(chain(*ids, retry=retry), max_attempts=max_attempts), failures)

    assert list(dict.fromkeys(story.targets)) == list(dict.fromkeys(ids))
    assert story.end is not None


@given(of=itineraries(), failures=failing, seed=st.integers(0, 99))
def test_the_same_draws_and_failures_give_the_same_steps(of: Itinerary, failures: list[F], seed: int) -> None:
    def steps() -> list[Step]:
        plan = AttemptPlan(of, Dice(seed).draw)
        found: list[Step] = [plan.start()]
        for failure in failures:
            if isinstance(found[-1], GiveUp):
                break
            found.append(plan.failed(failure, 0.0))
        return found

    assert steps() == steps()


def test_a_special_case_does_not_lead_because_the_usual_target_is_absent() -> None:
    text = (
        "providers: {openai: {optional: true}}\nmodels: {a: openai/a, b: simulator/b, c: simulator/c}\n"
        "routes: {r: {fallback: [a, {use: b, on_failure: [content_filter]}, c]}}"
    )
    resolved = sound(text).resolve("r")
    assert resolved is not None
    found = walk(resolved, pretended(Request(model="r")), ALL_WELL, Dice(1))

    step = AttemptPlan(found, Dice(1).draw).start()

    assert isinstance(step, Try)
    assert step.candidate.target.id == "c"


UNFIT = candidate("a", turn(0), dropped="max_tokens 9 is over max_output 5")
ILL = candidate("b", turn(1), stands_for=F.OVERLOADED)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (GiveUp(Why.DEADLINE), Verdict(504, "timeout")),
        (GiveUp(Why.DEADLINE, (UNFIT,)), Verdict(504, "timeout")),
        (GiveUp(Why.NO_CANDIDATE), Verdict(503, "no_target")),
        (GiveUp(Why.NO_CANDIDATE, (UNFIT, UNFIT)), Verdict(400, "invalid_request")),
        (GiveUp(Why.NO_CANDIDATE, (UNFIT, ILL)), Verdict(503, "no_target")),
    ],
)
def test_a_request_without_an_attempt_ends_as_its_reason_says(end: GiveUp, expected: Verdict) -> None:
    assert end.verdict([]) == expected


def test_once_something_was_tried_the_failures_decide() -> None:
    assert GiveUp(Why.DEADLINE, (UNFIT,)).verdict([F.OVERLOADED]) == Verdict(503, "overloaded")


def test_who_gives_up_knows_what_was_dropped() -> None:
    assert played(itinerary([UNFIT, ILL]), []).end == GiveUp(Why.NO_CANDIDATE, (UNFIT, ILL))
    assert played(itinerary(chain("c"), deadline_s=0.0), []).end == GiveUp(Why.DEADLINE)
