"""Vectors of questions: what is asked for at once, or soon again, is got once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from weakref import WeakValueDictionary

from llmgw.errors import EmbeddingError
from llmgw.ports import Clock

VECTORS_MAX = 1024  # that are remembered, of those that were asked for last
VECTOR_S = 3600.0
NO_VECTOR_S = 1.0  # after an embedder has failed

Place = tuple[bytes, str]
"""The context of a question, and the question."""


class _Remembered(NamedTuple):
    vector: bytes
    why: str  # there is none
    ends_s: float


_NOTHING = _Remembered(b"", "", 0.0)


class Vectors:
    """Those that were asked for last, in the memory of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._locks: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()
        self._remembered: dict[Place, _Remembered] = {}  # the one that was asked for last is the last

    async def get(self, place: Place, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """By one at a time of those who ask the same: the others get what has come of it. Raises EmbeddingError."""
        async with self._locks.setdefault(place, asyncio.Lock()):
            known = self._remembered.pop(place, _NOTHING)
            if known.ends_s < self._clock.elapsed_s():
                known = await self._made(make)
            self._remembered[place] = known
            if len(self._remembered) > VECTORS_MAX:
                del self._remembered[next(iter(self._remembered))]
        if not known.vector:
            raise EmbeddingError(known.why)
        return known.vector

    async def _made(self, make: Callable[[], Awaitable[bytes]]) -> _Remembered:
        try:
            vector, why = await make(), ""
        except EmbeddingError as error:
            if error.is_callers:
                raise  # the next one may have it
            vector, why = b"", error.message
        return _Remembered(vector, why, self._clock.elapsed_s() + (VECTOR_S if vector else NO_VECTOR_S))
