"""The files in front of the database: who wrote them, whether he lives, and what stands in them.

`<owner>.lock` is locked for as long as its owner lives; his records stand in `<owner>-<number>.journal`, a line each:
the CRC of the JSON in hex, a space, the JSON. No name is used twice.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import msgspec

from llmgw.policy.entry import Entry, Record

RECORD_BYTES_MAX = 64 * 1024  # of more a caller's long texts are cut
CHUNK_BYTES = 1024 * 1024  # read at once
FILE_MODE = 0o600  # names of people stand in there
_TEXT_CHARS_MAX = 500
_METADATA_MAX = 16
_SUFFIX = ".journal"
_LOCK = ".lock"
_DAMAGED = ".damaged"
_CRC_CHARS = 8

_encode = msgspec.json.Encoder().encode
_decode: Callable[[bytes], Record] = msgspec.json.Decoder(Record).decode


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A file of an owner; he writes to the one with the highest number."""

    directory: Path
    owner: str
    number: int

    @property
    def path(self) -> Path:
        return self.directory / f"{self.owner}-{self.number:08}{_SUFFIX}"

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def set_aside(self) -> Path:
        """Nobody folds it any more, and nobody deletes it."""
        return self.path.rename(self.path.with_suffix(_DAMAGED))


def real_path(ledger: Path) -> Path:
    """Where it lies, whatever links lead there: one ledger has one journal directory and one lock."""
    return Path(os.path.realpath(ledger))


def lock_path(directory: Path, owner: str) -> Path:
    """Of the file that its owner has locked."""
    return directory / f"{owner}{_LOCK}"


def owners(directory: Path) -> list[str]:
    """All who have left something here, the oldest first."""
    names = (path.name for path in directory.glob("*") if path.suffix in (_SUFFIX, _LOCK))
    return sorted({name.partition("-")[0].removesuffix(_LOCK) for name in names})


def segments(directory: Path, owner: str) -> list[Segment]:
    """In the order in which they were written."""
    numbers = (path.stem.rpartition("-")[2] for path in directory.glob(f"{owner}-*{_SUFFIX}"))
    return sorted(Segment(directory, owner, int(number)) for number in numbers if number.isdecimal())


def take_lock(path: Path) -> int | None:
    """A descriptor that holds it; None: somebody else does, or has just removed it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if os.fstat(descriptor).st_nlink == 0:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def heirs_of(directory: Path, owner: str) -> Iterator[bool]:
    """Whether the owner is dead and we are the ones who may clear up after him, for as long as we are in here."""
    path = lock_path(directory, owner)
    descriptor = take_lock(path)
    try:
        yield descriptor is not None
        if descriptor is not None and not segments(directory, owner):
            path.unlink(missing_ok=True)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def line_of(record: Record) -> bytes:
    """How it is written. What a caller may have made too long, or is no text at all, is cut or replaced."""
    try:
        body = _encode(record)
    except UnicodeEncodeError:
        body = _encode(_bounded(record))
    if len(body) > RECORD_BYTES_MAX:
        body = _encode(_bounded(record))
    return b"%08x %b\n" % (crc32(body), body)


def _bounded(record: Record) -> Record:
    entry = record.entry
    texts = {name: _text(value) for name in entry.__struct_fields__ if isinstance(value := getattr(entry, name), str)}
    some = [*entry.metadata.items()][:_METADATA_MAX]
    metadata = {_text(name): _text(value) for name, value in some}
    return msgspec.structs.replace(record, entry=msgspec.structs.replace(entry, **texts, metadata=metadata))


def _text(value: str) -> str:
    return value[:_TEXT_CHARS_MAX].encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class Lines:
    """Some records, and the offset behind the last of them. `damaged`: what follows is none; `more`: there is more."""

    records: list[Record]
    end: int
    damaged: bool
    more: bool


def read(path: Path, offset: int) -> Lines:
    """About a chunk of whole lines. A last one without its end is still being written, or never was: it is left."""
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(CHUNK_BYTES)
        if b"\n" not in data:
            data += file.readline()
    *lines, torn = data.split(b"\n")
    records: list[Record] = []
    for line in lines:
        record = _record(line)
        if record is None:
            return Lines(records, offset, damaged=True, more=False)
        records.append(record)
        offset += len(line) + 1
    damaged = b"\0" in torn  # as a machine that fell over leaves it
    return Lines(records, offset, damaged, more=len(data) >= CHUNK_BYTES and not damaged)


def _record(line: bytes) -> Record | None:
    crc, body = line[:_CRC_CHARS], line[_CRC_CHARS + 1 :]
    if crc != b"%08x" % crc32(body):
        return None
    try:
        return _decode(body)
    except msgspec.DecodeError:
        return None


def encoded(entry: Entry) -> bytes:
    """An entry by itself."""
    return _encode(entry)


def decoded(data: bytes) -> Entry:
    """The way back."""
    return msgspec.json.decode(data, type=Entry)
