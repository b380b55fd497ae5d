"""Amazon's event stream as bytes: binary frames with typed headers, a payload and two checksums.

https://smithy.io/2.0/aws/amazon-eventstream.html: total length, length of the headers and the checksum of both; then
headers, payload, and the checksum of all before. Once a length or a checksum is wrong, no later border can be found.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from llmgw.wire.framing import EVENT_BYTES_MAX, BrokenFrameError, EventTooLargeError, Framing
from llmgw.wire.framing import Frames as AnyFrames

Value = bool | int | str | bytes

CONTENT_TYPE = "application/vnd.amazon.eventstream"
FRAME_BYTES_MIN = 16
_PRELUDE = struct.Struct(">III")  # total length, length of the headers, checksum of these two
_CHECKSUM = struct.Struct(">I")
_LENGTH = struct.Struct(">H")
_BYTES, _STRING = 6, 7
# Types of a fixed size; a moment is in milliseconds of Unix time.
_FIXED = {2: struct.Struct(">b"), 3: struct.Struct(">h"), 4: struct.Struct(">i"), 5: struct.Struct(">q")} | {
    8: struct.Struct(">q"),
    9: struct.Struct("16s"),  # a UUID
}
_BOOLS = {0: True, 1: False}


class Frame(NamedTuple):
    """What one frame says."""

    headers: dict[str, Value]
    payload: bytes

    def text(self, header: str) -> str:
        """The value of a header of text; empty if there is none."""
        value = self.headers.get(header, "")
        return value if isinstance(value, str) else ""


class Frames:
    """Cuts a byte stream into frames. One that is broken is told when no sound one is left before it."""

    __slots__ = ("_partial",)

    def __init__(self) -> None:
        self._partial = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        """Whole frames as they came, possibly none. Raises EventTooLargeError, BrokenFrameError."""
        self._partial += chunk
        end = 0
        try:
            while size := _whole_at(self._partial, end):
                end += size
        except (EventTooLargeError, BrokenFrameError):
            if not end:
                raise
        whole = bytes(self._partial[:end])
        del self._partial[:end]
        return whole

    def rest(self) -> bytes:
        return bytes(self._partial)


def _whole_at(data: bytearray, start: int) -> int:
    """The size of the frame that begins there, once all of it has come; else 0."""
    if len(data) - start < _PRELUDE.size:
        return 0
    size, headers_size, checksum = _PRELUDE.unpack_from(data, start)
    with memoryview(data) as view:
        if crc32(view[start : start + 8]) != checksum:
            raise BrokenFrameError("the checksum of a frame's lengths is wrong")
        if size > EVENT_BYTES_MAX:
            raise EventTooLargeError
        if size < FRAME_BYTES_MIN + headers_size:
            raise BrokenFrameError("a frame is shorter than what is in it")
        if len(data) - start < size:
            return 0
        end = start + size - _CHECKSUM.size
        if crc32(view[start:end]) != _CHECKSUM.unpack_from(data, end)[0]:
            raise BrokenFrameError("the checksum of a frame is wrong")
    return int(size)


def split(whole: bytes) -> list[bytes]:
    """Whole frames, one by one."""
    frames = []
    start = 0
    while start < len(whole):
        size = max(int.from_bytes(whole[start : start + 4]), FRAME_BYTES_MIN)
        frames.append(whole[start : start + size])
        start += size
    return frames


def parse(frame: bytes) -> Frame:
    """Headers and payload of a whole frame. Raises BrokenFrameError; checksums are looked at where it is cut out."""
    if len(frame) < FRAME_BYTES_MIN:
        raise BrokenFrameError("a frame is too short")
    size, headers_size, _ = _PRELUDE.unpack_from(frame)
    if size != len(frame) or size < FRAME_BYTES_MIN + headers_size:
        raise BrokenFrameError("a frame is not as long as it says")
    start = _PRELUDE.size
    try:
        headers = dict(_headers(frame[start : start + headers_size]))
    except (struct.error, UnicodeDecodeError, IndexError):
        raise BrokenFrameError("the headers of a frame cannot be read") from None
    return Frame(headers, frame[start + headers_size : -_CHECKSUM.size])


def _headers(data: bytes) -> Iterator[tuple[str, Value]]:
    place = 0
    while place < len(data):
        end = place + 1 + data[place]
        name, kind = data[place + 1 : end].decode(), data[end]
        value, place = _value(data, kind, end + 1)
        yield name, value


def _value(data: bytes, kind: int, start: int) -> tuple[Value, int]:
    """A value, and where the next header begins."""
    if kind in _BOOLS:
        return _BOOLS[kind], start
    if kind in _FIXED:
        return _FIXED[kind].unpack_from(data, start)[0], start + _FIXED[kind].size
    if kind not in (_BYTES, _STRING):
        raise BrokenFrameError(f"a header of a frame has the unknown type {kind}")
    start, size = start + _LENGTH.size, _LENGTH.unpack_from(data, start)[0]
    value = data[start : start + size]
    if len(value) < size:
        raise BrokenFrameError("a header of a frame is cut")
    return (value.decode() if kind == _STRING else value), start + size


class EventStream:
    """The framing of AWS."""

    content_types: tuple[str, ...] = (CONTENT_TYPE,)

    def frames(self) -> AnyFrames:
        return Frames()

    def split(self, whole: bytes) -> list[bytes]:
        return split(whole)

    def complete(self, rest: bytes) -> bytes:  # noqa: ARG002 - of a frame no byte may be missing
        return b""


EVENT_STREAM: Framing = EventStream()
