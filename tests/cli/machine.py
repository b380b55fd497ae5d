"""A machine without keys and without an Ollama, and the real command on it."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Port 1 of loopback: nobody listens there.
NOBODY = {"OLLAMA_HOST": "127.0.0.1:1"}
ROOT = Path(__file__).resolve().parents[2]


def llmgw(
    *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, given: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the command in a pipe."""
    return subprocess.run(
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


def command(*args: str) -> Sequence[str]:
    return [sys.executable, "-m", "llmgw", *args]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **NOBODY, **more}
