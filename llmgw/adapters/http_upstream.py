"""Providers over HTTP: one pooled aiohttp client per transport, its errors mapped to ours at this edge.

Redirects are not followed, cookies are not kept, and an answer that is left early closes its connection, so that
a provider stops producing at once when nobody listens.
"""

import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

import llmgw
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


class HttpStream:
    """An answer under way."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    async def read(self) -> bytes:
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise StreamCutError(f"the connection broke during the answer ({_told(error)})") from None


@dataclass(slots=True)
class _Pool:
    """Connections of one transport; closed once retired and unused."""

    session: aiohttp.ClientSession
    in_use: int = 0
    retired: bool = False


class HttpUpstream:
    """Calls providers. Use inside a running loop; `close` at the end."""

    def __init__(self) -> None:
        self._pools: dict[Transport, _Pool] = {}

    @asynccontextmanager
    async def open(self, call: UpstreamCall) -> AsyncIterator[HttpStream]:
        pool = self._pool(call.target.transport)
        pool.in_use += 1
        try:
            with _mapped(call):
                response = await self._post(pool.session, call)
            try:
                yield HttpStream(response)
            finally:
                response.close() if not response.content.at_eof() else response.release()
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
            pool = self._pools[transport] = _Pool(_session(transport))
        return pool

    async def _post(self, session: aiohttp.ClientSession, call: UpstreamCall) -> aiohttp.ClientResponse:
        proxy = call.target.transport.proxy
        return await session.post(
            URL(call.target.url, encoded=True),
            data=call.body,
            headers={**_FIXED_HEADERS, **call.headers},
            timeout=aiohttp.ClientTimeout(total=None, connect=call.connect_s),
            proxy=proxy.reveal() if proxy is not None else None,
            allow_redirects=False,
        )


def _session(transport: Transport) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=transport.max_connections,
        ssl=_tls(transport),
        keepalive_timeout=KEEP_ALIVE_S,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=READ_BYTES_MAX,
        max_line_size=LINE_BYTES_MAX,
        max_field_size=LINE_BYTES_MAX,
        auto_decompress=True,
    )


def _tls(transport: Transport) -> ssl.SSLContext | bool:
    if not transport.verify_tls:
        return False
    return ssl.create_default_context(cafile=transport.ca_file) if transport.ca_file else True


@contextmanager
def _mapped(call: UpstreamCall) -> Iterator[None]:
    """Aiohttp's errors become ours; nobody above sees a library's exception."""
    where = URL(call.target.url).authority
    try:
        yield
    except aiohttp.ServerTimeoutError:
        raise UpstreamTimeoutError(TimeLimit.CONNECT, call.connect_s) from None
    except aiohttp.ClientConnectorCertificateError as error:
        raise UpstreamConnectError(f"{where}: its certificate is not trusted ({_told(error)})") from None
    except aiohttp.ClientConnectorDNSError as error:
        raise UpstreamConnectError(f"{where}: no such host ({_told(error)})") from None
    except aiohttp.ClientConnectorError as error:
        raise UpstreamConnectError(f"{where} cannot be reached: is it running? ({_told(error)})") from None
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise UpstreamConnectError(f"{where} closed the connection before answering ({_told(error)})") from None
    except (aiohttp.ClientError, ValueError) as error:
        raise UpstreamProtocolError(f"{where} does not answer in HTTP ({_told(error)})") from None


def _told(error: BaseException) -> str:
    """The short form: some of these errors carry whole requests in their text."""
    text = str(getattr(error, "os_error", None) or error)
    return (text or type(error).__name__)[:200]


_: type[Upstream] = HttpUpstream
