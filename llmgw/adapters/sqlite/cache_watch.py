"""Whether the file that is open is still the one at its path, and still a database: people delete, move and overwrite.

SQLite itself goes on with a file that has no name any more. What we hold open is closed after SQLite has closed it:
else closing it would unlock it.
"""

import os
from enum import Enum
from pathlib import Path

from llmgw.adapters.ledger_segments import real_path
from llmgw.adapters.sqlite.cache_file import BESIDE

_MAGIC = b"SQLite format 3\0"

_Identity = tuple[int, int]


class Found(Enum):
    """What has become of it."""

    FINE = "fine"
    GONE = "was deleted or moved away"
    ANOTHER = "was replaced by another file"
    OVERWRITTEN = "was overwritten with something else"


class CacheWatch:
    """Of one file, from when it has been opened until after it has been closed."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._path = path
        real = real_path(path)
        self._logs = {log: _identity(log) for log in (real.with_name(f"{real.name}{suffix}") for suffix in BESIDE)}
        self._file = os.open(real, os.O_RDONLY | os.O_CLOEXEC)
        self._identity = _of(os.fstat(self._file))

    def look(self) -> Found:
        """Raises OSError."""
        found = _identity(self._path)
        if found is None:
            return Found.GONE
        if found != self._identity:
            return Found.ANOTHER
        return Found.FINE if os.pread(self._file, len(_MAGIC), 0) == _MAGIC else Found.OVERWRITTEN

    def remove_logs(self) -> None:
        """Those that were of this file, lest a new one there meets them. Those of another file stay. Raises OSError."""
        for log, identity in self._logs.items():
            if identity is not None and _identity(log) == identity:
                log.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._file)


def _identity(path: Path) -> _Identity | None:
    """None: nothing is there."""
    try:
        return _of(path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _of(found: os.stat_result) -> _Identity:
    return found.st_dev, found.st_ino
