import sqlite3
from pathlib import Path

import pytest

from llmgw.adapters.sqlite import migrations
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.migrations import MIGRATIONS, NewerLedgerError, migrate, version
from llmgw.adapters.sqlite.reading import usage
from llmgw.policy.usage import Counts, UsageQuery


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_a_new_file_gets_all_tables_and_the_number_of_the_last_migration(tmp_path: Path) -> None:
    with database(tmp_path / "a.db") as connection:
        assert {"entry", "daily", "spend", "reservation", "key_use", "segment"} <= tables(connection)
        assert version(connection) == len(MIGRATIONS)


def test_an_older_file_gets_what_is_new_and_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    with database(path) as connection:
        connection.execute("INSERT INTO spend VALUES ('b', '[]', 0, 7)")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE later (a TEXT)",)))
    with database(path) as connection:
        kept = connection.execute("SELECT nanousd FROM spend").fetchall()

        assert (kept, "later" in tables(connection), version(connection)) == ([(7,)], True, len(MIGRATIONS) + 1)


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    broken = ("CREATE TABLE later (a TEXT)", "CREATE NONSENSE")
    with database(path) as connection:
        monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, broken))
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection)

        assert ("later" in tables(connection), version(connection)) == (False, len(MIGRATIONS))


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with database(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(NewerLedgerError, match="of a newer llmgw"), database(path):
        pass


def test_sums_of_days_keep_how_many_answers_came_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, counts = tmp_path / "a.db", len(Counts().as_dict())
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:5])
    with database(path) as connection:
        facts = ", ".join(["'2026-01-01'", *["''"] * 10])
        connection.execute(f"INSERT INTO daily VALUES ({facts}, {', '.join(map(str, range(1, counts + 1)))})")
    monkeypatch.undo()
    with database(path) as connection:
        (row,) = usage(connection, UsageQuery())

    assert (row.counts.requests, row.counts.from_cache) == (1, counts)
