"""What only a store over a file does: it outlives the process, shares, and is unwell without troubling anybody."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llmgw.adapters import sqlite_cache as module
from llmgw.adapters.beside import beside
from llmgw.adapters.cache_stock import EVERYTHING, Wanted
from llmgw.adapters.memory_cache import OFF_LOOP_BYTES
from llmgw.adapters.sqlite import cache_tables
from llmgw.adapters.sqlite.cache_file import cache_file
from llmgw.adapters.sqlite_cache import WAITING_MAX, SqliteCache
from llmgw.policy.kept import Kept
from tests.adapters.cached import MIB, asked, full, in_file, kept, key_of, noise
from tests.fakes import FakeClock
from tests.server.calls import eventually

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache.db"


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def damage(path: Path) -> None:
    """All but its first page."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(at * 7 % 256 for at in range(4096, len(data))))


def spoilt(path: Path, what: str) -> bytes | None:
    """Something else stands where the cache shall be; what it has in it."""
    path.parent.mkdir()
    if what == "directory":
        path.mkdir()
    elif what == "text":
        path.write_text("models: {}\n" * 100)
    else:
        with sqlite3.connect(path) as connection:
            script = "CREATE TABLE money (usd)" if what == "other database" else "PRAGMA application_id = 1279743813"
            connection.executescript(f"{script}; PRAGMA user_version = 7;")
        connection.close()
    return content(path)


async def test_what_was_kept_survives_a_restart(path: Path) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), full())
        await cache.put(key_of(2), kept())
    async with in_file(path) as again:
        found = [await asked(again, key_of(number)) for number in (2, 3)]
        stats = await again.stats()

        assert found == [kept(), None]
        assert (stats.store, stats.entries, stats.hits, stats.misses) == ("sqlite", 2, 1, 1)
    assert mode_of(path) == 0o600


async def test_how_often_it_was_of_use_is_written_too(path: Path) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), kept())
        for _ in range(3):
            await asked(cache, key_of(1))
    async with in_file(path) as again:
        await asked(again, key_of(1))

        assert [one.hits for one in await again.entries()] == [4]


async def test_what_was_used_the_longest_ago_makes_room(path: Path) -> None:
    clock = FakeClock()
    async with in_file(path, clock, MIB) as cache:
        for number in range(10):
            await cache.put(key_of(number), kept(noise(60_000, number)))
            await cache.flush()
            await clock.sleep(1)
        await asked(cache, key_of(0))
        for number in range(10, 20):
            await cache.put(key_of(number), kept(noise(60_000, number)))
            await cache.flush()
            await clock.sleep(1)
        there = sorted(int(one.key, 16) for one in await cache.entries())

        assert there == [0, *range(4, 20)]


async def test_every_byte_of_an_entry_that_is_another_on_disk_is_a_miss(path: Path) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), kept())
        await cache.flush()
        with sqlite3.connect(path, isolation_level=None) as connection:
            (data,) = connection.execute("SELECT data FROM entry").fetchone()
            for at in range(len(data)):
                broken = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
                connection.execute("UPDATE entry SET data = ?", (broken,))
                cache._front.clear()

                assert await cache.get(key_of(1)) is None
            connection.execute("UPDATE entry SET data = ?", (data,))

            assert await cache.get(key_of(1)) == kept()
            for foreign in ("text", 7, None, b""):
                connection.execute("UPDATE entry SET data = coalesce(?, x'')", (foreign,))
                cache._front.clear()

                assert (await cache.get(key_of(1)), await cache.entries()) == (None, [])
        connection.close()


async def test_a_row_that_lies_under_another_key_is_a_miss(path: Path) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), kept())
        await cache.flush()
        cache._front.clear()
        with sqlite3.connect(path, isolation_level=None) as connection:
            connection.execute('UPDATE entry SET "key" = ?', (key_of(2),))
        connection.close()

        assert [await cache.get(key_of(number)) for number in (1, 2)] == [None, None]


@pytest.mark.parametrize("what", ["text", "other database", "newer", "directory"])
async def test_without_its_file_it_goes_on_in_memory(path: Path, what: str) -> None:
    before = spoilt(path, what)
    told: list[str] = []
    cache = SqliteCache(path, FakeClock(), 64 * MIB, told.append)
    for number in range(3):
        await cache.put(key_of(number), kept())
        await cache.flush()
    found, stats = await cache.get(key_of(1)), await cache.stats()
    listed, purged = await cache.entries(), await cache.purge(EVERYTHING)
    await cache.close()

    assert (found, stats.entries, len(listed), purged) == (kept(), 3, 3, 3)
    assert (len(told), stats.trouble) == (1, told[0])
    assert content(path) == before


async def test_a_file_of_ours_that_is_damaged_is_set_aside_once_and_a_new_one_begun(path: Path) -> None:
    async with in_file(path) as cache:
        for number in range(200):
            await cache.put(key_of(number), kept(noise(3000, number)))
    damage(path)
    told: list[str] = []
    again = SqliteCache(path, FakeClock(), 64 * MIB, told.append)
    found = [await again.get(key_of(number)) for number in range(20)]
    await again.put(key_of(500), kept())
    await again.flush()
    await again.close()

    assert found == [None] * 20
    assert ["damaged" in text for text in told] == [True]
    assert content(path.with_name("cache.db.damaged")) is not None
    async with in_file(path) as third:
        assert await third.get(key_of(500)) == kept()


def lose(path: Path, how: str) -> None:
    """As people do while a gateway runs."""
    if how == "deleted":
        path.unlink()
    elif how == "a directory":
        path.unlink()
        path.mkdir()
    elif how == "nothing again":
        path.rmdir()
    elif how == "deleted with all":
        for one in path.parent.glob("cache.db*"):
            one.unlink()
    elif how == "moved":
        path.rename(path.with_name("old.db"))
    elif how == "replaced":
        with cache_file(path.with_name("other.db")):
            pass
        path.with_name("other.db").replace(path)
    else:
        path.write_bytes({"emptied": b"", "overwritten": b"garbage " * 5000, "a word": b"garbage"}[how])


LOST = ["deleted", "deleted with all", "moved", "replaced", "emptied", "overwritten", "a word"]


@pytest.mark.parametrize("how", LOST)
async def test_a_file_that_is_lost_is_told_once_and_nothing_of_it_is_served(path: Path, how: str) -> None:
    told, emptied = list[str](), list[str]()
    cache = SqliteCache(path, FakeClock(), 64 * MIB, told.append)
    cache.emptied = lambda: emptied.append("")
    for number in range(50):
        await cache.put(key_of(number), kept(noise(3000, number)))
    await cache.flush()
    lose(path, how)
    await cache.put(key_of(99), kept())
    for _ in range(3):
        await cache.flush()  # as `work` does every second
    found = [number for number in (*range(50), 99) if await cache.get(key_of(number)) is not None]
    stats = await cache.stats()
    await cache.close()

    assert (found, stats.entries, stats.trouble, len(emptied)) == ([99], 1, "", 1)
    assert len(told) == 1
    assert told[0].startswith(f"the cache at {path} was ")
    async with in_file(path) as again:
        assert [one.key for one in await again.entries()] == [key_of(99).hex()]
    with cache_file(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


async def test_who_asks_first_for_what_was_in_a_lost_file_gets_nothing(path: Path) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), kept())
    async with in_file(path) as again:
        await again.stats()
        lose(path, "deleted")

        assert await again.get(key_of(1)) is None


async def test_as_long_as_no_new_file_can_be_begun_it_is_in_trouble(path: Path) -> None:
    told: list[str] = []
    cache = SqliteCache(path, FakeClock(), 64 * MIB, told.append)
    await cache.put(key_of(1), kept())
    await cache.flush()
    lose(path, "a directory")
    await cache.flush()
    in_trouble, found = cache.trouble, await cache.get(key_of(1))
    lose(path, "nothing again")
    cache._file._retry_at_s = 0.0
    await cache.flush()
    await cache.close()

    assert (found, in_trouble, cache.trouble, len(told)) == (None, told[1], "", 2)
    assert "was replaced by another file" in told[0]
    assert "cannot be used, it goes on in memory" in told[1]


async def test_damage_while_it_runs_is_set_aside_and_dropped_from_memory_too(path: Path) -> None:
    told: list[str] = []
    cache = SqliteCache(path, FakeClock(), 64 * MIB, told.append)
    for number in range(900):
        await cache.put(key_of(number), kept(noise(3000, number)))
    await cache.flush()
    with cache_file(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(path)
    await cache.flush()
    listed = await cache.entries()
    found = [number for number in range(900) if await cache.get(key_of(number)) is not None]
    trouble = cache.trouble
    await cache.close()

    assert (listed, found, trouble) == ([], [], "")
    assert ["damaged" in text for text in told] == [True]
    assert content(path.with_name("cache.db.damaged")) is not None


async def test_two_that_share_a_file_that_is_deleted_share_the_new_one(path: Path) -> None:
    async with in_file(path) as one, in_file(path) as other:
        for number, cache in enumerate((one, other)):
            await cache.put(key_of(number), kept())
            await cache.flush()
        lose(path, "deleted")
        for cache in (one, other):
            await cache.flush()
        await one.put(key_of(5), kept())
        await one.flush()
        await other.put(key_of(6), kept())
        await other.flush()

        assert [await other.get(key_of(number)) == kept() for number in (0, 1, 5, 6)] == [False, False, True, True]
        assert (one.trouble, other.trouble) == ("", "")


async def test_a_disk_that_is_slow_is_a_miss_and_never_a_wait(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), kept())
    told: list[str] = []
    cache = SqliteCache(path, FakeClock(), 64 * MIB, told.append)
    monkeypatch.setattr(cache_tables, "find", lambda *_args, **_more: time.sleep(0.3))
    began_s = time.monotonic()
    found = await asyncio.gather(*(cache.get(key_of(1)) for _ in range(200)))
    took_s = time.monotonic() - began_s
    looking = cache._looking
    cache._thread.shutdown(wait=False, cancel_futures=True)

    assert set(found) == {None}
    assert took_s < 0.25
    assert looking == module.LOOKING_MAX


async def test_more_than_can_wait_is_not_written_and_that_is_told_once(path: Path) -> None:
    told: list[str] = []
    cache = SqliteCache(path, FakeClock(), 64 * MIB, told.append)
    for number in range(WAITING_MAX + 10):
        await cache.put(key_of(number), kept())
    waiting_bytes = cache._waiting_bytes
    dropped = (await cache.stats()).dropped
    await cache.put(key_of(9999), kept())
    await cache.close()

    assert (dropped, len(told)) == (10, 1)
    assert waiting_bytes == WAITING_MAX * kept().size_bytes
    assert cache._waiting_bytes == 0
    async with in_file(path) as again:
        assert (await again.stats()).entries == WAITING_MAX + 1


async def test_who_is_late_finds_it_closed_and_gets_no_error(path: Path) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), kept())
    await cache.put(key_of(2), kept())
    found = [await cache.get(key_of(number)) is not None for number in (1, 2, 3)]
    await cache.close()

    assert found == [True, True, False]
    assert (await cache.stats()).entries == 2


async def test_work_writes_by_itself(path: Path) -> None:
    async with in_file(path) as cache, beside(cache.work()):
        await cache.put(key_of(1), kept())
        await eventually(lambda: not cache._waiting)
        with cache_file(path) as connection:
            assert cache_tables.stats(connection, 0).entries == 1


async def test_what_another_process_throws_away_is_gone_here_too(path: Path) -> None:
    async with in_file(path) as cache:
        for number in range(2):
            await cache.put(key_of(number), kept(rule="ab"[number]))
        await cache.flush()
        with cache_file(path) as connection:
            cache_tables.purge(connection, Wanted(rule="a"), 0)
        at_once = await cache.get(key_of(0))
        await cache.flush()  # as `work` does every second

        assert at_once is not None
        assert [await cache.get(key_of(number)) is None for number in range(2)] == [True, False]


async def test_what_is_read_while_it_is_thrown_away_does_not_come_back(path: Path) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), kept())
    async with in_file(path) as again:
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(again.get(key_of(1)))
            group.create_task(again.purge(EVERYTHING))

        assert await again.get(key_of(1)) is None


@pytest.mark.parametrize("size_bytes", [100, OFF_LOOP_BYTES + 1])
async def test_what_was_read_before_is_no_answer_after_something_newer_was_kept(path: Path, size_bytes: int) -> None:
    older, newer = kept(noise(size_bytes)), kept()
    async with in_file(path) as cache:
        await cache.put(key_of(1), older)
    async with in_file(path) as again:
        await again.stats()
        again._thread.submit(time.sleep, 0.05)
        async with asyncio.TaskGroup() as group:
            look = group.create_task(again.get(key_of(1)))
            await asyncio.sleep(0.01)
            await again.put(key_of(1), newer)

        assert look.result() == older
        assert await again.get(key_of(1)) == newer
        await again.flush()
        assert await again.get(key_of(1)) == newer
        assert again._looks == {}


async def test_something_newer_also_wins_over_what_is_being_packed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older, newer = kept(noise(OFF_LOOP_BYTES + 1)), kept()
    async with in_file(path) as cache:
        await cache.put(key_of(1), older)
    async with in_file(path) as again:
        packing, pack = asyncio.Event(), again._front.put

        async def put(key: bytes, one: Kept) -> None:
            if one == older:
                packing.set()
                await asyncio.sleep(0.02)
            await pack(key, one)

        monkeypatch.setattr(again._front, "put", put)
        async with asyncio.TaskGroup() as group:
            group.create_task(again.get(key_of(1)))
            await packing.wait()
            await again.put(key_of(1), newer)

        assert await again.get(key_of(1)) == newer


@pytest.mark.parametrize("how", ["DELETE FROM total", "UPDATE total SET bytes = 'much', purges = 'often'"])
async def test_a_count_that_is_lost_ends_nobody(path: Path, how: str) -> None:
    async with in_file(path) as cache, beside(cache.work()):
        await cache.put(key_of(1), kept())
        await cache.flush()
        with cache_file(path) as connection:
            connection.execute(how)
        await cache.put(key_of(2), kept())
        await eventually(lambda: not cache._waiting)

        assert (await cache.stats()).entries == 2
        assert (cache.trouble, await cache.purge(EVERYTHING)) == ("", 2)


async def test_a_text_that_cannot_be_written_is_kept_in_memory_alone(path: Path) -> None:
    async with in_file(path) as cache:
        await cache.put(key_of(1), kept(question="\ud800"))
        await cache.put(key_of(2), kept())
        await cache.flush()
        stats = await cache.stats()

        assert (stats.entries, stats.rejected, stats.kept) == (1, 1, 1)


async def test_of_a_file_that_others_lock_nothing_is_waited_for(path: Path) -> None:
    told: list[str] = []
    cache = SqliteCache(path, FakeClock(), 64 * MIB, told.append)
    await cache.put(key_of(1), kept())
    await cache.flush()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await cache.put(key_of(2), kept())
    await cache.flush()
    in_trouble = await cache.get(key_of(2))
    other.execute("ROLLBACK")
    other.close()
    await cache.put(key_of(3), kept())
    await cache.flush()
    stats = await cache.stats()
    await cache.close()

    assert in_trouble == kept()
    assert (["locked" in text for text in told], stats.trouble, stats.dropped) == ([True], "", 1)
    assert stats.entries == 2


SHARING = """
import asyncio, json, sys
from pathlib import Path
from random import Random
from tests.adapters.cached import in_file, kept, key_of, noise

async def main(path, seed):
    rng, wrong, hits = Random(seed), 0, 0
    async with in_file(Path(path), max_bytes=2 * 1024 * 1024) as cache:
        for turn in range(1500):
            number = rng.randrange(400)
            found = await cache.get(key_of(number))
            if found is None:
                await cache.put(key_of(number), kept(noise(2500, number)))
            else:
                hits += 1
                wrong += found.body != noise(2500, number)
            if turn % 40 == 0:
                await cache.flush()
            if turn % 300 == 0:
                cache._front.clear()
        await cache.flush()
        stats = await cache.stats()
    print(json.dumps({"wrong": wrong, "hits": hits, "bytes": stats.bytes, "trouble": stats.trouble}))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def test_two_processes_share_a_file(path: Path) -> None:
    command = [sys.executable, "-c", SHARING, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen([*command, seed], env=environment, stdout=subprocess.PIPE, text=True) for seed in ("1", "2")
    ]
    ended = [json.loads(process.communicate(timeout=100)[0]) for process in both]
    with cache_file(path) as connection:
        (rows, size_bytes) = connection.execute("SELECT count(*), sum(bytes) FROM entry").fetchone()
        stats, check = cache_tables.stats(connection, 0), connection.execute("PRAGMA quick_check").fetchone()[0]

    assert [process.returncode for process in both] == [0, 0]
    assert [(one["wrong"], one["trouble"]) for one in ended] == [(0, "")] * 2
    assert all(one["hits"] > 100 for one in ended)
    assert (stats.entries, stats.bytes, check) == (rows, size_bytes, "ok")
    assert stats.bytes <= 2 * MIB
