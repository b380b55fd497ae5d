"""A client without an HTTP library, so that a test sees the very bytes of an answer and can be rude at any of them."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

READ_S_MAX = 10.0
READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came. `whole` says whether the framing of its body was complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RawClient:
    """One connection. All reads are bounded in time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def post(
        self, path: str, body: object, headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.send(request_bytes(method, path, self._host, payload, headers))

    async def read_some(self, within_s: float = READ_S_MAX) -> bytes:
        """What comes next; empty at the end."""
        async with asyncio.timeout(within_s):
            return await self._reader.read(READ_BYTES)

    async def read_until(self, mark: bytes, within_s: float = READ_S_MAX) -> bytes:
        """Everything up to the mark, mark included."""
        async with asyncio.timeout(within_s):
            return await self._reader.readuntil(mark)

    async def read_to_end(self, within_s: float = READ_S_MAX) -> bytes:
        """Everything until the peer closes. A reset is ConnectionResetError."""
        async with asyncio.timeout(within_s):
            return await self._reader.read()

    async def read_head(self, within_s: float = READ_S_MAX) -> RawAnswer:
        """Status and headers; the body is left where it is."""
        head = await self.read_until(b"\r\n\r\n", within_s)
        return parse_head(head)

    async def read_answer(self, within_s: float = READ_S_MAX) -> RawAnswer:
        """A whole answer, or what came of it before the connection ended."""
        async with asyncio.timeout(within_s):
            head = await self.read_head(within_s)
            if head.headers.get("transfer-encoding") == "chunked":
                body, whole = await self._read_chunks()
            elif "content-length" in head.headers:
                body, whole = await self._read_length(int(head.headers["content-length"]))
            else:
                body, whole = await self._reader.read(), True
        return RawAnswer(head.status, head.headers, body, whole)

    async def _read_length(self, length: int) -> tuple[bytes, bool]:
        try:
            return await self._reader.readexactly(length), True
        except asyncio.IncompleteReadError as cut:
            return cut.partial, False

    async def _read_chunks(self) -> tuple[bytes, bool]:
        body = bytearray()
        try:
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                body += await self._reader.readexactly(size)
                await self._reader.readexactly(2)
            await self._reader.readexactly(2)
        except asyncio.IncompleteReadError as cut:
            return bytes(body) + cut.partial, False
        return bytes(body), True

    def reset(self) -> None:
        """Leave with RST."""
        own: socket.socket = self._writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def hang_up(self) -> None:
        """Leave with FIN."""
        self._writer.close()
        with suppress(ConnectionError):  # they left first
            await self._writer.wait_closed()


@asynccontextmanager
async def raw_client(url: str, receive_buffer_bytes: int | None = None) -> AsyncIterator[RawClient]:
    """Connected to the host and port of a URL. A small receive buffer makes a slow reader felt early."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    own = await _connected(host, port, receive_buffer_bytes)
    reader, writer = await asyncio.open_connection(sock=own)
    client = RawClient(reader, writer, parts.netloc)
    try:
        yield client
    finally:
        await client.hang_up()


async def _connected(host: str, port: int, receive_buffer_bytes: int | None) -> socket.socket:
    """The buffer is set before connecting: afterwards the window has been agreed on."""
    with ExitStack() as undo:
        own = undo.enter_context(closing(socket.socket()))
        own.setblocking(False)
        if receive_buffer_bytes is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        async with asyncio.timeout(READ_S_MAX):
            await asyncio.get_running_loop().sock_connect(own, (host, port))
        undo.pop_all()
        return own


def request_bytes(method: str, path: str, host: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    fields = {"host": host, "content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def parse_head(head: bytes) -> RawAnswer:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return RawAnswer(int(first.split(" ")[1]), headers, b"", whole=False)
