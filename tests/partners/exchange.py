"""What a fault upstream saw: the request as it arrived, and how far the answer to it came."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEAD_BYTES_MAX = 256 * 1024
BODY_BYTES_MAX = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request, whole. `headers` keeps order, case and repetitions."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at_s: float
    connection: int

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def wants_close(self) -> bool:
        return (self.header("connection") or "").lower() == "close"


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and the fate of its answer."""

    request: ReceivedRequest
    bytes_sent: int = 0
    """Bytes that the kernel has taken; with a slow reader this stands still."""
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the peer closed, or half-closed, before the answer had ended."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when all steps have been played."""

    async def wait_hung_up(self, within_s: float = 5.0) -> None:
        async with asyncio.timeout(within_s):
            await self.hung_up.wait()

    async def wait_ended(self, within_s: float = 5.0) -> None:
        async with asyncio.timeout(within_s):
            await self.ended.wait()


async def read_request(reader: asyncio.StreamReader, connection: int) -> ReceivedRequest:
    """The next request of a connection. Raises IncompleteReadError where the peer is done."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, path, _version = first.split(" ", 2)
    headers = tuple(_header(line) for line in lines)
    body = await _read_body(reader, {name.lower(): value for name, value in headers})
    return ReceivedRequest(method, path, headers, body, time.monotonic(), connection)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    length = int(headers.get("content-length", "0"))
    if length > BODY_BYTES_MAX:
        raise ValueError(f"a request body of {length} bytes is more than a test should send")
    return await reader.readexactly(length)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return bytes(body)
