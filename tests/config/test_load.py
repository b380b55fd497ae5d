import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmgw.config import nodes
from llmgw.config.check import PROBLEMS_MAX
from llmgw.config.load import Loaded, _decoded, load
from llmgw.config.model import (
    BudgetEntry,
    ConfigFile,
    Duration,
    FallbackEntry,
    LimitEntry,
    ModelEntry,
    OnExceeded,
    PoolEntry,
    Size,
    WhenEntry,
)
from llmgw.config.problems import Mark, Severity
from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass

CASES = Path(__file__).parents[1] / "golden" / "problems"
ENV = {"PORT": "4001", "MANY": "plenty", "KEY": "k-1"}


def no_file(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def loaded(*texts: str | bytes) -> Loaded:
    return load([(f"{name}.yaml", text) for name, text in zip("abc", texts, strict=False)], ENV, no_file)


def sound(text: str) -> ConfigFile:
    result = loaded(text)
    assert result.problems == ()
    return result.config


def problems_text(case: Path) -> str:
    result = load([(file.name, file.read_bytes()) for file in sorted(case.glob("*.yaml"))], ENV, no_file)
    found = [*result.problems, *result.missing_problems(severity=Severity.WARNING)]
    return "".join(f"{problem}\n" for problem in sorted(found, key=lambda problem: problem.mark))


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_every_golden_file_has_the_problems_written_beside_it(
    case: Path, parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "EventLoader", getattr(yaml, parser))
    actual = problems_text(case)
    golden = case / "problems.txt"
    if os.environ.get("UPDATE_GOLDEN") and parser == "CSafeLoader":
        golden.write_text(actual, encoding="utf-8")

    assert golden.read_text(encoding="utf-8") == actual


def test_fifteen_faults_and_more_are_told_at_once_each_with_its_place() -> None:
    lines = (CASES / "fifteen-faults" / "problems.txt").read_text(encoding="utf-8").splitlines()

    assert len(lines) > 40
    assert all(line.startswith("config.yaml:") for line in lines)


def test_the_sample_in_the_docs_is_what_is_said() -> None:
    page = (Path(__file__).parents[2] / "docs" / "config.md").read_text(encoding="utf-8")
    text = "models:\n  gpt:\n    target: openai/gpt-4o-mini\n    timout: {total: 60s}\n"
    (problem,) = load([("llmgw.yaml", text)], ENV, no_file).problems

    assert f"$ llmgw validate llmgw.yaml\n{problem}\n1 error\n" in page


def test_an_empty_file_is_all_defaults() -> None:
    assert sound("") == ConfigFile()
    assert loaded().config == ConfigFile()


def test_shorthands_are_spelled_out() -> None:
    config = sound(
        """
        models: {gpt: openai/x, hidden: {target: openai/y, expose: false}, named: {target: openai/z, expose: other}}
        routes:
          a: {fallback: [gpt, {use: hidden, on_failure: [timeout]}], expose: b}
          p: {pool: [gpt, {use: hidden, weight: 3}]}
          w: {when: [{if: "true", use: gpt}, hidden]}
        """
    )

    assert config.models["gpt"] == ModelEntry(target="openai/x")
    assert config.models["hidden"].expose is False
    assert config.models["named"].expose == ("other",)
    assert config.routes["a"].fallback == (
        FallbackEntry(use="gpt"),
        FallbackEntry(use="hidden", on_failure=(FailureClass.TIMEOUT,)),
    )
    assert config.routes["a"].expose == ("b",)
    assert config.routes["p"].pool == (PoolEntry(use="gpt"), PoolEntry(use="hidden", weight=3.0))
    assert config.routes["w"].when == (WhenEntry(use="gpt", if_="true"), WhenEntry(use="hidden"))


def test_a_name_alone_as_each_is_a_list_of_one() -> None:
    config = sound(
        "limits: [{name: a, each: key, requests: 60/m}]\n"
        "budgets: [{name: b, each: [key, model], limit_usd: {x: 1}, per: 30d, on_exceeded: {use: gpt}}]\n"
    )

    assert config.limits == (LimitEntry(name="a", each=("key",), requests="60/m"),)
    assert config.budgets == (
        BudgetEntry(
            name="b", each=("key", "model"), limit_usd={"x": 1.0}, per="30d", on_exceeded=OnExceeded(use="gpt")
        ),
    )


def test_any_failure_is_every_class_but_the_callers_own_fault() -> None:
    config = sound("routes: {a: {fallback: [x, {use: y, on_failure: [any]}]}}\n")

    fallback = config.routes["a"].fallback
    assert fallback is not None
    assert set(fallback[1].on_failure or ()) == set(FailureClass) - {FailureClass.INVALID_REQUEST}


def test_units_and_secrets_are_resolved() -> None:
    config = sound('server: {drain: 5m, max_body: 1MiB}\nproviders: {openai: {api_key: "${KEY}"}}\n')

    assert config.server.drain == Duration(300)
    assert isinstance(config.server.drain, Duration)
    assert config.server.max_body == 1_048_576
    assert isinstance(config.server.max_body, Size)
    assert config.providers["openai"].api_key == (Secret("k-1"),)
    assert "k-1" not in repr(config)


def test_what_is_converted_is_known() -> None:
    with pytest.raises(NotImplementedError):
        _decoded(complex, "1")


def test_a_key_that_is_not_set_is_a_warning_where_others_are_left() -> None:
    some = loaded('providers: {openai: {api_key: ["${UNSET}", b]}}\n')
    none = loaded('providers: {openai: {api_key: ["${UNSET}", "${UNSET_TOO}"]}}\n')

    assert some.config.providers["openai"].api_key == (Secret("b"),)
    assert [problem.severity for problem in some.missing_problems(severity=Severity.ERROR)] == ["warning"]
    assert (list(some.missing_of("openai")), len(list(none.missing_of("openai")))) == ([], 2)
    assert [problem.severity for problem in none.missing_problems(severity=Severity.ERROR)] == ["error", "error"]
    assert (none.config.providers["openai"].api_key, none.problems) == (None, ())


def test_several_files_are_one() -> None:
    result = loaded("models: {a: openai/x}\n", "models: {b: openai/y}\n")

    assert list(result.config.models) == ["a", "b"]
    assert result.mark(("models", "b", "target")) == Mark("b.yaml", 1, 13)
    assert result.key_mark(("models", "b")) == Mark("b.yaml", 1, 10)


def test_a_broken_model_is_broken_and_not_unknown() -> None:
    result = loaded("models: {a: 5, b: openai/x}\nroutes: {r: {fallback: [a, b]}}\n")

    assert list(result.config.models) == ["b"]
    assert result.is_broken(("models", "a"))
    assert not result.is_broken(("models", "b"))
    assert not result.is_broken(("models", "c"))


def test_of_a_file_that_cannot_be_read_no_name_is_unknown() -> None:
    result = loaded("models: {a: openai/x}\n", "models: [\n")

    assert len(result.problems) == 1
    assert list(result.config.models) == ["a"]
    assert result.is_broken(("models", "b"))


def test_a_further_problem_takes_paths_of_the_config_and_shows_those_of_the_file() -> None:
    test = "{name: n, request: {model: m}, expect: [m]}"
    result = loaded(f"tests:\n  - {{name: x}}\n  - {test}\n")

    at_value = result.problem(("tests", 0, "expect", 0), "unknown", "did you mean n?")
    at_key = result.problem(("tests", 0, "expect"), "odd", severity=Severity.WARNING, at_key=True)

    assert str(at_value) == "a.yaml:3:45: tests[1].expect[0]: unknown (did you mean n?)"
    assert str(at_key) == "a.yaml:3:36: tests[1].expect: warning: odd"


def test_what_is_unset_is_missing_apart_from_the_problems() -> None:
    result = loaded('providers: {openai: {api_key: "${UNSET}"}, groq: {api_key: "${UNSET}", optional: true}}\n')

    assert result.problems == ()
    assert [missing.path for missing in result.missing] == [
        ("providers", name, "api_key") for name in ("openai", "groq")
    ]
    assert [problem.severity for problem in result.missing_problems(severity=Severity.ERROR)] == ["error", "warning"]
    assert result.config.providers["openai"].api_key is None
    assert result.is_broken(("providers", "openai", "api_key"))


def test_only_providers_are_optional() -> None:
    result = loaded("server: {host: '${UNSET}'}\nproviders: {x: '${UNSET}'}\n")

    assert [problem.severity for problem in result.missing_problems(severity=Severity.ERROR)] == ["error", "error"]


def test_what_is_unset_where_it_has_no_business_is_not_told() -> None:
    assert loaded('guardrails: [{name: "${UNSET}"}]\n').missing == ()


def test_a_relative_file_is_looked_for_beside_the_config() -> None:
    asked: list[str] = []

    def read_file(path: str) -> str:
        asked.append(path)
        return "secret"

    load([("conf/a.yaml", "providers: {x: {api_key: '${file:keys/x}'}}\n")], {}, read_file)

    assert asked == ["conf/keys/x"]


def test_problems_come_by_place_and_not_without_end() -> None:
    result = loaded("models:\n" + "".join(f"  m{n}: 5\n" for n in range(PROBLEMS_MAX + 50)))

    assert result.is_broken(("models", "any"))
    assert len(result.problems) == PROBLEMS_MAX + 1
    assert [problem.mark.line for problem in result.problems] == sorted(
        problem.mark.line for problem in result.problems
    )
    assert "not shown" in result.problems[-1].message


def test_what_is_unset_is_told_however_much_it_is() -> None:
    result = loaded("models:\n" + "".join(f"  m{n}: ${{U{n}}}\n" for n in range(PROBLEMS_MAX + 50)))

    assert len(result.missing) == PROBLEMS_MAX
    assert result.is_broken(("models", "any"))


SEEDS = [file.read_text(encoding="utf-8") for file in sorted(CASES.glob("*/*.yaml"))]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = (
            text[:start] + draw(st.text(alphabet="abz019 \n\t:-{}[]\"'!&*#,|>%@`$<?~“\x00é", max_size=6)) + text[end:]
        )
    return text


KEYS = [
    *("server", "providers", "models", "routes", "defaults", "telemetry", "tests", "gpt", "port", "target", "timeout"),
    *("fallback", "pool", "when", "use", "if", "on_failure", "weight", "price", "expose", "request", "expect", "fail"),
    *("api_key", "headers", "simulate", "like", "name", "model", "metadata", "total", "drain", "max_body", "x"),
]
SCALARS = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        5,
        0.5,
        "",
        "gpt",
        "openai/x",
        "30s",
        "1MiB",
        "free",
        "any",
        "timeout",
        "${KEY}",
        "${NO}",
        "${",
        "a*b",
    ]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)


def is_told(result: Loaded) -> bool:
    assert isinstance(result.config, ConfigFile)
    assert all(result.source.mark(path) for path in result.broken)
    told = [*result.problems, *result.missing_problems(severity=Severity.WARNING)]
    assert all(problem.mark.line >= 1 and problem.message for problem in told)
    assert all("\n" not in str(problem) and len(str(problem)) < 2000 for problem in told)
    return bool(result.problems) or bool(result.missing) or not result.broken


@settings(max_examples=150, deadline=10_000)
@given(st.text(max_size=300) | st.binary(max_size=300))
@example("a: &a [*a]")
@example(b"\xff\xfe\x00\xd8")
@example("? {? {}}\n: [}")
def test_any_text_becomes_a_config_or_problems(text: str | bytes) -> None:
    assert is_told(loaded(text))


@settings(max_examples=200, deadline=10_000)
@given(mutated())
def test_any_damage_to_a_file_becomes_problems(text: str) -> None:
    assert is_told(loaded(text))


@settings(max_examples=200, deadline=10_000)
@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=4))
def test_any_tree_becomes_a_config_or_problems(tree: dict[str, Any]) -> None:
    assert is_told(loaded(json.dumps(tree)))


@settings(max_examples=50, deadline=10_000)
@given(mutated(), mutated())
def test_any_two_files_become_a_config_or_problems(first: str, second: str) -> None:
    assert is_told(loaded(first, second))


def test_what_is_broken_is_asked_by_the_path_in_the_config() -> None:
    text = (
        "models: {a: simulator/a}\ntests:\n"
        "  - {name: 1, request: {model: a}, expect: [a]}\n"
        "  - {name: x, request: {model: a}, expect: [a]}\n"
    )
    result = loaded(text)

    assert [test.name for test in result.config.tests] == ["x"]
    assert not result.is_broken(("tests", 0))
    assert ("tests", 0) in result.broken
