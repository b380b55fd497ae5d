"""Every module says in its first lines what it is for, so that nobody has to guess from the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("llmgw", "tests", "benchmarks")
LINES_MAX = 30  # a map or a table may be among them (errors.py); more is a page of its own
SUMMARY_CHARS_MIN = 25


def modules() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name != "__init__.py" and "node_modules" not in path.parts:
                yield path.relative_to(ROOT)


def is_named_after_its_module(path: Path) -> bool:
    """A test file whose name already says what it is for: that of one module."""
    return (ROOT / "llmgw" / Path(*path.parts[1:-1]) / path.name.removeprefix("test_")).exists()


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_says_what_it_is_for(folder: str) -> None:
    wanted = [path for path in modules() if path.parts[0] == folder]
    if folder == "tests":
        wanted = [path for path in wanted if not is_named_after_its_module(path)]
    silent = [str(path) for path in wanted if not says_what_it_is_for(ROOT / path)]

    assert silent == []


def says_what_it_is_for(path: Path) -> bool:
    """A docstring on the first line, its first line a whole sentence (or, of tests, one that goes on)."""
    text = path.read_text()
    docstring = ast.get_docstring(ast.parse(text))
    if docstring is None or not text.startswith('"""'):
        return False
    summary, lines = docstring.partition("\n\n")[0], docstring.count("\n") + 1
    return len(summary) >= SUMMARY_CHARS_MIN and lines <= LINES_MAX


def test_hallways_are_empty_but_the_first() -> None:
    hallways = {path.relative_to(ROOT): path.read_text() for path in (ROOT / "llmgw").rglob("__init__.py")}
    first = hallways.pop(Path("llmgw/__init__.py"))

    assert [str(path) for path, text in hallways.items() if text] == []
    assert first.startswith('"""llmgw: ')


def test_nothing_is_left_to_do() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    found = [f"{path}: {mark}" for path in modules() for mark in marks if mark in (ROOT / path).read_text()]

    assert found == []


def test_three_places_catch_everything_the_door_the_reload_and_the_thread_that_books() -> None:
    """Errors are handled by class everywhere else; what nobody expected ends one request there, or one reload.

    The thread has nobody behind it: if it ended, nothing would be booked any more, and nobody told.
    """
    found = [
        str(path)
        for path in modules()
        if path.parts[0] == "llmgw"
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
    ]

    assert found == ["llmgw/adapters/ledger_writer.py", "llmgw/server/middlewares.py", "llmgw/server/reload.py"]
