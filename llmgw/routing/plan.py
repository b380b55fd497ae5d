"""What happened → what to try. The server, `test-route` and the file's tests drive this same object.

It never sleeps, reads a clock or rolls dice: elapsed time and draws come in. It only ever moves forward through
the candidates, tries no target twice but for retries, and never exceeds the ceiling of attempts or the deadline.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from llmgw.errors import FailureClass, RequestError
from llmgw.graph.model import Target
from llmgw.routing.health_board import ANY_CHANCE, Chance
from llmgw.routing.outcome import MOVES, OF_CREDENTIALS, Move, Verdict, verdict
from llmgw.routing.walk import Candidate, Itinerary


@dataclass(frozen=True, slots=True)
class Try:
    """Call this candidate after the delay. `attempt` counts all attempts from 1, `tries` those of this target.

    `other_key`: the one before has failed for its credential's sake, and this one takes another.
    """

    candidate: Candidate
    attempt: int
    tries: int
    delay_s: float
    other_key: bool = False

    @property
    def is_retry(self) -> bool:
        """The same is asked again."""
        return self.tries > 1 and not self.other_key


class Why(StrEnum):
    """Why there is no further attempt."""

    NO_CANDIDATE = "no candidate left"
    CALLERS_FAULT = "the request itself is at fault"
    MAX_ATTEMPTS = "max_attempts reached"
    DEADLINE = "deadline reached"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An attempt may not be made, for that reason; `error` is for a caller who is refused for nothing else.

    It counts as such a failure of its target, so that entries waiting for one are reached. `instead` gives candidates
    for when nothing else is left.
    """

    reason: str
    stands_for: FailureClass
    error: RequestError
    instead: Callable[[], Sequence[Candidate]] | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nothing is left to try. `dropped` are the candidates that could not be, each with its reason."""

    why: Why
    dropped: tuple[Candidate, ...] = ()
    refused: RequestError | None = None  # by a limit or a budget, the first of them

    def verdict(self, failures: Sequence[FailureClass]) -> Verdict:
        """How the request ends, from the classes of all attempts; without one the reason decides."""
        if not failures and self.refused is not None:
            return Verdict(self.refused.status, self.refused.code)
        if not failures and self.why is Why.DEADLINE:
            return verdict([FailureClass.TIMEOUT])
        if not failures and self.dropped and all(candidate.is_unfit for candidate in self.dropped):
            return Verdict(400, FailureClass.INVALID_REQUEST.value)
        return verdict(failures)


Step = Try | GiveUp
Unfit = Callable[[Target], str | None]  # why a target cannot be asked this, if it cannot


def fit(_target: Target) -> None:
    """Nothing is known of the request that could not be said to any target."""


def _nobody() -> tuple[Candidate, ...]:
    return ()


class AttemptPlan:
    """One request's way through its candidates. `draw` gives the jitter of the waits, from [0, 1)."""

    __slots__ = (
        *("_at", "_attempts", "_before", "_candidates", "_draw", "_failure", "_instead", "_itinerary"),
        *("_keys", "_refused", "_tried", "_tries", "_unfit"),
    )

    def __init__(self, itinerary: Itinerary, draw: Callable[[], float], unfit: Unfit = fit) -> None:
        self._itinerary = itinerary
        self._candidates = list(itinerary.candidates)
        self._unfit = unfit
        self._draw = draw
        self._at = self._before = -1
        self._failure: FailureClass | None = None  # the last one
        self._instead: Callable[[], Sequence[Candidate]] | None = None
        self._refused: RequestError | None = None
        self._tries = 0
        self._keys = 0  # tries of this target that were of a further credential
        self._attempts = 0
        self._tried: set[str] = set()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All of them, with what has been found out so far."""
        return tuple(self._candidates)

    def start(self) -> Step:
        """The first attempt."""
        return self._next(None, self._ahead(None), 0.0)

    def failed(
        self,
        failure: FailureClass,
        elapsed_s: float,
        retry_after_s: float | None = None,
        chance: Chance = ANY_CHANCE,
    ) -> Step:
        """What follows the failure of the attempt under way. `elapsed_s` counts from the start of the request."""
        move, self._failure = MOVES[failure], failure
        if move is Move.GIVE_UP:
            return self._give_up(Why.CALLERS_FAULT)
        if self._attempts >= self._itinerary.max_attempts:
            return self._give_up(Why.MAX_ATTEMPTS)
        ahead = self._ahead(failure)
        if chance.other_key and failure in OF_CREDENTIALS and self._has_spare_attempt(ahead):
            return self._again(elapsed_s, 0.0, other_key=True)
        delay_s = self._retry_delay_s(move, ahead, retry_after_s) if chance.may_retry else None
        if delay_s is not None and (not ahead or elapsed_s + delay_s < self._itinerary.deadline_s):
            return self._again(elapsed_s, delay_s)
        return self._next(failure, ahead, elapsed_s)

    def refused(self, refusal: Refusal, elapsed_s: float) -> Step:
        """What follows if the attempt under way may not be made: it was none, and its candidate is out."""
        refused = self._candidates[self._at]
        self._candidates[self._at] = replace(refused, dropped=refusal.reason, stands_for=refusal.stands_for)
        self._attempts -= 1
        self._instead = self._instead or refusal.instead
        self._refused = self._refused or refusal.error
        if self._tries == 1:
            self._at = self._before
            self._tried.discard(refused.target.id)
        return self._next(self._failure, self._ahead(self._failure), elapsed_s)

    def _next(self, failure: FailureClass | None, ahead: list[int], elapsed_s: float) -> Step:
        while ahead := ahead or self._ahead_instead(failure) or self._ahead_revived():
            if elapsed_s >= self._itinerary.deadline_s:
                return self._give_up(Why.DEADLINE)
            if self._is_fit(ahead[0]):
                self._tries = self._keys = 0
                return self._try(ahead[0], 0.0)
            ahead = self._ahead(failure)
        return self._give_up(Why.NO_CANDIDATE)

    def _ahead_instead(self, failure: FailureClass | None) -> list[int]:
        """Where a budget leads that refused, now that nothing else is left; once."""
        if self._instead is None:
            return []
        self._candidates.extend(self._instead())
        self._instead = _nobody
        return self._ahead(failure)

    def _ahead_revived(self) -> list[int]:
        """Where all are left alone nobody is refused for it: the one that has been so for longest is tried."""
        if self._attempts:
            return []
        found = [index for index, candidate in enumerate(self._candidates) if candidate.ejected is not None]
        for index in sorted(found, key=self._ejected_for_s, reverse=True):
            candidate = self._candidates[index]
            self._candidates[index] = replace(candidate, dropped=None, stands_for=None, ejected=None)
            if ahead := self._ahead(None):
                return ahead
        return []

    def _ejected_for_s(self, index: int) -> float:
        ejected = self._candidates[index].ejected
        return 0.0 if ejected is None else ejected.for_s

    def _is_fit(self, index: int) -> bool:
        """Whether the request can be said to this target at all: found out when its turn comes, and kept."""
        candidate = self._candidates[index]
        reason = self._unfit(candidate.target)
        if reason is not None:
            self._candidates[index] = replace(candidate, dropped=reason)
        return reason is None

    def _again(self, elapsed_s: float, delay_s: float, *, other_key: bool = False) -> Step:
        if elapsed_s + delay_s >= self._itinerary.deadline_s:
            return self._give_up(Why.DEADLINE)
        self._keys += other_key
        return self._try(self._at, delay_s, other_key=other_key)

    def _give_up(self, why: Why) -> GiveUp:
        dropped = tuple(candidate for candidate in self._candidates if candidate.dropped is not None)
        return GiveUp(why, dropped, self._refused)

    def _try(self, index: int, delay_s: float, *, other_key: bool = False) -> Try:
        if index != self._at:
            self._before, self._at = self._at, index
        self._tries += 1
        self._attempts += 1
        candidate = self._candidates[index]
        self._tried.add(candidate.target.id)
        return Try(candidate, self._attempts, self._tries, delay_s, other_key)

    def _retry_delay_s(self, move: Move, ahead: list[int], retry_after_s: float | None) -> float | None:
        """The wait before the same target is tried again, or None if it is not."""
        retry = self._candidates[self._at].retry
        tries = self._tries - self._keys
        may_retry = tries < retry.attempts and self._has_spare_attempt(ahead)
        if move is Move.NEXT_OR_WAIT:
            may_retry = may_retry and not ahead
        elif move is not Move.RETRY:
            return None
        if not may_retry:
            return None
        ceiling_s = min(retry.max_backoff_s, retry.backoff_s * 2.0 ** (tries - 1))
        delay_s = max(self._draw() * ceiling_s, retry_after_s or 0.0)
        return delay_s if delay_s <= retry.max_backoff_s else None

    def _has_spare_attempt(self, ahead: list[int]) -> bool:
        """Trying the same again must not use up the attempt of a target that has not been tried at all."""
        return self._itinerary.max_attempts - self._attempts > len(ahead)

    def _ahead(self, failure: FailureClass | None) -> list[int]:
        """The candidates still to come, if every one of them failed like this."""
        came_from = self._candidates[self._at] if self._at >= 0 else None
        found: list[int] = []
        seen = set(self._tried)
        for index in range(self._at + 1, len(self._candidates)):
            candidate = self._candidates[index]
            if candidate.target.id in seen or not takes(candidate, came_from, failure):
                continue
            if candidate.dropped is None:
                found.append(index)
                seen.add(candidate.target.id)
                came_from = candidate
            elif candidate.stands_for is not None and not found:
                came_from, failure = candidate, candidate.stands_for
        return found


def takes(candidate: Candidate, came_from: Candidate | None, failure: FailureClass | None) -> bool:
    """Whether the turns to `candidate` may be taken after this failure.

    Turns shared with where we come from were taken before. At the first other one its `on_failure` decides, or the
    default; further down only an explicit one does, because there nothing has failed yet.
    """
    parting = _parting(candidate, came_from)
    for depth, turn in enumerate(candidate.turns[parting:]):
        if turn.on_failure is not None:
            if failure not in turn.on_failure:
                return False
        elif depth == 0 and failure is not None and not _by_default(failure, candidate, came_from):
            return False
    return True


def _parting(candidate: Candidate, came_from: Candidate | None) -> int:
    """How many turns both share."""
    before = came_from.turns if came_from is not None else ()
    shared = 0
    for mine, other in zip(candidate.turns, before, strict=False):
        if mine != other:
            break
        shared += 1
    return shared


def _by_default(failure: FailureClass, candidate: Candidate, came_from: Candidate | None) -> bool:
    """All classes, but for those that only a named entry takes; a larger window takes what was too long."""
    if MOVES[failure] is not Move.NAMED:
        return True
    if failure is not FailureClass.CONTEXT_LENGTH or came_from is None:
        return False
    return (candidate.target.context_window or 0) > (came_from.target.context_window or float("inf"))
