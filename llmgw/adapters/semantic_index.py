"""Questions that were asked before, by context, as rows of matrices: the nearest ones are a product away.

All is exact where it counts. Of a few thousand rows every one is compared; of more, a sketch of 64 numbers first says
which few can be near, and these are compared. Sketches of vectors that are alike are alike, whatever the model.
"""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from llmgw.policy.kept import Kept
from llmgw.ports import Near, SemanticIndex

ENTRIES_MAX = 100_000
BYTES_MAX = 1024 * 1024 * 1024
BLOCK_ROWS = 8192  # matrices grow by such blocks: nothing large is ever copied
FIRST_ROWS = 1  # many contexts have one question
SKETCH_SIZE = 64
SKETCHED_ROWS_MIN = 4096
SKETCHED_SIZE_MIN = 256  # a shorter vector is no more work than its sketch saves
CANDIDATES = 256  # by sketch, of which the nearest are found exactly
OFF_LOOP_NUMBERS = 1_000_000  # so many are about half a millisecond; from there on a thread does it
_ROW_BYTES = 1000  # about what a row takes beside its vector and its question

Floats = NDArray[np.float32]


@lru_cache(8)
def _projection(size: int) -> Floats:
    """The same for everyone, forever."""
    dice = np.random.default_rng(size)
    found: Floats = (dice.standard_normal((size, SKETCH_SIZE)) / SKETCH_SIZE**0.5).astype(np.float32)
    return found


class _Block:
    """Some rows. The first one of a context begins small."""

    __slots__ = ("sketches", "vectors")

    def __init__(self, rows: int, size: int) -> None:
        self.vectors: Floats = np.zeros((rows, size), np.float32)
        self.sketches: Floats | None = np.zeros((rows, SKETCH_SIZE), np.float32) if size >= SKETCHED_SIZE_MIN else None

    def grown(self) -> "_Block":
        rows, size = self.vectors.shape
        larger = _Block(min(rows * 2, BLOCK_ROWS), size)
        larger.vectors[:rows] = self.vectors
        if self.sketches is not None and larger.sketches is not None:
            larger.sketches[:rows] = self.sketches
        return larger

    def put(self, row: int, vector: Floats) -> None:
        self.vectors[row] = vector
        if self.sketches is not None:
            self.sketches[row] = vector @ _projection(len(vector))


class _Shelf:
    """The questions of one context. Its rows are without holes: the last one takes the place of one that goes."""

    __slots__ = ("blocks", "keys", "questions", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.blocks = [_Block(FIRST_ROWS, size)]
        self.keys: list[bytes] = []
        self.questions: list[str] = []

    def add(self, key: bytes, question: str, vector: Floats) -> int:
        row = len(self.keys)
        block, at = divmod(row, BLOCK_ROWS)
        if block == len(self.blocks):
            self.blocks.append(_Block(BLOCK_ROWS, self.size))
        elif at == len(self.blocks[block].vectors):
            self.blocks[block] = self.blocks[block].grown()
        self.blocks[block].put(at, vector)
        self.keys.append(key)
        self.questions.append(question)
        return row

    def remove(self, row: int) -> bytes | None:
        """The key that has moved to this row, if one has."""
        key, question = self.keys.pop(), self.questions.pop()
        last = len(self.keys)
        is_moved = row < last
        if is_moved:
            self.keys[row], self.questions[row] = key, question
            block, at = divmod(row, BLOCK_ROWS)
            self.blocks[block].put(at, self.vector(last))
        if len(self.blocks) > 1 and last <= (len(self.blocks) - 1) * BLOCK_ROWS:
            self.blocks.pop()
        return key if is_moved else None

    def vector(self, row: int) -> Floats:
        block, at = divmod(row, BLOCK_ROWS)
        found: Floats = self.blocks[block].vectors[at]
        return found

    @property
    def is_sketched(self) -> bool:
        return self.size >= SKETCHED_SIZE_MIN and len(self.keys) > SKETCHED_ROWS_MIN

    @property
    def numbers(self) -> int:
        """How many of them a search has to look at."""
        return len(self.keys) * (SKETCH_SIZE if self.is_sketched else self.size)

    def candidates(self, query: Floats, most: int) -> list[int]:
        """The rows that are nearest. May run in a thread while rows come and go: then it may miss one."""
        count, blocks = len(self.keys), list(self.blocks)
        if not self.is_sketched:
            return _largest(np.concatenate([block.vectors @ query for block in blocks])[:count], most)
        asked = query @ _projection(self.size)
        sketched = [block.sketches @ asked for block in blocks if block.sketches is not None]
        rows = _largest(np.concatenate(sketched)[:count], max(most, CANDIDATES))
        vectors = np.stack([blocks[row // BLOCK_ROWS].vectors[row % BLOCK_ROWS] for row in rows])
        return [rows[index] for index in _largest(vectors @ query, most)]

    def nearest(self, rows: Sequence[int], query: Floats, most: int) -> list[Near]:
        """Exactly, of these rows as they are now."""
        there = [row for row in rows if row < len(self.keys)]
        found = [Near(self.keys[row], self.questions[row], min(float(self.vector(row) @ query), 1.0)) for row in there]
        return sorted(found, key=lambda near: near.similarity, reverse=True)[:most]


class MatrixIndex:
    """When it is full, the oldest question goes. Vectors of another length are of another model: never compared."""

    def __init__(self, entries_max: int = ENTRIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._shelves: dict[tuple[bytes, int], _Shelf] = {}
        self._places: dict[bytes, tuple[tuple[bytes, int], int]] = {}  # by key, the oldest first: shelf and row
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._places)

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        return self._bytes

    def add(self, key: bytes, kept: Kept) -> None:
        vector = _floats(kept.vector)
        if vector is None:
            return
        self.remove(key)
        needed = _weight(len(vector), kept.question)
        while self._places and (len(self._places) >= self._entries_max or self._bytes + needed > self._bytes_max):
            self.remove(next(iter(self._places)))
        name = kept.context, len(vector)
        shelf = self._shelves.get(name)
        if shelf is None:
            shelf = self._shelves[name] = _Shelf(len(vector))
        self._places[key] = name, shelf.add(key, kept.question, vector)
        self._bytes += needed

    def remove(self, key: bytes) -> None:
        place = self._places.pop(key, None)
        if place is None:
            return
        name, row = place
        shelf = self._shelves[name]
        self._bytes -= _weight(shelf.size, shelf.questions[row])
        moved = shelf.remove(row)
        if moved is not None:
            self._places[moved] = name, row  # it keeps its age: assigning does not reorder
        if not shelf.keys:
            del self._shelves[name]

    def clear(self) -> None:
        """Forget every question."""
        self._shelves, self._places, self._bytes = {}, {}, 0

    async def nearest(self, context: bytes, vector: bytes, most: int) -> Sequence[Near]:
        query = _floats(vector)
        shelf = None if query is None else self._shelves.get((context, len(query)))
        if query is None or shelf is None:
            return ()
        if shelf.numbers < OFF_LOOP_NUMBERS:
            rows = shelf.candidates(query, most)
        else:
            rows = await asyncio.to_thread(shelf.candidates, query, most)
        return shelf.nearest(rows, query, most)


def _floats(vector: bytes) -> Floats | None:
    """None: that is no vector."""
    if not vector or len(vector) % 4:
        return None
    return np.frombuffer(vector, "<f4").astype(np.float32, copy=False)


def _largest(numbers: Floats, most: int) -> list[int]:
    """Where they are, in no order."""
    if len(numbers) <= most:
        return list(range(len(numbers)))
    found: list[int] = np.argpartition(numbers, -most)[-most:].tolist()
    return found


def _weight(size: int, question: str) -> int:
    sketch = SKETCH_SIZE if size >= SKETCHED_SIZE_MIN else 0
    return 4 * (size + sketch) + len(question) + _ROW_BYTES


_: type[SemanticIndex] = MatrixIndex
