"""Journals into the database, exactly once: how far a segment is applied stands beside what came of it.

Several processes may fold the same journal. One does at a time, from where the last one stopped; and a segment is
opened by its name while nobody else can write, so that none is applied again after it has been deleted.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import msgspec

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.ledger_segments import Segment, decoded, encoded, heirs_of, owners, read, segments
from llmgw.adapters.sqlite.many import Many
from llmgw.adapters.sqlite.transactions import transaction
from llmgw.policy.entry import Entry, Record, Reserved

Tell = Callable[[str], None]
"""Where it is said what somebody should look at."""

INTEGER_MAX = 2**53  # what is more is no true number, and sums of it would not fit

_CALL_COLUMNS = (
    *("request_id", "attempt", "at_ms", "key", "team", "user", "request_user", "model", "route", "target"),
    *("provider", "endpoint", "stream", "status", "outcome"),
)
_USAGE_COLUMNS = (
    *("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens", "cache_write_input_tokens"),
    *("cache_write_1h_input_tokens", "audio_input_tokens", "cached_audio_input_tokens", "audio_output_tokens"),
    *("image_input_tokens", "image_output_tokens", "service_tier"),
)
_END_COLUMNS = ("estimated", "overrun", "latency_ms", "first_token_ms", "client_request_id")
ENTRY_COLUMNS = (*_CALL_COLUMNS, *_USAGE_COLUMNS, "cost_nanousd", "saved_nanousd", *_END_COLUMNS, "metadata", "cached")
_OF_CALL, _OF_USAGE, _OF_END = attrgetter(*_CALL_COLUMNS), attrgetter(*_USAGE_COLUMNS), attrgetter(*_END_COLUMNS)
_NAMES = ", ".join(f'"{name}"' for name in ENTRY_COLUMNS)
_INSERT = Many(f"INSERT INTO entry ({_NAMES}) VALUES", len(ENTRY_COLUMNS))
_SPEND = Many(
    "INSERT INTO spend (budget, bucket, slot, nanousd) VALUES",
    4,
    "ON CONFLICT DO UPDATE SET nanousd = nanousd + excluded.nanousd",
)
_USE = Many(
    "INSERT INTO key_use (key, last_ms) VALUES",
    2,
    "ON CONFLICT DO UPDATE SET last_ms = max(last_ms, excluded.last_ms)",
)
_RESERVE = Many("INSERT INTO reservation (request_id, number, owner, entry) VALUES", 4, "ON CONFLICT DO NOTHING")
_END = Many(  # as a table: only then are they looked up by the key
    "WITH ended (id, number) AS (VALUES",
    2,
    ") DELETE FROM reservation WHERE (request_id, number) IN (SELECT id, number FROM ended)",
)
_APPLIED = """
    INSERT INTO segment (owner, number, applied) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET applied = excluded.applied
"""


@dataclass(frozen=True, slots=True)
class Folded:
    """How far a segment is in the database. `damaged`: it can be read no further."""

    applied: int
    damaged: bool = False


def fold_segment(connection: sqlite3.Connection, segment: Segment) -> Folded | None:
    """All whole lines of it, a transaction for each chunk. None: it is gone.

    What is written meanwhile waits for the next time: there it is one of many, here it would be few at a time.
    """
    while True:
        with transaction(connection):
            applied = _applied(connection, segment)
            try:
                lines = read(segment.path, applied)
            except FileNotFoundError:
                return None
            if lines.records:
                _apply(connection, segment.owner, lines.records)
                connection.execute(_APPLIED, (segment.owner, segment.number, lines.end))
        if not lines.more:
            return Folded(lines.end, lines.damaged)


def fold_own(connection: sqlite3.Connection, journal: LedgerJournal, tell: Tell) -> None:
    """What has been written so far. Segments that are finished are deleted; the journal is told how far we are."""
    written, current, backlog = journal.written, journal.number, 0
    found = segments(journal.directory, journal.owner)
    if current and current not in (segment.number for segment in found):
        journal.abandon(current)
        tell(f"{Segment(journal.directory, journal.owner, current).path} was removed while it was in use")
    for segment in found:
        folded = fold_segment(connection, segment)
        if folded is None:
            continue
        if segment.number < current:
            _clear(segment, folded, tell)
        elif folded.damaged:
            journal.abandon(segment.number)
        else:
            backlog += max(segment.path.stat().st_size - folded.applied, 0)
    journal.applied = written - backlog


def fold_others(connection: sqlite3.Connection, directory: Path, tell: Tell, own: str = "") -> None:
    """What all others have written. After one who is dead it is cleared up, and what he had reserved is booked."""
    for owner in owners(directory):
        if owner != own:
            with heirs_of(directory, owner) as is_dead:
                _fold_other(connection, directory, owner, tell, is_dead=is_dead)
    _forget(connection, directory)


def _fold_other(connection: sqlite3.Connection, directory: Path, owner: str, tell: Tell, *, is_dead: bool) -> None:
    """Of the living only what can be read is taken: the rest is for them."""
    done = [(segment, fold_segment(connection, segment)) for segment in segments(directory, owner)]
    if is_dead:
        _close(connection, owner)
        for segment, folded in done:
            if folded is not None:
                _clear(segment, folded, tell)


def _clear(segment: Segment, folded: Folded, tell: Tell) -> None:
    """What cannot be read is kept for somebody to look at."""
    if folded.damaged:
        tell(f"{segment.set_aside()} is damaged: what follows its first {folded.applied} bytes is not in the ledger")
    else:
        segment.remove()


def _close(connection: sqlite3.Connection, owner: str) -> None:
    """Whatever the dead one had reserved is spent, as far as anybody can know."""
    select = "SELECT request_id, number, entry FROM reservation WHERE owner = ? ORDER BY request_id, number DESC"
    with transaction(connection):
        for request_id, number, data in connection.execute(select, (owner,)).fetchall():
            own_row = "SELECT 1 FROM entry WHERE request_id = ? AND attempt = 0"
            attempt = 0 if connection.execute(own_row, (request_id,)).fetchone() is None else number
            _book(connection, [msgspec.structs.replace(decoded(data), attempt=attempt)])
        connection.execute("DELETE FROM reservation WHERE owner = ?", (owner,))


def _forget(connection: sqlite3.Connection, directory: Path) -> None:
    """How far segments are that are not there any more. Their names do not come back."""
    with transaction(connection):
        known = connection.execute("SELECT owner, number FROM segment").fetchall()
        gone = [(owner, number) for owner, number in known if not Segment(directory, owner, number).path.exists()]
        connection.executemany("DELETE FROM segment WHERE owner = ? AND number = ?", gone)


def _applied(connection: sqlite3.Connection, segment: Segment) -> int:
    select = "SELECT applied FROM segment WHERE owner = ? AND number = ?"
    row = connection.execute(select, (segment.owner, segment.number)).fetchone()
    return 0 if row is None else int(row[0])


def _apply(connection: sqlite3.Connection, owner: str, records: Iterable[Record]) -> None:
    """What is reserved and settled within the same lines is never written as a reservation."""
    reserved: dict[tuple[str, int], Entry] = {}
    ended: list[tuple[str, int]] = []
    rows: list[Entry] = []
    for record in records:
        entry = record.entry
        if isinstance(record, Reserved):
            reserved[entry.request_id, record.number] = entry
            continue
        if record.ends and reserved.pop((entry.request_id, record.ends), None) is None:
            ended.append((entry.request_id, record.ends))
        if record.is_row:
            rows.append(entry)
    _book(connection, rows)
    _END.execute_all(connection, ended)
    _RESERVE.execute_all(connection, [(*key, owner, encoded(entry)) for key, entry in reserved.items()])


def _book(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Rows, what they cost whom, and when keys were last used. What is there already is not booked again."""
    spent: dict[tuple[str, str, int], int] = {}
    used: dict[str, int] = {}
    for entry in _inserted(connection, [*entries]):
        nanousd = min(entry.cost_nanousd or 0, INTEGER_MAX)
        for charge in entry.charges if nanousd else ():
            account = (charge.budget, charge.bucket, charge.slot)
            spent[account] = spent.get(account, 0) + nanousd
        if entry.key:
            used[entry.key] = max(used.get(entry.key, 0), entry.at_ms)
    _SPEND.execute_all(connection, [(*account, nanousd) for account, nanousd in spent.items()])
    _USE.execute_all(connection, [*used.items()])


def _inserted(connection: sqlite3.Connection, entries: Sequence[Entry]) -> Iterator[Entry]:
    """Those of them that were not there yet."""
    for some in _INSERT.split(connection, entries):
        try:
            _INSERT.execute(connection, [_row(entry) for entry in some])
        except sqlite3.IntegrityError:  # then none of them is: one by one
            if len(some) > 1:
                yield from (entry for one in some for entry in _inserted(connection, [one]))
            continue
        yield from some


def _row(entry: Entry) -> tuple[object, ...]:
    """In the order of the columns."""
    cost_nanousd = entry.cost_nanousd
    return (
        *_OF_CALL(entry),
        *_OF_USAGE(entry.usage),
        None if cost_nanousd is None else min(cost_nanousd, INTEGER_MAX),
        min(entry.saved_nanousd, INTEGER_MAX),
        *_OF_END(entry),
        msgspec.json.encode(entry.metadata).decode() if entry.metadata else "",
        entry.cached,
    )
