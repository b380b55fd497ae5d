"""When an answer to one question is one to another; end to end in tests/server/test_semantic.py."""

import pytest

from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.adapters.semantic_index import MatrixIndex
from llmgw.asking import Asking
from llmgw.bookkeeping import Books
from llmgw.chat.usage import Usage
from llmgw.errors import EmbeddingError
from llmgw.graph.cache_rules import CacheRule, Embedding, Mode
from llmgw.likeness import Likeness
from llmgw.policy.caching import Decision
from llmgw.policy.slots import QUESTION_CHARS_MAX
from llmgw.ports import Embedded, Near
from llmgw.routing.health_board import HealthBoard
from tests.fakes import FakeAlerts, FakeClock, FakeLedger, fake_call, fake_transcript

QUESTION = "What is the capital of France?"


def rule(*, slots: bool = True, threshold: float = 0.9, name: str = "local/mini") -> CacheRule:
    return CacheRule("r", 60.0, mode=Mode.SEMANTIC, threshold=threshold, embedding=Embedding(name), slots=slots)


class Embedding64:
    """A vector for any text."""

    async def embed(self, text: str, request_id: str = "") -> Embedded:
        return Embedded(b"vector", Usage())


def likeness() -> Likeness:
    clock = FakeClock()
    books = Books(MemoryQuota(clock), FakeLedger(), FakeAlerts())
    return Likeness(MatrixIndex(), {"local/mini": Embedding64()}, books, clock)


@pytest.mark.parametrize(
    ("of", "near", "expected"),
    [
        (rule(), Near(b"", "Please, what is the capital of France?", 0.93), ""),
        (rule(), Near(b"", "What is the capital of Spain?", 0.93), "spain / france"),
        (rule(slots=False), Near(b"", "What is the capital of Spain?", 0.93), ""),
        (rule(), Near(b"", QUESTION, 0.89), "below 0.9"),
    ],
)
def test_alike_is_what_is_near_enough_and_agrees_in_what_matters(of: CacheRule, near: Near, expected: str) -> None:
    assert expected == likeness().difference(of, near, QUESTION)


@pytest.mark.parametrize(
    ("of", "question", "message"),
    [
        (rule(name="local/other"), QUESTION, "nothing here makes vectors"),
        (rule(), "a" * (QUESTION_CHARS_MAX + 1), "is like no other"),
    ],
)
async def test_no_vector_is_asked_for_that_is_of_no_use(of: CacheRule, question: str, message: str) -> None:
    call, clock = fake_call(), FakeClock()
    with pytest.raises(EmbeddingError, match=message):
        await likeness().vector(
            Decision(rule=of, question=question),
            Asking(call, MemoryQuota(clock), clock, HealthBoard()),
            fake_transcript(call),
        )


async def test_a_local_vector_costs_nothing() -> None:
    call, clock = fake_call(), FakeClock()
    asking = Asking(call, MemoryQuota(clock), clock, HealthBoard())

    assert await likeness().vector(Decision(rule=rule(), question=QUESTION), asking, fake_transcript(call)) == b"vector"
