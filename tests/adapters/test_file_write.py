"""A write that keeps the interpreter is a write."""

import ctypes
import os
import sys
from pathlib import Path

import pytest

from llmgw.adapters import file_write


def test_what_is_written_stands_in_the_file_whatever_bytes_it_is_made_of(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "a", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    written = [file_write.write(descriptor, data) for data in (b"one\n", b"t\0o\n", b"")]
    os.close(descriptor)

    assert written == [4, 4, 0]
    assert (tmp_path / "a").read_bytes() == b"one\nt\0o\n"


def test_a_write_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    descriptor = os.open(tmp_path / "a", os.O_RDONLY)
    with pytest.raises(OSError, match="Bad file descriptor"):
        file_write.write(descriptor, b"x")
    os.close(descriptor)


def test_where_the_c_library_cannot_be_asked_the_usual_write_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "PyDLL", _missing)

    assert file_write.found() is os.write


def test_an_interpreter_without_ctypes_writes_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)

    assert file_write.found() is os.write


def _missing(_name: str | None) -> None:
    raise OSError("no such library")
