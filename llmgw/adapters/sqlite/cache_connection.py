"""The one connection of a process to the cache's file: whatever is wrong with it, whoever asks gets no error for it.

All of it happens in one thread. What is wrong is told once, until it goes well again. Before each question it looks
whether the file is still there: who deletes, moves or overwrites it wants what was in it gone.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from llmgw.adapters.sqlite.cache_file import NotOurCacheError, is_damaged, move_aside, open_cache_file, set_aside
from llmgw.adapters.sqlite.cache_watch import CacheWatch, Found

RETRY_S = 10.0  # until a file that could not be opened is tried again

# What a table raises that has something else in it than we write: SQLite lets anything stand anywhere.
_MISSHAPEN = (LookupError, TypeError, ValueError, OverflowError)

Answer = TypeVar("Answer")
Tell = Callable[[str], None]


class CacheConnection:
    """Opens the file when it is asked for the first time. `begun_anew`: how often what was in it has been lost."""

    def __init__(self, path: Path, tell: Tell, retry_s: float = RETRY_S) -> None:
        self.trouble = ""
        self.begun_anew = 0
        self._path = path
        self._tell = tell
        self._retry_s = retry_s
        self._retry_at_s = 0.0
        self._connection: sqlite3.Connection | None = None
        self._watch: CacheWatch | None = None

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
        if self._watch is not None:  # after it: see there
            self._watch.close()
        self._connection = self._watch = None

    def _opened(self) -> sqlite3.Connection | None:
        if self._watch is not None and (found := self._watch.look()) is not Found.FINE:
            self._lose(self._watch, found)
        if self._connection is None and time.monotonic() >= self._retry_at_s:
            self._retry_at_s = time.monotonic() + self._retry_s
            self._connection = open_cache_file(self._path)
            self._watch = CacheWatch(self._path)
        return self._connection

    def _lose(self, watch: CacheWatch, found: Found) -> None:
        """Whatever stands there is out of the way before SQLite closes: it then writes nothing more. Raises OSError."""
        where = ""
        try:
            if found is Found.OVERWRITTEN:
                where = f" (that is now {move_aside(self._path)})"
            else:
                watch.remove_logs()
        finally:
            self._begin_anew()
            self._retry_at_s = 0.0
        self._say(f"the cache at {self._path} {found.value}{where}: what was kept is dropped, and a new one is begun")

    def _begin_anew(self) -> None:
        self.close()
        self.begun_anew += 1

    def _failed(self, error: Exception) -> None:
        is_damage = isinstance(error, _MISSHAPEN) or (isinstance(error, sqlite3.Error) and is_damaged(error))
        if is_damage and self._is_still_ours():
            self._set_aside(error)
        else:
            self._say(f"the cache at {self._path} cannot be used, it goes on in memory: {error}")

    def _is_still_ours(self) -> bool:
        """If it is not, whoever asks next will find that."""
        try:
            return self._watch is None or self._watch.look() is Found.FINE
        except OSError:
            return True

    def _set_aside(self, error: Exception) -> None:
        self._begin_anew()
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
