"""The one connection of a process to the cache's file: whatever is wrong with it, whoever asks gets no error for it.

All of it happens in one thread. What is wrong is told once, until it goes well again.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from llmgw.adapters.sqlite.cache_file import NotOurCacheError, is_damaged, open_cache_file, set_aside

RETRY_S = 10.0  # until a file that could not be opened is tried again

# What a table raises that has something else in it than we write: SQLite lets anything stand anywhere.
_MISSHAPEN = (LookupError, TypeError, ValueError, OverflowError)

Answer = TypeVar("Answer")
Tell = Callable[[str], None]


class CacheConnection:
    """Opens the file when it is asked for the first time."""

    def __init__(self, path: Path, tell: Tell, retry_s: float = RETRY_S) -> None:
        self.trouble = ""
        self._path = path
        self._tell = tell
        self._retry_s = retry_s
        self._retry_at_s = 0.0
        self._connection: sqlite3.Connection | None = None

    def ask(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
        """None: the file cannot say."""
        try:
            connection = self._opened()
            if connection is None:
                return None
            answer = question(connection)
        except (sqlite3.Error, OSError, NotOurCacheError, *_MISSHAPEN) as error:
            self._failed(error)
            return None
        self.trouble = ""
        return answer

    def close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _opened(self) -> sqlite3.Connection | None:
        if self._connection is None and time.monotonic() >= self._retry_at_s:
            self._retry_at_s = time.monotonic() + self._retry_s
            self._connection = open_cache_file(self._path)
        return self._connection

    def _failed(self, error: Exception) -> None:
        if isinstance(error, _MISSHAPEN) or (isinstance(error, sqlite3.Error) and is_damaged(error)):
            self.close()
            self._set_aside(error)
        else:
            self._say(f"the cache at {self._path} cannot be used, it goes on in memory: {error}")

    def _set_aside(self, error: Exception) -> None:
        try:
            aside = set_aside(self._path)
        except OSError as why:
            self._say(f"the cache at {self._path} is damaged, and cannot be moved away: {why}")
            return
        self._retry_at_s = 0.0 if aside is not None else self._retry_at_s
        self._say(f"the cache at {self._path} is damaged ({error}): {f'it is now {aside}' if aside else 'opened anew'}")

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            self._tell(trouble)
        self.trouble = trouble
