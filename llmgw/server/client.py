"""The caller behind the `Client` port: one aiohttp response, whole or as a stream.

A caller that hangs up cancels the handler (the server runs with `handler_cancellation`); one that stops reading is
cut after a limit, so that it cannot hold a provider's stream open for ever.
"""

import asyncio
from collections.abc import Awaitable, Mapping

from aiohttp import web

from llmgw.errors import ClientGoneError
from llmgw.ports import Client
from llmgw.server.running import NAME, RUNNING

_STREAM_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


class HttpClient:
    """`headers` are on every answer."""

    def __init__(self, request: web.Request, headers: Mapping[str, str]) -> None:
        self._request = request
        self._running = request.app[RUNNING]
        self._headers = {**headers, "server": NAME}
        self._response: web.StreamResponse | None = None
        self.started = False

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        response = web.Response(status=status, headers={**self._headers, **headers}, body=body)
        self._take(response)
        await self._sent(self._whole(response), len(body))

    async def start(self, headers: Mapping[str, str]) -> None:
        if self.started:
            return
        self.started = True
        await self._begin(web.StreamResponse(headers={**self._headers, **headers, **_STREAM_HEADERS}))

    async def write(self, data: bytes) -> None:
        await self._sent(self._begun().write(data), len(data))

    async def end(self) -> None:
        await self._sent(self._begun().write_eof())

    @property
    def response(self) -> web.StreamResponse:
        """What was begun, for aiohttp. Raises ClientGoneError if nothing was."""
        return self._begun()

    async def _begin(self, response: web.StreamResponse) -> None:
        self._take(response)
        await self._sent(response.prepare(self._request))

    def _take(self, response: web.StreamResponse) -> None:
        self._response = response
        if self._running.draining:
            response.force_close()

    async def _whole(self, response: web.Response) -> None:
        """Head and body, under one limit of time."""
        await response.prepare(self._request)
        await response.write_eof()

    def _begun(self) -> web.StreamResponse:
        if self._response is None or not self._response.prepared:
            raise ClientGoneError("the client hung up before there was an answer")
        return self._response

    async def _sent(self, sending: Awaitable[object], size_bytes: int = 0) -> None:
        """Raises ClientGoneError when the caller is not there any more, or might as well not be."""
        patience = self._running.patience
        try:
            async with asyncio.timeout(patience.stall_s + size_bytes / patience.line_bytes_per_s):
                await sending
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise ClientGoneError(f"the client read nothing for {patience.stall_s:g} s") from None
        except ConnectionError:
            raise ClientGoneError("the client hung up") from None


_: type[Client] = HttpClient
