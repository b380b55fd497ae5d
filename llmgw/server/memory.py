"""What a serving process remembers of answers: opened before the first request, closed after the last one.

Where a rule is semantic there is an index of questions beside the store, made anew at each start from what that has;
and each embedder is opened when a rule first names it, and kept for as long as one does.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from llmgw.adapters.beside import beside
from llmgw.adapters.cache_stock import CacheStore
from llmgw.adapters.cache_stores import open_cache
from llmgw.adapters.journal import Logger
from llmgw.adapters.local_embedder import LocalEmbedder
from llmgw.adapters.target_embedder import TargetEmbedder
from llmgw.bookkeeping import Books
from llmgw.errors import EmbeddingError
from llmgw.graph.cache_rules import Embedding, Mode
from llmgw.graph.model import Graph
from llmgw.likeness import Likeness
from llmgw.ports import Clock, Embedder, SemanticIndex, Upstream
from llmgw.recall import Recall
from llmgw.sharing import Sharing


@dataclass(slots=True)
class OpenMemory:
    """Of one process."""

    sharing: Sharing
    store: CacheStore
    place: str | None  # of its file
    _recall: Recall
    _books: Books
    _upstream: Upstream
    _clock: Clock
    _logger: Logger
    _jobs: asyncio.Queue[Coroutine[None, None, None]] = field(default_factory=asyncio.Queue)
    _index: SemanticIndex | None = None
    _local: dict[str, LocalEmbedder] = field(default_factory=dict)

    async def take(self, graph: Graph) -> None:
        """From here on these rules hold; what is kept outlives them, and is found by those it was kept under."""
        await self.store.take(graph.cache)
        wanted = {rule.embedding.name: rule.embedding for rule in graph.cache.rules if rule.embedding is not None}
        embedders = {name: made for name, one in wanted.items() if (made := self._embedder(one)) is not None}
        await self._close_all_but(wanted)
        if not any(rule.mode is Mode.SEMANTIC for rule in graph.cache.rules):
            self._recall.likeness = None
            return
        index = self._indexed() if self._index is None else self._index  # an empty one counts as false
        self._recall.likeness = Likeness(index, embedders, self._books, self._clock)

    async def work(self) -> None:
        """What takes longer than a reload may; never ends by itself, nor by a job that fails."""
        while True:
            (failure,) = await asyncio.gather(await self._jobs.get(), return_exceptions=True)
            if failure is not None:
                self._warn(f"{type(failure).__name__}: {failure}")

    async def close(self) -> None:
        """Whatever is still to be done, and whatever works in a thread."""
        while not self._jobs.empty():
            self._jobs.get_nowait().close()
        await self._close_all_but({})

    def _embedder(self, embedding: Embedding) -> Embedder | None:
        if embedding.target is not None:
            try:
                return TargetEmbedder(embedding.target, self._upstream)
            except EmbeddingError as error:
                self._warn(error.message)
                return None
        if embedding.name not in self._local:
            self._local[embedding.name] = local = LocalEmbedder(embedding.name)
            self._jobs.put_nowait(self._load(local))
        return self._local[embedding.name]

    async def _load(self, local: LocalEmbedder) -> None:
        """It takes seconds: until then no question is like another. One that was closed meanwhile nobody misses."""
        if local not in self._local.values():
            return
        try:
            await local.load()
        except EmbeddingError as error:
            if local in self._local.values():
                self._warn(error.message)

    def _warn(self, why: str) -> None:
        self._logger.warning("cache", message=f"no questions will be alike: {why}")

    def _indexed(self) -> SemanticIndex:
        """Only here, because it needs numpy."""
        from llmgw.adapters.semantic_index import MatrixIndex

        self._index = index = MatrixIndex()
        self.store.left, self.store.emptied = index.remove, index.clear
        self._jobs.put_nowait(self._fill(index))
        return index

    async def _fill(self, index: SemanticIndex) -> None:
        async for key, kept in self.store.remembered():
            index.add(key, kept)

    async def _close_all_but(self, wanted: Mapping[str, Embedding]) -> None:
        for name in self._local.keys() - wanted.keys():
            await self._local.pop(name).close()


@asynccontextmanager
async def open_memory(
    graph: Graph, books: Books, upstream: Upstream, clock: Clock, logger: Logger
) -> AsyncIterator[OpenMemory]:
    """A store that cannot be used is told in the log, and nothing is kept there."""
    path = None if graph.cache.store is None else Path(graph.cache.store)
    async with open_cache(graph.cache, path, clock, logger) as store:
        recall = Recall(store, clock)
        sharing, place = Sharing(recall, clock), graph.cache.store
        opened = OpenMemory(sharing, store, place, recall, books, upstream, clock, logger)
        try:
            await opened.take(graph)
            async with beside(opened.work()):
                yield opened
        finally:
            await opened.close()
