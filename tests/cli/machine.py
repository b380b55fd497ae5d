"""A machine without keys and without an Ollama, and the command on it: as a process, or fast, in this one."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from llmgw.cli.main import make_app

# Port 1 of loopback: nobody listens there.
NOBODY = {"OLLAMA_HOST": "127.0.0.1:1"}
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def llmgw(*args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, given: str | None = None) -> Ended:
    """Run the real command in a pipe."""
    result = subprocess.run(
        command(*args),
        cwd=cwd,
        env=environment(env or {}),
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ended(result.returncode, result.stdout, result.stderr)


def called(*args: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run the command in this process: the same but for what the interpreter does at its start and end."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with mock.patch.dict(os.environ, environment(env or {}), clear=True), redirect_stdout(out), redirect_stderr(err):
        try:
            make_app(on_terminal=False)(args, prog_name="llmgw")
        except SystemExit as end:
            code = int(end.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())


def command(*args: str) -> Sequence[str]:
    return [sys.executable, "-m", "llmgw", *args]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """A bare one, in which coverage still finds the processes that it measures."""
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **coverage, **NOBODY, **more}
