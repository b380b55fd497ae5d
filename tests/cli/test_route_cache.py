"""A dry run tells what the cache rules would do, and why not."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.machine import called

CONFIG = """\
keys:
  - {name: search-prod, team: search, sha256: "0000000000000000000000000000000000000000000000000000000000000000"}
models: {gpt: simulator/gpt, claude: simulator/claude, other: simulator/other}
routes: {chat: {fallback: [gpt, claude]}}
cache:
  rules:
    - {name: faq, models: [chat], ttl: 1h, scope: key.team}
    - {name: free, models: [gpt], ttl: 1d, scope: everyone, variety: true}
"""
FAQ = {"rule": "faq", "mode": "exact", "scope": 'key=""', "ttl_s": 3600.0, "look": True, "keep": True, "why": ""}


def run(tmp_path: Path, *args: str, config: str = CONFIG, **body: Any) -> tuple[int, str]:
    file, written = tmp_path / "llmgw.yaml", tmp_path / "body.json"
    file.write_text(config)
    written.write_text(json.dumps({"model": "chat", "messages": [{"role": "user", "content": "Hi"}], **body}))
    result = called("test-route", str(file), *args, *(() if "--model" in args else ("--request", str(written))))
    return result.returncode, result.stdout


def told(tmp_path: Path, *args: str, **body: Any) -> Any:
    return json.loads(run(tmp_path, *args, "--json", **body)[1])["cache"]


def line(tmp_path: Path, *args: str, **body: Any) -> str:
    lines = run(tmp_path, *args, **body)[1].splitlines()
    return lines[lines.index("cache") + 1].strip()


def test_a_plain_request_is_looked_for_and_kept(tmp_path: Path) -> None:
    assert told(tmp_path) == FAQ
    assert line(tmp_path) == 'faq  exact, for key="", 1h: looked for, kept'


def test_whose_the_answer_is_follows_from_the_key(tmp_path: Path) -> None:
    assert told(tmp_path, "--key", "search-prod") == {**FAQ, "scope": "key.team=search"}


@pytest.mark.parametrize(
    ("args", "body", "look", "why"),
    [
        ((), {"temperature": 1.5}, False, "its temperature is above 1"),
        (("--fail", "gpt=overloaded"), {}, True, "it was reached by fallback"),
        (("--fail", "gpt=invalid_request"), {}, True, "nobody answers"),
        (("--header", "cache-control=no-store"), {}, True, "no-store"),
        (
            ("--header", "cache-control=no-cache", "--fail", "gpt=overloaded"),
            {},
            False,
            "no-cache, it was reached by fallback",
        ),
    ],
)
def test_why_it_is_not_kept_is_told(
    tmp_path: Path, args: tuple[str, ...], body: dict[str, Any], look: bool, why: str
) -> None:
    found = told(tmp_path, *args, **body)

    assert (found["look"], found["keep"], found["why"]) == (look, False, why)
    assert line(tmp_path, *args, **body).endswith(f"not kept: {why}")


def test_who_wants_it_anew_renews_what_is_kept(tmp_path: Path) -> None:
    found = told(tmp_path, "--header", "cache-control=no-cache")

    assert found == {**FAQ, "look": False, "why": "no-cache"}
    assert line(tmp_path, "--header", "cache-control=no-cache").endswith(": not looked for: no-cache")


def test_several_answers_are_kept_where_the_rule_says_so(tmp_path: Path) -> None:
    found = told(tmp_path, model="gpt", n=2)

    assert (found["rule"], found["scope"], found["look"], found["keep"]) == ("free", "everyone", True, True)


def test_without_a_body_only_the_rule_and_the_scope_are_known(tmp_path: Path) -> None:
    assert told(tmp_path, "--model", "chat") == {**FAQ, "look": None, "keep": None}
    assert line(tmp_path, "--model", "chat").startswith('faq  exact, for key="", 1h: --request FILE shows')


@pytest.mark.parametrize("args", [("--model", "other"), ()])
def test_a_request_that_no_rule_is_about(tmp_path: Path, args: tuple[str, ...]) -> None:
    assert told(tmp_path, *args, model="other") is None
    assert line(tmp_path, *args, model="other") == "no rule is about it"


@pytest.mark.parametrize("args", [("--model", "chat"), ()])
def test_in_a_dry_run_nothing_is_kept(tmp_path: Path, args: tuple[str, ...]) -> None:
    code, out = run(tmp_path, *args, "--header", "cache-control=only-if-cached", "--json")

    assert code == 1
    assert json.loads(out)["error"]["code"] == "not_in_cache"


def test_a_file_without_rules_says_nothing_of_it(tmp_path: Path) -> None:
    _, out = run(tmp_path, config="models: {chat: simulator/gpt}")

    assert "cache" not in out
