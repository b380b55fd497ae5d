import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.sqlite import retention as module
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.folding import fold_others
from llmgw.adapters.sqlite.reading import usage
from llmgw.adapters.sqlite.retention import Retention, drop_slots, first_kept_ms, tidy
from llmgw.policy.entry import Record, errand_id
from llmgw.policy.usage import UsageQuery
from tests.adapters.ledger_records import DAY_MS, START_MS, all_of, request_id, settled

NOW_S = START_MS / 1000 + 10 * 86_400


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with database(tmp_path / "a.db") as connection:
        yield connection


def book(connection: sqlite3.Connection, tmp_path: Path, *records: Record) -> None:
    journal = LedgerJournal(tmp_path / "d")
    for record in records:
        journal.append(record)
    journal.close()
    fold_others(connection, tmp_path / "d", print)


def tidied(connection: sqlite3.Connection, retention: Retention) -> int:
    """In how many steps."""
    steps = 1
    while tidy(connection, retention, NOW_S):
        steps += 1
    return steps


def rows_left(connection: sqlite3.Connection) -> int:
    (count,) = all_of(connection, "SELECT count(*) FROM entry")[0]
    return int(count)


def test_rows_of_whole_days_that_are_over_become_sums_and_nothing_is_lost(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    days = [START_MS + day * DAY_MS for day in range(9)]
    book(connection, tmp_path, *(settled(number, at_ms=at_ms) for at_ms in days for number in range(4)))
    queries = [UsageQuery(by=("day",)), UsageQuery(), UsageQuery(by=("team", "status", "outcome"))]
    before = [usage(connection, query) for query in queries]
    steps = tidied(connection, Retention(keep_s=5 * 86_400))
    after = [usage(connection, query) for query in queries]

    assert before == after
    assert steps > 2
    assert all_of(connection, "SELECT count(*), min(day), max(day) FROM daily") == [(5, "2023-11-14", "2023-11-18")]
    assert rows_left(connection) == 16


def test_without_a_limit_all_rows_are_kept(connection: sqlite3.Connection, tmp_path: Path) -> None:
    book(connection, tmp_path, settled(1))

    assert (tidied(connection, Retention()), rows_left(connection)) == (1, 1)


def test_a_row_that_comes_late_is_added_to_the_sum_of_its_day(connection: sqlite3.Connection, tmp_path: Path) -> None:
    for number in (1, 2):
        book(connection, tmp_path, settled(number))
        tidied(connection, Retention(keep_s=86_400.0))

    assert all_of(connection, "SELECT requests, cost_nanousd FROM daily") == [(2, 3)]


def test_a_request_goes_with_all_its_attempts_or_stays_with_them(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)
    midnight_ms = first_kept_ms(NOW_S, "UTC") - DAY_MS
    over, whole, last = (request_id(number, midnight_ms - 60_000) for number in range(3))
    book(
        connection,
        tmp_path,
        *(settled(1, attempt=attempt, at_ms=midnight_ms - attempt, request_id=over) for attempt in range(3)),
        *(settled(1, attempt=attempt, at_ms=midnight_ms - 1, request_id=whole) for attempt in range(3)),
        settled(1, at_ms=midnight_ms - 1, request_id=last),
    )
    tidied(connection, Retention(keep_s=86_400.0))
    left = all_of(connection, "SELECT request_id, count(*) FROM entry GROUP BY 1")

    assert (left, all_of(connection, "SELECT sum(attempts), sum(requests) FROM daily")) == (
        [(over, 3)],
        [(4, 2)],
    )


@pytest.mark.parametrize("own_ms", [-1, 0])
@pytest.mark.parametrize("errand_ms", [-1, 0])
def test_it_goes_with_its_errand_or_stays_with_it(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_ms: int, errand_ms: int
) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 1)
    midnight_ms = first_kept_ms(NOW_S, "UTC") - DAY_MS
    own = request_id(1, midnight_ms - 60_000)
    rows = [(own, midnight_ms + own_ms), (errand_id(own), midnight_ms + errand_ms)]
    book(connection, tmp_path, *(settled(1, request_id=row_id, at_ms=at_ms) for row_id, at_ms in rows))
    tidy(connection, Retention(keep_s=86_400.0), NOW_S)

    assert rows_left(connection) == (0 if own_ms == errand_ms == -1 else 2)


def test_what_is_counted_apart_stays_apart(connection: sqlite3.Connection, tmp_path: Path) -> None:
    book(
        connection,
        tmp_path,
        settled(1, cost_nanousd=None, estimated=True),
        settled(2, attempt=1, outcome="timeout", status=0),
        settled(3, outcome="timeout", saved_nanousd=5),
    )
    tidied(connection, Retention(keep_s=86_400.0))
    counts = "requests, attempts, errors, unpriced, estimated, saved_nanousd"

    assert all_of(connection, f"SELECT {counts} FROM daily ORDER BY status, outcome") == [
        (0, 1, 0, 0, 0, 0),
        (1, 1, 0, 1, 1, 0),
        (1, 1, 1, 0, 0, 5),
    ]


@pytest.mark.parametrize(
    ("timezone", "expected"),
    [("UTC", "2023-11-14T00:00"), ("Asia/Tokyo", "2023-11-14T15:00"), ("America/New_York", "2023-11-14T05:00")],
)
def test_days_are_those_of_the_time_zone(timezone: str, expected: str) -> None:
    at_ms = first_kept_ms(START_MS / 1000, timezone)

    assert f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M}" == expected


def test_what_was_spent_is_kept_for_as_long_as_a_window_may_need_it(connection: sqlite3.Connection) -> None:
    for budget in ("hourly", "monthly", "older", "unknown", "yearly"):
        for days in (0.01, 1, 31, 40, 399, 500, 3659, 5000):
            slot = int((NOW_S - days * 86_400) * 1000)
            connection.execute("INSERT INTO spend VALUES (?, '[]', ?, ?)", (budget, slot, int(days)))
    known = [("hourly", None), ("monthly", 31 * 86_400.0), ("yearly", 3660 * 86_400.0), ("older", None)]
    connection.executemany("INSERT INTO known_budget (id, since_ms, window_s) VALUES (?, 0, ?)", known)
    drop_slots(connection, {"hourly": 3600.0}, NOW_S)

    assert all_of(connection, "SELECT budget, max(nanousd) FROM spend GROUP BY 1") == [
        ("hourly", 0),
        ("monthly", 31),
        ("older", 399),
        ("unknown", 399),
        ("yearly", 3659),
    ]
