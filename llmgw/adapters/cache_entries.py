"""What is kept, as bytes for a disk, and back. Whatever is not wholly sound, or not ours, is no entry; it is no error.

    magic "LGWE" · version · flags · bytes of the rest · bytes of the body as it was · rest · body · CRC-32 of all

The rest is the key and all but the body (MessagePack): an entry that is filed under another key is none.
"""

import sys
from struct import Struct
from zlib import crc32

import msgspec
from msgspec.structs import replace

from llmgw.policy.kept import Kept

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKED_FROM_BYTES = 2048  # below it little is saved, and a hit takes ten times as long
LEVEL = 3  # twice as fast as 6, and as small
BODY_BYTES_MAX = 64 * 1024 * 1024  # as it was: what says that it is larger is not unpacked

_MAGIC = b"LGWE"
_VERSION = 1
_PACKED = 1
_HEAD = Struct(">4sBBII")
_CRC = Struct(">I")


class _Filed(msgspec.Struct, frozen=True, array_like=True):
    key: bytes
    kept: Kept  # without its body


_DECODER = msgspec.msgpack.Decoder(_Filed)
_ENCODER = msgspec.msgpack.Encoder()


def write_entry(key: bytes, kept: Kept) -> bytes:
    """Raises UnicodeEncodeError for a text that is none, OverflowError for a number that is too large."""
    packed = pack(kept.body)
    rest = _ENCODER.encode(_Filed(key, replace(kept, body=b"")))
    head = _HEAD.pack(_MAGIC, _VERSION, 0 if packed is None else _PACKED, len(rest), len(kept.body))
    data = b"".join((head, rest, kept.body if packed is None else packed))
    return data + _CRC.pack(crc32(data))


def read_entry(key: bytes, data: bytes) -> Kept | None:
    """What was filed under this key; None for anything else."""
    if len(data) < _HEAD.size + _CRC.size or data[: len(_MAGIC)] != _MAGIC:
        return None
    magic_and_rest = data[: -_CRC.size]
    if data[-_CRC.size :] != _CRC.pack(crc32(magic_and_rest)):
        return None
    _, version, flags, rest_bytes, body_bytes = _HEAD.unpack_from(data)
    if version != _VERSION or flags not in (0, _PACKED):
        return None
    begin = _HEAD.size + rest_bytes
    body = _body(magic_and_rest[begin:], body_bytes, is_packed=flags == _PACKED)
    filed = _filed(magic_and_rest[_HEAD.size : begin])
    return None if body is None or filed is None or filed.key != key else replace(filed.kept, body=body)


def pack(body: bytes) -> bytes | None:
    """It in less room; None: not worth it."""
    if len(body) < PACKED_FROM_BYTES:
        return None
    packed = zstd.compress(body, LEVEL)
    return packed if len(packed) < len(body) else None


def unpack(packed: bytes, body_bytes: int) -> bytes | None:
    """The body; None if it is not exactly so long. Never makes more of it than that."""
    if body_bytes > BODY_BYTES_MAX:
        return None
    unpacker = zstd.ZstdDecompressor()
    try:
        body = unpacker.decompress(packed, body_bytes + 1)
    except (zstd.ZstdError, MemoryError):
        return None
    return body if len(body) == body_bytes and unpacker.eof and not unpacker.unused_data else None


def _body(stored: bytes, body_bytes: int, *, is_packed: bool) -> bytes | None:
    if is_packed:
        return unpack(stored, body_bytes)
    return stored if len(stored) == body_bytes else None


def _filed(rest: bytes) -> _Filed | None:
    try:
        return _DECODER.decode(rest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
