"""What a dry run shows: the route with the way taken, every candidate in order, each attempt, and how it ends."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from llmgw.cli.render import Line, count, seconds
from llmgw.cli.route_json import NOTHING_LEFT_OUT, told_by_the_server
from llmgw.errors import FailureClass
from llmgw.graph import explain
from llmgw.graph.model import Resolved, Retry, TimeLimits
from llmgw.routing.rehearsal import Rehearsal, Rehearsed
from llmgw.routing.walk import Candidate, Itinerary

TAKEN, FAILED = ">", "x"
_TARGET_NOTES = 2  # limits and tries, which the candidates below tell


def tree_lines(resolved: Resolved, rehearsal: Rehearsal) -> Iterator[Line]:
    """The route as a tree: `>` before the way to the target that answers, `x` before one that failed."""
    tried = [attempt.step.candidate.path for attempt in rehearsal.attempts]
    answered = tried[-1:] if rehearsal.verdict is None else []
    for line in explain.explain(resolved):
        notes = line.notes[:-_TARGET_NOTES] if line.kind == "target" else line.notes
        told = f"  {' · '.join(notes)}" if notes else ""
        if any(line.leads_to(path) for path in answered):
            yield ((f"{TAKEN} ", "green"), line.branch, (line.name, "bold green"), told)
        elif line.path in tried:
            yield ((f"{FAILED} ", "red"), line.branch, (line.name, "red"), told)
        else:
            yield ("  ", line.branch, line.name, (told, "dim"))


def candidate_lines(itinerary: Itinerary, left_out: Mapping[str, tuple[str, ...]] = NOTHING_LEFT_OUT) -> Iterator[Line]:
    """Each candidate with its limits and what it would not be sent, or why it was dropped; then the whole's bounds."""
    width = max((len(candidate.target.id) for candidate in itinerary.candidates), default=0)
    kept = 0
    for candidate in itinerary.candidates:
        kept += candidate.dropped is None
        number = "-" if candidate.dropped else str(kept)
        label = f"  {number:>2}  {candidate.target.id:<{width}}  "
        if candidate.dropped:
            yield ((label, "dim"), (f"dropped: {candidate.dropped}", "yellow"))
        else:
            yield ((label, "bold"), _limits(candidate.limits), "; ", tries(candidate.retry), _condition(candidate))
            if names := left_out.get(candidate.target.id):
                yield (" " * len(label), (f"leaves out {', '.join(names)}", "yellow"))
    yield (f"  deadline {seconds(itinerary.deadline_s)}, at most {count(itinerary.max_attempts, 'attempt')}",)


def _limits(limits: TimeLimits) -> str:
    return (
        f"connect {seconds(limits.connect_s)}, first token {seconds(limits.first_token_s)}, "
        f"idle {seconds(limits.idle_s)}, total {seconds(limits.total_s)}"
    )


def tries(retry: Retry) -> str:
    """How often the target is tried, and the longest wait before each further time."""
    if retry.attempts == 1:
        return "1 try"
    waits = [min(retry.max_backoff_s, retry.backoff_s * 2.0**again) for again in range(min(retry.attempts - 1, 5))]
    more = ", …" if retry.attempts - 1 > len(waits) else ""
    return f"{retry.attempts} tries, up to {', '.join(seconds(wait_s) for wait_s in waits)}{more} apart"


def _condition(candidate: Candidate) -> str:
    """Which failures lead here, where an entry names them."""
    named = [_classes(turn.on_failure) for turn in candidate.turns if turn.on_failure is not None]
    return f"; only after {' and '.join(named)}" if named else ""


def _classes(failures: frozenset[FailureClass]) -> str:
    return ", ".join(failure.value for failure in FailureClass if failure in failures)


def cache_line(told: Mapping[str, Any] | None) -> Line:
    """Which rule is about the request, for whom its answer would be, and what becomes of it."""
    if told is None:
        return ("  no rule is about it",)
    scope = f", for {told['scope']}" if told["scope"] else ""
    label = (f"  {told['rule']}", "bold"), f"  {told['mode']}{scope}, {seconds(told['ttl_s'])}: "
    if told["look"] is None:
        return (*label, "--request FILE shows whether it is looked for and kept")
    if told["look"]:
        return (*label, "looked for, ", ("kept", "green") if told["keep"] else (f"not kept: {told['why']}", "yellow"))
    return (*label, (f"not looked for{'' if told['keep'] else ' and not kept'}: {told['why']}", "yellow"))


def attempt_lines(rehearsal: Rehearsal) -> Iterator[Line]:
    """Each attempt, how it failed and what followed."""
    attempts = rehearsal.attempts
    if not attempts:
        yield ("  none",)
    target_width = max((len(attempt.step.candidate.target.id) for attempt in attempts), default=0)
    class_width = max((len(attempt.failure or "") for attempt in attempts), default=0)
    for attempt, following in zip_longest(attempts, attempts[1:]):
        label = f"  {attempt.step.attempt:>2}  {attempt.step.candidate.target.id:<{target_width}}  "
        if attempt.failure is None:
            yield ((label, "bold"), ("answers", "bold green"))
        else:
            failure = f"{attempt.failure.value:<{class_width}}"
            yield ((label, "bold"), (failure, "red"), f"  -> {_follows(rehearsal, following)}")


def _follows(rehearsal: Rehearsal, following: Rehearsed | None) -> str:
    if following is None:
        return f"gives up: {rehearsal.gave_up.why}" if rehearsal.gave_up is not None else ""
    if following.step.tries == 1:
        return "next at once"
    if following.step.other_key:
        return "another credential at once"
    return f"again after {seconds(following.step.delay_s)}"


def end_line(rehearsal: Rehearsal) -> Line:
    """Which target answers, or what the client gets."""
    verdict = rehearsal.verdict
    if verdict is None:
        return ((rehearsal.targets[-1], "bold"), (" answers", "bold green"))
    if verdict.passed_on:
        return (("no target answers", "bold red"), f": the client gets the provider's own error ({verdict.code})")
    why = "" if rehearsal.attempts else f": {told_by_the_server(rehearsal)}"
    return (("no target answers", "bold red"), f": the client gets {verdict.status} {verdict.code}{why}")
