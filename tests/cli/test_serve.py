"""`llmgw serve`: what is served, what is said, and how it ends. The real process on loopback."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

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


def test_a_file_is_served_until_the_signal(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)

    with serving("c.yaml", cwd=tmp_path) as (process, said):
        names = names_at(url_of(said))

    assert (names, process.returncode) == (["gpt"], 0)
    assert said == [f"llmgw serves gpt on {said[-1].partition(' on ')[2]}"]


def test_the_log_on_standard_output_is_json_alone(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)

    with serving("c.yaml", cwd=tmp_path) as (process, _):
        process.send_signal(signal.SIGTERM)
        log, _ = process.communicate(timeout=60)
    events = [json.loads(line)["event"] for line in log.splitlines()]

    assert events == ["ready", "draining", "stopped"]


def test_flags_are_served_under_any_name(tmp_path: Path) -> None:
    with serving("--model", "simulator/a", "--fallbacks", "simulator/b,", cwd=tmp_path) as (_, said):
        names = names_at(url_of(said))

    assert names == ["*"]


def test_keys_in_the_environment_are_served(tmp_path: Path) -> None:
    env = {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}

    with serving(cwd=tmp_path, env=env) as (_, said):
        names = names_at(url_of(said))

    assert names == ["anthropic/*", "chat", "claude-*", "gpt-*", "openai/*"]


def test_a_file_that_lies_here_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "llmgw.yaml").write_text(CONFIG)

    with serving(cwd=tmp_path) as (_, said):
        pass

    assert said[0] == "there is a llmgw.yaml here; to serve it: llmgw serve llmgw.yaml"


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
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr
    assert "--port 4001" in result.stderr
