import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from llmgw.adapters.sqlite.transactions import transaction


def test_it_is_all_or_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE a (b INTEGER UNIQUE)")
        with transaction(connection):
            connection.execute("INSERT INTO a VALUES (1)")
        with pytest.raises(sqlite3.IntegrityError), transaction(connection):
            connection.executemany("INSERT INTO a VALUES (?)", [(2,), (1,)])

        assert connection.execute("SELECT b FROM a").fetchall() == [(1,)]
        assert not connection.in_transaction


def test_only_one_writes_and_the_other_is_told_at_the_beginning(tmp_path: Path) -> None:
    one, other = (sqlite3.connect(tmp_path / "a.db", isolation_level=None, timeout=0) for _ in range(2))
    with closing(one), closing(other), transaction(one), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
