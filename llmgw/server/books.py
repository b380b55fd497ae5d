"""What a serving process counts and writes: opened before the first request, closed after the last one.

Counters start at what the ledger says. A reload asks it again, for budgets that are new.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from llmgw.adapters.beside import beside
from llmgw.adapters.journal import Logger
from llmgw.adapters.ledger import CannotOpenLedgerError, SqliteLedger, journal_directory
from llmgw.adapters.ledger_lock import LedgerLock
from llmgw.adapters.managed_keys import ManagedKeys
from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.adapters.no_ledger import NoLedger
from llmgw.adapters.sqlite.folding import Tell
from llmgw.adapters.sqlite.rebuilding import Spent, spending
from llmgw.adapters.sqlite.retention import Retention
from llmgw.adapters.webhook_alerts import webhook_alerts
from llmgw.bookkeeping import Books
from llmgw.config.model import StateSection
from llmgw.graph.model import Graph
from llmgw.graph.rules import Calendar, Rolling, Rules, Unit
from llmgw.ports import Clock, Ledger

_DAYS: dict[Unit, float] = {Unit.HOUR: 1 / 24, Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31}
_DAY_S = 86_400.0


@dataclass(slots=True)
class OpenBooks:
    """Of one process. `ledger` None: the file wants none; then there are no managed keys either."""

    books: Books
    quota: MemoryQuota
    keys: ManagedKeys | None
    ledger: SqliteLedger | None
    path: Path | None
    _lock: LedgerLock | None
    _clock: Clock
    _tell: Tell

    async def take(self, graph: Graph, state: StateSection) -> None:
        """From here on these rules hold. Raises LedgerInUseError or CannotOpenLedgerError: then the old ones do."""
        if self._lock is not None and _counts(graph.rules):
            _take(self._lock)
        if self.ledger is not None:
            self.ledger.retain(_retention(graph, state))
        spent = await self._spending(graph) if graph.rules.budgets else []
        self.quota.take(graph.rules)
        for budget, amounts in spent:
            self.quota.restore(budget, amounts)
        if self.keys is not None:
            self.keys.take(graph)

    async def _spending(self, graph: Graph) -> list[tuple[str, Spent]]:
        if self.ledger is None or self.path is None:
            return []
        journals, now_ms = journal_directory(self.path), int(self._clock.now_s() * 1000)
        return await self.ledger.ask(
            lambda connection: spending(connection, graph.rules.budgets, now_ms, self._tell, journals, graph.timezone)
        )


@asynccontextmanager
async def open_books(
    graph: Graph, state: StateSection, path: Path | None, clock: Clock, logger: Logger
) -> AsyncIterator[OpenBooks]:
    """Raises LedgerInUseError or CannotOpenLedgerError."""
    async with AsyncExitStack() as stack:
        alerts = await stack.enter_async_context(webhook_alerts(clock, logger))
        lock = None if path is None else LedgerLock(path)
        if lock is not None:
            stack.callback(lock.release)
        ledger = None if path is None else _opened(path, graph, state, clock, logger)
        if ledger is not None:
            stack.push_async_callback(ledger.close)
        keys = None if path is None else await stack.enter_async_context(_managed_keys(path, graph, logger))
        quota = MemoryQuota(clock)
        written: Ledger = ledger or NoLedger()
        opened = OpenBooks(Books(quota, written, alerts), quota, keys, ledger, path, lock, clock, _told_to(logger))
        await opened.take(graph, state)
        yield opened


def _opened(path: Path, graph: Graph, state: StateSection, clock: Clock, logger: Logger) -> SqliteLedger:
    is_for_disk = state.durability == "disk"
    return SqliteLedger.open(path, _told_to(logger), _retention(graph, state), disk=is_for_disk, now_s=clock.now_s)


def _take(lock: LedgerLock) -> None:
    try:
        lock.take()
    except OSError as error:
        raise CannotOpenLedgerError(f"limits and budgets cannot be counted over the ledger: {error}") from error


def _told_to(logger: Logger) -> Tell:
    def tell(message: str) -> None:
        logger.warning("ledger", message=message)

    return tell


@asynccontextmanager
async def _managed_keys(path: Path, graph: Graph, logger: Logger) -> AsyncIterator[ManagedKeys]:
    keys = ManagedKeys(path, logger)
    keys.take(graph)
    await keys.refresh()
    async with beside(keys.work()):
        yield keys


def _counts(rules: Rules) -> bool:
    return bool(rules.limits or rules.budgets)


def _retention(graph: Graph, state: StateSection) -> Retention:
    windows_s = {rule.id: _window_s(rule.window) for rule in graph.rules.budgets}
    return Retention(float(state.keep), graph.timezone, windows_s)


def _window_s(window: Calendar | Rolling) -> float:
    """At the most."""
    return window.seconds if isinstance(window, Rolling) else _DAYS[window.unit] * _DAY_S
