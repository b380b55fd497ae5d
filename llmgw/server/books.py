"""What a serving process counts and writes: opened before the first request, closed after the last one.

Counters start at what the ledger says. A reload asks it again, for budgets that are new or back. Calls that began
before do not draw on those; so they are asked about its rows once more when these calls have ended, and known then.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from llmgw.adapters.beside import beside
from llmgw.adapters.journal import Logger
from llmgw.adapters.ledger import CannotOpenLedgerError, SqliteLedger, journal_directory
from llmgw.adapters.ledger_lock import LedgerLock
from llmgw.adapters.managed_keys import ManagedKeys
from llmgw.adapters.memory_quota import Booked, MemoryQuota
from llmgw.adapters.no_ledger import NoLedger
from llmgw.adapters.sqlite.folding import Tell
from llmgw.adapters.sqlite.rebuilding import Found, forget, know, spending, unknown
from llmgw.adapters.sqlite.retention import Retention
from llmgw.adapters.webhook_alerts import webhook_alerts
from llmgw.bookkeeping import Books
from llmgw.config.model import StateSection
from llmgw.graph.model import Graph
from llmgw.graph.rules import BudgetRule, Calendar, Rolling, Rules, Unit
from llmgw.ports import Clock, Ledger

_DAYS: dict[Unit, float] = {Unit.HOUR: 1 / 24, Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31}
_DAY_S = 86_400.0
LATE_S = (60.0, 600.0, 3600.0)  # when calls that began before have ended: most of them, nearly all, and all
LOOK_S = 5.0
RESTORED_AT_ONCE = 2000  # before calls get their turn


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
    _graph: Graph | None = None  # in force
    _late_s: list[float] = field(default_factory=list)  # when rows are to be asked for, again
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, graph: Graph, state: StateSection) -> None:
        """From here on these rules hold. Raises LedgerInUseError or CannotOpenLedgerError: then the old ones do."""
        async with self._turn:
            if self._lock is not None and _counts(graph.rules):
                _take(self._lock)
            found = await self._ask(lambda connection: self._of_new(connection, graph))
            self.quota.take(graph.rules)
            self._graph = graph
            await self._restore(found)
            for one in found:
                if one.lacking:
                    self._tell(one.lacking)
            if self.keys is not None:
                self.keys.take(graph)
            if self.ledger is not None:
                self.ledger.retain(_retention(graph, state))

    async def work(self) -> None:
        """What calls have cost that began before a budget was in force; never ends by itself."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(CannotOpenLedgerError):  # whoever writes there tells of it
                await self.look()

    async def look(self) -> None:
        """Ask for rows again, if it is time to. Raises CannotOpenLedgerError: then it still is."""
        async with self._turn:
            due = [at_s for at_s in self._late_s if at_s <= self._clock.elapsed_s()]
            if due and self._graph is not None:
                graph, is_last = self._graph, len(due) == len(self._late_s)
                await self._restore(await self._ask(lambda it: self._of_unknown(it, graph, is_last=is_last)))
                self._late_s = self._late_s[len(due) :]

    async def _ask(self, question: Callable[[sqlite3.Connection], list[Found]]) -> list[Found]:
        return [] if self.ledger is None else await self.ledger.ask(question)

    def _of_new(self, connection: sqlite3.Connection, graph: Graph) -> list[Found]:
        """Of budgets that were not in force until now. In a thread."""
        forget(connection, {rule.id for rule in graph.rules.budgets})
        before = set() if self._graph is None else {rule.id for rule in self._graph.rules.budgets}
        new = [rule for rule in graph.rules.budgets if rule.id not in before]
        if unknown(connection, new):
            now_s = self._clock.elapsed_s()
            self._late_s = [now_s + late_s for late_s in LATE_S]
        return self._spending(connection, new, graph)

    def _of_unknown(self, connection: sqlite3.Connection, graph: Graph, *, is_last: bool) -> list[Found]:
        """In a thread, too."""
        rules = unknown(connection, graph.rules.budgets)
        found = self._spending(connection, rules, graph)
        if is_last:
            know(connection, {rule.id: _window_s(rule.window) for rule in rules}, self._now_ms)
        return found

    def _spending(self, connection: sqlite3.Connection, rules: Sequence[BudgetRule], graph: Graph) -> list[Found]:
        if self.path is None:
            return []
        journals = journal_directory(self.path)
        return spending(connection, rules, self._now_ms, self._tell, journals, graph.timezone)

    @property
    def _now_ms(self) -> int:
        return int(self._clock.now_s() * 1000)

    async def _restore(self, found: Sequence[Found]) -> None:
        """All that is late first: where there is a bucket, it says what that lacks; for the others all is restored."""
        for one in found:
            for some in _slices(one.late):
                self.quota.correct(one.budget, some)
                await asyncio.sleep(0)
        for one in found:
            for some in _slices(one.spent):
                self.quota.restore(one.budget, some)
                await asyncio.sleep(0)


def _slices(booked: Sequence[Booked]) -> list[Sequence[Booked]]:
    return [booked[at : at + RESTORED_AT_ONCE] for at in range(0, len(booked), RESTORED_AT_ONCE)]


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
        if ledger is not None:
            await stack.enter_async_context(beside(opened.work()))
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
