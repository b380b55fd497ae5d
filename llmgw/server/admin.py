"""`/admin/keys`: who may call, and what with. Only where `server.admin_key` is set, and for those who show it.

It shares nothing with the keys of callers: neither opens the other's doors. What a request does is what the command
`llmgw keys` does, in the same words.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hmac import compare_digest
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import web

from llmgw.adapters.key_register import KeyRegister, Registered
from llmgw.adapters.ledger import CannotOpenLedgerError
from llmgw.adapters.new_key import NewKey
from llmgw.config.secrets import Secret, digest
from llmgw.config.units import duration_hint, duration_s
from llmgw.errors import (
    BodyTimeoutError,
    GatewayError,
    InvalidRequestError,
    LedgerUnavailableError,
    RequestTooLargeError,
    UnauthorizedError,
)
from llmgw.server.middlewares import REQUEST_ID
from llmgw.server.running import RUNNING

TURNS = 4  # at the ledger, at once, in threads of their own: who administers must not keep callers waiting
TURN_S_MAX = 20.0
BODY_BYTES_MAX = 64 * 1024
BODY_S = 10.0
_KEYS = "/admin/keys"
_KEY = f"{_KEYS}/{{name:[^/]+}}"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = TypeVar("Answer")


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For so long the old secrets still hold."""

    overlap: str = "1h"


class Expiry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day, a time, a duration from now on, `now` or `never`."""

    expires: str


class AdminDesk:
    """One for each server."""

    def __init__(self, admin_key: Secret) -> None:
        self._digest = digest(admin_key.reveal())
        self._threads = ThreadPoolExecutor(TURNS, thread_name_prefix="admin")

    def add_routes(self, router: web.UrlDispatcher) -> None:
        self.add(router, "GET", _KEYS, self._list)
        self.add(router, "POST", _KEYS, self._create)
        self.add(router, "GET", _KEY, self._show)
        self.add(router, "DELETE", _KEY, self._revoke)
        self.add(router, "POST", f"{_KEY}/rotate", self._rotate)
        self.add(router, "POST", f"{_KEY}/revoke", self._revoke)
        self.add(router, "POST", f"{_KEY}/expire", self._expire)

    def add(self, router: web.UrlDispatcher, method: str, path: str, handler: Handler) -> None:
        """A door that only the admin key opens."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            self._check(request)
            return await handler(request)

        router.add_route(method, path, guarded)

    async def ask(self, request: web.Request, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """What the ledger says. Raises InvalidRequestError or LedgerUnavailableError."""
        ledger = request.app[RUNNING].books.ledger
        if ledger is None:
            raise InvalidRequestError("state.ledger is none: nothing is kept")
        asked = _Question(question)
        try:
            async with asyncio.timeout(TURN_S_MAX):
                return await asyncio.get_running_loop().run_in_executor(self._threads, ledger.answer, asked)
        except TimeoutError:
            raise LedgerUnavailableError(f"the ledger has not answered within {TURN_S_MAX:g} s") from None
        except CannotOpenLedgerError as error:
            raise LedgerUnavailableError(str(error)) from None
        finally:
            asked.end()

    async def close(self, _app: web.Application) -> None:
        """Whoever still waits has been cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, request: web.Request) -> None:
        """Takes as long for one that is nearly right as for any other."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not compare_digest(digest(token.strip()), self._digest):
            raise UnauthorizedError("the admin key is wanted here, as Authorization: Bearer KEY")

    async def _list(self, request: web.Request) -> web.Response:
        found = await self._asked(request, KeyRegister.list)
        return answer({"keys": [one.as_dict() for one in found]})

    async def _show(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return _told(await self._asked(request, lambda register: register.show(name)))

    async def _create(self, request: web.Request) -> web.Response:
        asked = await read(request, NewKey)
        found, secret = await self._asked(request, lambda register: register.create(asked))
        await self._changed(request, "key_created", asked.name)
        return _told(found, secret, status=201)

    async def _rotate(self, request: web.Request) -> web.Response:
        name, overlap_s = request.match_info["name"], _seconds((await read(request, Rotation)).overlap)
        found, secret = await self._asked(request, lambda register: register.rotate(name, overlap_s))
        await self._changed(request, "key_rotated", name)
        return _told(found, secret)

    async def _revoke(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        found = await self._asked(request, lambda register: register.revoke(name))
        await self._changed(request, "key_revoked", name)
        return _told(found)

    async def _expire(self, request: web.Request) -> web.Response:
        name, when = request.match_info["name"], (await read(request, Expiry)).expires
        found = await self._asked(request, lambda register: register.expire(name, when))
        await self._changed(request, "key_expires", name)
        return _told(found)

    async def _changed(self, request: web.Request, event: str, name: str) -> None:
        """It holds here at once, and the log says so; other processes see it within a second."""
        running = request.app[RUNNING]
        running.logger.info(event, request_id=request[REQUEST_ID], key=name)
        if running.books.keys is not None:
            with suppress(sqlite3.Error, OSError, GatewayError):  # they are read again in a second anyway
                await running.books.keys.refresh()

    async def _asked(self, request: web.Request, question: Callable[[KeyRegister], Answer]) -> Answer:
        running = request.app[RUNNING]
        graph, now_s = running.graph, running.clock.now_s()
        return await self.ask(
            request, lambda connection: question(KeyRegister(connection, graph, graph.timezone, now_s))
        )


class _Question(Generic[Answer]):
    """It ends when nobody waits for its answer any more: else its thread would go on, and the next ones wait."""

    def __init__(self, question: Callable[[sqlite3.Connection], Answer]) -> None:
        self._question = question
        self._connection: sqlite3.Connection | None = None
        self._is_over = False

    def __call__(self, connection: sqlite3.Connection) -> Answer:
        self._connection = connection
        if self._is_over:
            raise sqlite3.OperationalError("nobody waits for it")
        return self._question(connection)

    def end(self) -> None:
        """From any thread, at any time."""
        self._is_over = True
        if self._connection is not None:
            with suppress(sqlite3.ProgrammingError):  # it has been closed
                self._connection.interrupt()


Body = TypeVar("Body")


async def read(request: web.Request, kind: type[Body]) -> Body:
    """The body, bounded in size and time; none is an empty one. Raises RequestError."""
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise RequestTooLargeError(f"the body is over {BODY_BYTES_MAX} bytes")
        return msgspec.json.decode(body or b"{}", type=kind)
    except TimeoutError:
        raise BodyTimeoutError(f"the body did not arrive within {BODY_S:g} s") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not what this takes: {error}") from None


def answer(value: Any, status: int = 200) -> web.Response:
    """JSON that nobody on the way keeps: there may be a secret in it."""
    headers = {"cache-control": "no-store"}
    return web.Response(
        status=status, body=msgspec.json.encode(value), content_type="application/json", headers=headers
    )


def _told(found: Registered, secret: str | None = None, status: int = 200) -> web.Response:
    told = found.as_dict(with_digests=True)
    return answer(told if secret is None else {**told, "secret": secret}, status)


def _seconds(text: str) -> float:
    try:
        return duration_s(text)
    except ValueError:
        raise InvalidRequestError(f"overlap: not a duration: {duration_hint(text[:40])}", param="overlap") from None
