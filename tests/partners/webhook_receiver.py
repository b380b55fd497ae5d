"""Whoever is told of alerts: a small receiver that answers as it is told to, and remembers what came."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.partners.steps import Signal

PATH = "/services/T000/the-secret-part-of-the-url"
HANG_S_MAX = 30.0

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Received:
    """One POST."""

    headers: dict[str, str]  # lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers in turn, the last one again and again."""

    answers: list[Answer]
    url: str = ""
    received: list[Received] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    heard: Signal = field(default_factory=Signal)
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    async def came(self, number: int, within_s: float = 5.0) -> None:
        await self.heard.until(lambda: len(self.received) >= number, within_s)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, await request.read()))
        self.paths.append(request.path)
        self.heard.notify()
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return await answer(request)


def status(number: int, headers: dict[str, str] | None = None) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=number, headers=headers, text="ok")

    return answer


def slowly(delay_s: float, number: int = 200) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(delay_s)
        return web.Response(status=number)

    return answer


async def hanging(request: web.Request) -> web.StreamResponse:
    """Nothing, until the test is over or the caller leaves."""
    receiver = request.app[RECEIVER]
    async with asyncio.timeout(HANG_S_MAX):
        await receiver.ending.wait()
    return web.Response()


async def hanging_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


RECEIVER = web.AppKey("receiver", Receiver)


@asynccontextmanager
async def receiving(answers: Sequence[Answer]) -> AsyncIterator[Receiver]:
    """On a free port."""
    receiver = Receiver(list(answers))
    app = web.Application()
    app[RECEIVER] = receiver
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
    try:
        yield receiver
    finally:
        receiver.ending.set()
        await runner.cleanup()
