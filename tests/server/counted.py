"""Counts what one call costs the gateway, in things that do not vary: decodes, tasks, timers, resumptions, writes.

The gateway runs in a thread with a loop of its own, and a profile hook sees every call in that thread and in no
other: what the test's own client and upstream do is not in the numbers.
"""

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from inspect import CO_COROUTINE
from pathlib import Path
from types import BuiltinFunctionType, FrameType, ModuleType
from typing import Any

import llmgw
from tests.served import Served, served
from tests.server.calls import eventually

HOUSE = str(Path(llmgw.__file__).parent)
SETTLE_S = 0.03  # what follows the log line: the end of the task, the next keep-alive timer


@dataclass
class Counts:
    """How often each thing happened. `where` tells from which function, for the message of a failing test."""

    of: Counter[str] = field(default_factory=Counter)
    where: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note(self, what: str, where: str, times: int = 1) -> None:
        self.of[what] += times
        self.where[what, where] += times

    def hook(self, frame: FrameType, event: str, arg: Any) -> None:
        """For `sys.setprofile`."""
        if event == "c_call":
            self._c_call(frame, arg)
        elif event == "call":
            self._call(frame)

    def _c_call(self, frame: FrameType, called: BuiltinFunctionType) -> None:
        does = called.__name__.removeprefix("json_")
        if does in {"decode", "encode"} and _is_json(called):
            self.note(f"json_{does}s", _place(frame))

    def _call(self, frame: FrameType) -> None:
        code = frame.f_code
        name, file = code.co_name, code.co_filename
        if file.startswith(HOUSE):
            if code.co_flags & CO_COROUTINE:
                self.note("resumptions", _place(frame))
        elif file.endswith("asyncio/base_events.py"):
            self._scheduled(name, frame)
        elif file.endswith("asyncio/selector_events.py") and name in {"write", "writelines"}:
            self._written(frame)
        elif file.endswith("json/__init__.py") and name in {"loads", "dumps"}:
            caller = _caller(frame.f_back or frame)
            if caller.f_code.co_filename.startswith(HOUSE):
                self.note("json_decodes" if name == "loads" else "json_encodes", _place(caller))

    def _scheduled(self, name: str, frame: FrameType) -> None:
        if name == "call_at":
            self.note("timers", _place(_caller(frame)))
        elif name == "create_task":
            code = frame.f_locals["coro"].cr_code
            ours = code.co_filename.startswith(HOUSE)
            self.note("tasks" if ours else "tasks_of_libraries", code.co_qualname)

    def _written(self, frame: FrameType) -> None:
        given = frame.f_locals.get("data", frame.f_locals.get("list_of_data"))
        size = len(given) if isinstance(given, bytes | bytearray | memoryview) else sum(map(len, given or ()))
        self.note("writes", _place(_caller(frame)))
        self.note("bytes_written", _place(_caller(frame)), size)


def _is_json(called: BuiltinFunctionType) -> bool:
    """A method of msgspec's decoders and encoders, or a function of its module."""
    owner = called.__self__
    home = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__module__
    return home.startswith("msgspec")


def _caller(frame: FrameType) -> FrameType:
    """Who called, outside of the loop's own modules."""
    caller = frame
    while caller.f_back is not None and "/asyncio/" in caller.f_code.co_filename:
        caller = caller.f_back
    return caller


def _place(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_qualname}"


@dataclass
class CountedGateway:
    """A gateway in a thread of its own."""

    url: str
    served: Served
    loop: asyncio.AbstractEventLoop

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[Counts]:
        """What happens in the gateway's thread during one call, its log line included."""
        counts = Counts()
        calls = len(self.served.log.requests)
        await self._in_its_thread(lambda: sys.setprofile(counts.hook))
        try:
            yield counts
            await eventually(lambda: len(self.served.log.requests) > calls)
            await asyncio.sleep(SETTLE_S)
        finally:
            await self._in_its_thread(lambda: sys.setprofile(None))

    async def _in_its_thread(self, call: Callable[[], None]) -> None:
        done: Future[None] = Future()

        def run() -> None:
            call()
            done.set_result(None)

        self.loop.call_soon_threadsafe(run)
        await asyncio.wrap_future(done)


@asynccontextmanager
async def counted(config: str) -> AsyncIterator[CountedGateway]:
    """Serve a config in a thread; the loop is asyncio's own, whose calls a hook can see."""
    ready: Future[CountedGateway] = Future()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        async with served(config) as gateway:
            ready.set_result(CountedGateway(gateway.url, gateway, loop))
            await stopped.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # to be raised in the test, not printed by the thread
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run, name="gateway")
    thread.start()
    try:
        yield await asyncio.wrap_future(ready)
    finally:
        for each in stop:
            each()
        await asyncio.to_thread(thread.join)


def told(expected: Mapping[str, int], counts: Counts, per: str) -> str:
    """What differs, and where it comes from: the message of a failing test."""
    lines = []
    for what, number in expected.items():
        change = counts.of[what] - number
        if change:
            more = "adds" if change > 0 else "saves"
            places = ", ".join(
                f"{place} x{times}" for (name, place), times in sorted(counts.where.items()) if name == what and times
            )
            lines.append(f"this change {more} {abs(change)} {what} per {per}; all of them: {places}")
    return "\n".join(lines)
