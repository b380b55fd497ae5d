import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.folding import fold_others
from llmgw.adapters.sqlite.reading import (
    Spend,
    key_uses,
    last_summed_day,
    requests,
    spend,
    usage,
)
from llmgw.adapters.sqlite.retention import Retention, tidy
from llmgw.chat.usage import Usage
from llmgw.policy.entry import Record, errand_id
from llmgw.policy.usage import Counts, UsageQuery, total
from tests.adapters.ledger_records import DAY_MS, HOUR_MS, SLOT_MS, START_MS, request_id, settled

SMALL = Usage(10, 2, 4, 1)
CALLS = (
    settled(1, team="search", user="ada", usage=SMALL, metadata={"tier": "paid", "a b": "1"}, cost_nanousd=5),
    settled(2, team="search", attempt=1, outcome="timeout", status=0, target="two", usage=Usage(), cost_nanousd=0),
    settled(2, team="search", usage=SMALL, cost_nanousd=100, request_user="r", latency_ms=5.0, overrun=True),
    settled(3, team="ads", key="other", outcome="server_error", status=502, usage=Usage(), cost_nanousd=0),
    settled(4, team="ads", usage=Usage(7, 1), cost_nanousd=None, estimated=True, at_ms=START_MS + DAY_MS),
    settled(5, team="ads", usage=Usage(), cost_nanousd=0, saved_nanousd=9, at_ms=START_MS + 2 * DAY_MS),
)


def book(connection: sqlite3.Connection, place: Path, records: tuple[Record, ...]) -> None:
    journal = LedgerJournal(place / "d")
    for record in records:
        journal.append(record)
    journal.close()
    fold_others(connection, place / "d", print)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with database(tmp_path / "a.db") as connection:
        book(connection, tmp_path, CALLS)
        yield connection


def costs(connection: sqlite3.Connection, *by: str, **query: object) -> dict[tuple[str, ...], int]:
    return {row.group: row.counts.cost_nanousd for row in usage(connection, UsageQuery(by=by, **query))}  # type: ignore[arg-type]


def test_all_of_it_is_one_row(connection: sqlite3.Connection) -> None:
    (row,) = usage(connection, UsageQuery())

    assert (row.group, row.counts) == (
        (),
        Counts(
            requests=5,
            attempts=6,
            errors=1,
            unpriced=1,
            estimated=1,
            input_tokens=27,
            cached_input_tokens=8,
            output_tokens=5,
            reasoning_tokens=2,
            cost_nanousd=105,
            saved_nanousd=9,
        ),
    )


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (("team",), {("search",): 105, ("ads",): 0}),
        (("key",), {("k",): 105, ("other",): 0}),
        (("target", "outcome"), {("one", "ok"): 105, ("one", "server_error"): 0, ("two", "timeout"): 0}),
        (("status",), {("200",): 105, ("0",): 0, ("502",): 0}),
        (("request.user",), {("r",): 100, ("",): 5}),
        (("metadata.tier",), {("",): 100, ("paid",): 5}),
        (("metadata.a b", "metadata.no"), {("", ""): 100, ("1", ""): 5}),
        (
            ("user", "provider", "endpoint", "model", "route"),
            {("", "p", "chat", "m", ""): 100, ("ada", "p", "chat", "m", ""): 5},
        ),
        (("day",), {("2023-11-14",): 105, ("2023-11-15",): 0, ("2023-11-16",): 0}),
        (("hour",), {("2023-11-14 22:00",): 105, ("2023-11-15 22:00",): 0, ("2023-11-16 22:00",): 0}),
    ],
)
def test_it_is_grouped_by_any_names(
    connection: sqlite3.Connection, by: tuple[str, ...], expected: dict[tuple[str, ...], int]
) -> None:
    assert expected == costs(connection, *by)


def test_the_dearest_come_first_but_times_in_their_order(connection: sqlite3.Connection) -> None:
    assert [*costs(connection, "team")] == [("search",), ("ads",)]
    assert [*costs(connection, "team", "day")] == [
        ("search", "2023-11-14"),
        ("ads", "2023-11-14"),
        ("ads", "2023-11-15"),
        ("ads", "2023-11-16"),
    ]


def test_days_and_hours_are_those_of_the_time_zone(connection: sqlite3.Connection) -> None:
    assert [*costs(connection, "day", timezone="Asia/Tokyo")] == [("2023-11-15",), ("2023-11-16",), ("2023-11-17",)]
    assert next(iter(costs(connection, "hour", timezone="Asia/Kolkata"))) == ("2023-11-15 03:00",)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ((("team", "search"),), 3),
        ((("team", "search"), ("target", "two")), 1),
        ((("metadata.tier", "paid"),), 1),
        ((("metadata.tier", ""), ("status", "200"), ("metadata.a b", "")), 3),
        ((("user", "nobody"),), 0),
    ],
)
def test_it_is_about_what_is_asked_for(
    connection: sqlite3.Connection, where: tuple[tuple[str, str], ...], expected: int
) -> None:
    assert expected == total(usage(connection, UsageQuery(where=where))).attempts


def test_from_when_on_and_until_when_that_moment_no_longer(connection: sqlite3.Connection) -> None:
    def asked(since_ms: int | None, until_ms: int | None) -> int:
        return total(usage(connection, UsageQuery(since_ms=since_ms, until_ms=until_ms))).requests

    assert [asked(START_MS, None), asked(START_MS + 1, None), asked(None, START_MS + DAY_MS)] == [5, 2, 3]
    assert asked(START_MS + DAY_MS, START_MS + DAY_MS + 1) == 1


def test_an_attempt_may_be_later_than_the_id_of_its_request(connection: sqlite3.Connection, tmp_path: Path) -> None:
    book(connection, tmp_path, (settled(9, attempt=1, request_id=request_id(9), at_ms=START_MS + HOUR_MS),))
    query = UsageQuery(since_ms=START_MS + HOUR_MS, until_ms=START_MS + 2 * HOUR_MS)

    assert total(usage(connection, query)).cost_nanousd == 9


def test_what_began_long_after_the_end_is_not_even_looked_at(connection: sqlite3.Connection) -> None:
    query, statements = UsageQuery(until_ms=START_MS + HOUR_MS, where=(("team", "search"),)), list[str]()
    connection.set_trace_callback(statements.append)
    found = (total(usage(connection, query)).requests, len([*requests(connection, query)]))
    connection.set_trace_callback(None)
    asked = [text for text in statements if "FROM entry" in text]
    plans = [connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchone()[-1] for text in asked]

    assert (found, len(plans)) == ((2, 2), 2)
    assert all("request_id<?" in plan for plan in plans)


def test_of_each_request_there_is_one_line_with_the_money_of_all_its_attempts(connection: sqlite3.Connection) -> None:
    lines = [*requests(connection, UsageQuery())]
    two = lines[1]

    assert [(line["request_id"], line["cost_nanousd"]) for line in lines] == [
        (request_id(1), 5),
        (request_id(2), 100),
        (request_id(3), 0),
        (request_id(4, START_MS + DAY_MS), None),
        (request_id(5, START_MS + 2 * DAY_MS), 0),
    ]
    assert {name: two[name] for name in ("outcome", "status", "target", "attempts", "unpriced", "request_user")} == {
        "outcome": "ok",
        "status": 200,
        "target": "one",
        "attempts": 2,
        "unpriced": 0,
        "request_user": "r",
    }
    assert (two["input_tokens"], two["overrun"], two["estimated"], two["stream"]) == (10, True, False, False)
    assert (lines[0]["metadata"], lines[3]["unpriced"], "attempt" in two) == ({"tier": "paid", "a b": "1"}, 1, False)


def test_lines_are_of_requests_of_which_some_attempt_is_asked_for(connection: sqlite3.Connection) -> None:
    (line,) = requests(connection, UsageQuery(where=(("target", "two"),)))
    late = [*requests(connection, UsageQuery(since_ms=START_MS + 1, where=(("metadata.tier", ""),)))]

    assert (line["request_id"], line["cost_nanousd"]) == (request_id(2), 100)
    assert [line["saved_nanousd"] for line in late] == [0, 9]


def test_a_request_without_a_row_of_its_own_has_a_line_too(connection: sqlite3.Connection, tmp_path: Path) -> None:
    book(connection, tmp_path, (settled(7, attempt=2),))
    line = [*requests(connection, UsageQuery())][3]

    assert (line["request_id"], line["cost_nanousd"]) == (request_id(7), 7)


def errand(number: int, **fields: Any) -> Record:
    return settled(number, request_id=errand_id(request_id(number)), endpoint="embeddings", **fields)


ERRANDS = (
    settled(1, cost_nanousd=100, usage=Usage(10, 2)),
    errand(1, cost_nanousd=3, usage=Usage(4)),
    settled(2, cost_nanousd=100, usage=Usage(10, 2)),
    errand(2, cost_nanousd=0, usage=Usage(), outcome="embedding_failed", status=502),
)


@pytest.mark.parametrize("is_summed_up", [False, True])
def test_what_was_asked_on_the_way_costs_but_is_no_request_and_no_error(tmp_path: Path, is_summed_up: bool) -> None:
    with database(tmp_path / "a.db") as connection:
        book(connection, tmp_path, ERRANDS)
        if is_summed_up:
            summed_up(connection)
        (row,) = usage(connection, UsageQuery())
        by_endpoint = {row.group: row.counts for row in usage(connection, UsageQuery(by=("endpoint", "outcome")))}

    assert row.counts == Counts(requests=2, attempts=4, input_tokens=24, output_tokens=4, cost_nanousd=203)
    assert by_endpoint == {
        ("chat", "ok"): Counts(requests=2, attempts=2, input_tokens=20, output_tokens=4, cost_nanousd=200),
        ("embeddings", "ok"): Counts(attempts=1, input_tokens=4, cost_nanousd=3),
        ("embeddings", "embedding_failed"): Counts(attempts=1),
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [((), [103, 100]), ((("outcome", "embedding_failed"),), [100]), ((("endpoint", "chat"),), [103, 100])],
)
def test_it_stands_in_the_line_of_its_request(
    tmp_path: Path, where: tuple[tuple[str, str], ...], expected: list[int]
) -> None:
    with database(tmp_path / "a.db") as connection:
        book(connection, tmp_path, ERRANDS)
        lines = [*requests(connection, UsageQuery(where=where))]

    assert [line["cost_nanousd"] for line in lines] == expected
    assert {(line["endpoint"], line["outcome"], line["attempts"]) for line in lines} == {("chat", "ok", 2)}
    assert {line["request_id"] for line in lines} <= {request_id(1), request_id(2)}


KEPT = tuple(
    settled(number, cached=how, cost_nanousd=0 if how else 5, saved_nanousd=7 if how else 0)
    for number, how in enumerate(("", "hit", "hit", "semantic", "coalesced", ""), 1)
)


def test_answers_are_told_by_how_they_came_from_the_cache(tmp_path: Path) -> None:
    with database(tmp_path / "a.db") as connection:
        book(connection, tmp_path, KEPT)
        found = {row.group[0]: row.counts for row in usage(connection, UsageQuery(by=("cached",)))}

    assert {how: (counts.requests, counts.from_cache) for how, counts in found.items()} == {
        "": (2, 0),
        "hit": (2, 2),
        "semantic": (1, 1),
        "coalesced": (1, 1),
    }


@pytest.mark.parametrize(("value", "expected"), [("true", (4, 28)), ("hit", (2, 14)), ("", (2, 0))])
def test_what_was_kept_may_be_asked_for_alone(tmp_path: Path, value: str, expected: tuple[int, int]) -> None:
    query = UsageQuery(where=(("model", "m"), ("cached", value), ("team", "t")))
    with database(tmp_path / "a.db") as connection:
        book(connection, tmp_path, KEPT)
        counts = total(usage(connection, query))
        lines = [*requests(connection, query)]

    assert (counts.requests, counts.saved_nanousd) == expected
    assert len(lines) == expected[0]


def summed_up(connection: sqlite3.Connection) -> None:
    """The first two of the three days."""
    while tidy(connection, Retention(keep_s=86_400.0), (START_MS + 3 * DAY_MS) / 1000):
        pass


MIDNIGHT_MS = START_MS + 6_400_000  # after the first day
QUERIES = [
    UsageQuery(),
    UsageQuery(by=("team", "day")),
    UsageQuery(by=("outcome", "status"), where=(("team", "search"),)),
    UsageQuery(where=(("status", "502"),)),
    UsageQuery(since_ms=START_MS + DAY_MS - 22 * HOUR_MS),
    UsageQuery(until_ms=MIDNIGHT_MS),
    UsageQuery(where=(("team", "nobody"),)),
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_what_sums_of_days_know_is_told_as_before(connection: sqlite3.Connection, query: UsageQuery) -> None:
    before = usage(connection, query)
    summed_up(connection)

    assert before == usage(connection, query)
    assert last_summed_day(connection) == "2023-11-15"


def test_of_a_day_that_is_only_partly_asked_for_the_sum_counts_whole(connection: sqlite3.Connection) -> None:
    summed_up(connection)
    rows = usage(connection, UsageQuery(by=("day",), since_ms=START_MS + HOUR_MS, until_ms=MIDNIGHT_MS + 1))

    assert [row.group for row in rows] == [("2023-11-14",), ("2023-11-15",)]


def test_what_they_do_not_know_is_empty_and_no_filter_finds_it(connection: sqlite3.Connection) -> None:
    nothing = last_summed_day(connection)
    summed_up(connection)

    assert nothing is None
    assert costs(connection, "metadata.tier") == {("",): 105}
    assert costs(connection, "hour") == {("2023-11-14",): 105, ("2023-11-15",): 0, ("2023-11-16 22:00",): 0}
    assert costs(connection, where=(("metadata.tier", "paid"),)) == {}
    assert [line["saved_nanousd"] for line in requests(connection, UsageQuery())] == [9]


def test_what_budgets_have_spent_is_told_by_their_ids(connection: sqlite3.Connection) -> None:
    assert [*spend(connection, ["no", "b"])] == [Spend("b", '["t"]', SLOT_MS, 105)]
    assert [*spend(connection, ["b"], SLOT_MS)] == [Spend("b", '["t"]', SLOT_MS, 105)]
    assert [*spend(connection, ["b"], SLOT_MS + 1)] == []


def test_when_keys_were_last_used(connection: sqlite3.Connection) -> None:
    assert key_uses(connection) == {"k": START_MS + 2 * DAY_MS, "other": START_MS}


def test_a_ledger_without_a_row_says_nothing(tmp_path: Path) -> None:
    with database(tmp_path / "b.db") as connection:
        assert usage(connection, UsageQuery()) == []
        assert [*requests(connection, UsageQuery())] == []
