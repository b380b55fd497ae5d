"""What the ledger says: how much was used, request by request or summed up, and what was spent.

All take a connection, one that may only read as well, and give plain values. Days that have been summed up know less
of a request than its row did: they are asked only where that is enough.
"""

import sqlite3
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

import msgspec

from llmgw.adapters.sqlite.folding import ENTRY_COLUMNS
from llmgw.adapters.sqlite.retention import COUNTS, FACTS, knows_days, of_request
from llmgw.chat.usage import Usage
from llmgw.policy.entry import request_id_of
from llmgw.policy.usage import FROM_CACHE, METADATA, Counts, UsageQuery, UsageRow

_LATEST_MS = 86_400_000  # that a row may be later than the id of its request says
_TOKENS = tuple(field.name for field in msgspec.structs.fields(Usage) if field.type is int)
_SUMMED = (*_TOKENS, "saved_nanousd")
_TIMES = {"day": "local_day(at_ms)", "hour": "local_hour(at_ms)"}
_ANY = "1"
_COUNTS = tuple(field.name for field in fields(Counts))

Json = Mapping[str, Any]


def usage(connection: sqlite3.Connection, query: UsageQuery) -> list[UsageRow]:
    """In order of time where it is asked for, else the dearest first."""
    knows_days(connection, query.timezone)
    _knows_metadata(connection)
    found: dict[tuple[str, ...], Counts] = {}
    for group, counts in (*_of_entries(connection, query), *_of_days(connection, query)):
        found[group] = found.get(group, Counts()) + counts
    rows = [UsageRow(group, counts) for group, counts in found.items()]
    times = [index for index, name in enumerate(query.by) if name in _TIMES]
    return sorted(rows, key=lambda row: (*(row.group[index] for index in times), -row.counts.cost_nanousd, row.group))


def requests(connection: sqlite3.Connection, query: UsageQuery) -> Generator[Json, None, None]:
    """One for each request of which some row is asked for, whole, in order of time. Nothing is kept in memory.

    Whoever may leave before the end closes it before the connection.
    """
    _knows_metadata(connection)
    condition, values = _entry_condition(query)
    if condition != _ANY:
        condition = f"EXISTS (SELECT 1 FROM entry WHERE {of_request('own')} AND {condition})"  # noqa: S608
    select = f"""
        SELECT {_quoted(ENTRY_COLUMNS)} FROM entry AS own
        WHERE {condition} AND request_id >= ? AND request_id < ? ORDER BY request_id, attempt
    """  # noqa: S608 - names of ours
    ids = (_first_id(query.since_ms), _last_id(query.until_ms))
    with closing(connection.execute(select, (*values, *ids))) as rows:
        for _, attempts in groupby((dict(zip(ENTRY_COLUMNS, row, strict=True)) for row in rows), _request_id):
            yield _request([*attempts])


def last_summed_day(connection: sqlite3.Connection) -> str | None:
    """The last day of which only sums are left; None: there is none."""
    (day,) = connection.execute("SELECT max(day) FROM daily").fetchone()
    return None if day is None else str(day)


@dataclass(frozen=True, slots=True)
class Spend:
    """What a bucket of a budget has spent in a slot."""

    budget: str
    bucket: str
    slot: int
    nanousd: int


def spend(connection: sqlite3.Connection, budgets: Collection[str], since_ms: int = 0) -> Iterator[Spend]:
    """What is still kept of these budgets, by their ids: of the slots from then on."""
    select = "SELECT bucket, slot, nanousd FROM spend WHERE budget = ? AND slot >= ?"
    for budget in budgets:
        rows = connection.execute(select, (budget, since_ms))
        yield from (Spend(budget, *row) for row in rows)


def key_uses(connection: sqlite3.Connection) -> dict[str, int]:
    """When each key was last used (Unix time in ms), by its name."""
    return dict(connection.execute("SELECT key, last_ms FROM key_use"))


def _of_entries(connection: sqlite3.Connection, query: UsageQuery) -> Iterator[tuple[tuple[str, ...], Counts]]:
    groups, group_values = _expressions(query.by)
    condition, values = _entry_condition(query)
    sums = ", ".join(f"sum({COUNTS[name]})" for name in _COUNTS)
    select = f"SELECT {', '.join([*groups, sums])} FROM entry WHERE {condition} {_grouped(groups)}"  # noqa: S608
    yield from _counted(connection, select, (*group_values, *values), len(groups))


def _of_days(connection: sqlite3.Connection, query: UsageQuery) -> Iterator[tuple[tuple[str, ...], Counts]]:
    """A day that is only partly asked for counts whole. What days do not know of a request is empty."""
    if not all(name in FACTS for name, _ in query.where):
        return
    known = {**{name: _cast(name) for name in FACTS}, "day": "day", "hour": "day"}
    groups = [known.get(name, "''") for name in query.by]
    conditions = [_ANY, *(f"{_cast(name)} = ?" for name, _ in query.where)]
    values: list[Any] = [value for _, value in query.where]
    for moment_ms, bound in ((query.since_ms, "day >= local_day(?)"), (query.until_ms, "day <= local_day(? - 1)")):
        if moment_ms is not None:
            conditions.append(bound)
            values.append(moment_ms)
    sums = ", ".join(f"sum({name})" for name in _COUNTS)
    condition = " AND ".join(conditions)
    select = f"SELECT {', '.join([*groups, sums])} FROM daily WHERE {condition} {_grouped(groups)}"  # noqa: S608
    yield from _counted(connection, select, values, len(groups))


def _counted(
    connection: sqlite3.Connection, select: str, values: Sequence[Any], groups: int
) -> Iterator[tuple[tuple[str, ...], Counts]]:
    for row in connection.execute(select, values):
        counts = Counts(*(value or 0 for value in row[groups:]))
        if counts.attempts:
            yield tuple(map(str, row[:groups])), counts


def _grouped(groups: Sequence[str]) -> str:
    return f"GROUP BY {', '.join(str(index + 1) for index in range(len(groups)))}" if groups else ""


def _entry_condition(query: UsageQuery) -> tuple[str, list[Any]]:
    """Which rows are asked for. The ids of requests are in order of time, so only those in question are looked at."""
    conditions, bound = [_ANY], list[Any]()
    for name, value in query.where:
        if (name, value) == FROM_CACHE:
            conditions.append("cached <> ''")
            continue
        (expression,), values = _expressions([name])
        conditions.append(f"{expression} = ?")
        bound += [*values, value]
    if query.since_ms is not None:
        conditions.append("request_id >= ? AND at_ms >= ?")
        bound += [_first_id(query.since_ms), query.since_ms]
    if query.until_ms is not None:
        conditions.append("request_id < ? AND at_ms < ?")
        bound += [_last_id(query.until_ms), query.until_ms]
    return " AND ".join(conditions), bound


def _expressions(names: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Each as SQL, and the values for its marks."""
    values = [name.removeprefix(METADATA) for name in names if name.startswith(METADATA)]
    return [_expression(name) for name in names], values


def _expression(name: str) -> str:
    if name.startswith(METADATA):
        return "metadata_value(metadata, ?)"
    if name == "request.user":
        return "request_user"
    return _TIMES.get(name) or _cast(name)


def _cast(name: str) -> str:
    return "CAST(status AS TEXT)" if name == "status" else f'"{name}"'


def _first_id(since_ms: int | None) -> str:
    return "" if since_ms is None else f"{max(since_ms - _LATEST_MS, 0):012x}"


def _last_id(until_ms: int | None) -> str:
    """After all that are in question. With as much to spare, for clocks that were put back."""
    return "~" if until_ms is None else f"{max(until_ms + _LATEST_MS, 0):012x}"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _request_id(row: Mapping[str, Any]) -> str:
    return request_id_of(row["request_id"])


def _request(attempts: Sequence[Mapping[str, Any]]) -> Json:
    """Its own row, with the tokens and the money of all. One whose gateway died may have no row of its own."""
    own = attempts[0]
    priced = [row["cost_nanousd"] for row in attempts if row["cost_nanousd"] is not None]
    return {
        **{name: value for name, value in own.items() if name != "attempt"},
        **{name: sum(row[name] for row in attempts) for name in _SUMMED},
        "request_id": _request_id(own),
        "stream": bool(own["stream"]),
        **{name: any(row[name] for row in attempts) for name in ("estimated", "overrun")},
        "metadata": _metadata(own["metadata"]),
        "cost_nanousd": sum(priced) if priced else None,
        "attempts": len(attempts),
        "unpriced": len(attempts) - len(priced),
    }


def _knows_metadata(connection: sqlite3.Connection) -> None:
    connection.create_function(
        "metadata_value", 2, lambda text, name: _metadata(text).get(name, ""), deterministic=True
    )


def _metadata(text: str) -> Mapping[str, str]:
    return msgspec.json.decode(text, type=dict[str, str]) if text else {}
