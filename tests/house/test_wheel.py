"""What is installed is what was meant to be: the schema, the catalogue and the mark of typing are in it, no tests."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import llmgw

ROOT = Path(__file__).resolve().parents[2]
BUILD_S_MAX = 60


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as an installer builds it, with what is installed here: nothing is fetched."""
    pytest.importorskip("hatchling", reason="NOT TESTED: the wheel is built with hatchling")
    directory = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(directory)]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=BUILD_S_MAX, check=True)
    (built,) = directory.glob("*.whl")
    return built


def names_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_module_is_in_it_and_nothing_else_is(wheel: Path) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "llmgw").rglob("*.py")}
    inside = {name for name in names_of(wheel) if ".dist-info/" not in name}
    tables = {"llmgw/providers/catalog.jsonl", "llmgw/providers/prices.jsonl"}
    data = {"llmgw/py.typed", "llmgw/config/llmgw.schema.json", *tables}

    assert modules | data == inside


def test_the_schema_in_it_is_the_one_of_the_checkout(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packaged = archive.read("llmgw/config/llmgw.schema.json")

    assert packaged == (ROOT / "schemas" / "llmgw.schema.json").read_bytes()


def test_it_says_its_version_its_licence_and_its_command(wheel: Path) -> None:
    info = f"llmgw-{llmgw.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{info}/METADATA").decode()
        scripts = archive.read(f"{info}/entry_points.txt").decode()

    assert f"{info}/licenses/LICENSE" in names_of(wheel)
    assert "License-Expression: MIT" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "llmgw = llmgw.cli.main:run" in scripts
