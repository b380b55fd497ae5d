"""A vector is got once for all who ask the same question, and for a while after."""

import asyncio
from collections.abc import Awaitable

import pytest

from llmgw.errors import EmbeddingError
from llmgw.vectors import NO_VECTOR_S, VECTOR_S, VECTORS_MAX, Vectors
from tests.policy.rules import HandClock

PLACE = (b"context", "why?")


class Embedder:
    """Answers so, or fails; and knows how often it was asked."""

    def __init__(self, vector: bytes = b"1234") -> None:
        self.vector = vector
        self.asked = 0

    async def __call__(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if not self.vector:
            raise EmbeddingError("it is down")
        return self.vector


async def told(getting: Awaitable[bytes]) -> bytes | str:
    """The vector, or why there is none."""
    try:
        return await getting
    except EmbeddingError as error:
        return error.message


async def test_who_asks_at_once_or_soon_again_has_the_same_one() -> None:
    embedder, vectors = Embedder(), Vectors(HandClock())
    found = await asyncio.gather(*[vectors.get(PLACE, embedder) for _ in range(9)])

    assert ({*found, await vectors.get(PLACE, embedder)}, embedder.asked) == ({b"1234"}, 1)


@pytest.mark.parametrize("place", [(b"context", "why not?"), (b"another", "why?")])
async def test_another_question_or_context_has_another_one(place: tuple[bytes, str]) -> None:
    embedder, vectors = Embedder(), Vectors(HandClock())
    await vectors.get(PLACE, embedder)
    await vectors.get(place, embedder)

    assert embedder.asked == 2


@pytest.mark.parametrize(("vector", "good_s"), [(b"1234", VECTOR_S), (b"", NO_VECTOR_S)])
async def test_what_has_come_of_it_holds_for_a_while(vector: bytes, good_s: float) -> None:
    clock, embedder = HandClock(), Embedder(vector)
    vectors = Vectors(clock)
    for waits_s, asked in ((0.0, 1), (good_s - 0.5, 1), (1.0, 2)):
        clock.move(waits_s)
        assert await told(vectors.get(PLACE, embedder)) == (vector or "it is down")
        assert embedder.asked == asked


async def test_those_asked_for_last_are_remembered() -> None:
    embedder, vectors = Embedder(), Vectors(HandClock())
    await vectors.get(PLACE, embedder)
    for number in range(VECTORS_MAX - 1):
        await vectors.get((b"context", str(number)), embedder)
    await vectors.get(PLACE, embedder)
    await vectors.get((b"context", "one more"), embedder)
    asked = embedder.asked
    await vectors.get(PLACE, embedder)
    await vectors.get((b"context", "0"), embedder)

    assert embedder.asked == asked + 1
