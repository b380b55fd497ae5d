"""The dry run: the very plan that serves, with pretended outcomes. Calls nothing.

What it prints is what the server will do, because there is no second implementation to differ from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from llmgw.errors import FailureClass
from llmgw.routing.dice import Dice
from llmgw.routing.health_board import HealthBoard
from llmgw.routing.outcome import Verdict
from llmgw.routing.plan import AttemptPlan, GiveUp, Refusal, Try, Unfit, fit
from llmgw.routing.walk import Candidate, Itinerary

# A target fails always with one class, or with one class per attempt and then answers.
Pretence = Mapping[str, FailureClass | Sequence[FailureClass]]


Admit = Callable[[Try], Refusal | None]  # whether limits and budgets let an attempt be made


def _anybody(_step: Try) -> None:
    """Where there are no limits and no budgets."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One attempt that the server would make; `failure` None: it answers. `credential` is one of several, by name."""

    step: Try
    failure: FailureClass | None
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """All attempts in order, and how the request ends: answered, or given up with a verdict."""

    attempts: tuple[Rehearsed, ...]
    gave_up: GiveUp | None
    verdict: Verdict | None
    candidates: tuple[Candidate, ...]  # with what was found out when their turn came

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets tried, in order, repeats in a row counted once."""
        ids: list[str] = []
        for attempt in self.attempts:
            if not ids or ids[-1] != attempt.step.candidate.target.id:
                ids.append(attempt.step.candidate.target.id)
        return tuple(ids)


def rehearse(  # noqa: PLR0913 - one for each thing that the plan meets
    itinerary: Itinerary,
    pretence: Pretence,
    dice: Dice,
    *,
    stream: bool = False,
    unfit: Unfit = fit,
    admit: Admit = _anybody,
    health: HealthBoard | None = None,
) -> Rehearsal:
    """Drive the plan to its end. A pretended timeout is the earliest that its kind of request can have.

    It takes until the first token of a stream, else until the connection should have stood; all else takes no time.
    `health` is that of the moment 0, and hears of what is pretended; None: nothing is known of the targets.
    """
    board = HealthBoard() if health is None else health
    plan = AttemptPlan(itinerary, dice.draw, unfit)
    tries: dict[str, int] = {}
    attempts: list[Rehearsed] = []
    elapsed_s = 0.0
    step = plan.start()
    while isinstance(step, Try):
        elapsed_s += step.delay_s
        if (refusal := admit(step)) is not None:
            step = plan.refused(refusal, elapsed_s)
            continue
        target = step.candidate.target
        target_id = target.id
        ticket = board.begin(target, elapsed_s, stream=stream, again=step.is_retry)
        failure = _pretended(pretence.get(target_id), tries.get(target_id, 0))
        tries[target_id] = tries.get(target_id, 0) + 1
        attempts.append(Rehearsed(step, failure, ticket.credential))
        if failure is None:
            return Rehearsal(tuple(attempts), None, None, plan.candidates)
        if failure is FailureClass.TIMEOUT:
            limits = step.candidate.limits
            elapsed_s += min(limits.first_token_s if stream else limits.connect_s, limits.total_s)
        ticket.failed(failure, elapsed_s)
        step = plan.failed(failure, elapsed_s, chance=board.chance(target, elapsed_s))
    failures = [attempt.failure for attempt in attempts if attempt.failure is not None]
    return Rehearsal(tuple(attempts), step, step.verdict(failures), plan.candidates)


def _pretended(failures: FailureClass | Sequence[FailureClass] | None, tries: int) -> FailureClass | None:
    if failures is None or isinstance(failures, FailureClass):
        return failures
    return failures[tries] if tries < len(failures) else None
