"""`llmgw validate`: every problem, the file's tests, the sum, and the exit codes."""

import json
from pathlib import Path
from typing import Protocol

import pytest

from llmgw.cli.validate import validate
from tests.cli.machine import llmgw

SOUND = """\
models: {gpt: simulator/gpt, claude: simulator/claude}
routes: {chat: {fallback: [gpt, claude]}}
tests:
  - {name: outage, request: {model: chat}, fail: {gpt: rate_limited}, expect: [gpt, claude]}
"""
FAILING = SOUND + "  - {name: wrong, request: {model: chat}, expect: [claude]}\n"
FAULTY = """\
models:
  gpt: opnai/gpt-4o
  claude: {target: anthropic/claude-haiku-4-5, tiemout: {idle: 60}}
routes: {chat: {fallback: [gtp]}}
"""
WITHOUT_KEY = "models: {gpt: openai/gpt-4o}\n"


class Check(Protocol):
    """Exit code and standard output for a file of this text."""

    def __call__(self, text: str, *, as_json: bool = False, strict: bool = False) -> tuple[int, str]: ...


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs the command in process on a file `c.yaml` of this text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    def run(text: str, *, as_json: bool = False, strict: bool = False) -> tuple[int, str]:
        Path("c.yaml").write_text(text)
        code = validate(["c.yaml"], None, as_json=as_json, strict=strict)
        return code, capsys.readouterr().out

    return run


def test_a_sound_file_is_fine_and_its_tests_are_counted(check: Check) -> None:
    assert check(SOUND) == (0, "fine: 2 models, 1 route, 1 test passed\n")


def test_every_problem_has_its_place_and_the_sum_comes_last(check: Check) -> None:
    code, out = check(FAULTY)
    lines = out.splitlines()

    assert code == 1
    assert [line.split(": ")[0] for line in lines] == [
        "c.yaml:2:8",
        "c.yaml:3:20",
        "c.yaml:3:48",
        "c.yaml:4:28",
        "3 errors, 1 warning",
    ]
    assert lines[0] == 'c.yaml:2:8: models.gpt: "opnai" is not a provider (did you mean "openai"?)'


def test_a_failed_test_says_what_was_expected_and_what_happened(check: Check) -> None:
    assert check(FAILING) == (
        1,
        "c.yaml:5:51: tests[1].expect: 'wrong' expects [claude], but gpt answers\n1 of 2 tests failed\n",
    )


def test_a_missing_secret_is_a_warning_which_counts_only_when_strict(check: Check) -> None:
    codes = [check(WITHOUT_KEY, strict=strict)[0] for strict in (False, True)]

    assert codes == [0, 1]
    assert check(WITHOUT_KEY)[1].endswith("fine: 1 model, 0 routes, 1 warning\n")


def test_tests_see_optional_providers_without_their_keys(check: Check) -> None:
    text = "providers: {openai: {optional: true}}\nmodels: {gpt: openai/gpt-4o, sim: simulator/x}\n"
    text += "routes: {chat: {fallback: [gpt, sim]}}\ntests: [{name: first, request: {model: chat}, expect: [gpt]}]\n"

    code, out = check(text)

    assert (code, out.splitlines()[-1]) == (0, "fine: 2 models, 1 route, 1 test passed, 1 warning")


def test_json_says_the_same(check: Check) -> None:
    code, out = check(FAILING, as_json=True)
    told = json.loads(out)

    assert code == 1
    assert [(test["name"], test["passed"], test["targets"], test["code"]) for test in told.pop("tests")] == [
        ("outage", True, ["gpt", "claude"], None),
        ("wrong", False, ["gpt"], None),
    ]
    assert told == {"valid": False, "errors": 0, "warnings": 0, "problems": [], "models": 2, "routes": 1}


def test_json_of_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = validate([str(tmp_path / "no.yaml")], None, as_json=True, strict=False)
    told = json.loads(capsys.readouterr().out)

    assert (code, told["valid"], told["errors"]) == (1, False, 1)
    assert told["problems"][0]["message"] == "cannot be read: No such file or directory"


def test_the_fields_of_the_json_are_named_in_the_help(check: Check) -> None:
    told = json.loads(check(FAILING + "odd: 1\n", as_json=True)[1])
    fields = {*told, *(key for one in (*told["problems"], *told["tests"]) for key in one)}
    words = llmgw("validate", "--help").stdout.translate(str.maketrans("(),.", "    ")).split()

    assert fields - set(words) == set()


def test_files_are_merged_and_standard_input_is_one(tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text("models: {gpt: simulator/gpt}\n")

    result = llmgw("validate", str(base), "-", given="routes: {chat: {fallback: [gpt]}}\n")

    assert (result.returncode, result.stdout) == (0, "fine: 1 model, 1 route\n")


def test_an_env_file_fills_in_keys_and_its_faults_are_problems(tmp_path: Path) -> None:
    config, keys = tmp_path / "c.yaml", tmp_path / ".env"
    config.write_text(WITHOUT_KEY)
    results = []
    for text in ("OPENAI_API_KEY=x\n", "OPENAI_API_KEY x\n"):
        keys.write_text(text)
        results.append(llmgw("validate", str(config), "--strict", "--env-file", str(keys)))

    assert [result.returncode for result in results] == [0, 1]
    assert results[1].stdout.startswith(f"{keys}:1:1: not NAME=VALUE")
