import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from llmgw.adapters.sqlite import database as module
from llmgw.adapters.sqlite.database import database, read_only_database


def mode(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def test_it_is_made_with_its_directory_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.db"
    with database(path) as connection:
        assert mode(connection) == "wal"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_many_may_make_it_at_once(tmp_path: Path) -> None:
    faults: list[Exception] = []

    def opened() -> None:
        try:
            with database(tmp_path / "a.db"):
                pass
        except sqlite3.Error as error:
            faults.append(error)

    threads = [threading.Thread(target=opened) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []


def test_what_is_no_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("models: {}\n" * 100)
    with pytest.raises(sqlite3.DatabaseError), database(path):
        pass

    assert path.read_text() == "models: {}\n" * 100


def test_one_that_stays_locked_is_told_of_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    monkeypatch.setattr(module, "BUSY_S", 0.1)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"), database(path):
            pass
        other.rollback()
    other.close()


def test_who_may_only_read_sees_what_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with database(path) as connection:
        connection.execute("INSERT INTO spend VALUES ('b', '[]', 0, 7)")
    with read_only_database(path) as connection:
        assert connection.execute("SELECT nanousd FROM spend").fetchall() == [(7,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM spend")


def test_who_may_not_even_lock_it_reads_it_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with database(path):
        pass
    os.mkdir(f"{path}-wal")  # noqa: PTH102 - a log that cannot be opened, for root either
    with read_only_database(path) as connection:
        assert connection.execute("SELECT count(*) FROM spend").fetchall() == [(0,)]


def test_who_opens_it_once_more_leaves_others_their_locks(tmp_path: Path) -> None:
    """Or another process, when it leaves, would delete the log that is still written to."""
    path = tmp_path / "a.db"
    come_and_go = (
        "import sys, pathlib; from llmgw.adapters.sqlite.database import database\n"
        "with database(pathlib.Path(sys.argv[1])) as connection: connection.execute('SELECT * FROM key_use').fetchall()"
    )
    with database(path) as connection:
        with database(path):
            pass
        subprocess.run([sys.executable, "-c", come_and_go, path], check=True, timeout=60)
        connection.execute("INSERT INTO key_use VALUES ('k', 1)")
        with database(path) as other:
            found = other.execute("SELECT key FROM key_use").fetchall()

    assert found == [("k",)]
