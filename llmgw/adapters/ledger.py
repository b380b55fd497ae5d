"""The book: a journal that takes records at once, a thread that brings them into SQLite, and ways to read it.

A process that ends in whatever way leaves its journal behind, and whoever opens the ledger next books it first: the
next server, or `llmgw usage`.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from llmgw.adapters.ledger_journal import JOURNAL_BYTES_MAX, SEGMENT_BYTES_MAX, LedgerJournal
from llmgw.adapters.ledger_segments import real_path
from llmgw.adapters.ledger_sync import GroupSync
from llmgw.adapters.ledger_writer import CLOSE_S_MAX, LedgerWriter
from llmgw.adapters.sqlite.database import database, read_only_database
from llmgw.adapters.sqlite.folding import Tell, fold_others
from llmgw.adapters.sqlite.migrations import NewerLedgerError
from llmgw.adapters.sqlite.retention import Retention
from llmgw.errors import GatewayError, LedgerUnavailableError
from llmgw.policy.entry import Record
from llmgw.ports import Ledger

Answer = TypeVar("Answer")


class CannotOpenLedgerError(GatewayError):
    """There is no ledger there, or none that we may or can use."""


def journal_directory(path: Path) -> Path:
    """Where the journals in front of a database lie."""
    path = real_path(path)
    return path.with_name(f"{path.name}.d")


class SqliteLedger:
    """Use `open`. On one loop; `close` books what there is and leaves no journal behind."""

    def __init__(self, path: Path, journal: LedgerJournal, writer: LedgerWriter, tell: Tell, *, disk: bool) -> None:
        self._path = path
        self._journal = journal
        self._writer = writer
        self._tell = tell
        self._sync = GroupSync(journal) if disk else None

    @classmethod
    def open(  # noqa: PLR0913 - its limits and its clock, for tests
        cls,
        path: Path,
        tell: Tell,
        retention: Retention = Retention(),  # noqa: B008 - frozen
        *,
        disk: bool = False,
        bytes_max: int = JOURNAL_BYTES_MAX,
        segment_bytes_max: int = SEGMENT_BYTES_MAX,
        now_s: Callable[[], float] = time.time,
    ) -> "SqliteLedger":
        """Books what dead processes have left, then begins. `tell` hears, from any thread, what somebody should see.

        Raises CannotOpenLedgerError.
        """
        path = real_path(path)
        directory = journal_directory(path)
        with _translated(path):
            with database(path) as connection:
                fold_others(connection, directory, tell)
            journal = LedgerJournal(directory, disk=disk, bytes_max=bytes_max, segment_bytes_max=segment_bytes_max)
        writer = LedgerWriter(path, journal, retention, tell, now_s)
        writer.start()
        return cls(path, journal, writer, tell, disk=disk)

    def check(self) -> None:
        self._journal.check()

    async def append(self, record: Record) -> None:
        self._journal.append(record)
        if self._writer.idle:
            self._writer.wake()
        if self._sync is not None:
            await self._sync.wait()

    @property
    def trouble(self) -> str:
        """Why the database cannot be written; empty: it can."""
        return self._writer.trouble

    def retain(self, retention: Retention) -> None:
        """From now on, as after a reload."""
        self._writer.retention = retention

    async def flush(self, timeout_s: float = CLOSE_S_MAX) -> bool:
        """Whether all that was appended so far is in the database."""
        return await asyncio.to_thread(self._writer.flush, timeout_s)

    async def ask(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """What the ledger says, with all that was appended so far: in a thread. Raises CannotOpenLedgerError."""
        return await asyncio.to_thread(self.answer, question)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def answer(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """The same, in the thread of whoever asks."""
        if not self._writer.flush(CLOSE_S_MAX):
            why = self.trouble or f"after {CLOSE_S_MAX:g} s it still lacks what was appended last"
            raise CannotOpenLedgerError(f"the ledger at {self._path} cannot be asked: {why}")
        with _translated(self._path), database(self._path) as connection:
            return question(connection)

    def _close(self) -> None:
        """Its own journal is cleared up like that of a dead one."""
        self._writer.close()
        if self._sync is not None:
            self._sync.close()
        self._journal.close()
        try:
            with database(self._path) as connection:
                fold_others(connection, self._journal.directory, self._tell)
        except (sqlite3.Error, OSError, NewerLedgerError) as error:
            self._tell(f"the ledger could not be closed, its journal is booked when it is opened next: {error}")


@contextmanager
def ledger_to_read(path: Path, tell: Tell) -> Iterator[sqlite3.Connection]:
    """For a command: journals are booked first, unless nothing may be written there. Raises CannotOpenLedgerError."""
    path = real_path(path)
    if not path.exists() and not journal_directory(path).is_dir():
        raise CannotOpenLedgerError(f"nothing has been booked yet: there is no ledger at {path}")
    with _translated(path):
        if _may_be_written(path):
            with database(path) as connection:
                fold_others(connection, journal_directory(path), tell)
                yield connection
        else:
            tell(f"{path} may only be read: what is not in it yet, because nobody has booked the journals, is missing")
            with read_only_database(path) as connection:
                yield connection


def _may_be_written(path: Path) -> bool:
    """All of it: SQLite keeps files of its own beside the database."""
    places = [path.parent, path, *([journal_directory(path)] if journal_directory(path).exists() else [])]
    return all(os.access(place, os.W_OK) for place in places if place.exists())


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Errors of SQLite and of the disk as one of ours."""
    try:
        yield
    except BrokenPipeError:
        raise  # who read what is told has gone: that is not about the ledger
    except (sqlite3.Error, OSError, NewerLedgerError, LedgerUnavailableError) as error:
        raise CannotOpenLedgerError(f"the ledger at {path} cannot be used: {error}") from error


_: type[Ledger] = SqliteLedger
