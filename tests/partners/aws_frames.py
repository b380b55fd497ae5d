"""AWS event-stream frames read by hand, without the gateway; `event_stream` writes them.

A frame is its length, the length of its headers, a checksum of both, the headers, a payload and a checksum of all.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

PRELUDE = struct.Struct(">III")
CRC = struct.Struct(">I")
TEXT = 7  # the one type of header value that Bedrock uses


@dataclass(frozen=True, slots=True)
class AwsFrame:
    """One frame: `raw` is all of it."""

    raw: bytes
    headers: Mapping[str, str]
    payload: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


def read_frames(data: bytes) -> Iterator[AwsFrame]:
    """All of them; ValueError where a checksum is wrong or the last one is not whole."""
    place = 0
    while place < len(data):
        total, fields, crc = PRELUDE.unpack_from(data, place)
        raw = data[place : place + total]
        if crc != crc32(raw[:8]) or len(raw) < total or CRC.unpack(raw[-4:])[0] != crc32(raw[:-4]):
            raise ValueError(f"the frame at byte {place} is broken")
        start = PRELUDE.size + fields
        yield AwsFrame(raw, dict(_headers(raw[PRELUDE.size : start])), raw[start:-4])
        place += total


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(data):
        name_end = place + 1 + data[place]
        kind, length = struct.unpack_from(">BH", data, name_end)
        if kind != TEXT:
            raise ValueError(f"a header of type {kind}")
        value_end = name_end + 3 + length
        yield data[place + 1 : name_end].decode(), data[name_end + 3 : value_end].decode()
        place = value_end
