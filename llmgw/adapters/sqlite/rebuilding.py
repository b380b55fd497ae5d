"""What budgets have spent, as the ledger says; of those that are not known, what they would have paid for.

A budget is known when every row from then on says whether it pays. Until then it is asked about the rows of its window
with the very rule that requests are asked with, as often as one likes: what is booked is put right by it, so nothing is
counted twice. What rows do not hold of a request is not guessed.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from llmgw.adapters.sqlite.folding import Tell, fold_others
from llmgw.adapters.sqlite.reading import spend
from llmgw.adapters.sqlite.transactions import transaction
from llmgw.graph.rules import BudgetRule, Rolling, Scope, Window
from llmgw.policy.applying import MissingValueError, applying
from llmgw.policy.entry import bucket_name
from llmgw.policy.windows import CurrentSlot, slot_ms

Spent = list[tuple[str, int, int]]
"""The name of a bucket, a slot, and how many nano-dollars were spent there."""

_Sums = dict[tuple[str, int], int]  # the same, by bucket and slot

_METADATA = "metadata"
_COLUMNS: Mapping[str, str] = {  # where rows hold the names of the vocabulary, as far as they do
    "key": '"key"',
    "key.team": "team",
    "key.user": '"user"',
    "model": "model",
    "target": "target",
    "provider": "provider",
    "request.endpoint": "endpoint",
    "request.user": "request_user",
    _METADATA: _METADATA,
}
_LATEST_MS = 86_400_000  # that a row may be later than the id of its request says
_ALIKE_MAX = 10_000  # groups of requests whose bucket is remembered
_QUARTER_S = 900  # all turns of all calendars are whole quarters of an hour apart
_PAID = "request_id >= ? AND at_ms >= ? AND cost_nanousd > 0"
_SPEND = """
    INSERT INTO spend (budget, bucket, slot, nanousd) VALUES (?, ?, ?, ?)
"""


class Found(NamedTuple):
    """`late` is the part of `spent` that was not booked before, also less than nothing where it was another slot.

    `lacking` says why it may be less than was spent; empty: it is not.
    """

    budget: str
    spent: Spent
    late: Spent
    lacking: str


def spending(
    connection: sqlite3.Connection,
    budgets: Sequence[BudgetRule],
    now_ms: int,
    tell: Tell,
    journals: Path,
    timezone: str = "UTC",
) -> list[Found]:
    """For each budget, what counts of it now. What stands in the `journals` of whomever is booked first.

    `timezone` is that of the days that are summed up.
    """
    fold_others(connection, journals, tell)
    rebuilt = _rebuild(connection, budgets, now_ms, timezone)
    return [_found(connection, rule, now_ms, *rebuilt.get(rule.id, ({}, ""))) for rule in budgets]


def unknown(connection: sqlite3.Connection, budgets: Sequence[BudgetRule]) -> list[BudgetRule]:
    """Those of which rows may be without a charge that should have one."""
    known = {budget for (budget,) in connection.execute("SELECT id FROM known_budget")}
    return [rule for rule in budgets if rule.id not in known]


def know(connection: sqlite3.Connection, windows_s: Mapping[str, float], now_ms: int) -> None:
    """By id: from here on all rows say whether these pay."""
    insert = "INSERT INTO known_budget (id, since_ms, window_s) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    with transaction(connection):
        connection.executemany(insert, [(budget, now_ms, window_s) for budget, window_s in windows_s.items()])


def forget(connection: sqlite3.Connection, in_force: Collection[str]) -> None:
    """All others are not known any more: whatever comes now does not say whether they pay."""
    known = {budget for (budget,) in connection.execute("SELECT id FROM known_budget")}
    gone = known.difference(in_force)
    if gone:
        with transaction(connection):
            connection.executemany("DELETE FROM known_budget WHERE id = ?", [(budget,) for budget in gone])


def _found(connection: sqlite3.Connection, rule: BudgetRule, now_ms: int, late: _Sums, lacking: str) -> Found:
    since_ms = CurrentSlot(rule.window, now_ms).since_ms
    spent = [(*place, nanousd) for place, nanousd in _booked(connection, rule, since_ms).items() if nanousd]
    return Found(rule.id, spent, [(*place, nanousd) for place, nanousd in late.items()], lacking)


def _booked(connection: sqlite3.Connection, rule: BudgetRule, since_ms: int) -> _Sums:
    return {(it.bucket, it.slot): it.nanousd for it in spend(connection, [rule.id]) if it.slot >= since_ms}


def _rebuild(
    connection: sqlite3.Connection, budgets: Sequence[BudgetRule], now_ms: int, timezone: str
) -> dict[str, tuple[_Sums, str]]:
    """Those that are not known, all or none of them: what was late, and what is lacking."""
    if not unknown(connection, budgets):
        return {}
    with transaction(connection):
        return {rule.id: _rebuild_one(connection, rule, now_ms, timezone) for rule in unknown(connection, budgets)}


def _rebuild_one(connection: sqlite3.Connection, rule: BudgetRule, now_ms: int, timezone: str) -> tuple[_Sums, str]:
    since_ms = CurrentSlot(rule.window, now_ms).since_ms
    booked = _booked(connection, rule, since_ms)
    summed = _last_summed_day(connection, since_ms, timezone)
    lacking = [name for name in _names(rule.scope) if not _is_held(name)]
    less = f"the budget {rule.scope.name} may start with less than was spent"
    if not lacking:
        late = _put_right(connection, rule, since_ms, booked, is_whole=summed is None)
        return late, f"{less}: for up to {summed} the ledger has only sums of days" if summed else ""
    if not summed and not _has_paid(connection, since_ms):
        return {}, ""
    starts = less if booked else f"the budget {rule.scope.name} starts at nothing"
    return {}, f"{starts}: the ledger does not know {' and '.join(lacking)} of earlier requests"


def _put_right(
    connection: sqlite3.Connection, rule: BudgetRule, since_ms: int, booked: _Sums, *, is_whole: bool
) -> _Sums:
    """By the rows; what they add to what is booked."""
    found = _greater(booked, _spent(connection, rule, since_ms), is_whole=is_whole)
    late = {place: found.get(place, 0) - booked.get(place, 0) for place in {**booked, **found}}
    connection.execute("DELETE FROM spend WHERE budget = ? AND slot >= ?", (rule.id, since_ms))
    connection.executemany(_SPEND, [(rule.id, *place, nanousd) for place, nanousd in found.items()])
    return {place: nanousd for place, nanousd in late.items() if nanousd}


def _greater(booked: _Sums, rows: _Sums, *, is_whole: bool) -> _Sums:
    """No bucket comes to less.

    Where rows say as much, they hold: an attempt that was admitted as a slot ended is booked in the next one, and would
    be counted in both. Where days are summed up, or rows say less, each slot has what is more.
    """
    by_booked, by_rows = _by_bucket(booked), _by_bucket(rows)
    of_rows = {bucket for bucket, nanousd in by_rows.items() if is_whole and nanousd >= by_booked[bucket]}
    found = {place: nanousd for place, nanousd in booked.items() if place[0] not in of_rows}
    for place, nanousd in rows.items():
        found[place] = max(nanousd, found.get(place, 0))
    return found


def _by_bucket(sums: _Sums) -> Counter[str]:
    by_bucket: Counter[str] = Counter()
    for (bucket, _), nanousd in sums.items():
        by_bucket[bucket] += nanousd
    return by_bucket


def _spent(connection: sqlite3.Connection, rule: BudgetRule, since_ms: int) -> _Sums:
    """By bucket and slot. Summed up here, because SQLite would sort all rows for it."""
    spent: _Sums = {}
    slot_of, bucket_of = _slot_of(rule.window), _bucket_of(rule)
    columns = [_COLUMNS.get(name, _METADATA) for name in _names(rule.scope)]
    select = f"SELECT {', '.join(['at_ms', 'cost_nanousd', *columns])} FROM entry WHERE {_PAID}"  # noqa: S608
    for at_ms, nanousd, *told in connection.execute(select, (_first_id(since_ms), since_ms)):
        bucket = bucket_of(tuple(told))
        if bucket is not None:
            place = (bucket, slot_of(at_ms))
            spent[place] = spent.get(place, 0) + nanousd
    return spent


def _slot_of(window: Window) -> Callable[[int], int]:
    """Calendars are slow."""
    if isinstance(window, Rolling):
        return lambda at_ms: slot_ms(window, at_ms / 1000)
    of_quarter = lru_cache(10_000)(lambda quarter: slot_ms(window, quarter * _QUARTER_S))
    return lambda at_ms: of_quarter(at_ms // (_QUARTER_S * 1000))


def _bucket_of(rule: BudgetRule) -> Callable[[tuple[str, ...]], str | None]:
    """Whose it would have been, by what the row holds; None: nobody's.

    The rule is asked once about all that are alike in what it asks, however much else their metadata say.
    """
    names = _names(rule.scope)

    @lru_cache(_ALIKE_MAX)
    def of_facts(*values: str) -> str | None:
        return _bucket(rule, _OfRows(dict(zip(names, values, strict=True))))

    @lru_cache(_ALIKE_MAX)
    def of_row(told: tuple[str, ...]) -> str | None:
        return of_facts(*map(_value, names, told))

    return of_row


def _value(name: str, column: str) -> str:
    return column if name in _COLUMNS else _metadata(column).get(name.removeprefix(f"{_METADATA}."), "")


class _OfRows:
    """The facts of requests that are alike in all that is asked."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def value(self, name: str) -> Any:
        value = self._values[name]
        return _metadata(value) if name == _METADATA else value


def _bucket(rule: BudgetRule, facts: _OfRows) -> str | None:
    """A request that would have been refused is nobody's either."""
    try:
        return next((bucket_name(values) for _, values in applying([rule], facts)), None)
    except MissingValueError:
        return None


def _names(scope: Scope) -> list[str]:
    """All that the rule asks of a request."""
    asked = () if scope.match is None else (reference.name for reference in scope.match.references)
    models = () if scope.models is None else ("model",)
    return sorted({*scope.each, *asked, *models})


def _is_held(name: str) -> bool:
    return name in _COLUMNS or name.startswith(f"{_METADATA}.")


def _has_paid(connection: sqlite3.Connection, since_ms: int) -> bool:
    select = f"SELECT 1 FROM entry WHERE {_PAID} LIMIT 1"  # noqa: S608 - names of ours
    return connection.execute(select, (_first_id(since_ms), since_ms)).fetchone() is not None


def _last_summed_day(connection: sqlite3.Connection, since_ms: int, timezone: str) -> str | None:
    """The last day of the window of which only sums are left, if anything was paid for."""
    first = f"{datetime.fromtimestamp(since_ms / 1000, ZoneInfo(timezone)):%Y-%m-%d}"
    select = "SELECT max(day) FROM daily WHERE day >= ? AND cost_nanousd > 0"
    (day,) = connection.execute(select, (first,)).fetchone()
    return None if day is None else str(day)


def _first_id(since_ms: int) -> str:
    return f"{max(since_ms - _LATEST_MS, 0):012x}"


def _metadata(text: str) -> Mapping[str, str]:
    return msgspec.json.decode(text, type=dict[str, str]) if text else {}
