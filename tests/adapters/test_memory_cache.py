"""Bounds and figures of the store in memory; what every store does is in tests/contracts/test_cache.py."""

import bisect
import itertools
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from pathlib import Path
from random import Random

import pytest

from llmgw.adapters import cache_entries
from llmgw.adapters import memory_cache as module
from llmgw.adapters.cache_stock import EVERYTHING, CacheStats
from llmgw.adapters.memory_cache import ENTRY_BYTES, MemoryCache
from llmgw.graph.cache_rules import CacheRule, CacheRules
from tests.adapters.cached import MIB, asked, kept, key_of, noise
from tests.fakes import FakeClock
from tests.server.calls import eventually

ROOT = Path(__file__).resolve().parents[2]
NAMES = 20_000
ASKED = 60_000


def zipf(exponent: float) -> list[int]:
    """Which question is asked, again and again: the n-th is asked n ** exponent times less than the first."""
    rng = Random(5)
    sums = [*itertools.accumulate(1 / (rank + 1) ** exponent for rank in range(NAMES))]
    return [bisect.bisect(sums, rng.random() * sums[-1]) for _ in range(ASKED)]


def lru_hits(trace: list[int], most: int) -> float:
    """The share of hits of a cache that throws away what was used the longest ago."""
    held: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for number in trace:
        hits += number in held
        held[number] = None
        held.move_to_end(number)
        if len(held) > most:
            held.popitem(last=False)
    return hits / len(trace)


async def hits_of(trace: list[int], most: int) -> float:
    one = kept()
    size_bytes = (await _of_one(MIB)).bytes
    cache = MemoryCache(FakeClock(), most * size_bytes)
    for number in trace:
        if await asked(cache, key_of(number)) is None:
            await cache.put(key_of(number), one)
    return ((await cache.stats()).hits or 0) / len(trace)


async def _of_one(max_bytes: int) -> CacheStats:
    cache = MemoryCache(FakeClock(), max_bytes)
    await cache.put(key_of(0), kept())
    return await cache.stats()


@pytest.mark.parametrize(("exponent", "most"), [(0.8, 200), (0.8, 1000), (1.0, 200), (1.0, 1000)])
async def test_of_what_is_asked_again_and_again_it_keeps_more_than_lru_would(exponent: float, most: int) -> None:
    trace = zipf(exponent)
    ours, lru = await hits_of(trace, most), lru_hits(trace, most)
    print(f"zipf {exponent}, room for {most} of {NAMES}: {ours:.3f} hits, LRU {lru:.3f}")

    assert ours > lru * 1.04


async def test_a_scan_does_not_drive_out_what_is_in_use() -> None:
    cache = MemoryCache(FakeClock(), 100 * ((await _of_one(MIB)).bytes))
    used = [key_of(number) for number in range(50)]
    for _ in range(5):
        for key in used:
            if await cache.get(key) is None:
                await cache.put(key, kept())
    for number in range(1000, 3000):
        await cache.get(key_of(number))
        await cache.put(key_of(number), kept())

    stay = len([key for key in used if await cache.get(key) is not None])
    print(f"of 50 that are in use {stay} stay, of an LRU cache none would")

    assert stay >= 20


async def test_who_is_not_let_in_is_told_as_such() -> None:
    left: list[bytes] = []
    cache = MemoryCache(FakeClock(), 100 * ((await _of_one(MIB)).bytes), left.append)
    for number in range(100):
        await cache.put(key_of(number), kept())
        await cache.get(key_of(number))
    for number in range(100, 150):
        await cache.put(key_of(number), kept())
    stats = await cache.stats()
    kept_, rejected, evicted = (count or 0 for count in (stats.kept, stats.rejected, stats.evicted))

    assert (stats.entries, kept_ + rejected) == (100, 150)
    assert rejected > 25
    assert len(left) == rejected + evicted


async def test_what_has_expired_makes_room_by_itself() -> None:
    cache = MemoryCache(FakeClock(), MIB)
    await cache.put(key_of(1), kept(ttl_s=0.02))

    def is_empty() -> bool:
        cache._loaded().run_pending_tasks()
        return not cache._held

    await eventually(is_empty)
    stats = await cache.stats()

    assert (stats.entries, stats.bytes, stats.expired) == (0, 0, 1)


async def test_texts_are_counted_by_what_they_take() -> None:
    plain, wide, packed = kept(), kept(question="\U0001f600" * 1000), kept(b"a" * 100_000)
    sizes = []
    for one in (plain, wide, packed):
        cache = MemoryCache(FakeClock(), 64 * MIB)
        await cache.put(key_of(1), one)
        sizes.append((await cache.stats()).bytes)

    assert ENTRY_BYTES < sizes[0] < ENTRY_BYTES + 600
    assert sizes[0] + 4000 <= sizes[1] < sizes[0] + 4200
    assert sizes[2] < sizes[0] + 200


async def test_large_bodies_are_packed_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    original = cache_entries.pack

    def seen(body: bytes) -> bytes | None:
        threads.append(threading.get_ident())
        return original(body)

    monkeypatch.setattr(module, "pack", seen)
    cache = MemoryCache(FakeClock(), 64 * MIB)
    large = kept(b"a" * MIB)
    await cache.put(key_of(1), large)
    await cache.put(key_of(2), kept())

    assert await cache.get(key_of(1)) == large
    assert [thread == threading.get_ident() for thread in threads] == [False, True]


async def test_it_can_be_emptied_without_a_word() -> None:
    left: list[bytes] = []
    cache = MemoryCache(FakeClock(), MIB, left.append)
    for number in range(1000):
        await cache.put(key_of(number), kept(noise(900, number)))
    left.clear()
    cache.clear()
    await cache.put(key_of(1), kept())

    assert [one.key for one in await cache.entries()] == [key_of(1).hex()]
    assert (await cache.stats()).entries == await cache.purge(EVERYTHING) == 1
    assert left == [key_of(1)]


@pytest.mark.parametrize("rules", [(), (CacheRule("all", 60.0),)])
async def test_a_size_that_is_taken_before_anything_is_kept_holds(rules: tuple[CacheRule, ...]) -> None:
    cache = MemoryCache(FakeClock(), MIB)
    await cache.take(CacheRules(rules, max_bytes=MIB // 8))
    for number in range(500):
        await cache.put(key_of(number), kept(noise(900, number)))
    stats = await cache.stats()

    assert (stats.max_bytes, stats.entries > 20) == (MIB // 8, True)
    assert MIB // 16 < stats.bytes <= MIB // 8


async def test_whoever_is_done_with_it_has_his_memory_back() -> None:
    cache = MemoryCache(FakeClock(), MIB)
    held = b"".join([b"a key of", b" its own"])
    await cache.put(held, kept())
    before = sys.getrefcount(held)
    cache.clear()
    after_clearing = sys.getrefcount(held)
    await cache.put(held, kept())
    del cache

    assert before > after_clearing
    assert sys.getrefcount(held) == after_clearing


async def test_a_hit_takes_microseconds() -> None:
    """A hundred times more than it takes here would still be nothing beside a call."""
    cache = MemoryCache(FakeClock(), 64 * MIB)
    small, large = kept(b"a" * 500), kept(noise(4000) + b"a" * 4000)
    await cache.put(key_of(1), small)
    await cache.put(key_of(2), large)
    took_us = {}
    for number, name in ((1, "as it is"), (2, "packed"), (3, "a miss")):
        began_s = time.perf_counter()
        for _ in range(2000):
            await cache.get(key_of(number))
        took_us[name] = (time.perf_counter() - began_s) / 2000 * 1e6
    print(", ".join(f"{name}: {us:.1f} us" for name, us in took_us.items()))

    assert took_us["as it is"] < 200


MEASURED = """
import asyncio, gc, sys
from llmgw.adapters.memory_cache import MemoryCache
from tests.adapters.cached import kept, key_of, noise
from tests.fakes import FakeClock

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

async def main(body_bytes, vector_bytes, rounds):
    def one(number):
        text = f"What does number {number} want?" if vector_bytes else ""
        return kept(noise(body_bytes, number), scope=f"key=k{number % 7}", question=text,
            vector=noise(vector_bytes, number), kept_ms=1_700_000_000_000 + number % 1000)
    probe = MemoryCache(FakeClock(), 1 << 30)
    await probe.put(key_of(0), one(0))
    size = (await probe.stats()).bytes
    cache = MemoryCache(FakeClock(), 10_000 * size)
    gc.collect()
    before = resident()
    for number in range(10_000 * rounds):
        await cache.put(key_of(number), one(number))
    gc.collect()
    stats = await cache.stats()
    print(stats.entries, stats.max_bytes, resident() - before)

asyncio.run(main(*map(int, sys.argv[1:])))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")
@pytest.mark.parametrize(
    ("body_bytes", "vector_bytes", "rounds"), [(200, 0, 1), (800, 0, 1), (800, 0, 10), (800, 1536, 1), (6000, 0, 3)]
)
def test_ten_thousand_entries_take_about_what_they_are_said_to(body_bytes: int, vector_bytes: int, rounds: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED, str(body_bytes), str(vector_bytes), str(rounds)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    entries, max_bytes, taken = map(int, ended.stdout.split())
    print(
        f"body {body_bytes} B, vector {vector_bytes} B, {rounds} x 10,000 put: {entries} entries, "
        f"max_size {max_bytes / MIB:.1f} MiB, taken {taken / MIB:.1f} MiB ({taken / max_bytes:.2f})"
    )

    assert entries > 9500
    assert taken < max_bytes * 1.5
