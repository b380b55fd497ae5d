"""Single flight: one answer under way for all who ask the same at the same time.

The one who came first leads: his attempts write into the flight instead of to him, and he and all who follow read
from it, each at his own speed. Where it has come to is kept, so whoever joins late has it from the beginning; an
answer that grows over the limit is joined by nobody any more, and what all have read of it is let go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from llmgw.errors import GatewayError
from llmgw.policy.kept import Form
from llmgw.ports import Client
from llmgw.transcript import OK, Transcript
from llmgw.wire import sse

LAG_BYTES_MAX = 1024 * 1024  # of an answer that is not kept whole: how far the slowest reader may be behind


async def _passed_over(_flight: "Flight") -> None:
    """Where nobody wants to know."""


Landed = Callable[["Flight"], Awaitable[None]]


class Room:
    """How much all flights together may hold, and do."""

    __slots__ = ("bytes_max", "held_bytes")

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.held_bytes = 0

    @property
    def is_full(self) -> bool:
        return self.held_bytes > self.bytes_max


class Flight:
    """A client whose callers are many. `is_whole`: all of the answer is here, from its first byte on."""

    def __init__(self, leader: Transcript, bytes_max: int, room: Room, landed: Landed = _passed_over) -> None:
        """`leader`: what happens to the one who asks the providers. `landed` is told once all of it is here."""
        self.leader = leader
        self._bytes_max = bytes_max
        self._room = room
        self._held_bytes = 0  # of that room
        self._landed = landed
        self._pieces: list[bytes] = []
        self._gone = 0  # pieces that all have read and that are here no more
        self._size_bytes = 0
        self.is_whole = True
        self._news = asyncio.Event()
        self._read = asyncio.Event()
        self._readers: set[Reader] = set()
        self._error: GatewayError | None = None
        self.started = False  # as a stream
        self.is_ending = False  # what it writes from here on are the last bytes of a whole answer
        self.has_ended = False
        self.is_sound = False  # it has ended, and well
        self.form: Form | None = None  # None: nothing has come yet
        self.status = 200
        self.headers: Mapping[str, str] = {}
        self.telling = asyncio.Lock()
        self.told: dict[tuple[Form, bool], Sequence[bytes] | None] = {}  # in other forms, with usage or without it

    # The client of those who attempt.

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.form, self.status, self.headers = Form.WHOLE, status, headers
        self.is_sound = True
        self._add(body)
        await self._land()

    async def start(self, headers: Mapping[str, str]) -> None:
        if not self.started:
            self.started, self.form, self.headers = True, Form.STREAM, headers
            self._tell()

    async def write(self, data: bytes) -> None:
        """Our own comments are left out: readers are kept awake each on their own."""
        if data == sse.WAITING:
            return
        self.is_ending = self.leader.ending
        self._add(data)
        while not self.is_whole and self._lag_bytes() > LAG_BYTES_MAX:
            self._read.clear()
            await self._read.wait()

    async def end(self) -> None:
        """All of it is here, if it is sound; but not yet with him who leads."""
        self.is_ending = self.is_sound = self.leader.outcome == OK
        if self.is_sound:
            self.leader.note_unread()
        await self._land()

    # What became of it.

    @property
    def body(self) -> bytes:
        """All of it so far, while it is whole."""
        return b"".join(self._pieces)

    def fail(self, error: GatewayError) -> None:
        """It breaks here: whoever reads is told, after all that has come."""
        if not self.has_ended:  # who has all of it is not told of what came after
            self._error = error.with_traceback(None)  # which may hold this flight, and so itself
            self._end()

    # Those who read.

    def join(self) -> "Reader | None":
        """From the beginning; None: it is too late for that."""
        return self.boarded() if self.is_whole else None

    def boarded(self) -> "Reader":
        """The same, whatever has come: for him who leads."""
        reader = Reader(self)
        self._readers.add(reader)
        return reader

    @property
    def readers(self) -> int:
        return len(self._readers)

    def leave(self, reader: "Reader") -> None:
        self._readers.discard(reader)
        if not self._readers:
            self._error = None  # what has been raised holds whoever was told, and so this flight
            self._leave_room()
        self._read.set()
        self._tell()

    async def is_done(self) -> None:
        """When it has ended, or nobody reads it any more."""
        while self._readers and not self.has_ended:
            await self._news.wait()

    async def begun(self) -> bool:
        """When there is something to read. Raises what the flight has failed with."""
        while self.form is None:
            self._check()
            await self._news.wait()
        return True

    async def ended(self) -> bool:
        """When all of it is here; False: it is too large for that. Raises what the flight has failed with."""
        while self.is_whole and not self.has_ended:
            await self._news.wait()
        self._check()
        return self.is_whole

    def has_more(self, reader: "Reader") -> bool:
        """Whether there is something that this one has not read yet."""
        return reader.at - self._gone < len(self._pieces)

    async def next(self, reader: "Reader") -> bytes:
        """What this one has not read yet; b"" at the end. Raises what the flight has failed with."""
        while not self.has_more(reader):
            if self.has_ended:
                self._check()
                return b""
            await self._news.wait()
        data = b"".join(self._pieces[reader.at - self._gone :])
        reader.at = self._gone + len(self._pieces)
        self._let_go()
        return data

    def _check(self) -> None:
        if self._error is not None:
            raise self._error.with_traceback(None)  # which many would share, and lengthen

    def _add(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size_bytes += len(data)
        self._held_bytes += len(data)
        self._room.held_bytes += len(data)
        self.is_whole = self.is_whole and self._size_bytes <= self._bytes_max and not self._room.is_full
        self._tell()

    async def _land(self) -> None:
        """Readers have the last bytes first; but before anybody could hang up that has them all."""
        self._end()
        await asyncio.sleep(0)
        await self._landed(self)

    def _end(self) -> None:
        self.has_ended = True
        self._leave_room()
        self._tell()

    def _leave_room(self) -> None:
        """Nothing is written any more, nor read."""
        if self.has_ended and not self._readers:
            self._room.held_bytes -= self._held_bytes
            self._held_bytes = 0

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _lag_bytes(self) -> int:
        """What the slowest reader has still before him."""
        slowest = min((reader.at for reader in self._readers), default=self._gone + len(self._pieces))
        return sum(map(len, self._pieces[slowest - self._gone :]))

    def _let_go(self) -> None:
        """Of an answer that is too large to be kept, what everybody has read."""
        self._read.set()
        if not self.is_whole:
            slowest = min((reader.at for reader in self._readers), default=self._gone)
            size_bytes = sum(map(len, self._pieces[: slowest - self._gone]))
            del self._pieces[: slowest - self._gone]
            self._gone = slowest
            self._held_bytes -= size_bytes
            self._room.held_bytes -= size_bytes


class Reader:
    """One who reads, and how many pieces he has."""

    __slots__ = ("at", "flight")

    def __init__(self, flight: Flight) -> None:
        self.flight = flight
        self.at = 0

    @property
    def is_waiting(self) -> bool:
        """Whether he would have to wait."""
        return not (self.flight.has_more(self) or self.flight.has_ended)

    async def next(self) -> bytes:
        """The next bytes, as they come; b"" at the end."""
        return await self.flight.next(self)

    def leave(self) -> None:
        self.flight.leave(self)


_: type[Client] = Flight
