"""Records as a gateway would write them, and what a ledger made of them."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llmgw.adapters.sqlite.database import database
from llmgw.chat.usage import Usage
from llmgw.policy.entry import Charge, Entry, Reserved, Settled

START_MS = 1_700_000_000_000  # 2023-11-14T22:13:20Z
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SLOT_MS = 4_000_000_000_000  # of a window that is not over yet


def request_id(number: int, at_ms: int = START_MS) -> str:
    return f"{at_ms:012x}{number:016x}"


def entry(number: int = 0, **fields: Any) -> Entry:
    """Of request `number`: it cost so many nano-dollars, and budget `b` pays for it."""
    at_ms = fields.get("at_ms", START_MS)
    usual: dict[str, Any] = {
        "request_id": request_id(number, at_ms),
        "at_ms": at_ms,
        "key": "k",
        "team": "t",
        "model": "m",
        "target": "one",
        "provider": "p",
        "endpoint": "chat",
        "status": 200,
        "outcome": "ok",
        "usage": Usage(10, 2),
        "cost_nanousd": number,
        "charges": (Charge("b", '["t"]', SLOT_MS),),
    }
    return Entry(**{**usual, **fields})


def settled(number: int = 0, ends: int = 0, **fields: Any) -> Settled:
    return Settled(entry(number, **fields), ends)


def reserved(number: int, reservation: int = 1, **fields: Any) -> Reserved:
    return Reserved(entry(number, outcome="process_died", **fields), reservation)


def costs(path: Path) -> list[tuple[str, int, int]]:
    """Request, attempt and cost of every row."""
    return asked(path, "SELECT request_id, attempt, cost_nanousd FROM entry ORDER BY 1, 2")


def spent(path: Path) -> int:
    """By all budgets together."""
    return int(asked(path, "SELECT coalesce(sum(nanousd), 0) FROM spend")[0][0])


def left(path: Path) -> int:
    """Reservations that nobody has ended."""
    return int(asked(path, "SELECT count(*) FROM reservation")[0][0])


def asked(path: Path, select: str, values: Sequence[Any] = ()) -> list[Any]:
    with database(path) as connection:
        return connection.execute(select, values).fetchall()


def all_of(connection: sqlite3.Connection, select: str) -> list[Any]:
    return connection.execute(select).fetchall()
