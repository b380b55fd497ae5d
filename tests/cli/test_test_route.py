"""`llmgw test-route`: the whole page, the JSON, and the exit codes."""

import json
from pathlib import Path

import pytest

from tests.cli.machine import called, llmgw

CONFIG = """\
models:
  gpt: openai/gpt-4o-mini
  claude: {target: anthropic/claude-haiku-4-5, retry: {attempts: 1}}
  local: {target: ollama/llama3.3, max_output: 1000}
  "sim-*": simulator/*
routes:
  chat:
    fallback: [gpt, {use: claude, on_failure: [rate_limited, overloaded]}, local]
  by-tier:
    when:
      - {if: 'metadata.tier == "free"', use: local}
      - {use: chat}
tests:
  - {name: outage, request: {model: chat}, fail: {gpt: rate_limited}, expect: [gpt, claude]}
"""
KEYS = {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "llmgw.yaml"
    file.write_text(CONFIG)
    return str(file)


def run(config: str, *args: str) -> tuple[int, str, str]:
    result = called("test-route", config, *args, env=KEYS)
    return result.returncode, result.stdout, result.stderr


def test_an_outage_is_played_through(config: str) -> None:
    code, out, _ = run(config, "--model", "chat", "--fail", "gpt=rate_limited", "--max-tokens", "5000")

    assert code == 0
    assert out == (
        "> chat  deadline 10m · max_attempts 6 · fallback\n"
        "x ├─ gpt  openai/gpt-4o-mini\n"
        "> ├─ claude  on_failure rate_limited, overloaded · anthropic/claude-haiku-4-5\n"
        "  └─ local  ollama/llama3.3\n"
        "\n"
        "candidates\n"
        "   1  gpt     connect 5s, first token 1m, idle 1m, total 10m; 2 tries, up to 250ms apart\n"
        "   2  claude  connect 5s, first token 1m, idle 1m, total 10m; 1 try; only after rate_limited, overloaded\n"
        "   -  local   dropped: max_tokens 5000 is over max_output 1000\n"
        "  deadline 10m, at most 6 attempts\n"
        "\n"
        "attempts\n"
        "   1  gpt     rate_limited  -> next at once\n"
        "   2  claude  answers\n"
        "\n"
        "claude answers\n"
    )


def test_the_process_prints_what_the_command_says(config: str) -> None:
    args = ("test-route", config, "--model", "chat", "--fail", "gpt=rate_limited")

    assert llmgw(*args, env=KEYS) == called(*args, env=KEYS)


def test_when_nobody_answers_the_clients_error_is_told(config: str) -> None:
    fails = [flag for name in ("gpt", "claude", "local") for flag in ("--fail", f"{name}=overloaded")]
    code, out, _ = run(config, "--model", "chat", *fails)

    assert code == 1
    assert out.endswith("no target answers: the client gets 503 overloaded\n")


def test_a_fault_of_the_caller_is_passed_on(config: str) -> None:
    code, out, _ = run(config, "--model", "chat", "--fail", "gpt=invalid_request")

    assert code == 1
    assert "   1  gpt  invalid_request  -> gives up: the request itself is at fault\n" in out
    assert out.endswith("no target answers: the client gets the provider's own error (invalid_request)\n")


def test_the_way_depends_on_the_facts(config: str) -> None:
    ends = [
        run(config, "--model", "by-tier", "--metadata", f"tier={tier}")[1].splitlines()[-1] for tier in ("free", "x")
    ]

    assert ends == ["local answers", "gpt answers"]


def test_a_request_in_a_file_is_asked(config: str, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    said = [{"role": "user", "content": "Hi"}]
    body.write_text(json.dumps({"model": "by-tier", "messages": said, "metadata": {"tier": "free"}}))

    code, out, _ = run(config, "--request", str(body))

    assert (code, out.splitlines()[-1]) == (0, "local answers")


def test_a_request_comes_from_standard_input(config: str) -> None:
    body = json.dumps({"model": "chat", "messages": []})

    result = llmgw("test-route", config, "--request", "-", env=KEYS, given=body)

    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "gpt answers")


def test_a_pattern_is_filled_in_and_its_target_can_fail(config: str) -> None:
    code, out, _ = run(config, "--model", "sim-a", "--fail", "sim-a=not_found")

    assert code == 1
    assert "   1  sim-a  not_found  -> gives up: no candidate left\n" in out


def test_the_caller_may_lower_the_deadline(config: str) -> None:
    _, out, _ = run(config, "--model", "chat", "--header", "x-llmgw-timeout=5s")

    assert "  deadline 5s, at most 6 attempts\n" in out


def test_an_unknown_model_is_what_the_server_says(config: str) -> None:
    code, out, _ = run(config, "--model", "chta")

    assert code == 1
    assert out.startswith(
        "no target answers: the client gets 404 model_not_found: no model 'chta'. Did you mean 'chat'?"
    )


def test_an_unknown_target_is_wrong_usage(config: str) -> None:
    code, _, errors = run(config, "--model", "chat", "--fail", "gtp=timeout")

    assert code == 2
    assert "did you mean 'gpt'?" in errors


def test_a_bad_file_is_told_with_its_places(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("models: {gpt: opnai/gpt-4o}\n")

    result = called("test-route", str(file), "--model", "gpt")

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f'{file}:1:15: models.gpt: "opnai" is not a provider (did you mean "openai"?')


def test_json_says_the_same(config: str) -> None:
    code, out, _ = run(config, "--model", "chat", "--fail", "gpt=overloaded", "--fail", "claude=server_error", "--json")
    told = json.loads(out)

    assert code == 0
    assert [(a["attempt"], a["target"], a["try"], a["failure"]) for a in told["attempts"]] == [
        (1, "gpt", 1, "overloaded"),
        (2, "gpt", 2, "overloaded"),
        (3, "claude", 1, "server_error"),
        (4, "local", 1, None),
    ]
    assert (told["targets"], told["answers"], told["error"]) == (["gpt", "claude", "local"], "local", None)


@pytest.mark.parametrize("args", [["--model", "chat", "--fail", "gpt=invalid_request"], ["--model", "unknown"]])
def test_the_fields_of_the_json_are_named_in_the_help(config: str, args: list[str]) -> None:
    told = json.loads(run(config, *args, "--json")[1])
    fields = {*told, *told["error"], *(key for one in (*told["candidates"], *told["attempts"]) for key in one)}
    words = called("test-route", "--help").stdout.translate(str.maketrans("(),", "   ")).split()

    assert fields - set(words) == set()


def test_the_same_seed_gives_the_same_draws(config: str) -> None:
    pages = {run(config, "--model", "chat", "--fail", "gpt=overloaded", "--seed", "req_7")[1] for _ in range(2)}

    assert len(pages) == 1


def test_the_fields_of_the_json_do_not_depend_on_the_end(config: str) -> None:
    refused = json.loads(run(config, "--model", "chta", "--json")[1])
    answered = json.loads(run(config, "--model", "chat", "--json")[1])

    assert set(refused) == set(answered)
    assert refused["error"]["code"] == "model_not_found"


def test_a_model_that_left_the_graph_is_told(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(
        "providers: {groq: {optional: true}}\nmodels: {fast: groq/llama-3.3-70b-versatile, sim: simulator/x}\n"
        "routes: {chat: {fallback: [fast, sim]}}\n"
    )

    code, out, errors = run(str(file), "--model", "chat")

    assert code == 0
    assert "   -  fast  left the graph: GROQ_API_KEY is not set\n" in out
    assert "warning: GROQ_API_KEY is not set" in errors


def test_what_left_the_graph_fails_nothing_unless_its_key_is_assumed(tmp_path: Path) -> None:
    """The file's own tests assume it too: what they say can be tried by hand."""
    file = tmp_path / "llmgw.yaml"
    file.write_text(
        "providers: {groq: {optional: true}}\nmodels: {fast: groq/llama-3.1-8b-instant, sim: simulator/x}\n"
        "routes: {chat: {fallback: [fast, sim]}}\n"
    )
    args = ("--model", "chat", "--fail", "fast=rate_limited")

    refused, assumed = run(str(file), *args), run(str(file), *args, "--assume-keys")

    assert refused[0] == 2
    assert (
        "'fast' has left the graph (GROQ_API_KEY is not set), so it can fail nothing; "
        "--assume-keys plays it as if every key were set"
    ) in " ".join(refused[2].split())
    assert (assumed[0], assumed[2]) == (0, "")
    assert assumed[1].endswith("   1  fast  rate_limited  -> next at once\n   2  sim   answers\n\nsim answers\n")


def test_a_failing_test_of_the_file_is_1_with_its_place(config: str) -> None:
    with Path(config).open("a") as file:
        file.write("  - {name: wrong, request: {model: chat}, expect: [claude]}\n")

    results = [run(config, "--all"), run(config, "--all", "--json")]

    assert [code for code, _, _ in results] == [1, 1]
    assert results[0][1].splitlines()[-2:] == [
        f"{config}:15:51: tests[1].expect: 'wrong' expects [claude], but gpt answers",
        "1 of 2 tests failed",
    ]
    assert [test["passed"] for test in json.loads(results[1][1])["tests"]] == [True, False]


def test_all_runs_the_files_tests(config: str) -> None:
    code, out, _ = run(config, "--all")

    assert (code, out) == (0, "passed  outage\n1 test passed\n")


WITH_KEYS = """
models: {gpt: simulator/a, cheap: simulator/b}
routes: {smart: {when: [{if: 'key.team == "search"', use: gpt}, {use: cheap}]}}
keys:
  - {name: search-prod, team: search, expires: 2027-01-31, secret: the-secret-of-the-search-team}
  - {name: intern, models: [smart], secret: the-secret-of-the-intern}
"""


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["-m", "smart", "--key", "search-prod", "--at", "2027-01-31T12:00"], 0, "gpt answers"),
        (["-m", "smart", "--key", "search-prod", "--at", "2027-02-01"], 1, "the client gets 401 invalid_key"),
        (["-m", "smart", "--key", "intern"], 0, "cheap answers"),
        (["-m", "gpt", "--key", "intern"], 1, "the client gets 403 forbidden_model: the key 'intern' may not use"),
        (["-m", "gpt"], 0, "gpt answers"),
        (["-m", "gpt", "--key", "interm"], 2, "'interm' is not a key: did you mean 'intern'?"),
    ],
)
def test_who_asks_is_a_key_by_its_name(tmp_path: Path, args: list[str], code: int, words: str) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(WITH_KEYS)
    told = called("test-route", str(file), *args)

    assert told.returncode == code
    assert words in told.stdout + told.stderr


def test_a_body_is_asked_with_a_key_too(tmp_path: Path) -> None:
    file, body = tmp_path / "llmgw.yaml", tmp_path / "body.json"
    file.write_text(WITH_KEYS)
    body.write_text('{"model": "gpt", "messages": []}')
    told = called("test-route", str(file), "--request", str(body), "--key", "intern", "--json")

    assert told.returncode == 1
    assert json.loads(told.stdout)["error"]["code"] == "forbidden_model"


def test_a_file_without_keys_has_none_to_name(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text("models: {gpt: simulator/a}\n")
    told = called("test-route", str(file), "-m", "gpt", "--key", "k")

    assert told.returncode == 2
    assert "the file has no keys" in told.stderr


def test_without_any_candidate_the_words_of_the_server_are_told(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(
        "models: {notools: {target: openai/gpt-old, lacks: [tools, json, images]}}\n"
        "routes: {nt: {fallback: [notools]}}\n"
    )
    args = ("--model", "nt", "--tools")

    text, told = run(str(file), *args), json.loads(run(str(file), *args, "--json")[1])

    message = "no target can take this request: notools: lacks tools"
    assert (text[0], text[1].splitlines()[-1]) == (
        1,
        f"no target answers: the client gets 400 invalid_request: {message}",
    )
    assert told["error"] == {"status": 400, "code": "invalid_request", "message": message, "passed_on": False}


def test_a_body_tells_what_each_target_would_not_be_sent(config: str, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    asked = {"model": "chat", "messages": [{"role": "user", "content": "Hi"}], "seed": 7, "max_tokens": 9}
    body.write_text(json.dumps(asked))

    text, told = run(config, "--request", str(body))[1], json.loads(run(config, "--request", str(body), "--json")[1])

    left_out = {candidate["target"]: candidate["left_out"] for candidate in told["candidates"]}
    assert (left_out["gpt"], left_out["claude"]) == ([], ["seed"])
    assert text.count(" leaves out seed\n") == 1
