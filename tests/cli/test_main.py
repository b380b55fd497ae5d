"""The real command: exit codes, pipes, help, and what each command is allowed to import."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llmgw.cli.main import INTERRUPTED, READER_GONE
from llmgw.errors import FailureClass
from tests.cli.machine import called, command, environment, llmgw

SOUND = "models: {gpt: simulator/gpt, claude: simulator/claude}\nroutes: {chat: {fallback: [gpt, claude]}}\n"
COMMANDS = ("serve", "init", "validate", "test-route", "doctor", "providers", "prices", "usage", "schema", "version")


@pytest.fixture
def sound(tmp_path: Path) -> str:
    file = tmp_path / "llmgw.yaml"
    file.write_text(SOUND)
    return str(file)


def test_without_a_command_it_says_what_there_is() -> None:
    result = llmgw("--help")

    assert result.returncode == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in result.stdout] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    result = called(name, "--help")

    assert (result.returncode, result.stderr) == (0, "")
    assert f"For example:\n    llmgw {name}" in result.stdout


def test_the_help_of_test_route_lists_all_failure_classes() -> None:
    told = " ".join(called("test-route", "--help").stdout.split())

    assert f"Failure classes: {', '.join(failure.value for failure in FailureClass)}." in told


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["validate"], "name a file: there is no llmgw.yaml here, `llmgw init` writes one"),
        (["test-route", "-m", "chat"], "name a file: there is no llmgw.yaml here"),
        (["validate", "--no-such-flag", "x"], "No such option: --no-such-flag"),
        (["no-such-command"], "No such command"),
        (["serve", "--workers", "2"], "more than one worker is not in this version yet"),
        (["serve", "--fallbacks", "a/b"], "give --model too"),
        (["serve", "--model", "gpt-4o-mini"], "'gpt-4o-mini' is not provider/model, as in openai/gpt-4o-mini"),
        (["serve", "--model", "opnai/gpt-4o"], "opnai is not a provider; did you mean openai?"),
        (["serve", "--model", "openai/gpt-4o", "--fallbacks", "q/x"], "q is not a provider; `llmgw providers` lists"),
        (["serve", "llmgw.yaml", "--model", "a/b"], "leave out --model and --fallbacks"),
        (["serve", "--port", "70000"], "Invalid value for '--port'"),
        (["test-route", "x.yaml", "-m", "chat", "--all"], "leave out --model, --request and --fail"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(args: list[str], expected: str) -> None:
    result = called(*args)

    assert (result.returncode, result.stdout) == (2, "")
    assert expected in " ".join(result.stderr.split())


@pytest.mark.parametrize("args", [["validate"], ["test-route", "--model", "chat"], ["test-route", "--all"]])
def test_the_file_that_lies_here_is_the_one_that_is_meant(
    sound: str, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    monkeypatch.chdir(Path(sound).parent)

    assert called(*args) == called(args[0], sound, *args[1:])


def test_the_version_is_told_in_three_ways() -> None:
    texts = [called(*args).stdout for args in (["version"], ["--version"], ["version", "--json"])]

    assert [text.startswith("llmgw 0.") for text in texts] == [True, True, False]
    assert '"version": "0.' in texts[2]


def test_a_terminal_gets_rich_help() -> None:
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        command("--help"),
        stdout=secondary,
        stderr=secondary,
        stdin=subprocess.DEVNULL,
        env=environment({"TERM": "xterm"}),
    ) as process:
        os.close(secondary)
        text = _read_all(primary)

    assert process.returncode == 0
    assert "╭─" in text


def _read_all(descriptor: int) -> str:
    data = b""
    try:
        while chunk := os.read(descriptor, 65536):
            data += chunk
    except OSError:
        pass  # how a terminal says that its other end has closed
    finally:
        os.close(descriptor)
    return data.decode()


def test_a_reader_that_goes_away_is_no_error(sound: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        command("test-route", sound, "--model", "chat"),
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment({}),
        timeout=60,
        check=False,
    )
    os.close(writer)

    assert (result.returncode, result.stderr) == (READER_GONE, b"")


def test_an_interruption_ends_quietly() -> None:
    with subprocess.Popen(
        command("validate", "-"),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment({}),
        preexec_fn=_hear_interruptions,  # noqa: PLW1509 - nothing of ours runs beside it
    ) as process:
        _wait_until_it_reads(process.pid)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (INTERRUPTED, b"")


def _hear_interruptions() -> None:
    """What runs in the background of a shell was told to ignore them, and would tell its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait_until_it_reads(pid: int) -> None:
    """Until the process waits for standard input (or a while, where the system does not tell)."""
    for _ in range(500):
        time.sleep(0.02)
        try:
            if Path(f"/proc/{pid}/wchan").read_text().strip() in ("pipe_read", "anon_pipe_read"):
                return
        except OSError:
            time.sleep(2.0)
            return


# What must not be loaded, and how many modules of ours may be: what is imported by accident shows here at once.
NEVER = {
    "sqlite3",
    "aiohttp",
    "cel",
    "uvloop",
    "structlog",
    "rich",
    "asyncio",
    "ssl",
    "botocore",
    "google.auth",
    "azure.identity",
}
LIGHT = NEVER | {"msgspec", "yaml", "jsonschema"}
IMPORT_BUDGETS = {
    "--help": (LIGHT, 8),
    "version": (LIGHT, 12),
    "schema": (LIGHT, 11),
    "providers": (NEVER | {"yaml", "jsonschema"}, 60),
    "prices": (NEVER | {"yaml", "jsonschema"}, 60),
    "validate": (NEVER, 147),
    "test-route": (NEVER, 188),
}


@pytest.mark.parametrize("name", IMPORT_BUDGETS)
def test_a_command_imports_only_what_it_needs(name: str, sound: str) -> None:
    args = {"validate": ["validate", sound], "test-route": ["test-route", sound, "--model", "chat"]}.get(name, [name])
    forbidden, ours_max = IMPORT_BUDGETS[name]

    modules = _imported(args)

    assert modules & forbidden == set()
    assert len([module for module in modules if module.startswith("llmgw")]) <= ours_max


def _imported(args: list[str]) -> set[str]:
    """The modules that the process has loaded by its end."""
    script = "import sys, atexit\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    script += f"sys.argv = ['llmgw', *{args!r}]\nfrom llmgw.cli.main import run\nrun()\n"
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment({}), capture_output=True, text=True, timeout=60, check=True
    )
    return set(result.stderr.splitlines()[-1].split())
