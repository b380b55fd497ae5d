"""The store that the file asks for, open for as long as it is needed: in memory, or over a SQLite file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from llmgw.adapters.beside import beside
from llmgw.adapters.cache_stock import CacheStore
from llmgw.adapters.journal import Logger
from llmgw.adapters.memory_cache import MemoryCache
from llmgw.graph.cache_rules import CacheRules
from llmgw.ports import Clock


@asynccontextmanager
async def open_cache(rules: CacheRules, path: Path | None, clock: Clock, logger: Logger) -> AsyncIterator[CacheStore]:
    """`path` None: in memory. A file that cannot be used is told in the log, and is nobody's error."""
    if path is None:
        yield MemoryCache(clock, rules.max_bytes)
        return

    from llmgw.adapters.sqlite_cache import SqliteCache

    def tell(message: str) -> None:
        logger.warning("cache", message=message)

    cache = SqliteCache(path, clock, rules.max_bytes, tell)
    try:
        async with beside(cache.work()):
            yield cache
    finally:
        await cache.close()
