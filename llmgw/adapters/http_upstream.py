"""Providers over HTTP: one pooled aiohttp client per transport, its errors mapped to ours at this edge.

Redirects are not followed, cookies are not kept, and an answer that is left early closes its connection, so that
a provider stops producing at once when nobody listens.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

import llmgw
from llmgw.config.secrets import Secret
from llmgw.errors import (
    StreamCutError,
    TimeLimit,
    UpstreamConnectError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
)
from llmgw.graph.model import Transport
from llmgw.ports import Upstream, UpstreamCall

KEEP_ALIVE_S = 15.0
READ_BYTES_MAX = 64 * 1024
LINE_BYTES_MAX = 64 * 1024

_FIXED_HEADERS = {
    "content-type": "application/json",
    "accept-encoding": "identity",
    "user-agent": f"llmgw/{llmgw.__version__}",
}


def _nobody() -> None:
    """Nobody wants to know."""


class _Leaving:
    """Who is to be told when a request leaves.

    Connections keep the context in which they were made, and so this: it lets go of the call, which they would hold for
    as long as they live.
    """

    __slots__ = ("tell",)

    def __init__(self, tell: Callable[[], None] = _nobody) -> None:
        self.tell = tell


_NOBODY = _Leaving()
# Of the call that a task makes: aiohttp tells nobody else when a request has its connection.
_LEAVING: ContextVar[_Leaving] = ContextVar("leaving", default=_NOBODY)


class HttpStream:
    """An answer under way."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self.secrets: Sequence[Secret] = ()

    async def read(self) -> bytes:
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, ContentEncodingError):
                raise UpstreamProtocolError("the answer is not compressed as its headers say") from None
            raise StreamCutError(f"the connection broke during the answer ({_told(error)})") from None


@dataclass(slots=True)
class _Pool:
    """Connections of one transport; closed once retired and unused.

    We count `max_connections` ourselves: aiohttp's own limit would make waiting for a turn look like connecting.
    """

    session: aiohttp.ClientSession
    turns: asyncio.Semaphore | None  # None: no limit of ours
    in_use: int = 0
    retired: bool = False

    def turn(self, call: UpstreamCall) -> AbstractAsyncContextManager[None]:
        """One of the connections, for as long as the answer takes."""
        return nullcontext() if self.turns is None else _turn(self.turns, call)


@asynccontextmanager
async def _turn(turns: asyncio.Semaphore, call: UpstreamCall) -> AsyncIterator[None]:
    """Waiting for it is bounded as connecting is."""
    try:
        async with asyncio.timeout(call.connect_s):
            await turns.acquire()
    except TimeoutError:
        raise _all_in_use(call) from None
    try:
        yield
    finally:
        turns.release()


class HttpUpstream:
    """Calls providers. Use inside a running loop; `close` at the end."""

    def __init__(self) -> None:
        self._pools: dict[Transport, _Pool] = {}
        self._turns: dict[tuple[str, int], asyncio.Semaphore] = {}  # they outlive pools: a reload frees no connection

    @asynccontextmanager
    async def open(self, call: UpstreamCall) -> AsyncIterator[HttpStream]:
        pool = self._pool(call.target.transport)
        pool.in_use += 1
        try:
            async with pool.turn(call):
                with _mapped(call):
                    response = await self._post(pool.session, call)
                try:
                    with _told_of_the_end(response):
                        yield HttpStream(response)
                finally:
                    response.close()  # does nothing to a connection that has gone back to the pool
        finally:
            pool.in_use -= 1
            if pool.retired and not pool.in_use:
                await pool.session.close()

    async def retire(self, keep: Iterable[Transport]) -> None:
        """After a reload: transports that no target uses any more end with their last answer."""
        for transport in set(self._pools) - set(keep):
            pool = self._pools.pop(transport)
            pool.retired = True
            if not pool.in_use:
                await pool.session.close()

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.session.close()
        self._pools.clear()

    def _pool(self, transport: Transport) -> _Pool:
        pool = self._pools.get(transport)
        if pool is None:
            pool = self._pools[transport] = _Pool(make_session(transport), self._turns_of(transport))
        return pool

    def _turns_of(self, transport: Transport) -> asyncio.Semaphore | None:
        most = transport.max_connections
        return self._turns.setdefault((transport.provider, most), asyncio.Semaphore(most)) if most else None

    async def _post(self, session: aiohttp.ClientSession, call: UpstreamCall) -> aiohttp.ClientResponse:
        proxy = call.target.transport.proxy
        leaving = _Leaving(call.leaves)
        before = _LEAVING.set(leaving)
        try:
            return await session.post(
                URL(call.url, encoded=True),
                data=call.body,
                headers={**_FIXED_HEADERS, **call.headers},
                timeout=aiohttp.ClientTimeout(total=None, connect=call.connect_s),
                proxy=proxy.reveal() if proxy is not None else None,
                allow_redirects=False,
            )
        finally:
            leaving.tell = _nobody
            _LEAVING.reset(before)


@contextmanager
def _told_of_the_end(response: aiohttp.ClientResponse) -> Iterator[None]:
    """Chunks that stop being chunks end the connection, but aiohttp would leave the reader of the body waiting."""

    def tell(_closed: object = None) -> None:
        if not response.content.is_eof() and response.content.exception() is None:
            response.content.set_exception(aiohttp.ClientPayloadError("not HTTP any more"))

    protocol = response.connection.protocol if response.connection else None
    if protocol is None:  # all of it has come, and the connection is back in the pool
        yield
        return
    closed = protocol.closed
    if closed is None:
        tell()
        yield
        return
    closed.add_done_callback(tell)
    try:
        yield
    finally:
        closed.remove_done_callback(tell)


class _Request(aiohttp.ClientRequest):
    """Says when it has a connection and begins to leave: until then nobody has been asked anything."""

    def send(self, conn: Connection) -> Coroutine[None, None, aiohttp.ClientResponse]:
        _LEAVING.get().tell()
        return super().send(conn)


def make_session(transport: Transport) -> aiohttp.ClientSession:
    """A client that connects as the transport says."""
    connector = aiohttp.TCPConnector(
        limit=0,  # ours is in the pool
        ssl=_tls(transport),
        keepalive_timeout=KEEP_ALIVE_S,
    )
    return aiohttp.ClientSession(
        connector=connector,
        request_class=_Request,
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=READ_BYTES_MAX,
        max_line_size=LINE_BYTES_MAX,
        max_field_size=LINE_BYTES_MAX,
        auto_decompress=True,
    )


def _tls(transport: Transport) -> ssl.SSLContext | bool:
    if not transport.verify_tls:
        return False
    if transport.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=transport.ca_file)
    except OSError as error:
        raise UpstreamConnectError(f"ca_file {transport.ca_file} cannot be used ({_told(error)})") from None


def _all_in_use(call: UpstreamCall) -> UpstreamTimeoutError:
    transport = call.target.transport
    of = f"all {transport.max_connections} connections of provider {transport.provider}"
    return UpstreamTimeoutError(TimeLimit.CONNECT, call.connect_s, f"{of} are in use (max_connections)")


@contextmanager
def _mapped(call: UpstreamCall) -> Iterator[None]:
    """Aiohttp's errors become ours; nobody above sees a library's exception."""
    where = URL(call.url).host_port_subcomponent  # not `authority`, in which a password may stand
    proxy = call.target.transport.proxy
    nearest = where if proxy is None else f"the proxy {URL(proxy.reveal()).host_port_subcomponent}"
    try:
        yield
    except aiohttp.ServerTimeoutError:
        raise UpstreamTimeoutError(TimeLimit.CONNECT, call.connect_s) from None
    except aiohttp.ClientConnectorCertificateError as error:
        raise UpstreamConnectError(f"{where}: its certificate is not trusted ({_told(error)})") from None
    except aiohttp.ClientConnectorDNSError as error:
        raise UpstreamConnectError(f"{nearest}: no such host ({_told(error)})") from None
    except aiohttp.ClientProxyConnectionError as error:
        raise UpstreamConnectError(f"{nearest} cannot be reached: is it running? ({_told(error)})") from None
    except aiohttp.ClientHttpProxyError as error:
        raise UpstreamConnectError(f"{nearest} does not connect to {where} ({error.status} {_told(error)})") from None
    except aiohttp.ClientConnectorError as error:
        raise UpstreamConnectError(f"{where} cannot be reached: is it running? ({_told(error)})") from None
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise UpstreamConnectError(f"{where} closed the connection before answering ({_told(error)})") from None
    except (aiohttp.ClientError, ValueError) as error:
        raise UpstreamProtocolError(f"{where} does not answer in HTTP ({_told(error)})") from None


def _told(error: BaseException) -> str:
    """The short form: some of these errors carry whole requests in their text, or quote what came."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError | socket.gaierror) and cause.errno:
        return os.strerror(cause.errno)
    text = str(getattr(error, "message", None) or cause)
    return (text.partition("\n")[0] or type(error).__name__)[:200]


_: type[Upstream] = HttpUpstream
