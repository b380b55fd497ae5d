"""`llmgw validate`: every problem with its place, then the file's tests, then one line that sums up."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmgw.adapters.config_files import Built, build
from llmgw.cli.env_file import environment
from llmgw.cli.file_tests import failures, result_json, run_file_tests
from llmgw.cli.render import Line, count, problem_json, problem_lines, problems_of, show, show_json
from llmgw.cli.sources import sources
from llmgw.config.problems import Problem, Severity
from llmgw.errors import ConfigError
from llmgw.routing.filetests import Result


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of the files. `built` None: one of them could not even be read."""

    built: Built | None
    problems: tuple[Problem, ...]
    results: tuple[Result, ...]
    strict: bool

    @property
    def errors(self) -> int:
        return sum(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def warnings(self) -> int:
        return len(self.problems) - self.errors

    @property
    def failed(self) -> int:
        return sum(not result.passed for result in self.results)

    @property
    def is_fine(self) -> bool:
        return not self.errors and not self.failed and not (self.strict and self.warnings)


def validate(configs: Sequence[str], env_file: Path | None, *, as_json: bool, strict: bool) -> int:
    """0 if the files may serve and their tests pass, else 1."""
    findings = _find(configs, env_file, strict=strict)
    if as_json:
        show_json(_json(findings), sys.stdout)
    else:
        failed = failures(findings.results, findings.built) if findings.built else ()
        show(problem_lines([*findings.problems, *failed], sys.stdout), sys.stdout)
        show([_sum(findings)], sys.stdout)
    return 0 if findings.is_fine else 1


def _find(configs: Sequence[str], env_file: Path | None, *, strict: bool) -> Findings:
    """Tests run only where nothing is wrong: of a graph with holes they would tell nothing."""
    try:
        env = environment(env_file)
        built = build(sources(configs), env, need_secrets=False)
    except ConfigError as error:
        return Findings(None, problems_of(error), (), strict)
    return Findings(built, built.problems, () if built.errors else run_file_tests(built, env), strict)


def _sum(findings: Findings) -> Line:
    """`3 errors, 1 warning` or `fine: 4 models, 2 routes, 3 tests passed`."""
    failed = f"{findings.failed} of {count(len(findings.results), 'test')} failed"
    faults = [
        *([count(findings.errors, "error")] if findings.errors else []),
        *([failed] if findings.failed else []),
        *([count(findings.warnings, "warning")] if findings.warnings else []),
    ]
    if findings.built is None or not findings.is_fine:
        return ((", ".join(faults), "bold red"),)
    config = findings.built.loaded.config
    there = [count(len(config.models), "model"), count(len(config.routes), "route")]
    there += [count(len(config.keys), "key")] if config.keys else []
    passed = [f"{count(len(findings.results), 'test')} passed"] if findings.results else []
    return (("fine", "bold green"), f": {', '.join([*there, *passed, *faults])}")


def _json(findings: Findings) -> dict[str, Any]:
    config = findings.built.loaded.config if findings.built is not None else None
    return {
        "valid": findings.is_fine,
        "errors": findings.errors,
        "warnings": findings.warnings,
        "problems": [problem_json(problem) for problem in findings.problems],
        "models": len(config.models) if config else 0,
        "routes": len(config.routes) if config else 0,
        "tests": [result_json(result) for result in findings.results],
    }
