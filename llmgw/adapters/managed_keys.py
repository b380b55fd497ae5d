"""The keys of the file and those of the ledger behind the `Keys` port, as they are now: a change needs no reload.

Every second the ledger's number of changes is asked for, in a thread. While it cannot be had, what is known holds.
"""

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from llmgw.adapters.journal import Logger
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.key_book import KeyBook
from llmgw.errors import GatewayError, LedgerUnavailableError
from llmgw.graph.model import Graph
from llmgw.graph.principal import Principal
from llmgw.ports import Keys

POLL_S = 1.0

_NOBODY: Mapping[str, Principal] = MappingProxyType({})


class ManagedKeys:
    """`take` says which file is in force, `refresh` reads the ledger, `work` does so again and again."""

    def __init__(self, ledger: Path, logger: Logger) -> None:
        self._ledger = ledger
        self._logger = logger
        self._lock = asyncio.Lock()
        self._version = -1
        self._is_stale = False
        self._graph: Graph | None = None
        self._managed = _NOBODY
        self._by_digest = _NOBODY
        self._told: frozenset[str] = frozenset()
        self.needed = False

    async def find(self, digest: str) -> Principal | None:
        return self._by_digest.get(digest)

    def take(self, graph: Graph) -> None:
        """From here on these are the keys of the file."""
        self._graph = graph
        self._join()

    async def refresh(self) -> None:
        """As the ledger has them now. Raises sqlite3.Error, OSError or GatewayError."""
        async with self._lock:
            found = await asyncio.to_thread(self._changed)
        if found is not None:
            is_first = self._version < 0
            self._version, self._managed = found
            self._join()
            if not is_first:  # somebody has changed them, be it from a command line
                self._logger.info("keys_changed", version=self._version, secrets=len(self._managed))

    async def work(self, every_s: float = POLL_S) -> None:
        """Never ends by itself."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.refresh()
                self._is_stale = False
            except (sqlite3.Error, OSError, GatewayError, ValueError, msgspec.MsgspecError) as error:
                self._tell_stale(error)

    def _changed(self) -> tuple[int, Mapping[str, Principal]] | None:
        """In a thread. None: nothing has changed. Opening the file each time takes a fifth of a millisecond."""
        with database(self._ledger) as connection:
            book = KeyBook(connection)
            version = book.version()
            if version < self._version:
                raise LedgerUnavailableError("it is another ledger than at the start: restart to take its keys")
            return None if version == self._version else book.load()

    def _join(self) -> None:
        """The file wins: by name, and where it has the same secret."""
        of_file = _NOBODY if self._graph is None else self._graph.digests
        names = frozenset() if self._graph is None else frozenset(self._graph.principals)
        managed = {digest: principal for digest, principal in self._managed.items() if principal.key not in names}
        self._by_digest = MappingProxyType({**managed, **of_file})
        self.needed = bool(names or self._managed)
        self._tell_shadowed(names & {principal.key for principal in self._managed.values()})

    def _tell_shadowed(self, names: frozenset[str]) -> None:
        """Once for each."""
        for name in sorted(names - self._told):
            self._logger.warning("key_shadowed", key=name, reason="the file has a key of that name, which wins")
        self._told = names

    def _tell_stale(self, error: Exception) -> None:
        """Once, until it goes well again."""
        if not self._is_stale:
            self._logger.warning("keys_stale", error=str(error), reason="the ledger's keys hold as they were read last")
        self._is_stale = True


_: type[Keys] = ManagedKeys
