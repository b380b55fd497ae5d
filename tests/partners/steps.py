"""What a fault upstream can do on the wire, as values.

A behaviour is a tuple of steps played on the socket in order. Because it is plain data, any answer can be split, slowed
or cut at any byte by a pure function, and a test reads like the story that it tells.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

HOLD_S_MAX = 30.0
"""No step waits longer than this, whatever the test forgot."""


class Signal:
    """Wakes those who wait for something to become true."""

    __slots__ = ("_changed",)

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        self._changed.set()

    async def until(self, is_true: Callable[[], bool], within_s: float = HOLD_S_MAX) -> None:
        async with asyncio.timeout(within_s):
            while not is_true():
                self._changed.clear()
                await self._changed.wait()


class Gate:
    """Holds the events of a stream back; the test lets them through one by one."""

    __slots__ = ("_released", "_signal", "passed")

    def __init__(self, released: int = 0) -> None:
        self.passed = 0
        self._released = released
        self._signal = Signal()

    def release(self, count: int = 1) -> None:
        self._released += count
        self._signal.notify()

    def open(self) -> None:
        """Let all that is left through."""
        self.release(1_000_000)

    async def enter(self) -> None:
        """Called by the upstream just before it writes an event."""
        await self._signal.until(lambda: self._released > self.passed)
        self.passed += 1
        self._signal.notify()

    async def wait_passed(self, count: int, within_s: float = 5.0) -> None:
        await self._signal.until(lambda: self.passed >= count, within_s)


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for a while."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """Go on when the gate lets the next event through."""

    gate: Gate


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same bytes many times, without holding them all in memory."""

    data: bytes
    times: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Send nothing more and keep the connection open, until the peer hangs up."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection cleanly (FIN)."""


@dataclass(frozen=True, slots=True)
class Reset:
    """End the connection rudely (RST)."""


Step = bytes | Pause | Turn | Repeat | Hold | Close | Reset
Behaviour = tuple[Step, ...]

HOLD: Behaviour = (Hold(),)
CLOSE: Behaviour = (Close(),)
RESET: Behaviour = (Reset(),)


def wire_bytes(behaviour: Behaviour) -> bytes:
    """All that a behaviour puts on the wire."""
    return b"".join(step for step in behaviour if isinstance(step, bytes))


def split_every(behaviour: Behaviour, size_bytes: int, pause_s: float = 0.0) -> Behaviour:
    """The same bytes, at most `size_bytes` per write, with a pause between the writes."""
    return tuple(_split(behaviour, size_bytes, pause_s))


def split_at(behaviour: Behaviour, offset_bytes: int, pause_s: float = 0.02) -> Behaviour:
    """The same bytes with one break: `offset_bytes` into the answer, and a pause there."""
    return (*cut_at(behaviour, offset_bytes, ()), Pause(pause_s), *_drop(behaviour, offset_bytes))


def cut_at(behaviour: Behaviour, offset_bytes: int, then: Behaviour) -> Behaviour:
    """The first `offset_bytes` bytes of an answer (its head counts), and then something else."""
    return (*_take(behaviour, offset_bytes), *then)


def reset_at(behaviour: Behaviour, offset_bytes: int) -> Behaviour:
    return cut_at(behaviour, offset_bytes, RESET)


def close_at(behaviour: Behaviour, offset_bytes: int) -> Behaviour:
    return cut_at(behaviour, offset_bytes, CLOSE)


def stall_at(behaviour: Behaviour, offset_bytes: int) -> Behaviour:
    return cut_at(behaviour, offset_bytes, HOLD)


def slow_loris(behaviour: Behaviour, interval_s: float = 0.05) -> Behaviour:
    """One byte at a time, each after an interval."""
    return split_every(behaviour, 1, interval_s)


def _split(behaviour: Behaviour, size_bytes: int, pause_s: float) -> Iterator[Step]:
    for step in behaviour:
        if not isinstance(step, bytes):
            yield step
            continue
        for start in range(0, len(step), size_bytes):
            yield step[start : start + size_bytes]
            if pause_s > 0:
                yield Pause(pause_s)


def _take(behaviour: Behaviour, count: int) -> Iterator[Step]:
    left = count
    for step in behaviour:
        if left == 0:
            return
        if isinstance(step, bytes):
            yield step[:left]
            left -= min(left, len(step))
        else:
            yield step


def _drop(behaviour: Behaviour, count: int) -> Iterator[Step]:
    left = count
    for step in behaviour:
        if not isinstance(step, bytes):
            if left == 0:
                yield step
            continue
        if len(step) > left:
            yield step[left:]
        left -= min(left, len(step))
