"""An upstream that fails as it is told: HTTP/1.1 by hand on raw connections, so that no library mends what we break.

    async with FaultUpstream() as upstream:
        upstream.script(openai_error_answer(503), json_answer(chat_answer()))

Each request takes the next behaviour of the script; the last one repeats, or `otherwise` answers. What
arrived, how much was sent and whether the peer hung up is in `exchanges`.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.partners.behaviours import json_answer
from tests.partners.connection import Connection
from tests.partners.exchange import Exchange, ReceivedRequest
from tests.partners.steps import Behaviour, Signal

HOST = "127.0.0.1"
STOP_S_MAX = 5.0

Scripted = Behaviour | Callable[[ReceivedRequest], Behaviour]
"""What to do, or what to do about this request."""

UNSCRIPTED: Behaviour = json_answer({"error": {"message": "the test scripted no behaviour for this"}}, 500)


class FaultUpstream:
    """The server. One `async with`, one port, gone without a trace afterwards."""

    def __init__(self, *, send_buffer_bytes: int | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self.connections_seen = 0
        self._send_buffer_bytes = send_buffer_bytes
        self._script: deque[Scripted] = deque()
        self._otherwise: Scripted = UNSCRIPTED
        self._open: set[Connection] = set()
        self._signal = Signal()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._conversations = asyncio.TaskGroup()
        started = asyncio.Event()
        # A task of its own holds the group: pytest may enter and leave a fixture in two different tasks.
        self._supervisor = loop.create_task(self._supervise(started))
        await started.wait()
        self._server = await loop.create_server(lambda: Connection(self), HOST, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.close()
        async with asyncio.timeout(STOP_S_MAX):
            try:
                await self._supervisor
            finally:
                await self.until(lambda: not self._open)
                await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def requests(self) -> list[ReceivedRequest]:
        return [exchange.request for exchange in self.exchanges]

    @property
    def connections_open(self) -> int:
        return len(self._open)

    def script(self, *behaviours: Scripted, otherwise: Scripted | None = None) -> None:
        """Replace what is left of the script. Without `otherwise` the last behaviour repeats."""
        self._script = deque(behaviours)
        self._otherwise = otherwise or (behaviours[-1] if behaviours else UNSCRIPTED)

    async def until(self, is_true: Callable[[], bool], within_s: float = 5.0) -> None:
        """Wait for something about this upstream: a request, a hang-up, a closed connection."""
        await self._signal.until(is_true, within_s)

    async def exchange(self, number: int, within_s: float = 5.0) -> Exchange:
        """The exchange with that number, from 0, as soon as its request has arrived."""
        await self.until(lambda: len(self.exchanges) > number, within_s)
        return self.exchanges[number]

    async def _supervise(self, started: asyncio.Event) -> None:
        try:
            async with self._conversations:
                started.set()
                await self._stopping.wait()
                for connection in tuple(self._open):
                    connection.abandon()
        finally:
            self._stopping.set()  # also where a conversation broke down: nobody answers any more

    # What follows is for the connections.

    def opened(self, connection: Connection, transport: asyncio.Transport) -> asyncio.Task[None] | None:
        self._open.add(connection)
        self.connections_seen += 1
        self._signal.notify()
        if self._stopping.is_set():
            transport.abort()
            return None
        if self._send_buffer_bytes is not None:
            own = transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer_bytes)
        return self._conversations.create_task(connection.converse(self.connections_seen))

    def closed(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._signal.notify()

    def begin(self, request: ReceivedRequest) -> tuple[Exchange, Behaviour]:
        scripted = self._script.popleft() if self._script else self._otherwise
        exchange = Exchange(request)
        self.exchanges.append(exchange)
        self._signal.notify()
        return exchange, scripted(request) if callable(scripted) else scripted

    def changed(self) -> None:
        self._signal.notify()
