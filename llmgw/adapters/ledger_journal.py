"""The journal in front of the database: what it has taken, the kernel has, and so it survives the process.

A record is a line, and a line is one write: at once, because waiting for others of the same turn costs more than the
write does. What is not yet in the database is bounded: over the bound no call begins. What was admitted before is
taken all the same, because it has happened; so it is over by what those in flight have to say, and nothing is dropped.
"""

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from llmgw.adapters.file_write import write
from llmgw.adapters.ledger_segments import FILE_MODE, Segment, line_of, lock_path, take_lock
from llmgw.errors import LedgerUnavailableError
from llmgw.policy.entry import Record

JOURNAL_BYTES_MAX = 256 * 1024 * 1024  # that are not in the database yet
SEGMENT_BYTES_MAX = 16 * 1024 * 1024
_NAMES_MAX = 10  # tried for an owner
_TRIAL = b" " * 1024  # as long as a record, and none
_NONE = -1


@dataclass(frozen=True, slots=True)
class Unsynced:
    """What has been written, as open files; and where it lies, if there is one among them that is new."""

    files: tuple[int, ...]
    directory: Path | None

    def sync(self) -> None:
        """To be called once, and in a thread: it takes as long as the disk does. Raises OSError."""
        try:
            for descriptor in self.files:
                os.fdatasync(descriptor)
            if self.directory is not None:
                _sync_directory(self.directory)
        finally:
            for descriptor in self.files:
                os.close(descriptor)


class LedgerJournal:
    """Of one owner. Written by one thread; another one folds it, says in `applied` how far it is, and deletes."""

    def __init__(
        self,
        directory: Path,
        *,
        disk: bool = False,
        bytes_max: int = JOURNAL_BYTES_MAX,
        segment_bytes_max: int = SEGMENT_BYTES_MAX,
    ) -> None:
        self.directory = directory
        self._disk = disk
        self._bytes_max = bytes_max
        self._segment_bytes_max = segment_bytes_max
        directory.mkdir(parents=True, exist_ok=True)
        self.owner, self._lock = _become_owner(directory)
        if disk:
            _sync_directory(directory.parent)
        self._descriptor = _NONE
        self._ended: list[int] = []  # segments before it that are not on the disk yet
        self._is_new = False  # and so the directory may not know of it
        self._size = 0  # of the file
        self._names = 0  # of segments, that have been tried
        self._failed = False  # the last write
        self._abandoned = 0  # no number up to this one is written to any more
        self.number = 0  # of the segment that is written to
        self.written = 0  # bytes
        self.applied = 0

    def append(self, record: Record) -> None:
        """Raises LedgerUnavailableError, and then nothing of it stands in the file."""
        line = line_of(record)
        self._write(line)
        self._size += len(line)
        self.written += len(line)

    def check(self) -> None:
        """Raises LedgerUnavailableError if a record could not be taken. After a failure it is tried whether it can."""
        if self.written - self.applied + len(_TRIAL) > self._bytes_max:
            raise LedgerUnavailableError("the ledger takes no more: what is in its journal cannot be booked")
        if self._failed:
            self._write(_TRIAL)
            self._cut_back()

    def abandon(self, number: int) -> None:
        """The next record begins another segment than this one: it cannot be read. From any thread."""
        self._abandoned = number

    def sync_later(self) -> "Unsynced":
        """All that has been written since the last time, for whoever brings it to the disk. Raises OSError."""
        files = (*self._ended, os.dup(self._descriptor))
        unsynced = Unsynced(files, self.directory if self._is_new else None)
        self._ended, self._is_new = [], False
        return unsynced

    def close(self) -> None:
        """Who opens the directory next, clears up."""
        if self._disk and self._descriptor != _NONE:
            self.sync_later().sync()
        self._end_segment()
        for descriptor in self._ended:
            os.close(descriptor)
        os.close(self._lock)

    def _write(self, line: bytes) -> None:
        self._failed = True
        if self._descriptor == _NONE or self._size >= self._segment_bytes_max or self._abandoned >= self.number:
            self._rotate()
        try:
            written = write(self._descriptor, line)
        except OSError as error:
            self._cut_back()
            raise _cannot(error.strerror) from error
        if written != len(line):
            self._cut_back()
            raise _cannot("the disk is full")
        self._failed = False

    def _cut_back(self) -> None:
        """To the last whole line; where not even that can be done, what follows goes to another file."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._abandoned = self.number

    def _rotate(self) -> None:
        self._names += 1
        following = Segment(self.directory, self.owner, self._names)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(following.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, FILE_MODE)
        except OSError as error:
            raise _cannot(error.strerror) from error
        self._end_segment()
        self._descriptor, self._size, self.number = descriptor, 0, following.number
        self._is_new = True

    def _end_segment(self) -> None:
        """For the disk it stays open until it is there: a sync takes too long for the loop."""
        if self._descriptor == _NONE:
            return
        if self._disk:
            self._ended.append(self._descriptor)
        else:
            os.close(self._descriptor)
        self._descriptor = _NONE


def _sync_directory(directory: Path) -> None:
    """A file of which its directory does not know is lost with the machine, whatever of it is on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _become_owner(directory: Path) -> tuple[str, int]:
    """A new name that sorts by time, and the descriptor that holds its lock."""
    for _ in range(_NAMES_MAX):
        owner = f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(4)}"
        descriptor = take_lock(lock_path(directory, owner))
        if descriptor is not None:
            return owner, descriptor
    raise LedgerUnavailableError(f"no lock can be had in {directory}")


def _cannot(why: str | None) -> LedgerUnavailableError:
    return LedgerUnavailableError(f"the ledger's journal cannot be written: {why or 'no reason given'}")
