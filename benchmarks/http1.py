"""Just enough HTTP/1.1 for a benchmark: whole requests out of a connection, and one answer followed as it comes.

Written by hand and small, because whatever the tools cost per request is time the proxies cannot be seen in.
"""

from dataclasses import dataclass

HEAD_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 4 * 1024 * 1024

_HEAD_END = b"\r\n\r\n"


class BrokenHttpError(ValueError):
    """The peer sent what this reader does not take for HTTP/1.1."""


@dataclass(frozen=True, slots=True)
class Request:
    line: bytes
    body: bytes


class RequestReader:
    """Gives whole requests in the order they came; what follows them waits, so pipelining is safe."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if len(self._buffer) > HEAD_BYTES_MAX + BODY_BYTES_MAX:
            raise BrokenHttpError("more bytes than a request may have")

    def next_request(self) -> Request | None:
        head_end = self._buffer.find(_HEAD_END)
        if head_end < 0:
            return None
        head = self._buffer[:head_end]
        body_start = head_end + len(_HEAD_END)
        body_end = body_start + (_content_length(head.lower()) or 0)
        if len(self._buffer) < body_end:
            return None
        body = self._buffer[body_start:body_end]
        self._buffer = self._buffer[body_end:]
        return Request(head.partition(b"\r\n")[0], body)


class AnswerReader:
    """Follows one answer: `feed` gives the bytes of the body in each read, `complete` says when it is whole."""

    __slots__ = ("_bytes_left", "_chunked", "_last_chunk", "_pending", "complete", "keep_alive", "status")

    def __init__(self) -> None:
        self._pending = b""
        self._bytes_left = 0
        self._chunked = False
        self._last_chunk = False
        self.status = 0
        self.complete = False
        self.keep_alive = True

    def feed(self, data: bytes) -> bytes:
        if self._pending:
            data = self._pending + data
            self._pending = b""
        if not self.status:
            head, end, data = data.partition(_HEAD_END)
            if not end:
                self._keep(head)
                return b""
            self._read_head(head)
        return self._read_chunks(data) if self._chunked else self._read_sized(data)

    def _keep(self, data: bytes) -> None:
        if len(data) > HEAD_BYTES_MAX:
            raise BrokenHttpError("a head without end")
        self._pending = data

    def _read_head(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 "):
            raise BrokenHttpError(f"not an HTTP/1.1 answer: {head[:20]!r}")
        self.status = _number(head[9:12], base=10)
        lower = head.lower()
        self.keep_alive = b"\r\nconnection: close" not in lower
        length = _content_length(lower)
        self._chunked = length is None
        if self._chunked and b"\r\ntransfer-encoding: chunked" not in lower:
            raise BrokenHttpError("neither Content-Length nor chunked: where does it end?")
        self._bytes_left = length or 0

    def _read_sized(self, data: bytes) -> bytes:
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise BrokenHttpError("more bytes than Content-Length said")
        self.complete = self._bytes_left == 0
        return data

    def _read_chunks(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        at = 0
        while at < len(data) and not self.complete:
            if self._bytes_left == 0:
                line_end = data.find(b"\r\n", at)
                if line_end < 0:
                    break
                self._open_chunk(data[at:line_end])
                at = line_end + 2
            piece = data[at : at + self._bytes_left]
            at += len(piece)
            parts.append(self._without_line_end(piece))
        if self.complete and at < len(data):
            raise BrokenHttpError("more bytes after the last chunk")
        self._keep(data[at:])
        return b"".join(parts)

    def _open_chunk(self, line: bytes) -> None:
        size = _number(line.partition(b";")[0], base=16)
        self._last_chunk = size == 0
        self._bytes_left = size + 2  # the line end after the chunk counts as part of it

    def _without_line_end(self, piece: bytes) -> bytes:
        self._bytes_left -= len(piece)
        self.complete = self._last_chunk and self._bytes_left == 0
        line_end_bytes = max(0, 2 - self._bytes_left)
        return piece[: max(0, len(piece) - line_end_bytes)]


def _content_length(lower_head: bytes) -> int | None:
    _, found, rest = lower_head.partition(b"\r\ncontent-length:")
    return _number(rest.partition(b"\r\n")[0], base=10) if found else None


def _number(text: bytes, *, base: int) -> int:
    try:
        return int(text, base)
    except ValueError as error:
        raise BrokenHttpError(f"not a number: {text[:20]!r}") from error
