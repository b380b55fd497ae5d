"""Requests of the ledger as JSON lines, some at a time, however many there are.

SQLite's cursors belong to the thread that opened them, so all of one answer is read by a thread of its own. While it
reads, the database cannot forget what it has seen, so nobody may read for ever.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import msgspec

from llmgw.adapters.ledger import CannotOpenLedgerError
from llmgw.adapters.sqlite.database import open_database
from llmgw.adapters.sqlite.migrations import NewerLedgerError
from llmgw.adapters.sqlite.reading import requests
from llmgw.policy.usage import UsageQuery

LINES_PER_CHUNK = 500


async def usage_lines(ledger: Path, query: UsageQuery) -> AsyncGenerator[bytes, None]:
    """Whole lines. To be closed (`aclosing`). Raises CannotOpenLedgerError."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, thread_name_prefix="usage-lines")
    reader = _Reader(ledger, query)
    try:
        while chunk := await loop.run_in_executor(thread, reader.read):
            yield chunk
    finally:
        reader.interrupt()
        thread.submit(reader.close)
        thread.shutdown(wait=False)


class _Reader:
    """Of one thread."""

    def __init__(self, ledger: Path, query: UsageQuery) -> None:
        self._ledger = ledger
        self._query = query
        self._connection: sqlite3.Connection | None = None
        self._rows: Iterator[object] = iter(())

    def read(self) -> bytes:
        """b"" at the end."""
        try:
            if self._connection is None:
                self._connection = open_database(self._ledger)
                self._rows = requests(self._connection, self._query)
            return b"".join(msgspec.json.encode(row) + b"\n" for row in islice(self._rows, LINES_PER_CHUNK))
        except (sqlite3.Error, OSError, NewerLedgerError) as error:
            raise CannotOpenLedgerError(f"the ledger cannot be read: {error}") from None

    def interrupt(self) -> None:
        """From any thread: a search that finds nothing would go on long after whoever wanted it."""
        if self._connection is not None:
            self._connection.interrupt()

    def close(self) -> None:
        if self._connection is not None:
            self._rows = iter(())
            self._connection.close()
