"""The one thread that brings the journal into the database. The loop never waits for it, nor it for the loop.

While the database cannot be written, the journal grows; the thread tries again until it can.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.sqlite.database import open_database
from llmgw.adapters.sqlite.folding import Tell, fold_others, fold_own
from llmgw.adapters.sqlite.migrations import NewerLedgerError
from llmgw.adapters.sqlite.retention import Retention, drop_slots, tidy

FOLD_S = 0.25  # for which records gather: whoever asks for them does not wait for it
RETRY_S = 1.0
TIDY_S = 60.0
CLOSE_S_MAX = 10.0


class LedgerWriter:
    """Owns the only connection that writes. `trouble` says why it cannot; empty: it can."""

    def __init__(
        self,
        path: Path,
        journal: LedgerJournal,
        retention: Retention,
        tell: Tell,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
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
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self.retention = retention
        self.idle = False  # whoever writes to the journal has to wake it
        self.trouble = ""

    def start(self) -> None:
        self._thread.start()

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

    def _wait(self) -> None:
        """Until there is something to do, and then a little longer, so that there is more of it."""
        if not self.trouble and not self._hurry.is_set():
            self.idle = True
            if self._journal.written == self._journal.applied:
                self._wake.wait(max(self._tidied_s + TIDY_S - time.monotonic(), 0.0))
            self.idle = False
        self._hurry.wait(RETRY_S if self.trouble else FOLD_S)

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
        except (sqlite3.Error, OSError, NewerLedgerError) as error:
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
        if not tidy(connection, self.retention, now_s):
            drop_slots(connection, self.retention.windows_s, now_s)
            fold_others(connection, self._journal.directory, self._tell, self._journal.owner)
            self._tidied_s = time.monotonic()

    def _failed(self, error: Exception) -> None:
        if not self.trouble:
            self._tell(f"the ledger cannot be written, its journal grows meanwhile: {error}")
        self.trouble = str(error)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _worked(self) -> None:
        if self.trouble:
            self._tell("the ledger can be written again")
        self.trouble = ""
