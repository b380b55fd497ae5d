"""`/admin/cache`: what `llmgw cache` tells and does, by the same questions: `?rule=faq&older_than=1h`.

    GET    /admin/cache/stats     figures
    GET    /admin/cache           the newest entries, `limit` of them, without their answers
    DELETE /admin/cache           throws away what the filters say; everything only with `all=1`

POST /admin/cache/purge does the same as DELETE. A body is refused: what it says would be passed over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from aiohttp import web
from multidict import MultiMapping

from llmgw.adapters.cache_stock import FILTERS, LISTED, LISTED_MAX, CacheStock, Wanted, WrongFilterError, read_wanted
from llmgw.errors import InvalidRequestError, OverloadedError
from llmgw.server.admin import AdminDesk, answer
from llmgw.server.middlewares import REQUEST_ID
from llmgw.server.running import RUNNING

PATH = "/admin/cache"
TURN_S_MAX = 20.0

Answer = TypeVar("Answer")


class CacheDesk:
    """Behind the door of the other one. `stock` tells what there is; None: nothing is cached."""

    def __init__(self, desk: AdminDesk, stock: Callable[[web.Request], CacheStock | None]) -> None:
        self._desk = desk
        self._stock = stock

    def add_routes(self, router: web.UrlDispatcher) -> None:
        self._desk.add(router, "GET", f"{PATH}/stats", self._stats)
        self._desk.add(router, "GET", PATH, self._list)
        self._desk.add(router, "DELETE", PATH, self._purge)
        self._desk.add(router, "POST", f"{PATH}/purge", self._purge)

    async def _stats(self, request: web.Request) -> web.Response:
        _check_names(request.query, ())
        return answer(await _in_time(self._there_is(request).stats()))

    async def _list(self, request: web.Request) -> web.Response:
        wanted, most = _read_wanted(request.query, "limit"), _limit(request.query)
        found = await _in_time(self._there_is(request).entries(wanted, most))
        return answer({"entries": found})

    async def _purge(self, request: web.Request) -> web.Response:
        if request.can_read_body:
            raise InvalidRequestError("no body is read here: filters are query parameters, as in ?rule=faq")
        wanted = _read_wanted(request.query, "all")
        if wanted == Wanted() and request.query.get("all") not in ("1", "true"):
            raise InvalidRequestError(f"say what ({', '.join(FILTERS)}), or all=1", param="all")
        purged = await _in_time(self._there_is(request).purge(wanted))
        filters = {name: value for name, value in request.query.items() if name in FILTERS}
        request.app[RUNNING].logger.info("cache_purged", request_id=request[REQUEST_ID], count=purged, match=filters)
        return answer({"purged": purged})

    def _there_is(self, request: web.Request) -> CacheStock:
        stock = self._stock(request)
        if stock is None:
            raise InvalidRequestError("nothing is cached: there are no cache.rules")
        return stock


async def _in_time(asked: Awaitable[Answer]) -> Answer:
    try:
        async with asyncio.timeout(TURN_S_MAX):
            return await asked
    except TimeoutError:
        message = f"the cache has not answered within {TURN_S_MAX:g} s"
        raise OverloadedError(message, code="cache_unavailable", retry_after_s=1.0) from None


def _read_wanted(given: MultiMapping[str], other: str) -> Wanted:
    """Raises InvalidRequestError."""
    _check_names(given, (*FILTERS, other))
    try:
        return read_wanted({name: given.get(name) for name in FILTERS})
    except WrongFilterError as error:
        raise InvalidRequestError(f"{error.part}: {error}", param=error.part) from None


def _check_names(given: MultiMapping[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            there_are = f"there are: {', '.join(sorted(known))}" if known else "it takes none"
            raise InvalidRequestError(f"there is no parameter '{name[:40]}'; {there_are}")
        if len(given.getall(name)) > 1:
            raise InvalidRequestError(f"{name} is said twice", param=name)


def _limit(given: MultiMapping[str]) -> int:
    written = given.get("limit", str(LISTED))
    if not written.isascii() or not written.isdigit() or not 1 <= int(written[:9]) <= LISTED_MAX:
        raise InvalidRequestError(f"limit: a whole number from 1 to {LISTED_MAX}", param="limit")
    return int(written)
