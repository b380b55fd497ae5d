"""`make` does what `make help` says: shown, not run."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def commands(*args: str) -> list[str]:
    """What make would run, on a machine where nothing is installed yet."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", *args, "VENV=not-there"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], "configs/quickstart.yaml"),
        (["PORT=4100"], "configs/quickstart.yaml --port 4100"),
        (["CONFIG=my.yaml", "PORT=4100"], "my.yaml --port 4100"),
    ],
)
def test_serve_takes_a_file_and_a_port(args: list[str], expected: str) -> None:
    assert commands("serve", *args)[-1] == f"not-there/bin/llmgw serve {expected}"


@pytest.mark.parametrize("target", ["serve", "test"])
def test_nobody_waits_for_the_installer_without_knowing(target: str) -> None:
    """It is silent for half a minute."""
    first = commands(target)[0]

    assert first.startswith('echo "installing into not-there (once, ')


def test_the_help_names_what_serve_takes() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    (serve,) = [line for line in done.stdout.splitlines() if line.startswith("serve ")]

    assert [word for word in ("CONFIG", "PORT") if word not in serve] == []
