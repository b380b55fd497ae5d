"""Many rows in few statements, and each of them once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from llmgw.adapters.sqlite.many import Many
from tests.adapters.ledger_records import all_of

PUT = Many("INSERT INTO pair (name, number) VALUES", 2, "ON CONFLICT DO UPDATE SET number = number + excluded.number")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE pair (name TEXT PRIMARY KEY, number INTEGER)")
        yield connection


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 257, 1000])
def test_all_rows_are_put_however_many_there_are(connection: sqlite3.Connection, count: int) -> None:
    rows = [(f"{number:04}", number) for number in range(count)]
    PUT.execute_all(connection, rows)

    assert all_of(connection, "SELECT name, number FROM pair ORDER BY name") == rows


def test_what_follows_the_rows_holds_for_each(connection: sqlite3.Connection) -> None:
    for _ in range(2):
        PUT.execute_all(connection, [("a", 1), ("b", 2), ("c", 3)])

    assert all_of(connection, "SELECT name, number FROM pair ORDER BY name") == [("a", 2), ("b", 4), ("c", 6)]


def test_there_are_few_statements(connection: sqlite3.Connection) -> None:
    assert [len(some) for some in PUT.split(connection, range(1000))] == [256, 256, 256, 128, 64, 32, 8]


def test_no_statement_has_more_values_than_this_library_takes(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 9)

    assert [len(some) for some in PUT.split(connection, range(11))] == [4, 4, 2, 1]
