"""What becomes of old rows: those of whole days that are over long enough are summed up by day, some at a time.

What budgets have spent is kept for as long as one of their windows may still need it.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from llmgw.adapters.sqlite.transactions import transaction
from llmgw.policy.entry import ERRAND, errand_id, request_id_of

ROWS_AT_ONCE = 1000
UNKNOWN_S = 400 * 86_400.0  # of a budget that nobody has now, but may have again: more than a year
_QUARTER_MS = 900_000  # all time zones are whole quarters of an hour apart
_MARGIN = 1.1  # of a window: days and months are not all of one length
_MARGIN_S = 3600.0

FACTS = ("key", "team", "user", "model", "route", "target", "provider", "endpoint", "status", "outcome")
_IS_REQUEST = f"attempt = 0 AND substr(request_id, -{len(ERRAND)}) <> '{ERRAND}'"
# What is counted, and how it is found in rows; of days it is the sum.
COUNTS: Mapping[str, str] = {
    "requests": _IS_REQUEST,
    "attempts": "1",
    "errors": f"{_IS_REQUEST} AND outcome <> 'ok'",
    "unpriced": "cost_nanousd IS NULL",
    "estimated": "estimated",
    "input_tokens": "input_tokens",
    "cached_input_tokens": "cached_input_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "cost_nanousd": "coalesce(cost_nanousd, 0)",
    "saved_nanousd": "saved_nanousd",
    "from_cache": "cached <> ''",
}
_KEY = ", ".join(f'"{name}"' for name in ("day", *FACTS))


def of_request(row: str) -> str:
    """SQL: of the same request as that row, be it one of its own, an attempt or an errand."""
    own = f"replace({row}.request_id, '{ERRAND}', '')"
    return f"request_id IN ({own}, {own} || '{ERRAND}')"


# A request goes whole, or its day would have some of its attempts, and its row the others.
_IS_OVER = f"""
    NOT EXISTS (SELECT 1 FROM entry AS late WHERE late.{of_request("entry")} AND late.at_ms >= :before_ms)
"""  # noqa: S608 - names of ours
_OLD = f"request_id <= :last AND {_IS_OVER}"
_ROLL_UP = f"""
    INSERT INTO daily ({_KEY}, {", ".join(COUNTS)})
    SELECT local_day(at_ms), {", ".join(f'"{name}"' for name in FACTS)},
        {", ".join(f"sum({count})" for count in COUNTS.values())}
    FROM entry WHERE {_OLD} GROUP BY 1, {", ".join(f'"{name}"' for name in FACTS)}
    ON CONFLICT DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in COUNTS)}
"""  # noqa: S608 - names of ours
_LAST = f"""
    SELECT max(request_id) FROM (
        SELECT request_id FROM entry WHERE request_id < :first_kept AND {_IS_OVER} ORDER BY request_id LIMIT :rows
    )
"""  # noqa: S608 - names of ours


@dataclass(frozen=True, slots=True)
class Retention:
    """`keep_s` None: rows are kept for ever. `windows_s`: how long those of the budgets are, by their ids."""

    keep_s: float | None = None
    timezone: str = "UTC"
    windows_s: Mapping[str, float] = field(default_factory=dict)


def tidy(connection: sqlite3.Connection, retention: Retention, now_s: float) -> bool:
    """Sum up some of what is older than it is kept. Whether there is more to do."""
    if retention.keep_s is None:
        return False
    return _roll_up(connection, retention.timezone, first_kept_ms(now_s - retention.keep_s, retention.timezone))


def first_kept_ms(since_s: float, timezone: str) -> int:
    """The beginning of its day: a day is kept whole, or not at all."""
    moment = datetime.fromtimestamp(since_s, ZoneInfo(timezone))
    return int(moment.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def _roll_up(connection: sqlite3.Connection, timezone: str, before_ms: int) -> bool:
    knows_days(connection, timezone)
    with transaction(connection):
        found = {"first_kept": f"{before_ms:012x}", "before_ms": before_ms, "rows": ROWS_AT_ONCE}
        (last,) = connection.execute(_LAST, found).fetchone()
        if last is None:
            return False
        rows = {"last": errand_id(request_id_of(last)), "before_ms": before_ms}
        connection.execute(_ROLL_UP, rows)
        return connection.execute(f"DELETE FROM entry WHERE {_OLD}", rows).rowcount >= ROWS_AT_ONCE  # noqa: S608


def drop_slots(connection: sqlite3.Connection, windows_s: Mapping[str, float], now_s: float) -> None:
    """What was spent in windows that are over. Other processes have other budgets, and those know their windows."""
    with transaction(connection):
        known = dict(connection.execute("SELECT id, window_s FROM known_budget WHERE window_s IS NOT NULL"))
        for (budget,) in connection.execute("SELECT DISTINCT budget FROM spend").fetchall():
            window_s = windows_s.get(budget) or known.get(budget, UNKNOWN_S)
            before_ms = int((now_s - window_s * _MARGIN - _MARGIN_S) * 1000)
            connection.execute("DELETE FROM spend WHERE budget = ? AND slot < ?", (budget, before_ms))


def knows_days(connection: sqlite3.Connection, timezone: str) -> None:
    """Gives SQL the functions `local_day` and `local_hour`, of Unix time in ms."""
    zone = ZoneInfo(timezone)

    @lru_cache(10_000)
    def hour_of(quarter: int) -> str:
        return f"{datetime.fromtimestamp(quarter * _QUARTER_MS / 1000, zone):%Y-%m-%d %H}:00"

    connection.create_function("local_hour", 1, lambda at_ms: hour_of(at_ms // _QUARTER_MS), deterministic=True)
    connection.create_function("local_day", 1, lambda at_ms: hour_of(at_ms // _QUARTER_MS)[:10], deterministic=True)
