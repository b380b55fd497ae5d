"""`llmgw test-route`: what a request would do, by the very plan that serves. Calls nothing."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llmgw import replies
from llmgw.adapters.config_files import Built, build
from llmgw.cli import pretended
from llmgw.cli.env_file import environment
from llmgw.cli.file_tests import failures, result_json, result_lines, run_file_tests, whole_graph
from llmgw.cli.pretended import Asked, Question
from llmgw.cli.render import Line, count, problem_lines, show, show_json
from llmgw.cli.route_json import error_json, route_json
from llmgw.cli.route_lines import attempt_lines, cache_line, candidate_lines, end_line, tree_lines
from llmgw.cli.sources import sources
from llmgw.config.problems import Severity
from llmgw.errors import RequestError, UnknownModelError
from llmgw.graph.model import STAR, Graph, Resolved, Route
from llmgw.routing.dice import Dice
from llmgw.routing.filetests import Result
from llmgw.routing.plan import Refusal, Try
from llmgw.routing.rehearsal import Rehearsal, rehearse
from llmgw.routing.walk import Candidate, Itinerary, walk


@dataclass(frozen=True, slots=True)
class DryRun:
    """Everything that is known of one pretended request."""

    model: str
    resolved: Resolved
    itinerary: Itinerary
    rehearsal: Rehearsal
    left_out: Mapping[str, tuple[str, ...]]  # by target, of those that could be asked
    cache: Mapping[str, Any] | None = None  # None: no rule is about it


def test_route(configs: Sequence[str], env_file: Path | None, asked: Asked, *, as_json: bool) -> int:
    """The dry run of one request. Raises ConfigError."""
    built = _built(configs, env_file, assume_keys=asked.assume_keys)
    graph = whole_graph(built, environment(env_file)) if asked.assume_keys else built.graph
    try:
        question = pretended.question(asked, graph, built.loaded.config.server.max_body)
        dry_run = _dry_run(graph, question, asked)
    except RequestError as error:
        return _refused(asked.model, error, as_json=as_json)
    if as_json:
        told = (dry_run.model, dry_run.resolved, dry_run.itinerary, dry_run.rehearsal, dry_run.left_out, dry_run.cache)
        show_json(route_json(*told), sys.stdout)
    else:
        show(_lines(dry_run, graph), sys.stdout)
    return 0 if dry_run.rehearsal.verdict is None else 1


def _built(configs: Sequence[str], env_file: Path | None, *, assume_keys: bool) -> Built:
    """The graph, with its warnings told (but not of keys that are assumed); raises ConfigError where it has errors."""
    built = build(sources(configs), environment(env_file), need_secrets=False)
    built.checked()
    warnings = [problem for problem in built.problems if problem.severity is Severity.WARNING]
    if assume_keys:
        warnings = [warning for warning in warnings if "not set" not in warning.message]
    show(problem_lines(warnings, sys.stderr), sys.stderr)
    return built


def _dry_run(graph: Graph, question: Question, asked: Asked) -> DryRun:
    resolved = graph.resolve(question.model)
    if resolved is None:
        raise UnknownModelError(replies.unknown_model(graph, question.model))
    dice, board = Dice(pretended.seed(asked.seed)), pretended.board(asked)
    itinerary = _limited(walk(resolved, question.facts, board.at(0.0), dice), question.timeout_s)
    cached = _cached(graph, question, itinerary)
    pretence = pretended.pretence(asked.fail, _targets(graph, itinerary), graph.absent)

    def leading(route: Route) -> Sequence[Candidate]:
        return walk(Resolved(route), question.facts, board.at(0.0), dice).candidates

    def admit(step: Try) -> Refusal | None:
        return question.books.admit(step, question.facts, leading, question.bounding)

    stream, unfit = question.stream, question.unfit
    rehearsal = rehearse(itinerary, pretence, dice, stream=stream, unfit=unfit, admit=admit, health=board)
    itinerary = replace(itinerary, candidates=rehearsal.candidates)
    asked_of = [candidate.target for candidate in itinerary.candidates if candidate.dropped is None]
    left_out = {target.id: question.left_out(target) for target in asked_of}
    return DryRun(question.model, resolved, itinerary, rehearsal, left_out, cached(rehearsal))


def _cached(graph: Graph, question: Question, itinerary: Itinerary) -> Callable[[Rehearsal], Mapping[str, Any] | None]:
    """What the cache rules say, asked where the server asks them, and told when it is known who answers.

    Raises NotKeptError. Most files have no such rules, and load nothing for them.
    """
    if not graph.cache.rules and "cache-control" not in question.headers:
        return lambda _: None
    from llmgw.cli import route_cache

    decision = route_cache.decided(graph.cache, question, itinerary)
    return lambda rehearsal: route_cache.cache_json(decision, question, rehearsal)


def _limited(itinerary: Itinerary, timeout_s: float | None) -> Itinerary:
    """`x-llmgw-timeout` may only lower the deadline."""
    return itinerary if timeout_s is None else replace(itinerary, deadline_s=min(timeout_s, itinerary.deadline_s))


def _targets(graph: Graph, itinerary: Itinerary) -> list[str]:
    """What may be told to fail: the candidates first, then all that have a name of their own."""
    named = [target_id for target_id in graph.targets if STAR not in target_id]
    return list(dict.fromkeys([*(candidate.target.id for candidate in itinerary.candidates), *named]))


def _refused(model: str | None, error: RequestError, *, as_json: bool) -> int:
    """A request that the server refuses before it looks for a target."""
    if as_json:
        show_json(error_json(model, error.status, error.code, error.message), sys.stdout)
    else:
        told = f": the client gets {error.status} {error.code}: {error.message}"
        show([(("no target answers", "bold red"), told)], sys.stdout)
    return 1


def _lines(dry_run: DryRun, graph: Graph) -> Iterator[Line]:
    yield from tree_lines(dry_run.resolved, dry_run.rehearsal)
    yield from ((), (("candidates", "bold"),))
    yield from candidate_lines(dry_run.itinerary, dry_run.left_out)
    for name, reason in graph.absent.items():
        yield (("   -  ", "dim"), name, ("  left the graph: ", "yellow"), reason)
    if graph.cache.rules:
        yield from ((), (("cache", "bold"),), cache_line(dry_run.cache))
    yield from ((), (("attempts", "bold"),))
    yield from attempt_lines(dry_run.rehearsal)
    yield ()
    yield end_line(dry_run.rehearsal)


def test_all(configs: Sequence[str], env_file: Path | None, *, as_json: bool) -> int:
    """The tests that the file holds. Raises ConfigError."""
    built = _built(configs, env_file, assume_keys=True)
    results = run_file_tests(built, environment(env_file))
    if as_json:
        show_json({"tests": [result_json(result) for result in results]}, sys.stdout)
    else:
        show(result_lines(results), sys.stdout)
        show(problem_lines(failures(results, built), sys.stdout), sys.stdout)
        show([_summed(results)], sys.stdout)
    return 0 if all(result.passed for result in results) else 1


def test_graph(
    configs: Sequence[str], env_file: Path | None, notation: str, model: str | None, *, assume_keys: bool
) -> int:
    """The routing graph, drawn. Raises ConfigError."""
    from llmgw.cli.route_graph import show_graph

    built = _built(configs, env_file, assume_keys=assume_keys)
    graph = whole_graph(built, environment(env_file)) if assume_keys else built.graph
    return show_graph(graph, built.loaded.config.defaults, notation, model)


def _summed(results: Sequence[Result]) -> Line:
    failed = sum(not result.passed for result in results)
    if failed:
        return ((f"{failed} of {count(len(results), 'test')} failed", "bold red"),)
    return ((f"{count(len(results), 'test')} passed", "bold green"),)
