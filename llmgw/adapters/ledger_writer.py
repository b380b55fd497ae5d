"""The one thread that brings the journal into the database. The loop never waits for it, nor it for the loop.

While the database cannot be written, the journal grows; the thread tries again until it can.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.ledger_segments import take_lock
from llmgw.adapters.sqlite.database import open_database
from llmgw.adapters.sqlite.folding import Tell, fold_others, fold_own
from llmgw.adapters.sqlite.retention import Retention, drop_slots, tidy

FOLD_S = 0.5  # for which records gather: whoever asks for them does not wait for it
RETRY_S = 1.0
TIDY_S = 60.0
CLOSE_S_MAX = 10.0


class LedgerWriter:
    """Owns the only connection that writes."""

    def __init__(
        self,
        path: Path,
        journal: LedgerJournal,
        retention: Retention,
        tell: Tell,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._tidy_path = path.with_name(f"{path.name}.tidy")
        self._journal = journal
        self._tell = tell
        self._now_s = now_s
        self._connection: sqlite3.Connection | None = None
        self._wake = threading.Event()  # there is something to do
        self._hurry = threading.Event()  # somebody waits for it
        self._turns = threading.Condition()
        self._asked = 0  # turns that somebody waits for
        self._done = 0
        self._closing = False
        self._tidied_s = float("-inf")  # by the clock that never goes back
        self._tidying: int | None = None  # the lock of the one process that tidies
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._trouble = ""
        self.retention = retention
        self.idle = False  # whoever writes to the journal has to wake it

    def start(self) -> None:
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why the database cannot be written; empty: it can."""
        is_dead = self._thread.ident is not None and not self._thread.is_alive() and not self._closing
        return "the thread that writes it has ended" if is_dead else self._trouble

    def wake(self) -> None:
        self._wake.set()

    def flush(self, timeout_s: float) -> bool:
        """Whether all that was in the journal when this was called is in the database."""
        with self._turns:
            self._asked += 1
            wanted = self._asked
            self._hurry.set()
            self._wake.set()
            return self._turns.wait_for(lambda: self._done >= wanted, timeout_s) and not self.trouble

    def close(self) -> None:
        """With what is in the journal by now, if the database can be written; else it is left for the next one."""
        self._closing = True
        self._hurry.set()
        self._wake.set()
        self._thread.join(CLOSE_S_MAX)

    def _work(self) -> None:
        while not self._closing:
            self._wait()
            self._turn()
        self._turn()
        if self._connection is not None:
            self._connection.close()
        if self._tidying is not None:
            self._tidy_path.unlink(missing_ok=True)
            os.close(self._tidying)

    def _wait(self) -> None:
        """Until there is something to do, and then a little longer, so that there is more of it."""
        if not self._trouble and not self._hurry.is_set():
            self.idle = True
            if self._journal.written == self._journal.applied:
                self._wake.wait(max(self._tidied_s + TIDY_S - time.monotonic(), 0.0))
            self.idle = False
        self._hurry.wait(RETRY_S if self._trouble else FOLD_S)

    def _turn(self) -> None:
        self._wake.clear()
        self._hurry.clear()
        with self._turns:
            asked = self._asked
        try:
            if self._connection is None:
                self._connection = open_database(self._path)
            fold_own(self._connection, self._journal, self._tell)
            self._tidy(self._connection)
        except Exception as error:  # noqa: BLE001 - whatever it is: a thread that ends books nothing, and nobody sees it
            self._failed(error)
        else:
            self._worked()
        with self._turns:
            self._done = asked
            self._turns.notify_all()

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """Now and then, and a little of it at a time: records come first."""
        if self._closing or time.monotonic() < self._tidied_s + TIDY_S:
            return
        now_s = self._now_s()
        if self._is_tidier():
            if tidy(connection, self.retention, now_s):
                return
            drop_slots(connection, self.retention.windows_s, now_s)
        fold_others(connection, self._journal.directory, self._tell, self._journal.owner)
        self._tidied_s = time.monotonic()

    def _is_tidier(self) -> bool:
        """Of several processes over one ledger the first: else rows would be kept for as long as the least wants."""
        if self._tidying is None:
            self._tidying = take_lock(self._tidy_path)
        return self._tidying is not None

    def _failed(self, error: Exception) -> None:
        before, self._trouble = self._trouble, str(error) or type(error).__name__
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
        if not before:
            self._tell(f"the ledger cannot be written, its journal grows meanwhile: {self._trouble}")

    def _worked(self) -> None:
        before, self._trouble = self._trouble, ""
        if before:
            self._tell("the ledger can be written again")
