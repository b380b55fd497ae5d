"""Server-sent events as bytes: where one ends, and what it says.

Every byte is looked at once, however the stream was cut (WHATWG HTML, 9.2: lines end in LF, CRLF or CR,
an event ends with a blank line). Nothing here knows what the data means.
"""

import re
from typing import NamedTuple

from llmgw.wire import framing
from llmgw.wire.framing import EventTooLargeError, Framing
from llmgw.wire.framing import Frames as AnyFrames

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Atomic, so that CRLF is never taken for two line ends.
_BLANK_LINE = re.compile(rb"(?>\r\n|\r|\n)(?>\r\n|\r|\n)")
_LINE = re.compile(rb"\r\n|\r|\n")


class Frames:
    """Cuts a byte stream at event borders: `feed` gives the whole events so far, the partial one waits.

    An event that ends in CR is whole at once; if a line feed turns out to belong to it, that follows by itself.
    """

    __slots__ = ("_partial", "_torn")

    def __init__(self) -> None:
        self._partial = bytearray()
        self._torn = False  # the last event ended in CR, and nothing has come since

    def feed(self, chunk: bytes) -> bytes:
        """Whole events as they came, possibly none. Raises EventTooLargeError."""
        if self._torn and chunk.startswith(b"\n"):
            self._torn = False
            return b"\n" + self.feed(chunk[1:])
        whole = self._cut(chunk)
        self._torn = whole.endswith(b"\r") and not self._partial
        return whole

    def _cut(self, chunk: bytes) -> bytes:
        if not self._partial:
            end = _last_border(chunk, 0)
            if end == len(chunk):
                return chunk  # the usual read: no copy
            self._partial += chunk[end:]
            whole = chunk[:end]
        else:
            seen = len(self._partial)
            self._partial += chunk
            end = _last_border(self._partial, max(0, seen - 1))
            whole = bytes(self._partial[:end])
            del self._partial[:end]
        if len(self._partial) > framing.EVENT_BYTES_MAX:
            raise EventTooLargeError
        return whole

    def rest(self) -> bytes:
        """What came after the last border: an event without its blank line, or half of one."""
        return bytes(self._partial)


def _last_border(data: bytes | bytearray, start: int) -> int:
    """The index after the last blank line that ends at or after `start + 2`, or 0.

    Two line ends in a row always contain one of three pairs; a line feed after the pair belongs to it.
    """
    pair = max(data.rfind(b"\n\n", start), data.rfind(b"\n\r", start), data.rfind(b"\r\r", start))
    if pair < 0:
        return 0
    end = pair + 2
    return end + 1 if data[end - 1] == 0x0D and data[end : end + 1] == b"\n" else end


class ServerSentEvent(NamedTuple):
    """`data` is None for an event of comments only, which a reader passes over."""

    name: bytes | None
    data: bytes | None


def split(whole: bytes) -> list[bytes]:
    """Whole events, one by one, each with its blank line: joined again they are the same bytes."""
    events = []
    start = 0
    for blank in _BLANK_LINE.finditer(whole):
        events.append(whole[start : blank.end()])
        start = blank.end()
    if start < len(whole):
        events.append(whole[start:])
    return events


def parse(event: bytes) -> ServerSentEvent:
    """The name and the data of one event; a space after the colon is optional, data lines join with LF."""
    name: bytes | None = None
    data: list[bytes] = []
    for line in _LINE.split(event.removeprefix(_BYTE_ORDER_MARK)):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return ServerSentEvent(name, b"\n".join(data) if data else None)


def write(data: bytes, name: bytes | None = None) -> bytes:
    """One event of one data line."""
    return b"event: " + name + b"\ndata: " + data + b"\n\n" if name else b"data: " + data + b"\n\n"


def comment(text: bytes) -> bytes:
    """A line that readers skip: it only keeps the connection awake."""
    return b": " + text + b"\n\n"


WAITING = comment(b"waiting")


class ServerSentEvents:
    """The framing of nearly all of them."""

    content_types: tuple[str, ...] = ("text/event-stream",)

    def frames(self) -> AnyFrames:
        return Frames()

    def split(self, whole: bytes) -> list[bytes]:
        return split(whole)

    def complete(self, rest: bytes) -> bytes:
        """With the blank line that clients wait for."""
        return rest.rstrip(b"\r\n") + b"\n\n" if rest.strip() else b""


SERVER_SENT_EVENTS: Framing = ServerSentEvents()
