"""The file's own tests, for `validate` and `test-route --all`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llmgw.adapters.config_files import Built
from llmgw.cli.render import Line
from llmgw.config.problems import Problem
from llmgw.graph.compile import compile_graph
from llmgw.graph.model import Graph
from llmgw.routing import filetests
from llmgw.routing.filetests import Result


def run_file_tests(built: Built, env: Mapping[str, str]) -> tuple[Result, ...]:
    """Every test of a file without errors, on the whole graph."""
    tests = built.loaded.config.tests
    if not tests:
        return ()
    from llmgw.server.dry_books import Policies

    return tuple(filetests.run(tests, whole_graph(built, env), Policies()))


def whole_graph(built: Built, env: Mapping[str, str]) -> Graph:
    """As if every key were set: what is optional and has no key stays in."""
    return compile_graph(built.loaded, env, whole=True).graph if built.graph.absent else built.graph


def failures(results: Iterable[Result], built: Built) -> tuple[Problem, ...]:
    """What was expected and what would happen, at its place in the file."""
    return tuple(problem for result in results if (problem := result.problem(built.loaded)) is not None)


def result_lines(results: Iterable[Result]) -> Iterator[Line]:
    """One line for each test."""
    for result in results:
        yield (("passed" if result.passed else "failed", "green" if result.passed else "bold red"), f"  {result.name}")


def result_json(result: Result) -> dict[str, Any]:
    """The stable shape of a result for programs."""
    return {
        "name": result.name,
        "passed": result.passed,
        "targets": list(result.targets),
        "code": result.code,
        "fault": result.fault,
    }
