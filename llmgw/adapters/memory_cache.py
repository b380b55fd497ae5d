"""Answers kept in memory, as many as there is room for by what they really take.

Who stays is decided by W-TinyLFU (moka): what comes once and never again does not drive out what is asked for often.
It knows keys and sizes only; what is kept stands here, and the clock that says whether it still counts is ours. Until
there is a rule or something to keep it is not even loaded: it takes megabytes.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from sys import getsizeof
from typing import TYPE_CHECKING
from weakref import WeakMethod

from msgspec.structs import replace

from llmgw.adapters.cache_entries import BODY_BYTES_MAX, pack, unpack
from llmgw.adapters.cache_stock import (
    EVERYTHING,
    LISTED,
    CacheStats,
    CacheStore,
    Emptied,
    Left,
    Listed,
    OfRule,
    Tally,
    Wanted,
    listed,
    nobody,
    nothing,
)
from llmgw.graph.cache_rules import CacheRules
from llmgw.policy.kept import Kept
from llmgw.ports import Clock

if TYPE_CHECKING:
    from moka_py import Moka

SHARE_MAX = 16  # no entry takes more than one part in so many
ENTRY_BYTES = 1100  # beside its texts: the objects, their numbers, the key, and its place in two tables
LOOKED_AT = 1000  # entries, before requests get their turn
OFF_LOOP_BYTES = 512 * 1024  # what is larger is packed and unpacked in a thread


class _Held:
    """What is kept, with its body packed if `body_bytes` says how long that was."""

    __slots__ = ("body_bytes", "hits", "kept", "size_bytes")

    def __init__(self, kept: Kept) -> None:
        packed = pack(kept.body)
        self.body_bytes = None if packed is None else len(kept.body)
        self.kept = kept if packed is None else replace(kept, body=packed)
        self.size_bytes = _size_bytes(self.kept)
        self.hits = 0

    def whole(self) -> Kept:
        if self.body_bytes is None:
            return self.kept
        body = unpack(self.kept.body, self.body_bytes)
        assert body is not None  # noqa: S101 - it was packed here
        return replace(self.kept, body=body)


class _Stock:
    """Of one rule."""

    __slots__ = ("bytes", "entries", "hits")

    def __init__(self) -> None:
        self.entries = self.bytes = self.hits = 0


class MemoryCache:
    """On one loop. `left` hears the key of whatever leaves, but not of what is put in its own place."""

    def __init__(self, clock: Clock, max_bytes: int, left: Left = nobody) -> None:
        self.left = left
        self.emptied: Emptied = nothing
        self._clock = clock
        self._max_bytes = max_bytes
        self._held: dict[bytes, _Held] = {}
        self._stocks: dict[str, _Stock] = {}  # by rule: there are as many as the file has had
        self._bytes = 0
        self._tally = Tally()
        self._entering = b""
        self._policies = 0  # so far
        self._policy: Moka[bytes, int] | None = None  # None: nothing is kept

    async def get(self, key: bytes) -> Kept | None:
        self._loaded().get(key)  # also for what is not there: how often it is asked for says whether it shall stay
        held = self._held.get(key)
        if held is None:
            return None
        if held.kept.ends_ms <= self._now_ms:
            self._throw_away(key)
            self._tally.expired += 1
            return None
        if held.body_bytes is not None and held.body_bytes > OFF_LOOP_BYTES:
            return await asyncio.to_thread(held.whole)
        return held.whole()

    async def put(self, key: bytes, kept: Kept) -> None:
        size_bytes = len(kept.body)
        if size_bytes > BODY_BYTES_MAX or kept.ends_ms <= self._now_ms:
            self._tally.rejected += 1
            self.left(key)  # it may be in the index already
            return
        held = await asyncio.to_thread(_Held, kept) if size_bytes > OFF_LOOP_BYTES else _Held(kept)
        if held.size_bytes > self._max_bytes // SHARE_MAX:
            self._throw_away(key)  # the older answer is none any more, too
            self.left(key)
            self._tally.rejected += 1
            return
        self._enter(key, held)

    def count(self, key: bytes | None) -> None:
        self._tally.count(key)
        held = None if key is None else self._held.get(key)  # it may have left meanwhile
        if held is not None:
            held.hits += 1
            self._stocks[held.kept.rule].hits += 1

    async def forget(self, key: bytes) -> None:
        self._throw_away(key)

    def clear(self) -> None:
        """Throw everything away, and tell nobody."""
        self._held, self._stocks, self._bytes, self._policy = {}, {}, 0, None

    async def take(self, rules: CacheRules) -> None:
        await self.resize(rules.max_bytes)
        if rules.rules:
            self._loaded()

    async def resize(self, max_bytes: int) -> None:
        """What there is stays, as far as there is room for it; how often each was asked for is forgotten."""
        if max_bytes == self._max_bytes:
            return
        self._max_bytes = max_bytes
        if self._policy is None:
            return
        policy = self._policy = self._new_policy()
        async with aclosing(self._in_turn()) as each:
            async for key, held in each:
                if held.size_bytes > max_bytes // SHARE_MAX:
                    self._throw_away(key)
                else:
                    policy.set(key, held.size_bytes, ttl=self._left_s(held))
        policy.run_pending_tasks()

    @property
    def trouble(self) -> str:
        return ""

    async def stats(self) -> CacheStats:
        if self._policy is not None:
            self._policy.run_pending_tasks()  # what has expired leaves
        rules = {name: OfRule(it.entries, it.bytes, it.hits) for name, it in self._stocks.items()}
        found = CacheStats(
            store="memory", entries=len(self._held), bytes=self._bytes, max_bytes=self._max_bytes, rules=rules
        )
        return replace(found, **self._tally.as_dict())

    async def entries(self, wanted: Wanted = EVERYTHING, most: int = LISTED) -> list[Listed]:
        found: list[Listed] = []
        async with aclosing(self._in_turn(newest_first=True)) as each:
            async for key, held in each:
                if len(found) >= most:
                    break
                now_ms = self._now_ms
                if held.kept.ends_ms > now_ms and wanted.is_met(key, held.kept, now_ms):
                    found.append(listed(key, held.kept, size_bytes=held.size_bytes, hits=held.hits, now_ms=now_ms))
        return found

    async def keys(self, start: str) -> list[str]:
        async with aclosing(self._in_turn()) as each:
            return [text async for key, _ in each if (text := key.hex()).startswith(start)]

    async def purge(self, wanted: Wanted) -> int:
        async with aclosing(self._in_turn()) as each:
            purged = [key async for key, held in each if wanted.is_met(key, held.kept, self._now_ms)]
        return sum(self._throw_away(key) for key in purged)

    async def remembered(self) -> AsyncIterator[tuple[bytes, Kept]]:
        async with aclosing(self._in_turn()) as each:
            async for key, held in each:
                if held.kept.vector and held.kept.ends_ms > self._now_ms:
                    yield key, held.whole()

    async def _in_turn(self, *, newest_first: bool = False) -> AsyncGenerator[tuple[bytes, _Held], None]:
        """All that is there when its turn comes."""
        keys = [*self._held]
        for number, key in enumerate(reversed(keys) if newest_first else keys):
            if number % LOOKED_AT == LOOKED_AT - 1:
                await asyncio.sleep(0)
            if held := self._held.get(key):
                yield key, held

    def _enter(self, key: bytes, held: _Held) -> None:
        self._take_out(key)
        self._held[key] = held
        self._bytes += held.size_bytes
        stock = self._stocks.setdefault(held.kept.rule, _Stock())
        stock.entries += 1
        stock.bytes += held.size_bytes
        self._tally.kept += 1
        self._entering = key
        policy = self._loaded()
        policy.set(key, held.size_bytes, ttl=self._left_s(held))
        policy.run_pending_tasks()
        self._entering = b""

    def _throw_away(self, key: bytes) -> bool:
        is_there = self._take_out(key)
        if is_there:
            self._loaded().remove(key)
            self.left(key)
        return is_there

    def _take_out(self, key: bytes) -> bool:
        held = self._held.pop(key, None)
        if held is None:
            return False
        self._bytes -= held.size_bytes
        stock = self._stocks[held.kept.rule]
        stock.entries -= 1
        stock.bytes -= held.size_bytes
        return True

    def _loaded(self) -> "Moka[bytes, int]":
        if self._policy is None:
            self._policy = self._new_policy()
        return self._policy

    def _new_policy(self) -> "Moka[bytes, int]":
        """What it holds must not hold us: the collector of garbage does not see into it."""
        from moka_py import Moka

        self._policies += 1
        number, ours = self._policies, WeakMethod(self._driven_out)

        def driven_out(key: bytes, _size_bytes: int, cause: str) -> None:
            tell = ours()
            if tell is not None and cause in ("size", "expired"):
                tell(key, cause, number)

        return Moka(self._max_bytes, eviction_listener=driven_out, weigher=_weight)

    def _driven_out(self, key: bytes, cause: str, by: int) -> None:
        if by == self._policies and self._take_out(key):
            self._count(key, cause)
            self.left(key)

    def _count(self, key: bytes, cause: str) -> None:
        if cause == "expired":
            self._tally.expired += 1
        elif key == self._entering:
            self._tally.rejected += 1
            self._tally.kept -= 1
        else:
            self._tally.evicted += 1

    def _left_s(self, held: _Held) -> float:
        """By the policy's own clock: so that what has expired makes room before anything else does."""
        return max(held.kept.ends_ms - self._now_ms, 1) / 1000

    @property
    def _now_ms(self) -> int:
        return int(self._clock.now_s() * 1000)


def _weight(_key: bytes, size_bytes: int) -> int:
    return size_bytes


def _size_bytes(kept: Kept) -> int:
    """What it takes, if it shares nothing with others."""
    texts = (kept.body, kept.question, kept.vector, kept.context, kept.scope, kept.path, kept.model)
    return ENTRY_BYTES + sum(map(getsizeof, texts))


_: type[CacheStore] = MemoryCache
