"""The caller behind the `Client` port: one aiohttp response, whole or as a stream.

A caller that hangs up cancels the handler (the server runs with `handler_cancellation`); one that stops reading is
cut after a limit, so that it cannot hold a provider's stream open for ever.
"""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from llmgw.errors import ClientGoneError
from llmgw.ports import Client

CLIENT_STALL_S_MAX = 60.0

_STREAM_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


class HttpClient:
    """`response` is what the handler returns: set once something has been answered or begun."""

    def __init__(self, request: web.Request, headers: Mapping[str, str]) -> None:
        self._request = request
        self._headers = headers  # on every answer
        self._stream: web.StreamResponse | None = None
        self.response: web.StreamResponse | None = None
        self.started = False

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.response = web.Response(status=status, headers={**self._headers, **headers}, body=body)

    async def start(self, headers: Mapping[str, str]) -> None:
        if self.started:
            return
        self.started = True
        self._stream = self.response = web.StreamResponse(headers={**self._headers, **headers, **_STREAM_HEADERS})
        try:
            await self._stream.prepare(self._request)
        except ConnectionError:
            raise ClientGoneError("the client hung up") from None

    async def write(self, data: bytes) -> None:
        if self._stream is None:
            raise RuntimeError("a stream is written before it was started")
        try:
            async with asyncio.timeout(CLIENT_STALL_S_MAX):
                await self._stream.write(data)
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise ClientGoneError(f"the client read nothing for {CLIENT_STALL_S_MAX:g} s") from None
        except ConnectionError:
            raise ClientGoneError("the client hung up") from None

    async def end(self) -> web.StreamResponse:
        """Close what was begun; gives the response for aiohttp."""
        if self._stream is not None and not self._stream.prepared:
            raise ClientGoneError("the client hung up")
        if self.response is None:
            raise ClientGoneError("the client hung up before there was an answer")
        return self.response


_: type[Client] = HttpClient
