"""The index against what it should say: every vector of the context, compared one by one."""

import asyncio
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.adapters import semantic_index
from llmgw.adapters.semantic_index import SKETCHED_ROWS_MIN, MatrixIndex
from llmgw.policy.kept import Form, Kept

CONTEXT = b"c" * 32


def vector(seed: int, size: int = 8) -> bytes:
    values = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    return (values / np.linalg.norm(values)).astype("<f4").tobytes()


def kept(seed: int, context: bytes = CONTEXT, size: int = 8) -> Kept:
    return Kept(form=Form.WHOLE, body=b"", question=f"question {seed}", context=context, vector=vector(seed, size))


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


async def test_the_most_alike_come_first() -> None:
    index = MatrixIndex()
    for number in range(50):
        index.add(key(number), kept(number))
    found = await index.nearest(CONTEXT, vector(7), 3)

    assert (found[0].key, found[0].question) == (key(7), "question 7")
    assert found[0].similarity == pytest.approx(1.0, abs=1e-5)
    assert [near.similarity for near in found] == sorted((near.similarity for near in found), reverse=True)


async def test_contexts_and_models_are_never_compared() -> None:
    index = MatrixIndex()
    index.add(key(1), kept(1, context=b"other"))
    index.add(key(2), kept(2, size=16))

    assert list(await index.nearest(CONTEXT, vector(1), 3)) == []
    assert [near.key for near in await index.nearest(CONTEXT, vector(2, 16), 3)] == [key(2)]
    assert list(await index.nearest(CONTEXT, b"", 3)) == []
    assert list(await index.nearest(CONTEXT, b"abc", 3)) == []


async def test_what_is_removed_or_replaced_is_gone() -> None:
    index = MatrixIndex()
    for number in range(3):
        index.add(key(number), kept(number))
    index.remove(key(0))
    index.remove(key(9))
    index.add(key(1), kept(11))

    assert {near.question for near in await index.nearest(CONTEXT, vector(0), 9)} == {"question 2", "question 11"}
    index.remove(key(1))
    index.remove(key(2))
    assert (len(index), index.size_bytes, index._shelves) == (0, 0, {})


async def test_the_oldest_goes_when_it_is_full() -> None:
    index = MatrixIndex(entries_max=3)
    for number in range(5):
        index.add(key(number), kept(number))

    assert {near.key for near in await index.nearest(CONTEXT, vector(0), 9)} == {key(2), key(3), key(4)}


def test_its_bytes_are_bounded() -> None:
    index = MatrixIndex(bytes_max=20_000)
    for number in range(200):
        index.add(key(number), kept(number, context=key(number)))

    assert index.size_bytes <= 20_000
    assert 10 <= len(index) < 200


def test_what_has_no_vector_is_not_added() -> None:
    index = MatrixIndex()
    index.add(key(1), Kept(form=Form.WHOLE, body=b"", question="q", context=CONTEXT))

    assert len(index) == 0


async def test_of_many_the_nearest_are_found_by_their_sketch() -> None:
    size, many = 256, SKETCHED_ROWS_MIN + 500
    index = MatrixIndex()
    for number in range(many):
        index.add(key(number), kept(number, size=size))
    for number in range(0, many, 450):
        noise = 0.3 * np.frombuffer(vector(10**6 + number, size), "<f4")
        asked = np.frombuffer(vector(number, size), "<f4") + noise
        query = (asked / np.linalg.norm(asked)).astype("<f4")
        found = await index.nearest(CONTEXT, query.tobytes(), 2)

        assert found[0].key == key(number)
        assert found[0].similarity == pytest.approx(float(query @ np.frombuffer(vector(number, size), "<f4")), abs=1e-5)


async def test_questions_may_come_and_go_while_a_thread_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic_index, "OFF_LOOP_NUMBERS", 0)
    index = MatrixIndex()
    for number in range(300):
        index.add(key(number), kept(number))

    async def look(number: int) -> None:
        found = await index.nearest(CONTEXT, vector(number), 2)
        assert all(near.question == f"question {int.from_bytes(near.key, 'big')}" for near in found)

    async with asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(look(number))
            await asyncio.sleep(0)
            index.remove(key(number))
            index.add(key(1000 + number), kept(1000 + number))

    assert len(index) == 300


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 2)), max_size=60))
def test_any_history_leaves_what_a_map_would_have(history: list[tuple[bool, int, int]]) -> None:
    index, model = MatrixIndex(), dict[bytes, Kept]()
    for is_added, number, context in history:
        if is_added:
            entry = kept(number + 100 * context, context=bytes([context]))
            index.add(key(number), entry)
            model[key(number)] = entry
        else:
            index.remove(key(number))
            model.pop(key(number), None)
    found = {
        (near.key, near.question, bytes([context]))
        for context in range(3)
        for near in asyncio.run(index.nearest(bytes([context]), vector(0), 99))
    }

    assert found == {(name, entry.question, entry.context) for name, entry in model.items()}


def test_vectors_are_little_endian() -> None:
    assert struct.unpack("<8f", vector(1)) == pytest.approx(tuple(np.frombuffer(vector(1), "<f4")))


async def test_what_is_cleared_is_empty_and_takes_new_questions() -> None:
    index = MatrixIndex()
    for number in range(3):
        index.add(key(number), kept(number))
    index.clear()
    cleared = (len(index), index.size_bytes, await index.nearest(CONTEXT, vector(1), 9))
    index.add(key(1), kept(1))

    assert cleared == (0, 0, ())
    assert [near.key for near in await index.nearest(CONTEXT, vector(1), 9)] == [key(1)]
