import sqlite3
from pathlib import Path

from llmgw.adapters.cache_stores import open_cache
from llmgw.adapters.journal import make_logger
from llmgw.adapters.memory_cache import MemoryCache
from llmgw.graph.cache_rules import CacheRules
from tests.adapters.cached import MIB, kept, key_of
from tests.fakes import FakeClock
from tests.served import LogLines

RULES = CacheRules(max_bytes=8 * MIB)


async def test_without_a_file_it_is_in_memory() -> None:
    log = LogLines()
    async with open_cache(RULES, None, FakeClock(), make_logger(log, pretty=False, level="debug")) as cache:
        await cache.put(key_of(1), kept())
        stats = await cache.stats()

        assert isinstance(cache, MemoryCache)
        assert (stats.entries, stats.max_bytes, log.lines) == (1, 8 * MIB, [])


async def test_with_a_file_it_is_there_again_the_next_time(tmp_path: Path) -> None:
    logger = make_logger(LogLines(), pretty=False, level="debug")
    for is_first in (True, False):
        async with open_cache(RULES, tmp_path / "cache.db", FakeClock(), logger) as cache:
            assert (await cache.get(key_of(1)) is None) is is_first
            await cache.put(key_of(1), kept())


async def test_a_file_that_cannot_be_used_is_a_line_in_the_log(tmp_path: Path) -> None:
    log, path = LogLines(), tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE money (usd)")
    connection.close()
    async with open_cache(RULES, path, FakeClock(), make_logger(log, pretty=False, level="debug")) as cache:
        for number in range(3):
            await cache.put(key_of(number), kept())
            await cache.stats()

        assert await cache.get(key_of(2)) == kept()
    assert [(line["event"], line["level"]) for line in log.lines] == [("cache", "warning")]
    assert "is the database of something else: name another file" in log.lines[0]["message"]
