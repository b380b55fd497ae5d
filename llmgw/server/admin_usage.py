"""`/admin/usage`: what `llmgw usage` tells, by the same question: `?by=team,day&since=7d&where=model=smart`.

With `requests=1` a JSON line for each request, as they are read: there may be millions.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import NoReturn

from aiohttp import web
from multidict import MultiMapping

from llmgw.adapters.ledger import CannotOpenLedgerError
from llmgw.adapters.sqlite import reading
from llmgw.adapters.usage_lines import usage_lines
from llmgw.errors import ClientGoneError, InvalidRequestError, LedgerUnavailableError
from llmgw.policy import usage
from llmgw.policy.usage import UsageQuery, WrongQueryError
from llmgw.server.admin import AdminDesk, answer
from llmgw.server.middlewares import REQUEST_ID
from llmgw.server.running import NAME, RUNNING

LINES_S_MAX = 600.0  # for all of them: as long as that the database cannot tidy up
STREAMS = 2
_PATH = "/admin/usage"
_PARAMETERS = frozenset({"by", "where", "since", "until", "requests"})
_HEADERS = {"server": NAME, "content-type": "application/x-ndjson", "cache-control": "no-store"}


class UsageDesk:
    """Behind the door of the other one."""

    def __init__(self, desk: AdminDesk) -> None:
        self._desk = desk
        self._streams = asyncio.Semaphore(STREAMS)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        self._desk.add(router, "GET", _PATH, self._usage)

    async def _usage(self, request: web.Request) -> web.StreamResponse:
        running = request.app[RUNNING]
        query = read_query(request.query, running.clock.now_s(), running.graph.timezone)
        if request.query.get("requests", "0") not in ("", "0", "false"):
            return await self._requests(request, query)
        rows = await self._desk.ask(request, lambda connection: reading.usage(connection, query))
        return answer(usage.answer(query, rows))

    async def _requests(self, request: web.Request, query: UsageQuery) -> web.StreamResponse:
        """An answer that breaks off lacks its end, so nobody takes it for the whole."""
        await self._desk.ask(request, lambda _: None)  # what was booked a moment ago is in there
        path = request.app[RUNNING].books.path
        assert path is not None  # noqa: S101 - there is a ledger: it has answered
        response = web.StreamResponse(headers={**_HEADERS, "x-llmgw-request-id": request[REQUEST_ID]})
        try:
            async with asyncio.timeout(LINES_S_MAX), self._streams, aclosing(usage_lines(path, query)) as chunks:
                await _written(request, response, chunks)
        except (CannotOpenLedgerError, TimeoutError) as error:
            if response.prepared:
                _cut(request)
            raise LedgerUnavailableError(str(error) or "others are reading it: ask again") from None
        return response


async def _written(request: web.Request, response: web.StreamResponse, chunks: AsyncIterator[bytes]) -> None:
    """As fast as it is read, but not slower than anybody's patience. Raises TimeoutError."""
    stall_s = request.app[RUNNING].patience.stall_s
    async for chunk in chunks:
        async with asyncio.timeout(stall_s):
            if not response.prepared:
                await response.prepare(request)
            await response.write(chunk)
    if not response.prepared:
        await response.prepare(request)
    await response.write_eof()


def _cut(request: web.Request) -> NoReturn:
    if request.transport is not None:
        request.transport.abort()
    raise ClientGoneError("the rest of it could not be told")


def read_query(given: MultiMapping[str], now_s: float, timezone: str) -> UsageQuery:
    """Raises InvalidRequestError."""
    unknown = [name for name in given if name not in _PARAMETERS]
    if unknown:
        raise InvalidRequestError(
            f"there is no parameter '{unknown[0][:40]}'; there are: {', '.join(sorted(_PARAMETERS))}"
        )
    written = {name: given.get(name) for name in ("since", "until")}
    by, where = given.get("by", ""), given.getall("where", [])
    try:
        return usage.read_query(by=by, where=where, **written, now_s=now_s, timezone=timezone)
    except WrongQueryError as error:
        raise InvalidRequestError(f"{error.part}: {error}", param=error.part) from None
