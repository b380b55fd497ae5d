"""A dry run for programs. The shape is stable; the help of `test-route` names its fields."""

from collections.abc import Mapping
from typing import Any

from llmgw.errors import UpstreamError
from llmgw.graph.model import Resolved
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.routing.outcome import Verdict
from llmgw.routing.rehearsal import Rehearsal, Rehearsed
from llmgw.routing.walk import Candidate, Itinerary

NOTHING_LEFT_OUT: Mapping[str, tuple[str, ...]] = {}


def route_json(
    model: str,
    resolved: Resolved,
    itinerary: Itinerary,
    rehearsal: Rehearsal,
    left_out: Mapping[str, tuple[str, ...]] = NOTHING_LEFT_OUT,
    cache: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything that the text says. `cache` is what its rules do; None: none is about it."""
    verdict = rehearsal.verdict
    return {
        "model": model,
        "route": resolved.route.name,
        "deadline_s": itinerary.deadline_s,
        "max_attempts": itinerary.max_attempts,
        "candidates": [
            _candidate(candidate, left_out.get(candidate.target.id, ())) for candidate in itinerary.candidates
        ],
        "cache": cache,
        "attempts": [_attempt(attempt) for attempt in rehearsal.attempts],
        "targets": list(rehearsal.targets),
        "answers": rehearsal.targets[-1] if verdict is None else None,
        "error": None if verdict is None else _error(verdict, told_by_the_server(rehearsal)),
    }


def error_json(model: str | None, status: int, code: str, message: str) -> dict[str, Any]:
    """A request that ends before any target is chosen."""
    error = {"status": status, "code": code, "message": message, "passed_on": False}
    nothing: dict[str, Any] = {"candidates": [], "cache": None, "attempts": [], "targets": [], "answers": None}
    return {"model": model, "route": None, "deadline_s": None, "max_attempts": None, **nothing, "error": error}


def told_by_the_server(rehearsal: Rehearsal) -> str:
    """The text of the client's error, made where the server makes it; only what a provider would say is not known."""
    if rehearsal.gave_up is None:
        return ""
    failures = [
        (attempt.step.candidate.target.id, UpstreamError(attempt.failure, "pretended"))
        for attempt in rehearsal.attempts
        if attempt.failure is not None
    ]
    return str(RouteExhaustedError(failures, rehearsal.gave_up.why, rehearsal.gave_up.dropped))


def _candidate(candidate: Candidate, left_out: tuple[str, ...]) -> dict[str, Any]:
    limits, retry = candidate.limits, candidate.retry
    return {
        "target": candidate.target.id,
        "provider": candidate.target.provider,
        "upstream_model": candidate.target.edits.model,
        "path": candidate.path,
        "dropped": candidate.dropped,
        "left_out": list(left_out),
        "connect_s": limits.connect_s,
        "first_token_s": limits.first_token_s,
        "idle_s": limits.idle_s,
        "total_s": limits.total_s,
        "attempts": retry.attempts,
        "backoff_s": retry.backoff_s,
        "max_backoff_s": retry.max_backoff_s,
        "on_failure": _on_failure(candidate),
    }


def _on_failure(candidate: Candidate) -> list[list[str]]:
    """The classes that each entry on the way here names, the outermost first."""
    return [sorted(turn.on_failure) for turn in candidate.turns if turn.on_failure is not None]


def _attempt(attempt: Rehearsed) -> dict[str, Any]:
    return {
        "attempt": attempt.step.attempt,
        "target": attempt.step.candidate.target.id,
        "try": attempt.step.tries,
        "delay_s": attempt.step.delay_s,
        "failure": attempt.failure,
        **({"credential": attempt.credential} if attempt.credential else {}),
    }


def _error(verdict: Verdict, message: str) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "code": verdict.code,
        "message": message,
        "passed_on": verdict.passed_on,
    }
