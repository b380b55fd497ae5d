"""Bringing the journal to the disk, for `durability: disk`: all that is written in one turn of the loop shares a sync.

Syncs are made in a thread, one after the other; what is written while one is under way waits for the next.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.errors import LedgerUnavailableError


class GroupSync:
    """Of one journal, on one loop."""

    def __init__(self, journal: LedgerJournal) -> None:
        self._journal = journal
        self._thread = ThreadPoolExecutor(1, "ledger-sync")
        self._waiting: asyncio.Future[None] | None = None  # those who have written since the last sync began
        self._busy = False

    async def wait(self) -> None:
        """Until all that has been written is on the disk. Raises LedgerUnavailableError if it cannot be."""
        if self._waiting is None:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            self._waiting.add_done_callback(_heard)
            if not self._busy:
                loop.call_soon(self._begin)
        await asyncio.shield(self._waiting)

    def close(self) -> None:
        self._thread.shutdown()

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            self._busy = False
            return
        self._busy = True
        try:
            unsynced = self._journal.sync_later()
        except OSError as error:
            waiting.set_exception(_cannot(error))
            self._busy = False
            return
        syncing = asyncio.get_running_loop().run_in_executor(self._thread, unsynced.sync)
        syncing.add_done_callback(lambda done: self._ended(waiting, done))

    def _ended(self, waiting: asyncio.Future[None], done: asyncio.Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if isinstance(error, OSError):
            self._journal.abandon(self._journal.number)  # nobody knows what of it is on the disk
            waiting.set_exception(_cannot(error))
        elif error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(None)
        self._begin()


def _heard(waiting: asyncio.Future[None]) -> None:
    """All who waited may have been cancelled: then nobody asks for the error."""
    if not waiting.cancelled():
        waiting.exception()


def _cannot(error: OSError) -> LedgerUnavailableError:
    return LedgerUnavailableError(f"the ledger's journal cannot be brought to the disk: {error.strerror}")
