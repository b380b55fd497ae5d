"""Answers kept in a SQLite file, so that they survive a restart; in front of it a small store in memory.

One thread does all that touches the disk. Who looks waits for it for a moment only, then it is a miss; who keeps does
not wait at all. Several processes may share the file: what one of them throws away, the others drop within a second;
and so does everyone whose file is deleted, moved or overwritten.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from llmgw.adapters.cache_entries import BODY_BYTES_MAX
from llmgw.adapters.cache_stock import (
    EVERYTHING,
    LISTED,
    CacheStats,
    CacheStore,
    Emptied,
    Left,
    Listed,
    Tally,
    Wanted,
    nobody,
    nothing,
)
from llmgw.adapters.memory_cache import SHARE_MAX, MemoryCache
from llmgw.adapters.sqlite import cache_tables
from llmgw.adapters.sqlite.cache_connection import CacheConnection, Tell
from llmgw.adapters.sqlite.cache_tables import Trimmed
from llmgw.graph.cache_rules import CacheRules
from llmgw.policy.kept import Kept
from llmgw.ports import Clock

LOOK_S_MAX = 0.05  # then what the file has is not waited for any longer
LOOKING_MAX = 64  # at once; who comes then misses
WAITING_MAX = 2000  # entries that are not written yet; what comes then is not written
WAITING_BYTES_MAX = 32 * 1024 * 1024
WRITTEN_AT_ONCE = 64
HITS_MAX = 10_000  # keys of which it is not written yet how often they were of use
TURN_S = 1.0
CLOSE_S_MAX = 5.0
FRONT_SHARE = 4  # of `max_size`, one part in so many stands in memory too
FRONT_BYTES_MAX = 64 * 1024 * 1024

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Turn:
    """What came of one turn in the thread."""

    rejected: int
    trimmed: Trimmed
    purges: int


class SqliteCache:
    """On one loop. `work` writes, for as long as it runs; `close` writes the rest."""

    def __init__(
        self, path: Path, clock: Clock, max_bytes: int, tell: Tell, left: Left = nobody, *, look_s: float = LOOK_S_MAX
    ) -> None:
        self.left = left
        self.emptied: Emptied = nothing
        self._clock = clock
        self._max_bytes = max_bytes
        self._tell = tell
        self._look_s = look_s
        self._front = MemoryCache(clock, _front_bytes(max_bytes))
        self._file = CacheConnection(path, tell)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cache")
        self._tally = Tally()
        self._waiting: dict[bytes, Kept] = {}
        self._waiting_bytes = 0
        self._hits: dict[bytes, int] = {}
        self._looking = 0
        self._looks: dict[bytes, object] = {}  # the last one for each key that nothing has overtaken
        self._purges = -1  # how often in the file, as last known
        self._begun_anew = 0  # how often the file, as last known
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._is_slow = False
        self._is_closed = False

    async def get(self, key: bytes) -> Kept | None:
        return await self._front.get(key) or self._not_written(key) or await self._from_file(key)

    async def put(self, key: bytes, kept: Kept) -> None:
        if kept.ends_ms <= self._now_ms or len(kept.body) > BODY_BYTES_MAX:
            self._tally.rejected += 1
            return
        await self._front.put(key, kept)
        self._looks.pop(key, None)
        self._unwait(key)
        is_full = len(self._waiting) >= WAITING_MAX or self._waiting_bytes + kept.size_bytes > WAITING_BYTES_MAX
        self._tell_slow(is_slow=is_full)
        if is_full:
            self._tally.dropped += 1
            return
        self._tally.kept += 1
        self._waiting[key] = kept
        self._waiting_bytes += kept.size_bytes
        self._wake.set()

    def count(self, key: bytes | None) -> None:
        self._tally.count(key)
        self._front.count(key)
        if key is not None and (key in self._hits or len(self._hits) < HITS_MAX):
            self._hits[key] = self._hits.get(key, 0) + 1

    async def forget(self, key: bytes) -> None:
        if await self.purge(Wanted(key=key)) == 0:
            self.left(key)

    async def take(self, rules: CacheRules) -> None:
        self._max_bytes = rules.max_bytes
        await self._front.take(CacheRules(rules.rules, _front_bytes(rules.max_bytes)))
        self._wake.set()

    async def work(self) -> None:
        """Write what waits, and tidy up; never ends by itself."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TURN_S):
                    await self._wake.wait()
            self._wake.clear()
            await self.flush()

    async def flush(self) -> None:
        """Until nothing waits, and there is not more in the file than there may be."""
        async with self._turn:
            goes_on = True
            while goes_on:
                goes_on = await self._take_turn()

    async def close(self) -> None:
        """Write what waits, as long as that does not take long."""
        if self._is_closed:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S_MAX):
                await self.flush()
                await asyncio.get_running_loop().run_in_executor(self._thread, self._file.close)
        self._is_closed = True  # whoever is late finds what is in memory
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def trouble(self) -> str:
        return self._file.trouble

    async def stats(self) -> CacheStats:
        await self.flush()
        found = await self._ask(partial(cache_tables.stats, max_bytes=self._max_bytes)) or await self._front.stats()
        return replace(found, store="sqlite", trouble=self._file.trouble, **self._tally.as_dict())

    async def entries(self, wanted: Wanted = EVERYTHING, most: int = LISTED) -> list[Listed]:
        await self.flush()
        found = await self._ask(partial(cache_tables.entries, wanted=wanted, most=most, now_ms=self._now_ms))
        return await self._front.entries(wanted, most) if found is None else found

    async def keys(self, start: str) -> list[str]:
        await self.flush()
        found = await self._ask(partial(cache_tables.keys, start=start))
        return await self._front.keys(start) if found is None else found

    async def purge(self, wanted: Wanted) -> int:
        self._looks.clear()
        await self.flush()
        found = await self._ask(partial(_purge, wanted=wanted, now_ms=self._now_ms))
        self._looks.clear()  # what was read in between does not come back
        in_front = await self._front.purge(wanted)
        if found is None:
            return in_front
        keys, purges = found
        self._purges = purges if purges == self._purges + 1 else self._purges
        for key in keys:
            self.left(key)
        return len(keys)

    async def remembered(self) -> AsyncIterator[tuple[bytes, Kept]]:
        after = 0
        while found := await self._ask(partial(cache_tables.remembered, after=after, now_ms=self._now_ms)):
            after, entries = found
            for key, kept in entries:
                yield key, kept

    def _not_written(self, key: bytes) -> Kept | None:
        kept = self._waiting.get(key)
        return kept if kept is not None and kept.ends_ms > self._now_ms else None

    async def _from_file(self, key: bytes) -> Kept | None:
        """Whoever gives up leaves his question in the queue: it counts there until its turn has come."""
        if self._is_closed or self._looking >= LOOKING_MAX:
            return None
        self._looking += 1
        look = self._looks[key] = object()
        asked = self._submit(partial(cache_tables.find, key=key, now_ms=self._now_ms))
        asked.add_done_callback(self._looked)
        try:
            async with asyncio.timeout(self._look_s):
                kept = await asyncio.shield(asked)
            if kept is None and not self._file.trouble and key not in self._waiting:
                self.left(key)
            await self._bring_to_front(key, kept, look)
        except TimeoutError:
            return None
        finally:
            if self._looks.get(key) is look:
                del self._looks[key]
        return kept

    async def _bring_to_front(self, key: bytes, kept: Kept | None, look: object) -> None:
        """Unless something newer has been put meanwhile, or it was thrown away: also while it is packed."""
        if kept is None or self._looks.get(key) is not look:
            return
        await self._front.put(key, kept)
        if self._looks.get(key) is not look:
            await self._front.forget(key)

    def _looked(self, _asked: "asyncio.Future[Kept | None]") -> None:
        self._looking -= 1

    async def _take_turn(self) -> bool:
        """Whether there is more to do."""
        batch = dict(islice(self._waiting.items(), WRITTEN_AT_ONCE))
        hits, self._hits = self._hits, {}
        done = await self._ask(partial(_work, entries=batch, hits=hits, now_ms=self._now_ms, max_bytes=self._max_bytes))
        for key, kept in batch.items():
            if self._waiting.get(key) is kept:
                self._unwait(key)
        if done is None:
            self._tally.dropped += len(batch)
            return bool(self._waiting)
        self._tally.rejected += done.rejected
        self._tally.kept -= done.rejected
        if done.purges != self._purges and self._purges >= 0:
            self._looks.clear()
            self._front.clear()
        self._purges = done.purges
        await self._leave(done.trimmed)
        return bool(self._waiting or done.trimmed.expired or done.trimmed.evicted)

    async def _leave(self, trimmed: Trimmed) -> None:
        self._tally.expired += len(trimmed.expired)
        self._tally.evicted += len(trimmed.evicted)
        for key in (*trimmed.expired, *trimmed.evicted):
            if key not in self._waiting:
                await self._front.forget(key)
                self.left(key)

    def _unwait(self, key: bytes) -> None:
        kept = self._waiting.pop(key, None)
        self._waiting_bytes -= 0 if kept is None else kept.size_bytes

    def _tell_slow(self, *, is_slow: bool) -> None:
        """Once, until it goes well again."""
        if is_slow and not self._is_slow:
            self._tell("the cache's disk is too slow: what is kept now is kept in memory alone, until it has caught up")
        self._is_slow = is_slow

    async def _ask(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
        return None if self._is_closed else await self._submit(question)

    def _submit(self, question: Callable[[sqlite3.Connection], Answer]) -> "asyncio.Future[Answer | None]":
        asked = asyncio.get_running_loop().run_in_executor(self._thread, self._file.ask, question)
        asked.add_done_callback(self._drop_lost)  # before whoever waits for it goes on
        return asked

    def _drop_lost(self, _asked: "asyncio.Future[Answer | None]") -> None:
        """What was in a file that is gone is not served from memory either. What waits will be in the new one."""
        if self._begun_anew == self._file.begun_anew:
            return
        self._begun_anew = self._file.begun_anew
        self._purges = -1
        self._looks.clear()
        self._front.clear()
        self.emptied()

    @property
    def _now_ms(self) -> int:
        return int(self._clock.now_s() * 1000)


def _front_bytes(max_bytes: int) -> int:
    return min(max_bytes // FRONT_SHARE, FRONT_BYTES_MAX)


def _work(
    connection: sqlite3.Connection,
    entries: Mapping[bytes, Kept],
    hits: Mapping[bytes, int],
    now_ms: int,
    max_bytes: int,
) -> _Turn:
    """In the thread."""
    rejected = cache_tables.keep(connection, entries, now_ms, max_bytes // SHARE_MAX) if entries else 0
    if hits:
        cache_tables.touch(connection, hits, now_ms)
    trimmed = cache_tables.trim(connection, now_ms, max_bytes)
    return _Turn(rejected, trimmed, cache_tables.purges(connection))


def _purge(connection: sqlite3.Connection, wanted: Wanted, now_ms: int) -> tuple[list[bytes], int]:
    return cache_tables.purge(connection, wanted, now_ms), cache_tables.purges(connection)


_: type[CacheStore] = SqliteCache
