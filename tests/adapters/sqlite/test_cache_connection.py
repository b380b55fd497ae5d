import sqlite3
from pathlib import Path

import pytest

from llmgw.adapters.sqlite.cache_connection import CacheConnection
from llmgw.adapters.sqlite.cache_tables import purges


def broken(_connection: sqlite3.Connection) -> int:
    raise sqlite3.OperationalError("disk I/O error")


def test_whoever_asks_gets_an_answer_or_none(tmp_path: Path) -> None:
    told: list[str] = []
    file = CacheConnection(tmp_path / "cache.db", told.append)
    answers = [file.ask(question) for question in (purges, broken, broken, purges, broken)]
    file.close()

    assert answers == [0, None, None, 0, None]
    assert told == [f"the cache at {tmp_path / 'cache.db'} cannot be used, it goes on in memory: disk I/O error"] * 2


def test_what_is_wrong_is_known_until_it_goes_well(tmp_path: Path) -> None:
    file = CacheConnection(tmp_path / "cache.db", lambda _: None)
    file.ask(broken)
    in_trouble = file.trouble
    file.ask(purges)
    file.close()

    assert in_trouble.endswith("disk I/O error")
    assert file.trouble == ""


@pytest.mark.parametrize("error", [IndexError("no row"), TypeError("no number"), ValueError("two"), OverflowError("9")])
def test_what_makes_no_sense_is_damage(tmp_path: Path, error: Exception) -> None:
    def misshapen(_connection: sqlite3.Connection) -> int:
        raise error

    told: list[str] = []
    file = CacheConnection(tmp_path / "cache.db", told.append, retry_s=0.0)
    answers = [file.ask(question) for question in (misshapen, purges)]
    file.close()

    assert answers == [None, 0]
    assert told == [f"the cache at {tmp_path / 'cache.db'} is damaged ({error}): opened anew"]


def test_a_file_that_cannot_be_opened_is_tried_again_later(tmp_path: Path) -> None:
    path, told = tmp_path / "cache.db", list[str]()
    path.mkdir()
    patient = CacheConnection(path, told.append, retry_s=1000.0)
    eager = CacheConnection(path, told.append, retry_s=0.0)
    before = [file.ask(purges) for file in (patient, eager)]
    path.rmdir()
    after = [file.ask(purges) for file in (patient, eager)]
    eager.close()

    assert (before, after) == ([None, None], [None, 0])
    assert [len(told), told[0] == told[1]] == [2, True]
