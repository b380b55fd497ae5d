"""What every store of the cache does: it gives what was kept while it counts, within its bounds, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from llmgw.adapters.cache_entries import BODY_BYTES_MAX
from llmgw.adapters.cache_stock import EVERYTHING, CacheStore, OfRule, Wanted
from llmgw.adapters.memory_cache import MemoryCache
from llmgw.adapters.sqlite_cache import SqliteCache
from llmgw.graph.cache_rules import CacheRules
from tests.adapters.cached import MIB, NOW_MS, asked, full, in_file, kept, key_of, noise
from tests.fakes import FakeClock

Make = Callable[[Path, FakeClock, int], AbstractAsyncContextManager[CacheStore]]


@asynccontextmanager
async def in_memory(_directory: Path, clock: FakeClock, max_bytes: int) -> AsyncIterator[CacheStore]:
    yield MemoryCache(clock, max_bytes)


@asynccontextmanager
async def over_a_file(directory: Path, clock: FakeClock, max_bytes: int) -> AsyncIterator[CacheStore]:
    async with in_file(directory / "cache.db", clock, max_bytes) as cache:
        yield cache


async def settled(cache: CacheStore) -> CacheStore:
    """All that it was told to keep has been written."""
    if isinstance(cache, SqliteCache):
        await cache.flush()
    return cache


every = pytest.mark.parametrize("make", [in_memory, over_a_file])


@every
async def test_what_was_kept_is_there_byte_for_byte(make: Make, tmp_path: Path) -> None:
    clock = FakeClock()
    async with make(tmp_path, clock, 64 * MIB) as cache:
        for number, one in enumerate((kept(), full(), kept(noise(100_000)), kept(b"a" * MIB))):
            await cache.put(key_of(number), one)

            assert await cache.get(key_of(number)) == one
            await settled(cache)
            assert await cache.get(key_of(number)) == one
        assert await cache.get(key_of(9)) is None


@every
async def test_when_it_ends_it_is_none_and_leaves(make: Make, tmp_path: Path) -> None:
    clock, left = FakeClock(), list[bytes]()
    async with make(tmp_path, clock, 64 * MIB) as cache:
        cache.left = left.append
        await cache.put(key_of(1), kept(ttl_s=10))
        await cache.put(key_of(2), kept(ttl_s=0))
        await settled(cache)
        await clock.sleep(9.999)
        before = await cache.get(key_of(1))
        await clock.sleep(0.002)
        after = await cache.get(key_of(1))
        await settled(cache)

        assert (before is not None, after, await cache.get(key_of(2))) == (True, None, None)
        assert (await cache.stats()).entries == 0
        assert key_of(1) in left


@every
async def test_a_newer_answer_takes_the_place_of_the_older(make: Make, tmp_path: Path) -> None:
    left: list[bytes] = []
    async with make(tmp_path, FakeClock(), 64 * MIB) as cache:
        cache.left = left.append
        await cache.put(key_of(1), kept(b"old", rule="one"))
        await settled(cache)
        await cache.put(key_of(1), kept(b"new", rule="two"))
        await settled(cache)
        found, stats = await cache.get(key_of(1)), await cache.stats()

        assert found == kept(b"new", rule="two")
        assert (stats.entries, [name for name, of in stats.rules.items() if of.entries]) == (1, ["two"])
        assert left == []


@every
async def test_it_never_holds_more_than_it_may(make: Make, tmp_path: Path) -> None:
    rng, max_bytes, left = Random(7), MIB, set[bytes]()
    async with make(tmp_path, FakeClock(), max_bytes) as cache:
        cache.left = left.add
        for turn in range(1500):
            key = key_of(int(700 * rng.random() ** 2))
            if await cache.get(key) is None:
                await cache.put(key, kept(noise(rng.randrange(1, 8000), turn)))
                left.discard(key)
            if turn % 50 == 0:
                await settled(cache)

                assert (await cache.stats()).bytes <= max_bytes
        await settled(cache)
        stats, there = await cache.stats(), await cache.entries(most=1000)

        assert stats.bytes <= max_bytes
        assert stats.bytes == sum(one.bytes for one in there) == sum(of.bytes for of in stats.rules.values())
        assert stats.entries == len(there) > 100
        assert (stats.evicted or 0) > 50  # who makes room is a matter of luck
        assert left & {bytes.fromhex(one.key) for one in there} == set()


@every
async def test_what_is_too_large_is_not_kept_and_drives_nothing_out(make: Make, tmp_path: Path) -> None:
    async with make(tmp_path, FakeClock(), MIB) as cache:
        await cache.put(key_of(1), kept())
        await cache.put(key_of(2), kept(noise(MIB // 16)))
        await cache.put(key_of(3), kept(bytes(BODY_BYTES_MAX + 1)))
        await settled(cache)

        assert [await cache.get(key_of(number)) is None for number in (1, 2, 3)] == [False, True, True]
        assert ((await cache.stats()).rejected or 0) >= 2


@every
async def test_figures_say_what_happened(make: Make, tmp_path: Path) -> None:
    async with make(tmp_path, FakeClock(), 64 * MIB) as cache:
        for number in range(3):
            await cache.put(key_of(number), kept(rule="faq" if number else "help"))
        await settled(cache)
        for number in (0, 1, 1, 7):
            await asked(cache, key_of(number))
        await settled(cache)
        stats = await cache.stats()

        assert (stats.entries, stats.max_bytes, stats.kept, stats.hits, stats.misses) == (3, 64 * MIB, 3, 3, 1)
        assert (stats.evicted, stats.expired, stats.rejected, stats.dropped, stats.trouble) == (0, 0, 0, 0, "")
        assert {name: (of.entries, of.hits) for name, of in stats.rules.items()} == {"faq": (2, 2), "help": (1, 1)}
        assert isinstance(stats.rules["faq"], OfRule)


@every
async def test_who_looks_twice_is_counted_once(make: Make, tmp_path: Path) -> None:
    async with make(tmp_path, FakeClock(), 64 * MIB) as cache:
        await cache.put(key_of(1), kept())
        for number in (1, 2):
            for _ in range(3):
                await cache.get(key_of(number))
            cache.count(key_of(number) if number == 1 else None)
        cache.count(key_of(9))  # what has left since it was found
        await settled(cache)
        stats = await cache.stats()

        assert (stats.hits, stats.misses, stats.rules["faq"].hits) == (2, 1, 1)


@every
async def test_the_list_has_the_newest_first_and_no_answers(make: Make, tmp_path: Path) -> None:
    async with make(tmp_path, FakeClock(), 64 * MIB) as cache:
        for number in range(5):
            one = kept(
                kept_ms=NOW_MS - 5000 + number * 1000, question="who?", rule="even" if number % 2 == 0 else "odd"
            )
            await cache.put(key_of(number), one)
        await settled(cache)
        await asked(cache, key_of(4))
        found = await cache.entries(Wanted(rule="even"), most=2)
        (first, second) = found

        assert [one.key for one in found] == [key_of(4).hex(), key_of(2).hex()]
        assert (first.rule, first.scope, first.model, first.target) == ("even", "key=search", "chat", "gpt")
        assert (first.form, first.age_s, first.ends_in_s, first.hits, first.question) == ("whole", 1, 3599, 1, "who?")
        assert (second.hits, second.bytes > 300) == (0, True)
        assert len(await cache.entries()) == 5


@every
@pytest.mark.parametrize(
    ("wanted", "stay"),
    [
        (Wanted(rule="b"), [0, 2]),
        (Wanted(scope="key=y"), [0, 1]),
        (Wanted(model="m-2"), [0, 1, 3]),
        (Wanted(model="m-*"), []),
        (Wanted(model="*-*2"), [0, 1, 3]),
        (Wanted(model="m-?"), [0, 1, 2, 3]),
        (Wanted(model="M-*"), [0, 1, 2, 3]),
        (Wanted(model="m*", rule="a", scope="key=x"), [1, 2, 3]),
        (Wanted(older_than_s=15), [0, 1]),
        (Wanted(key=key_of(2)), [0, 1, 3]),
        (Wanted(rule="' OR 1 --"), [0, 1, 2, 3]),
        (EVERYTHING, []),
    ],
)
async def test_what_is_thrown_away_is_what_was_said(
    make: Make, tmp_path: Path, wanted: Wanted, stay: list[int]
) -> None:
    left: list[bytes] = []
    async with make(tmp_path, FakeClock(), 64 * MIB) as cache:
        cache.left = left.append
        for number in range(4):
            rule, scope = "ab"[number % 2], f"key={'xxyy'[number]}"
            await cache.put(
                key_of(number), kept(rule=rule, scope=scope, model=f"m-{number}", kept_ms=NOW_MS - number * 10_000)
            )
        purged = await cache.purge(wanted)
        there = [number for number in range(4) if await cache.get(key_of(number)) is not None]

        assert (purged, there) == (4 - len(stay), stay)
        assert {*left} == {key_of(number) for number in range(4) if number not in stay}


@every
async def test_one_may_be_forgotten(make: Make, tmp_path: Path) -> None:
    async with make(tmp_path, FakeClock(), 64 * MIB) as cache:
        for number in range(2):
            await cache.put(key_of(number), kept())
        await cache.forget(key_of(0))
        await cache.forget(key_of(9))

        assert [await cache.get(key_of(number)) is None for number in range(2)] == [True, False]


@every
async def test_what_has_a_vector_is_remembered_in_order(make: Make, tmp_path: Path) -> None:
    clock = FakeClock()
    async with make(tmp_path, clock, 64 * MIB) as cache:
        for number in range(300):
            vector = noise(64, number) if number % 2 else b""
            one = kept(noise(3000, number), question=f"{number}?", vector=vector, ttl_s=1 if number > 250 else 100)
            await cache.put(key_of(number), one)
        await settled(cache)
        await clock.sleep(2)
        found = [(key, one.question, one.body) async for key, one in cache.remembered()]

        assert found == [(key_of(number), f"{number}?", noise(3000, number)) for number in range(1, 251, 2)]


@every
async def test_less_room_holds_from_now_on_and_more_of_it_keeps_all(make: Make, tmp_path: Path) -> None:
    async with make(tmp_path, FakeClock(), 8 * MIB) as cache:
        for number in range(400):
            await cache.put(key_of(number), kept(noise(4000, number)))
        await settled(cache)
        before = await cache.stats()
        await cache.take(CacheRules(max_bytes=16 * MIB))
        await settled(cache)
        with_more = await cache.stats()
        await cache.take(CacheRules(max_bytes=MIB))
        await settled(cache)
        with_less = await cache.stats()

        assert before.entries == with_more.entries == 400
        assert (with_more.max_bytes, with_less.max_bytes) == (16 * MIB, MIB)
        assert MIB * 0.9 < with_less.bytes <= MIB


@every
async def test_many_at_once_do_it_no_harm(make: Make, tmp_path: Path) -> None:
    async def one(cache: CacheStore, number: int) -> None:
        key = key_of(number % 20)
        await cache.put(key, kept(noise(3000, number % 20)))
        found = await cache.get(key)

        assert found is None or found.body == noise(3000, number % 20)
        if number % 7 == 0:
            await cache.forget(key)

    async with make(tmp_path, FakeClock(), 64 * MIB) as cache:
        async with asyncio.TaskGroup() as group:
            for number in range(300):
                group.create_task(one(cache, number))
        await settled(cache)
        stats = await cache.stats()

        assert stats.entries == len(await cache.entries(most=1000))
