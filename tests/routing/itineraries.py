"""Itineraries by hand: candidates with just what a plan looks at."""

from collections.abc import Sequence

from llmgw.errors import FailureClass
from llmgw.graph.model import Retry, Target, TimeLimits
from llmgw.routing.walk import Candidate, Itinerary, Turn
from tests.graph.files import sound

_TARGET = sound("models: {x: simulator/x}").targets["x"]


def target(target_id: str, window: int | None = None) -> Target:
    return Target(
        target_id,
        _TARGET.provider,
        _TARGET.wires,
        _TARGET.edits,
        {},
        _TARGET.transport,
        context_window=window,
    )


def candidate(
    target_id: str,
    *turns: Turn,
    window: int | None = None,
    retry: Retry | None = None,
    dropped: str | None = None,
    stands_for: FailureClass | None = None,
) -> Candidate:
    reason = dropped or (f"ejected after {stands_for}" if stands_for else None)
    return Candidate(target(target_id, window), target_id, TimeLimits(), retry or Retry(), turns, reason, stands_for)


def turn(index: int, *failures: FailureClass, place: str = "r") -> Turn:
    return Turn(place, index, frozenset(failures) if failures else None)


def chain(*ids: str, retry: Retry | None = None) -> tuple[Candidate, ...]:
    return tuple(candidate(name, turn(index), retry=retry) for index, name in enumerate(ids))


def itinerary(candidates: Sequence[Candidate], *, max_attempts: int = 6, deadline_s: float = 600.0) -> Itinerary:
    return Itinerary(tuple(candidates), deadline_s, max_attempts)
