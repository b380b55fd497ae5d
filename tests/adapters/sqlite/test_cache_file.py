import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from llmgw.adapters.sqlite.cache_file import NotOurCacheError, cache_file, is_damaged, open_cache_file, set_aside
from llmgw.adapters.sqlite.cache_tables import VERSION, keep
from llmgw.adapters.sqlite.database import open_database
from tests.adapters.cached import MIB, NOW_MS, kept, key_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def test_it_is_made_for_us_alone_and_opened_again(path: Path) -> None:
    for _ in range(2):
        with cache_file(path) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]

            assert (mode, version) == ("wal", VERSION)
    assert path.stat().st_mode & 0o777 == 0o600


def test_many_may_begin_at_once(path: Path) -> None:
    def begin(_number: int) -> int:
        with cache_file(path) as connection:
            return int(connection.execute("SELECT count(*) FROM total").fetchone()[0])

    with ThreadPoolExecutor(8) as threads:
        assert [*threads.map(begin, range(16))] == [1] * 16


def test_the_ledger_is_not_taken_for_a_cache(path: Path) -> None:
    open_database(path).close()
    before = path.read_bytes()
    with pytest.raises(NotOurCacheError, match="is the database of something else: name another file"):
        open_cache_file(path)

    assert path.read_bytes() == before
    assert set_aside(path) is None


def test_what_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("models: {}\n" * 100)
    with pytest.raises(NotOurCacheError, match="is no database"):
        open_cache_file(path)

    assert set_aside(path) is None
    assert path.read_text() == "models: {}\n" * 100


def test_one_of_a_newer_version_is_left_alone(path: Path) -> None:
    with cache_file(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(NotOurCacheError, match="is of a newer llmgw"):
        open_cache_file(path)

    assert set_aside(path) is None


def test_one_that_is_damaged_is_set_aside_and_one_that_is_sound_is_not(path: Path) -> None:
    with cache_file(path) as connection:
        for number in range(100):
            keep(connection, {key_of(number): kept()}, NOW_MS, MIB)
    sound = set_aside(path)
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    aside = set_aside(path)

    assert (sound, aside) == (None, path.with_name("cache.db.damaged"))
    assert not path.exists()


def test_only_what_makes_no_sense_is_damage() -> None:
    locked, corrupt = sqlite3.OperationalError("locked"), sqlite3.DatabaseError("malformed")
    locked.sqlite_errorcode, corrupt.sqlite_errorcode = sqlite3.SQLITE_BUSY, 779  # an index of it

    assert [is_damaged(error) for error in (locked, corrupt, sqlite3.Error())] == [False, True, False]
