"""The cache's tables, and all that is asked of them. What is kept is one blob; beside it stands what one looks for.

How much there is, is counted by triggers, so that it holds whoever writes; a count that is lost is made anew.
`total.purges` counts up whenever somebody throws away what others may hold in memory.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

from llmgw.adapters.cache_entries import read_entry, write_entry
from llmgw.adapters.cache_stock import KEY_DIGITS, CacheStats, Listed, OfRule, Wanted, listed
from llmgw.adapters.sqlite.many import Many
from llmgw.adapters.sqlite.transactions import transaction
from llmgw.graph import globs
from llmgw.policy.kept import Kept

ROW_BYTES = 350  # of an entry, beside its blob: its columns, and its places in the indexes
SLICE = 64  # rows that are thrown away, or handed out, at once
VERSION = 1

SCHEMA = (
    """
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY, "key" BLOB NOT NULL UNIQUE, rule TEXT NOT NULL, scope TEXT NOT NULL,
        model TEXT NOT NULL, kept_ms INTEGER NOT NULL, ends_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL,
        hits INTEGER NOT NULL, bytes INTEGER NOT NULL, has_vector INTEGER NOT NULL, data BLOB NOT NULL
    )
    """,
    "CREATE INDEX entry_by_end ON entry (ends_ms)",
    "CREATE INDEX entry_by_use ON entry (used_ms)",
    "CREATE INDEX entry_with_vector ON entry (id) WHERE has_vector",
    "CREATE TABLE total (entries INTEGER NOT NULL, bytes INTEGER NOT NULL, purges INTEGER NOT NULL)",
    "INSERT INTO total VALUES (0, 0, 0)",
    """
    CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN
        UPDATE total SET entries = entries + 1, bytes = bytes + new.bytes;
    END
    """,
    """
    CREATE TRIGGER entry_removed AFTER DELETE ON entry BEGIN
        UPDATE total SET entries = entries - 1, bytes = bytes - old.bytes;
    END
    """,
    """
    CREATE TRIGGER entry_replaced AFTER UPDATE OF bytes ON entry BEGIN
        UPDATE total SET bytes = bytes + new.bytes - old.bytes;
    END
    """,
)

_COLUMNS = ("rule", "scope", "model", "kept_ms", "ends_ms", "used_ms", "bytes", "has_vector", "data", "hits")

_KEEP = Many(
    f'INSERT INTO entry ("key", {", ".join(_COLUMNS)}) VALUES',
    1 + len(_COLUMNS),
    f'ON CONFLICT ("key") DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}',
)

_SIZE = 1 + _COLUMNS.index("bytes")  # where it stands in a row

# Its purges are a number that nobody has seen: whoever holds something in memory drops it.
_COUNT_ANEW = """
    INSERT INTO total
    SELECT count(*), coalesce(CAST(sum(bytes) AS INTEGER), 0), CAST(strftime('%s', 'now') AS INTEGER) FROM entry
"""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The keys of what has left, and why."""

    expired: Sequence[bytes] = ()
    evicted: Sequence[bytes] = ()


class _Total(NamedTuple):
    entries: int
    bytes: int
    purges: int


def add_functions(connection: sqlite3.Connection) -> None:
    """What questions here need beside SQL, on every connection to the file."""
    connection.create_function("has_shape", 2, _has_shape, deterministic=True)


def find(connection: sqlite3.Connection, key: bytes, now_ms: int) -> Kept | None:
    """What counts; a row that is not sound is as good as none."""
    rows = _all(connection, 'SELECT data FROM entry WHERE "key" = ? AND ends_ms > ?', (key, now_ms))
    kept = _read(key, rows[0][0]) if rows else None
    return kept if kept is not None and kept.ends_ms > now_ms else None


def keep(connection: sqlite3.Connection, entries: Mapping[bytes, Kept], now_ms: int, bytes_max: int) -> int:
    """All at once; how many were not taken: none may be larger than `bytes_max`."""
    made = (_row(key, kept, now_ms) for key, kept in entries.items())
    rows = [row for row in made if row is not None and row[_SIZE] <= bytes_max]
    with transaction(connection):
        _KEEP.execute_all(connection, rows)
    return len(entries) - len(rows)


def touch(connection: sqlite3.Connection, hits: Mapping[bytes, int], now_ms: int) -> None:
    """These have been of use, so many times."""
    with transaction(connection):
        connection.executemany(
            'UPDATE entry SET used_ms = ?1, hits = hits + ?2 WHERE "key" = ?3',
            ((now_ms, count, key) for key, count in hits.items()),
        ).close()


def trim(connection: sqlite3.Connection, now_ms: int, max_bytes: int) -> Trimmed:
    """One slice of what has expired; if there is none and there is too much, of what was used the longest ago."""
    expired = _all(
        connection, 'SELECT id, "key" FROM entry WHERE ends_ms <= ? ORDER BY ends_ms LIMIT ?', (now_ms, SLICE)
    )
    if expired:
        return Trimmed(expired=_remove(connection, expired))
    too_much = _total(connection).bytes - max_bytes
    if too_much <= 0:
        return Trimmed()
    oldest = _all(connection, 'SELECT id, "key", CAST(bytes AS INTEGER) FROM entry ORDER BY used_ms LIMIT ?', (SLICE,))
    return Trimmed(evicted=_remove(connection, [*_enough(oldest, too_much)]))


def purge(connection: sqlite3.Connection, wanted: Wanted, now_ms: int) -> list[bytes]:
    """The keys of what was thrown away. Whoever holds some of it in memory is told to drop that."""
    where, values = _where(wanted, now_ms)
    _total(connection)  # it is there
    with transaction(connection):
        keys = [row[0] for row in _all(connection, f'SELECT "key" FROM entry WHERE {where}', values)]  # noqa: S608
        connection.execute(f"DELETE FROM entry WHERE {where}", values).close()  # noqa: S608 - `where` is ours
        connection.execute("UPDATE total SET purges = purges + 1").close()
    return keys


def keys(connection: sqlite3.Connection, start: str) -> list[str]:
    """All that begin so, in hex; what has expired has a key too, and is thrown away by it as well."""
    bounds = tuple(bytes.fromhex(start.ljust(KEY_DIGITS, digit)) for digit in "0f")
    return [row[0].hex() for row in _all(connection, 'SELECT "key" FROM entry WHERE "key" BETWEEN ? AND ?', bounds)]


def purges(connection: sqlite3.Connection) -> int:
    """How often somebody has thrown something away."""
    return _total(connection).purges


def stats(connection: sqlite3.Connection, max_bytes: int) -> CacheStats:
    """What there is."""
    rules = _all(connection, "SELECT rule, count(*), sum(bytes), sum(hits) FROM entry GROUP BY rule")
    total = _total(connection)
    return CacheStats(
        store="sqlite",
        entries=total.entries,
        bytes=total.bytes,
        max_bytes=max_bytes,
        rules={rule: OfRule(*counts) for rule, *counts in rules},
    )


def entries(connection: sqlite3.Connection, wanted: Wanted, most: int, now_ms: int) -> list[Listed]:
    """The newest first; one that is not sound is left out."""
    where, values = _where(wanted, now_ms)
    query = f'SELECT "key", bytes, hits, data FROM entry WHERE ends_ms > ? AND {where} ORDER BY kept_ms DESC LIMIT ?'  # noqa: S608
    rows = _all(connection, query, (now_ms, *values, most))
    found = ((key, size_bytes, hits, _read(key, data)) for key, size_bytes, hits, data in rows)
    return [
        listed(key, kept, size_bytes=size_bytes, hits=hits, now_ms=now_ms)
        for key, size_bytes, hits, kept in found
        if kept is not None
    ]


def remembered(connection: sqlite3.Connection, after: int, now_ms: int) -> tuple[int, list[tuple[bytes, Kept]]] | None:
    """The next slice of what has a vector, and where it ends; None: that was all. To begin with, `after` is 0."""
    query = 'SELECT id, "key", data FROM entry WHERE has_vector AND id > ? AND ends_ms > ? ORDER BY id LIMIT ?'
    rows = _all(connection, query, (after, now_ms, SLICE))
    if not rows:
        return None
    return rows[-1][0], [(key, kept) for _, key, data in rows if (kept := _read(key, data)) is not None]


def _total(connection: sqlite3.Connection) -> _Total:
    """Counted anew where it says nothing: what is of no use must neither stop anybody nor let the file grow."""
    if (total := _said(connection)) is not None:
        return total
    with transaction(connection):
        if _said(connection) is None:  # still: another process may have been faster
            connection.execute("DELETE FROM total").close()
            connection.execute(_COUNT_ANEW).close()
    return _said(connection) or _Total(0, 0, 0)


def _said(connection: sqlite3.Connection) -> _Total | None:
    rows = _all(connection, "SELECT entries, bytes, purges FROM total LIMIT 2")
    if len(rows) != 1 or not all(isinstance(count, int) and count >= 0 for count in rows[0]):
        return None
    return _Total(*rows[0])


def _row(key: bytes, kept: Kept, now_ms: int) -> tuple[Any, ...] | None:
    """None: it cannot be written."""
    try:
        data = write_entry(key, kept)
    except (UnicodeEncodeError, OverflowError):
        return None
    texts = (kept.rule, kept.scope, kept.model)
    size_bytes = len(data) + ROW_BYTES + sum(len(text.encode()) for text in texts)
    return (key, *texts, kept.kept_ms, kept.ends_ms, now_ms, size_bytes, bool(kept.vector), data, 0)


def _read(key: Any, data: Any) -> Kept | None:
    """SQLite lets anything stand in any column."""
    return read_entry(key, data) if isinstance(key, bytes) and isinstance(data, bytes) else None


def _enough(rows: Sequence[tuple[int, bytes, int]], too_much: int) -> Iterator[tuple[int, bytes]]:
    for number, key, size_bytes in rows:
        if too_much <= 0:
            return
        too_much -= size_bytes
        yield number, key


def _remove(connection: sqlite3.Connection, rows: Sequence[tuple[int, bytes]]) -> list[bytes]:
    if rows:
        with transaction(connection):
            connection.executemany("DELETE FROM entry WHERE id = ?", [(row[0],) for row in rows]).close()
    return [row[1] for row in rows]


def _where(wanted: Wanted, now_ms: int) -> tuple[str, tuple[Any, ...]]:
    older_than_s = wanted.older_than_s
    conditions = {
        "rule = ?": wanted.rule,
        "scope = ?": wanted.scope,
        "has_shape(CAST(model AS BLOB), ?)": wanted.model,
        '"key" = ?': wanted.key,
        "kept_ms <= ?": None
        if older_than_s is None
        else int(max(now_ms - older_than_s * 1000, -1)),  # or no integer of SQLite
    }
    said = {text: value for text, value in conditions.items() if value is not None}
    return " AND ".join(said) or "1", tuple(said.values())


def _has_shape(name: bytes | None, glob: str) -> bool:
    """As bytes, because a text of SQLite need not be one."""
    return name is not None and globs.matches(glob, name.decode("utf-8", "replace"))


def _all(connection: sqlite3.Connection, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with closing(connection.execute(query, values)) as cursor:
        return cursor.fetchall()
