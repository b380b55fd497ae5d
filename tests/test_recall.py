"""What is kept is found under its key for as long as the caller takes it; what is alike, only if it is kept still."""

import msgspec
import pytest

from llmgw.graph.cache_rules import CacheRule
from llmgw.policy.caching import Decision
from llmgw.policy.kept import Form, Kept
from llmgw.recall import HIT, Recall
from tests.fakes import fake_call, fake_transcript
from tests.policy.rules import HandClock


class FakeCache:
    """Keeps all that it is given, by reference."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Kept] = {}
        self.counted: list[bytes | None] = []

    async def get(self, key: bytes) -> Kept | None:
        return self.kept.get(key)

    async def put(self, key: bytes, kept: Kept) -> None:
        self.kept[key] = kept

    def count(self, key: bytes | None) -> None:
        self.counted.append(key)


def decision(max_age_s: float = 60.0, key: bytes = b"k") -> Decision:
    rule = CacheRule(name="all", ttl_s=60.0)
    return Decision(rule=rule, key=key, look=True, keep=True, max_age_s=max_age_s, question="why?")


def answer(recall: Recall, body: bytes = b"{}") -> Kept:
    return Kept(form=Form.WHOLE, body=body, kept_ms=recall.now_ms(), ends_ms=recall.now_ms() + 60_000)


async def test_what_is_kept_is_found_with_its_age() -> None:
    clock = HandClock()
    recall = Recall(FakeCache(), clock)
    kept = answer(recall)
    await recall.keep(decision(), kept)
    clock.move(2.5)
    found = await recall.find(decision())

    assert found == (kept, HIT, 2.5, b"k", None)
    assert await recall.find(decision(key=b"another")) is None


@pytest.mark.parametrize(("age_s", "is_found"), [(0.0, True), (10.0, True), (10.5, False), (59.0, False)])
async def test_what_is_older_than_the_caller_takes_is_not_found(age_s: float, is_found: bool) -> None:
    clock = HandClock()
    recall = Recall(FakeCache(), clock)
    await recall.keep(decision(), answer(recall))
    clock.move(age_s)

    assert is_found is (await recall.find(decision(max_age_s=10.0)) is not None)


async def test_a_clock_that_is_set_back_makes_no_answer_younger_than_new() -> None:
    clock = HandClock()
    recall = Recall(FakeCache(), clock)
    await recall.keep(decision(), answer(recall))
    clock.move(-100)
    found = await recall.find(decision())

    assert found is not None
    assert found.age_s == 0


async def test_the_last_answer_that_is_kept_is_the_one_that_is_found() -> None:
    recall = Recall(FakeCache(), HandClock())
    for body in (b"old", b"new"):
        await recall.keep(decision(), answer(recall, body))
    found = await recall.find(decision())

    assert found is not None
    assert found.kept.body == b"new"


async def test_without_a_semantic_rule_no_question_is_like_another() -> None:
    recall, transcript = Recall(FakeCache(), HandClock()), fake_transcript(fake_call())
    await recall.keep(decision(), msgspec.structs.replace(answer(recall), question="why?", vector=b"\0\0\x80?"))

    assert await recall.find_alike(decision(key=b"another"), b"\0\0\x80?", transcript, lambda _: True) is None


async def test_what_came_of_looking_is_counted_by_who_was_answered() -> None:
    cache = FakeCache()
    recall = Recall(cache, HandClock())
    await recall.keep(decision(), answer(recall))
    found = [await recall.find(decision(key=key)) for key in (b"k", b"another")]
    before = [*cache.counted]
    for one in found:
        recall.count(one)

    assert (before, cache.counted) == ([], [b"k", None])
