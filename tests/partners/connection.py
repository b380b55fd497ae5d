"""One connection of a fault upstream: requests in, steps played, and a peer that may leave at any moment."""

import asyncio
import socket
import struct
from typing import Protocol, assert_never, cast

from tests.partners.exchange import HEAD_BYTES_MAX, Exchange, ReceivedRequest, read_request
from tests.partners.steps import HOLD_S_MAX, Behaviour, Close, Hold, Pause, Repeat, Reset, Step, Turn

LINGER_ZERO = struct.pack("ii", 1, 0)


class Host(Protocol):
    """What a connection needs of the upstream it belongs to."""

    def opened(self, connection: "Connection", transport: asyncio.Transport) -> asyncio.Task[None] | None: ...

    def closed(self, connection: "Connection") -> None: ...

    def begin(self, request: ReceivedRequest) -> tuple[Exchange, Behaviour]: ...

    def changed(self) -> None: ...


class Connection(asyncio.Protocol):
    """Its task reads requests and plays answers, and is cancelled when the peer leaves."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._reader = asyncio.StreamReader(limit=HEAD_BYTES_MAX)
        self._writable = asyncio.Event()
        self._writable.set()
        self._exchange: Exchange | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)
        self._task = self._host.opened(self, self._transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed_data(data)

    def eof_received(self) -> bool:
        self._peer_left()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._peer_left()
        self._host.closed(self)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def abandon(self) -> None:
        """The test is over."""
        self._exchange = None
        if self._task is not None:
            self._task.cancel()

    async def converse(self, number: int) -> None:
        try:
            while await self._answer_next(number):
                pass
        except asyncio.IncompleteReadError:
            self._leave()  # the peer is done with this connection
        finally:
            self._exchange = None
            self._transport.abort()  # a no-op where it is closing; otherwise nobody reads any more

    async def _answer_next(self, number: int) -> bool:
        """Answer one request; whether the connection can take another."""
        request = await read_request(self._reader, number)
        self._exchange, behaviour = self._host.begin(request)
        exchange = self._exchange
        for step in behaviour:
            await self._play(step, exchange)
        self._exchange = None
        exchange.ended.set()
        self._host.changed()
        return not (request.wants_close or self._transport.is_closing())

    async def _play(self, step: Step, exchange: Exchange) -> None:
        match step:
            case bytes():
                await self._send(step, exchange)
            case Repeat(data, times):
                for _ in range(times):
                    await self._send(data, exchange)
            case Pause(delay_s):
                await asyncio.sleep(min(delay_s, HOLD_S_MAX))
            case Turn(gate):
                await gate.enter()
            case Hold():
                await asyncio.sleep(HOLD_S_MAX)
                self._leave()
            case Close():
                self._leave()
            case Reset():
                self._reset()
            case _:
                assert_never(step)

    async def _send(self, data: bytes, exchange: Exchange) -> None:
        """Yields before the write and not after it, so that the end of an answer and `ended` are one."""
        await asyncio.sleep(0)
        self._transport.write(data)
        await self._writable.wait()
        exchange.bytes_sent += len(data)

    def _leave(self) -> None:
        self._exchange = None
        self._transport.close()

    def _reset(self) -> None:
        self._exchange = None
        own = self._transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()

    def _peer_left(self) -> None:
        self._reader.feed_eof()
        if self._exchange is None:
            return
        self._exchange.hung_up.set()
        self._exchange = None
        self._host.changed()
        if self._task is not None:
            self._task.cancel()
