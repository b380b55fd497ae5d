"""Opening the ledger's database: for one who writes, or for one who may only read."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from llmgw.adapters.ledger_segments import FILE_MODE
from llmgw.adapters.sqlite.migrations import migrate

BUSY_S = 5.0  # for which we wait for another process that writes
_PAUSE_S = 0.05


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """For reading and writing; made if it is not there, and brought up to date.

    Raises sqlite3.Error, OSError or NewerLedgerError.
    """
    connection = open_database(path)
    try:
        yield connection
    finally:
        connection.close()


def open_database(path: Path) -> sqlite3.Connection:
    """The same for one who closes it himself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _make(path)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        _keep_a_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path) -> None:
    """For us alone to read. One that is there is not opened: it would have to be closed again.

    With that POSIX takes all locks on the file from the whole process, also those of SQLite. Then another process, when
    it leaves, takes itself for the last one and deletes the log (WAL) to which we still write.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))


@contextmanager
def read_only_database(path: Path) -> Iterator[sqlite3.Connection]:
    """For a place where we may not write. What another process has written last may be missing."""
    connection = _read_only(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM segment")
    except sqlite3.OperationalError:  # without a file for its lock it can only be read as if nobody wrote to it
        connection.close()
        connection = _read_only(path, "immutable=1")
    try:
        yield connection
    finally:
        connection.close()


def _read_only(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=BUSY_S, isolation_level=None)


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """WAL: who reads and who writes do not wait for each other. Of two who begin at once one is told to try again."""
    until_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
