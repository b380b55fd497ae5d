"""`llmgw serve`: what is served, what is said, and how it ends. The real process on loopback."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from llmgw.cli.serve import CANNOT_BIND
from tests.cli.machine import command, environment, llmgw

CONFIG = "models: {gpt: simulator/gpt}\n"


@contextmanager
def serving(
    *args: str, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[str]", Sequence[str]]]:
    """The running server and what it said until it was ready; stopped with SIGTERM if it still runs."""
    with subprocess.Popen(
        command("serve", "--port", "0", *args),
        cwd=cwd,
        env=environment(env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, _until_ready(process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _until_ready(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line.rstrip("\n"))
        if line.startswith("llmgw serves"):
            return said
    raise AssertionError("\n".join(said))


def url_of(said: Sequence[str]) -> str:
    match = re.search(r"http://127\.0\.0\.1:\d+/v1", said[-1])
    assert match is not None
    return match[0]


def names_at(url: str) -> list[str]:
    with urlopen(f"{url}/models", timeout=10) as answer:
        return sorted(model["id"] for model in json.load(answer)["data"])


def is_known(url: str, name: str) -> bool:
    try:
        with urlopen(f"{url}/models/{name}", timeout=10) as answer:
            return bool(json.load(answer)["id"] == name)
    except HTTPError as error:
        error.close()
        return error.status != 404


def test_a_file_is_served_until_the_signal(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)

    with serving("c.yaml", cwd=tmp_path) as (process, said):
        names = names_at(url_of(said))

    assert (names, process.returncode) == (["gpt"], 0)
    assert said == [f"llmgw serves gpt on {said[-1].partition(' on ')[2]}"]
    assert said[0].endswith(", from c.yaml")


def test_the_log_on_standard_output_is_json_alone(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)

    with serving("c.yaml", cwd=tmp_path) as (process, _):
        process.send_signal(signal.SIGTERM)
        log, _ = process.communicate(timeout=60)
    events = [json.loads(line)["event"] for line in log.splitlines()]

    assert events == ["ready", "draining", "stopped"]


def test_flags_are_served_under_any_name(tmp_path: Path) -> None:
    with serving("--model", "simulator/a", "--fallbacks", "simulator/b,", cwd=tmp_path) as (_, said):
        known = [is_known(url_of(said), name) for name in ("chat", "anybody", "a/b")]

    assert known == [True, True, True]


def test_keys_in_the_environment_are_served(tmp_path: Path) -> None:
    env = {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}

    with serving(cwd=tmp_path, env=env) as (_, said):
        names = names_at(url_of(said))
        known = [is_known(url_of(said), name) for name in ("openai/o4", "claude-a", "gpt-b", "groq/a", "llama")]

    assert (names, known) == (["chat"], [True, True, True, False, False])


def test_a_file_that_lies_here_is_served_and_named(tmp_path: Path) -> None:
    (tmp_path / "llmgw.yaml").write_text(CONFIG)

    with serving(cwd=tmp_path, env={"OPENAI_API_KEY": "x"}) as (_, said):
        names = names_at(url_of(said))

    assert names == ["gpt"]
    assert said[0].endswith(", from llmgw.yaml")


def test_a_chain_of_flags_is_blamed_by_flag(tmp_path: Path) -> None:
    result = llmgw("serve", "--model", "openai/gpt-4o-mini", "--fallbacks", "anthropic/claude-haiku-4-5", cwd=tmp_path)

    assert result.returncode == 1
    assert result.stderr.splitlines()[0] == (
        "--model openai/gpt-4o-mini: OPENAI_API_KEY is not set "
        "(export OPENAI_API_KEY=…, or try it without keys: --model simulator/x)"
    )
    assert result.stderr.splitlines()[1].startswith("--fallbacks anthropic/claude-haiku-4-5: ANTHROPIC_API_KEY is not")


def test_a_test_of_the_file_that_fails_is_pointed_out_at_the_start(tmp_path: Path) -> None:
    tests = (
        "tests: [{name: a, request: {model: gpt}, expect: [gpt]}, {name: b, request: {model: gpt}, expect: timeout}]"
    )
    (tmp_path / "c.yaml").write_text(f"{CONFIG}{tests}\n")

    with serving("c.yaml", cwd=tmp_path) as (_, said):
        pass

    assert said[0] == "tests: 1 of 2 fails (see: llmgw validate c.yaml)"


@pytest.mark.parametrize("source", ["c.yaml", "--model=simulator/x"])
def test_a_host_for_everybody_must_be_meant(tmp_path: Path, source: str) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)

    result = llmgw("serve", source, "--host", "0.0.0.0", cwd=tmp_path)

    assert (result.returncode, result.stdout) == (2, "")
    assert (
        "without keys anyone there may call; leave it out for this machine only, write `keys` into the file"
        in result.stderr
    )


def test_a_bad_file_is_1_with_its_problems(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("models: {gpt: openai/gpt-4o}\n")

    result = llmgw("serve", str(file))

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{file}:1:15: models.gpt: OPENAI_API_KEY is not set (export ")


def test_a_taken_port_is_3_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = llmgw("serve", "c.yaml", "--port", port, cwd=tmp_path)

    assert result.returncode == CANNOT_BIND
    other = int(port) + 1
    assert result.stderr == (
        f"cannot serve: port {port} is in use: `make serve PORT={other}`, or `llmgw serve FILE --port {other}`\n"
    )
