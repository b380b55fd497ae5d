from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.config.load import load
from llmgw.errors import BudgetExceededError, RateLimitedError
from llmgw.errors import FailureClass as F
from llmgw.graph.compile import compile_graph
from llmgw.graph.model import Retry, TimeLimits
from llmgw.graph.route import OneOfKeys
from llmgw.routing import filetests
from llmgw.routing.dice import Dice
from llmgw.routing.outcome import Verdict
from llmgw.routing.plan import GiveUp, Refusal, Try, Why
from llmgw.routing.rehearsal import Pretence, Rehearsal, rehearse
from llmgw.routing.walk import Candidate
from llmgw.server.dry_books import Policies
from tests.golden.cases import golden, route_cases
from tests.graph.files import no_file
from tests.routing.itineraries import candidate, chain, itinerary, turn


def rehearsed(pretence: Pretence, *ids: str, deadline_s: float = 600.0, stream: bool = False) -> Rehearsal:
    return rehearse(itinerary(chain(*ids), deadline_s=deadline_s), pretence, Dice(1), stream=stream)


def test_without_a_pretence_the_first_answers() -> None:
    found = rehearsed({}, "a", "b")

    assert (found.targets, found.gave_up, found.verdict) == (("a",), None, None)
    assert [attempt.failure for attempt in found.attempts] == [None]


def test_a_target_that_fails_with_one_class_fails_always() -> None:
    found = rehearsed({"a": F.OVERLOADED}, "a", "b")

    assert [(attempt.step.candidate.target.id, attempt.failure) for attempt in found.attempts] == [
        ("a", F.OVERLOADED),
        ("a", F.OVERLOADED),
        ("b", None),
    ]
    assert found.targets == ("a", "b")


def test_a_target_that_fails_with_a_list_answers_after_it() -> None:
    found = rehearsed({"a": [F.OVERLOADED]}, "a", "b")

    assert (len(found.attempts), found.targets, found.verdict) == (2, ("a",), None)


def test_when_all_have_failed_there_is_a_verdict() -> None:
    found = rehearsed({"a": F.TIMEOUT, "b": F.TIMEOUT}, "a", "b")

    assert (found.gave_up, found.verdict) == (GiveUp(Why.NO_CANDIDATE), Verdict(504, "timeout"))


def test_no_candidate_is_a_verdict_too() -> None:
    found = rehearsed({})

    assert (found.targets, found.gave_up, found.verdict) == ((), GiveUp(Why.NO_CANDIDATE), Verdict(503, "no_target"))


@pytest.mark.parametrize(
    ("stream", "deadline_s", "targets"), [(False, 6, 2), (False, 5, 1), (True, 61, 2), (True, 60, 1)]
)
def test_a_pretended_timeout_takes_its_time(stream: bool, deadline_s: float, targets: int) -> None:
    found = rehearsed({"a": F.TIMEOUT}, "a", "b", deadline_s=deadline_s, stream=stream)

    assert len(found.targets) == targets


def test_a_pretended_timeout_takes_no_longer_than_the_whole_attempt() -> None:
    limited = [Candidate(one.target, one.path, TimeLimits(total_s=2), one.retry, one.turns) for one in chain("a", "b")]

    assert rehearse(itinerary(limited, deadline_s=3), {"a": F.TIMEOUT}, Dice(1)).targets == ("a", "b")


def test_waits_count_against_the_deadline() -> None:
    waiting = [candidate("a", turn(0), retry=Retry(attempts=50, backoff_s=4, max_backoff_s=4))]
    found = rehearse(itinerary(waiting, deadline_s=10, max_attempts=50), {"a": F.OVERLOADED}, Dice(1))

    assert found.gave_up == GiveUp(Why.DEADLINE)
    assert sum(attempt.step.delay_s for attempt in found.attempts) < 10


# Limits and budgets.


NO_ROOM = Refusal("no room", F.QUOTA_EXHAUSTED, BudgetExceededError("no room"))


class Doorman:
    """Refuses these targets, each time or from a certain attempt on. `asked` is whom he was asked about."""

    def __init__(self, *refused: str, refusal: Refusal = NO_ROOM, after: int = 0) -> None:
        self.asked: list[str] = []
        self._refused = refused
        self._refusal = refusal
        self._after = after

    def __call__(self, step: Try) -> Refusal | None:
        self.asked.append(step.candidate.target.id)
        is_refused = step.candidate.target.id in self._refused and self.asked.count(self.asked[-1]) > self._after
        return self._refusal if is_refused else None


def test_who_is_refused_is_passed_by_and_says_why() -> None:
    doorman = Doorman("a")
    found = rehearse(itinerary(chain("a", "b")), {}, Dice(1), admit=doorman)

    assert (found.targets, doorman.asked) == (("b",), ["a", "b"])
    assert [(one.target.id, one.dropped) for one in found.candidates] == [("a", "no room"), ("b", None)]


def test_who_is_refused_has_not_failed_and_uses_up_no_attempt() -> None:
    found = rehearse(itinerary(chain("a", "b"), max_attempts=1), {}, Dice(1), admit=Doorman("a"))

    assert [(attempt.step.attempt, attempt.failure) for attempt in found.attempts] == [(1, None)]


def test_if_all_are_refused_the_verdict_is_that_of_the_first_refusal() -> None:
    found = rehearse(itinerary(chain("a", "b")), {}, Dice(1), admit=Doorman("a", "b"))

    assert (found.attempts, found.verdict) == ((), Verdict(402, "budget_exceeded"))


def test_after_a_failure_the_verdict_is_that_of_the_failure() -> None:
    found = rehearse(itinerary(chain("a", "b")), {"a": F.TIMEOUT}, Dice(1), admit=Doorman("b"))

    assert found.verdict == Verdict(504, "timeout")


def test_a_retry_may_be_refused_too() -> None:
    doorman = Doorman("a", after=1)
    found = rehearse(itinerary(chain("a", "b")), {"a": F.OVERLOADED}, Dice(1), admit=doorman)

    assert (doorman.asked, found.targets) == (["a", "a", "b"], ("a", "b"))


def test_who_refuses_may_lead_elsewhere_when_nothing_else_is_left() -> None:
    leading = replace(NO_ROOM, instead=lambda: chain("c"))
    found = rehearse(itinerary(chain("a", "b")), {"b": F.TIMEOUT}, Dice(1), admit=Doorman("a", refusal=leading))

    assert found.targets == ("b", "c")


def test_a_request_may_be_refused_altogether() -> None:
    def refuse(_step: Try) -> Refusal | None:
        raise RateLimitedError("no requests left")

    with pytest.raises(RateLimitedError):
        rehearse(itinerary(chain("a", "b")), {}, Dice(1), admit=refuse)


@given(seed=st.integers(0, 2**32), failures=st.dictionaries(st.sampled_from("abc"), st.sampled_from(F)))
def test_the_same_seed_gives_the_same_rehearsal(seed: int, failures: dict[str, F]) -> None:
    of = itinerary(chain("a", "b", "c"))

    assert rehearse(of, failures, Dice(seed)) == rehearse(of, failures, Dice(seed))


def played(case: Path) -> str:
    """Every test of a case's file, attempt by attempt."""
    loaded = load([("config.yaml", (case / "config.yaml").read_text(encoding="utf-8"))], {}, no_file)
    graph = compile_graph(loaded, {}, whole=True).graph
    return "\n".join(_story(result) for result in filetests.run(loaded.config.tests, graph, Policies()))


def _story(result: filetests.Result) -> str:
    lines = [f"{result.name}: {result.fault or 'as expected'}"]
    for attempt in result.rehearsal.attempts if result.rehearsal else ():
        step = attempt.step
        lines.append(
            f"  {step.attempt}. after {step.delay_s:.3f} s {step.candidate.path}: {attempt.failure or 'answers'}"
        )
    if result.rehearsal and result.rehearsal.gave_up:
        lines.append(f"  {result.rehearsal.gave_up.why}")
    if result.code:
        lines.append(f"  {result.code}")
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("case", route_cases(), ids=lambda case: case.name)
def test_the_tests_of_every_golden_file_play_as_written_beside_it(case: Path) -> None:
    actual = played(case)

    assert golden(case / "route.txt", actual) == actual
    assert "expects" not in actual


# Several credentials of one provider.


def pooled(name: str) -> Candidate:
    keys = tuple(OneOfKeys(f"o#{number}", {}) for number in (1, 2, 3))
    of = candidate(name)
    return replace(of, target=replace(of.target, provider="o", credentials=keys))


def test_a_pretended_failure_is_that_of_every_credential_or_of_so_many() -> None:
    alone = itinerary([pooled("a")])
    always = rehearse(alone, {"a": F.UNAUTHORIZED}, Dice(1))
    twice = rehearse(alone, {"a": [F.RATE_LIMITED, F.UNAUTHORIZED]}, Dice(1))

    assert [attempt.credential for attempt in always.attempts] == ["o#1", "o#2", "o#3"]
    assert always.verdict == Verdict(502, "route_exhausted")
    assert [(attempt.credential, attempt.failure) for attempt in twice.attempts] == [
        ("o#1", F.RATE_LIMITED),
        ("o#2", F.UNAUTHORIZED),
        ("o#3", None),
    ]
