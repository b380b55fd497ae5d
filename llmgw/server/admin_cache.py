"""`/admin/cache`: what `llmgw cache` tells and does, by the same questions: `?rule=faq&older_than=1h`.

    GET    /admin/cache/stats     figures
    GET    /admin/cache           the newest entries, `limit` of them, without their answers
    DELETE /admin/cache           throws away what the filters say; everything only with `all=1`, which stands alone

`key` may be the beginning of one, if no other begins so.

POST /admin/cache/purge does the same as DELETE. A body is refused: what it says would be passed over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeVar

from aiohttp import web
from multidict import MultiMapping

from llmgw.adapters.cache_stock import (
    FILTERS,
    LISTED,
    LISTED_MAX,
    CacheStock,
    Wanted,
    WrongFilterError,
    partial_key,
    read_wanted,
)
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
        _check_names(request.query, (*FILTERS, "limit"))
        stock, most = self._there_is(request), _limit(request.query)
        wanted = await _read_wanted(request.query, stock)
        return answer({"entries": [] if wanted is None else await _in_time(stock.entries(wanted, most))})

    async def _purge(self, request: web.Request) -> web.Response:
        if request.can_read_body:
            raise InvalidRequestError("no body is read here: filters are query parameters, as in ?rule=faq")
        _check_names(request.query, (*FILTERS, "all"))
        filters = {name: value for name, value in request.query.items() if name in FILTERS}
        _check_all(filters, request.query.get("all"))
        stock = self._there_is(request)
        wanted = await _read_wanted(filters, stock)
        purged = 0 if wanted is None else await _in_time(stock.purge(wanted))
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


async def _read_wanted(given: Mapping[str, str] | MultiMapping[str], stock: CacheStock) -> Wanted | None:
    """None: there is nothing with that key. Raises InvalidRequestError."""
    filters = {name: given.get(name) for name in FILTERS}
    try:
        start = partial_key(filters)
        return read_wanted(filters, () if start is None else await _in_time(stock.keys(start)))
    except WrongFilterError as error:
        raise InvalidRequestError(f"{error.part}: {error}", param=error.part) from None


def _check_all(filters: Collection[str], written: str | None) -> None:
    is_all = written in ("1", "true")
    if is_all and filters:
        raise InvalidRequestError("all=1 is everything: leave it out, or the others", param="all")
    if not is_all and not filters:
        raise InvalidRequestError(f"say what ({', '.join(FILTERS)}), or all=1", param="all")


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
