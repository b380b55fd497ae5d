"""What a running server holds: the graph in force, and the few counters that every request touches.

A request takes the graph once, at its start; a reload swaps one reference, and old requests keep what they began with.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from llmgw.adapters.file_keys import FileKeys
from llmgw.adapters.journal import Logger
from llmgw.call import PING_S
from llmgw.config.model import Logs, ServerSection, StateSection
from llmgw.errors import OverloadedError
from llmgw.gateway import RETRY_AFTER_S, STOPPING, Gateway
from llmgw.graph.model import Graph
from llmgw.ports import Clock, Keys
from llmgw.server.books import OpenBooks
from llmgw.server.door import Door
from llmgw.server.memory import OpenMemory

NAME = "llmgw"  # for the `server` header; without it our libraries would tell their versions
CUT_S = 0.5  # after `server.drain`: how long a call may take to tell its caller, and to let go


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait for callers. Not for the file: nobody should have to think about these."""

    head_s: float = 75.0  # from one request to the head of the next, whole
    body_s: float = 60.0
    stall_s: float = 60.0  # of a caller that reads nothing
    line_bytes_per_s: int = 16 * 1024  # the slowest line on which a large answer may take its time
    ping_s: float = PING_S


@dataclass(slots=True)
class Running:
    """The mutable heart of the process; `server/run.py` makes it, `server/reload.py` swaps its graph."""

    graph: Graph
    gateway: Gateway
    door: Door
    settings: ServerSection
    written: ServerSection  # as the file says them, before the command line had its say
    logs: Logs
    state: StateSection
    books: OpenBooks
    memory: OpenMemory
    clock: Clock
    logger: Logger
    started_at_s: float  # Unix time
    patience: Patience = Patience()
    in_flight: int = 0
    draining: bool = False
    stopped: bool = False  # the drain is over
    idle: asyncio.Event = field(default_factory=asyncio.Event)  # draining, and there is nothing more to wait for

    keys: Keys = field(init=False)
    _reading: set[asyncio.Timeout] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.take(self.graph)

    def take(self, graph: Graph) -> None:
        """From here on this graph answers, to those whom its keys let in."""
        self.graph, self.keys = graph, self.books.keys or FileKeys(graph)

    def begin(self) -> None:
        """One more call in flight, if there is room for it, and time."""
        if self.draining:
            raise OverloadedError(f"{STOPPING}: call again", code="draining", retry_after_s=RETRY_AFTER_S)
        if self.in_flight >= self.settings.max_in_flight:
            raise OverloadedError(
                f"{self.in_flight} requests are in flight (server.max_in_flight)",
                code="too_many_in_flight",
                retry_after_s=RETRY_AFTER_S,
            )
        self.in_flight += 1

    def end(self) -> None:
        """One less."""
        self.in_flight -= 1
        if self.draining and not self.in_flight:
            self.idle.set()

    async def drain(self) -> None:
        """Wait for the calls in flight, as long as `server.drain` allows; those that are left are ended, and told."""
        self.draining = True
        await self._calls_end(float(self.settings.drain))
        if self.in_flight:
            self.idle.clear()
            self.stopped = True
            self.gateway.stop()
            for scope in self._reading:
                scope.reschedule(0)
            await self._calls_end(CUT_S)

    @contextmanager
    def reading(self, scope: asyncio.Timeout) -> Iterator[None]:
        """A body is on its way; if it still is when the drain ends, `scope` ends too."""
        self._reading.add(scope)
        try:
            yield
        finally:
            self._reading.discard(scope)

    def hurry(self) -> None:
        """Drain no longer."""
        self.idle.set()

    async def _calls_end(self, limit_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                if self.in_flight:
                    await self.idle.wait()


RUNNING = web.AppKey("running", Running)
