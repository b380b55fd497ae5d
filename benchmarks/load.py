"""A closed-loop load: C connections, each sending its next chat request when the last answer is whole.

It counts whole answers only; every other ending (status, short body, cut, reset, too late) is one error. Bounded by
count and by time, so it always ends. The second mode reads S streams at once and counts their events.
"""

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import uvloop

from benchmarks.http1 import AnswerReader, BrokenHttpError
from benchmarks.processes import cpu_s_of
from benchmarks.tally import Measurement, Tally, summary

REQUEST_BYTES = 150
KEY = "sk-of-the-benchmark"
ANSWER_BYTES_MIN = 700  # a proxy may write the JSON anew, a little longer or shorter
GRACE_S = 10.0  # for the answers still on their way when the time is up
RECONNECT_PAUSE_S = 0.01
STREAM_STARTS_PART = 0.23  # of a stream's length, in which all streams begin: no crowd at the door, no common step

_DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Address:
    port: int
    host: str = "127.0.0.1"
    path: str = "/v1/chat/completions"
    model: str = "bench"


@dataclass(frozen=True, slots=True)
class ChatLoad:
    connections: int
    requests_max: int = 1_000_000
    duration_s: float = 5.0


@dataclass(frozen=True, slots=True)
class StreamLoad:
    streams: int
    events: int = 50
    interval_ms: int = 20

    @property
    def duration_s(self) -> float:
        return self.events * self.interval_ms / 1000


def chat_body(model: str) -> bytes:
    """A request of 150 bytes."""
    head = f'{{"model":"{model}","messages":[{{"role":"user","content":"'.encode()
    tail = b'"}],"max_tokens":64}'
    return head + (b"tell me a story " * 10)[: REQUEST_BYTES - len(head) - len(tail)] + tail


def stream_body(model: str, load: StreamLoad) -> bytes:
    wish = f"{load.events} events, {load.interval_ms} ms, please"
    return f'{{"model":"{model}","messages":[{{"role":"user","content":"{wish}"}}],"stream":true}}'.encode()


def post(address: Address, body: bytes) -> bytes:
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class ChatConnection(asyncio.Protocol):
    """Sends, waits for the whole answer, sends again; `lost` is done when the connection is gone."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._tally: Tally | None = None
        self._transport: asyncio.Transport | None = None
        self._answer: AnswerReader | None = None
        self._body = b""
        self._sent_s = 0.0
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.hang_up()
        if not self.lost.done():
            self.lost.set_result(None)

    def start(self, tally: Tally) -> None:
        self._tally = tally
        self._send(tally)

    def hang_up(self) -> None:
        """Ends the connection at once; an answer that was still on its way is an error."""
        if self._answer and self._tally:
            self._answer = None
            self._tally.bad()
        if self._transport:
            self._transport.abort()
            self._transport = None

    def data_received(self, data: bytes) -> None:
        answer, tally = self._answer, self._tally
        if not answer or not tally:
            self.hang_up()  # bytes nobody asked for: the next answer could not be told from them
            return
        try:
            self._take(answer.feed(data))
        except BrokenHttpError:
            self.hang_up()
            return
        if answer.complete:
            self._close(answer, tally)

    def _send(self, tally: Tally) -> None:
        if not self._transport or not tally.wants_more():
            self.hang_up()
            return
        tally.begin()
        self._open()
        self._answer = AnswerReader()
        self._sent_s = time.perf_counter()
        self._transport.write(self._request)

    def _close(self, answer: AnswerReader, tally: Tally) -> None:
        self._answer = None
        if answer.status == 200 and self._is_whole():
            self._count(tally)
        else:
            tally.bad()
        if answer.keep_alive:
            self._send(tally)
        else:
            self.hang_up()

    def _open(self) -> None:
        self._body = b""

    def _take(self, data: bytes) -> None:
        self._body += data

    def _is_whole(self) -> bool:
        return len(self._body) >= ANSWER_BYTES_MIN and self._body.endswith(b"}")

    def _count(self, tally: Tally) -> None:
        tally.good(1, time.perf_counter() - self._sent_s)


class StreamConnection(ChatConnection):
    """The same for a stream: counts events as they pass and keeps the time of the first, never the stream."""

    def __init__(self, request: bytes, events: int) -> None:
        super().__init__(request)
        self._events = events
        self._marks = 0
        self._first_s = 0.0
        self._tail = b""

    def _open(self) -> None:
        self._marks = 0
        self._first_s = 0.0
        self._tail = b""

    def _take(self, data: bytes) -> None:
        if not data:
            return
        self._first_s = self._first_s or time.perf_counter()
        if self._tail.endswith(b"\n") and data.startswith(b"\n"):
            self._marks += 1  # the blank line was cut in two
        self._marks += data.count(b"\n\n")
        self._tail = (self._tail + data)[-len(_DONE) :]

    def _is_whole(self) -> bool:
        return self._marks == self._events + 1 and self._tail == _DONE

    def _count(self, tally: Tally) -> None:
        tally.good(self._events, self._first_s - self._sent_s)


async def run_chat(address: Address, load: ChatLoad, pid: int | None = None) -> Measurement:
    """`pid` is the proxy's process: what it and its children burn meanwhile comes back as `cpu_s`."""
    request = post(address, chat_body(address.model))
    run = _Run(address, lambda: ChatConnection(request), load.requests_max, load.duration_s)
    return await run.measure(load.connections, pid)


async def run_streams(address: Address, load: StreamLoad, pid: int | None = None) -> Measurement:
    """All streams at once, their beginnings spread over the first part of their length."""
    request = post(address, stream_body(address.model, load))
    run = _Run(address, lambda: StreamConnection(request, load.events), load.streams, load.duration_s + GRACE_S)
    return await run.measure(load.streams, pid, spread_s=load.duration_s * STREAM_STARTS_PART)


@dataclass(frozen=True, slots=True)
class _Run:
    address: Address
    new_connection: Callable[[], ChatConnection]
    requests_max: int
    duration_s: float

    async def measure(self, connections: int, pid: int | None, *, spread_s: float = 0.0) -> Measurement:
        opened = [await self._connect() for _ in range(connections)]  # before the clock starts
        cpu_before_s = cpu_s_of(pid) if pid else None
        tally = Tally(self.requests_max, self.duration_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.duration_s + GRACE_S), asyncio.TaskGroup() as workers:
                for place, connection in enumerate(opened):
                    workers.create_task(self._work(tally, connection, place * spread_s / connections))
        cpu_s = cpu_s_of(pid) - cpu_before_s if pid and cpu_before_s is not None else None
        return tally.measurement(cpu_s)

    async def _connect(self) -> ChatConnection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(self.new_connection, self.address.host, self.address.port)
        return connection

    async def _work(self, tally: Tally, connection: ChatConnection, delay_s: float) -> None:
        """One place in the load: when its connection is lost while more is wanted, another takes over."""
        try:
            await asyncio.sleep(delay_s)
            connection.start(tally)
            await connection.lost
            while tally.wants_more():
                connection = await self._connect_again(tally) or connection
                await connection.lost
        finally:
            connection.hang_up()

    async def _connect_again(self, tally: Tally) -> ChatConnection | None:
        try:
            connection = await self._connect()
        except OSError:
            tally.begin()
            tally.bad()
            await asyncio.sleep(RECONNECT_PAUSE_S)
            return None
        connection.start(tally)
        return connection


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A closed-loop load of chat requests, or of streams, on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/v1/chat/completions")
    parser.add_argument("--model", default="bench")
    parser.add_argument("--pid", type=int, help="the proxy's process, to count its CPU seconds")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--requests", type=int, default=1_000_000, help="at most so many")
    parser.add_argument("--duration-s", type=float, default=5.0, help="and at most so long")
    parser.add_argument("--streams", type=int, default=0, help="so many streams at once instead")
    parser.add_argument("--events", type=int, default=50, help="of each stream")
    parser.add_argument("--interval-ms", type=int, default=20, help="between events; 0: as fast as possible")
    return parser.parse_args()


def main() -> None:
    given = _arguments()
    address = Address(given.port, path=given.path, model=given.model)
    if given.streams:
        running = run_streams(address, StreamLoad(given.streams, given.events, given.interval_ms), given.pid)
    else:
        running = run_chat(address, ChatLoad(given.connections, given.requests, given.duration_s), given.pid)
    try:
        print(json.dumps(summary(uvloop.run(running)), indent=2))
    except OSError as error:
        raise SystemExit(f"port {given.port}: {error}") from error


if __name__ == "__main__":
    main()
