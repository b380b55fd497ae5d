"""Frames of Amazon's event stream, as a provider would send them."""

import json
import struct
from base64 import b64encode
from typing import Any
from zlib import crc32


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame with headers of text."""
    return raw_frame(b"".join(header(name, 7, sized(value.encode())) for name, value in headers.items()), payload)


def raw_frame(headers: bytes, payload: bytes) -> bytes:
    """One frame with headers as bytes."""
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    begun = lengths + struct.pack(">I", crc32(lengths)) + headers + payload
    return begun + struct.pack(">I", crc32(begun))


def header(name: str, kind: int, value: bytes) -> bytes:
    """One header; what is of a variable size must be `sized`."""
    return bytes([len(name.encode())]) + name.encode() + bytes([kind]) + value


def sized(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def event(name: str, **payload: Any) -> bytes:
    """One event, with the padding that Bedrock adds."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps({**payload, "p": "abcdef"}).encode())


def chunk(**said: Any) -> bytes:
    """What InvokeModelWithResponseStream sends: an event of the model's vendor in base64."""
    return event("chunk", bytes=b64encode(json.dumps(said).encode()).decode())


def exception(name: str, message: str) -> bytes:
    """An error amid the stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, json.dumps({"message": message}).encode())
