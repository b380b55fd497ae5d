"""Lines of JSON as a stream: each line is an event, however the stream was cut.

A line ends in LF, with or without a CR before it; a blank one says nothing. Every byte is looked at once.
"""

import re

from llmgw.wire.framing import EVENT_BYTES_MAX, EventTooLargeError, Framing
from llmgw.wire.framing import Frames as AnyFrames

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


class Frames:
    """Cuts a byte stream at line ends: `feed` gives the whole lines so far, the partial one waits."""

    __slots__ = ("_partial",)

    def __init__(self) -> None:
        self._partial = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        """Whole lines as they came, possibly none. Raises EventTooLargeError."""
        end = chunk.rfind(b"\n") + 1
        if end == len(chunk) and not self._partial:
            return chunk  # the usual read: no copy
        if end:
            whole = bytes(self._partial) + chunk[:end]
            self._partial = bytearray(chunk[end:])
        else:
            whole = b""
            self._partial += chunk
        if len(self._partial) > EVENT_BYTES_MAX:
            raise EventTooLargeError
        return whole

    def rest(self) -> bytes:
        """What came after the last line end: a line without its end, or half of one."""
        return bytes(self._partial)


def parse(line: bytes) -> bytes:
    """The JSON of a line; nothing if it is blank."""
    return line.removeprefix(_BYTE_ORDER_MARK).strip()


class NewlineDelimitedJson:
    """The framing of Ollama, and of older streams of Cohere. There are many names for it."""

    content_types: tuple[str, ...] = (
        "application/x-ndjson",
        "application/ndjson",
        "application/x-json-stream",
        "application/stream+json",  # Cohere
        "application/json-lines",
        "application/jsonlines",
        "application/x-jsonlines",
        "application/jsonl",
        "application/x-jsonl",
    )

    def frames(self) -> AnyFrames:
        return Frames()

    def split(self, whole: bytes) -> list[bytes]:
        """Line by line, each with its end: joined again they are the same bytes."""
        return _LINE.findall(whole)

    def complete(self, rest: bytes) -> bytes:
        """With the line end that many leave out after the last line."""
        return rest.rstrip(b"\r\n") + b"\n" if rest.strip() else b""


NEWLINE_DELIMITED_JSON: Framing = NewlineDelimitedJson()
