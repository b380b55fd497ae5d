"""Opening the file of the cache. What is not ours is left alone; what is ours and damaged is set aside: it is a cache.

It is known by its `application_id`. Losing what was written last when the machine fails does no harm.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from llmgw.adapters.ledger_segments import FILE_MODE, real_path
from llmgw.adapters.sqlite.cache_tables import SCHEMA, VERSION, add_functions
from llmgw.adapters.sqlite.transactions import transaction
from llmgw.errors import GatewayError

APPLICATION_ID = 0x4C475745  # "LGWE"
BUSY_S = 0.5  # for which we wait for another process that writes: what is kept can wait, and be lost
ASIDE = ".damaged"
BESIDE = ("-wal", "-shm")
_PAUSE_S = 0.02
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class NotOurCacheError(GatewayError):
    """Something else stands there, or what a newer version made of it: it is left as it is."""


def open_cache_file(path: Path) -> sqlite3.Connection:
    """For reading and writing; made if it is not there.

    Raises NotOurCacheError, sqlite3.Error or OSError.
    """
    path = real_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _make(path)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("BEGIN").close()  # all of one moment: another process may be making it
        _check_ours(connection, path)
        connection.rollback()
        _keep_a_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL").close()
        _prepare(connection, path)
        add_functions(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def cache_file(path: Path) -> Iterator[sqlite3.Connection]:
    """The same, closed again."""
    with closing(open_cache_file(path)) as connection:
        yield connection


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether it says that what stands in the file makes no sense."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in _DAMAGED


def set_aside(path: Path) -> Path | None:
    """Where it is now, if it is damaged still: another process may have been faster. Raises OSError."""
    return None if _is_sound(real_path(path)) else move_aside(path)


def move_aside(path: Path) -> Path:
    """Where it is now, whatever it is. Raises OSError.

    What was set aside before is overwritten, so that there is one of them at the most.
    """
    path = real_path(path)
    aside = path.with_name(f"{path.name}{ASIDE}")
    for suffix in BESIDE:  # first: a new file must not meet an old log
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}{suffix}").replace(aside.with_name(f"{aside.name}{suffix}"))
    with suppress(FileNotFoundError):
        path.replace(aside)
    return aside


def _is_sound(path: Path) -> bool:
    try:
        with cache_file(path) as connection:
            return str(_ask(connection, "PRAGMA quick_check(1)")) == "ok"
    except sqlite3.Error as error:
        return not is_damaged(error)
    except NotOurCacheError:
        return True


def _make(path: Path) -> None:
    """For us alone to read: it holds answers. One that is there is not opened, for closing it would unlock it."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    try:
        application_id = _ask(connection, "PRAGMA application_id")
        version = _ask(connection, "PRAGMA user_version")
        tables = _ask(connection, "SELECT count(*) FROM sqlite_schema")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_NOTADB:
            raise
        raise NotOurCacheError(f"{path} is no database: name another file, or move this one away") from None
    if application_id != APPLICATION_ID and (application_id or version or tables):
        raise NotOurCacheError(f"{path} is the database of something else: name another file")
    if version > VERSION:
        raise NotOurCacheError(f"{path} is of a newer llmgw (version {version} of it, here {VERSION})")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """The tables, unless they are there, or another process makes them at the same time."""
    if _ask(connection, "PRAGMA user_version"):
        return
    with transaction(connection):
        _check_ours(connection, path)
        if not _ask(connection, "PRAGMA user_version"):
            for statement in SCHEMA:
                connection.execute(statement).close()
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}").close()
            connection.execute(f"PRAGMA user_version = {VERSION}").close()


def _ask(connection: sqlite3.Connection, question: str) -> Any:
    with closing(connection.execute(question)) as cursor:
        return cursor.fetchone()[0]


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """WAL: who reads and who writes do not wait for each other. Of two who begin at once one is told to try again."""
    until_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
