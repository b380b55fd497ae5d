"""The same question in other words: its vector, and the most alike of those that were answered in the same context.

The vector is got for a caller who waits, so it is got soon or not at all. Whoever is asked for it is paid from the
caller's budgets and stands in the book with a row of its own.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from llmgw.accounting import Admission
from llmgw.asking import Asking
from llmgw.bookkeeping import Bill, Books
from llmgw.chat.bounds import Bounds
from llmgw.chat.counting import BYTES_PER_TOKEN
from llmgw.chat.usage import Usage
from llmgw.errors import EmbeddingError, LedgerUnavailableError, RequestError
from llmgw.graph.cache_rules import CacheRule
from llmgw.graph.model import Target
from llmgw.policy import slots
from llmgw.policy.billing import NOTHING, Spent
from llmgw.policy.caching import Decision
from llmgw.policy.entry import errand_id
from llmgw.policy.kept import Kept
from llmgw.ports import Clock, Embedded, Embedder, Near, SemanticIndex
from llmgw.routing.plan import Refusal
from llmgw.transcript import OK, Transcript

EMBEDDINGS = "embeddings"  # the endpoint, in the book
FAILED = "embedding_failed"  # the outcome
NEAREST = 8  # questions that are looked at more closely


class Likeness:
    """`embedders` by the names that rules have for them."""

    def __init__(self, index: SemanticIndex, embedders: Mapping[str, Embedder], books: Books, clock: Clock) -> None:
        self._index = index
        self._embedders = embedders
        self._books = books
        self._clock = clock

    async def vector(self, decision: Decision, asking: Asking, transcript: Transcript) -> bytes:
        """Of the question. Raises EmbeddingError."""
        rule, question = decision.rule, decision.question
        embedder = None if rule.embedding is None else self._embedders.get(rule.embedding.name)
        if rule.embedding is None or embedder is None:
            raise EmbeddingError("nothing here makes vectors for this rule")
        if rule.slots and len(question) > slots.QUESTION_CHARS_MAX:
            raise EmbeddingError(f"a question of over {slots.QUESTION_CHARS_MAX} characters is like no other")
        if rule.embedding.target is None:
            return (await embedder.embed(question, asking.call.request_id)).vector
        errand = _Errand(asking, transcript, self._books, self._clock)
        return await errand.run(embedder, rule.embedding.target, question)

    async def alike(self, decision: Decision, vector: bytes) -> Sequence[Near]:
        """Those which may stand for it, the most alike first; and then the next one, which may not."""
        return await self._index.nearest(decision.context, vector, NEAREST)

    def difference(self, rule: CacheRule, near: Near, question: str) -> str:
        """Why an answer to that is none to this, in a few words; empty if it is one."""
        if near.similarity < rule.threshold:
            return f"below {rule.threshold:g}"
        return (slots.difference(near.question, question) or "") if rule.slots else ""

    def add(self, key: bytes, kept: Kept) -> None:
        """From now on it is found."""
        self._index.add(key, kept)

    def remove(self, key: bytes) -> None:
        self._index.remove(key)


class _Errand:
    """One vector for one call, on an account of its own: it takes nothing of the caller's limits."""

    def __init__(self, asking: Asking, transcript: Transcript, books: Books, clock: Clock) -> None:
        call = replace(asking.call, request_id=errand_id(asking.call.request_id), endpoint=EMBEDDINGS)
        self._request_id = asking.call.request_id
        self._clock = clock
        self._account = asking.account_beside()
        self._transcript = replace(
            transcript,
            request_id=call.request_id,
            endpoint=EMBEDDINGS,
            stream=False,
            started_s=clock.elapsed_s(),
            attempts=[],
            outcome=FAILED,
            status=502,
        )
        self._bill = Bill(self._account, books, clock, call, self._transcript)

    async def run(self, embedder: Embedder, target: Target, question: str) -> bytes:
        try:
            admission = await self._admitted(target, question)
            return (await self._embedded(embedder, admission, question)).vector
        except (RequestError, LedgerUnavailableError) as error:
            raise EmbeddingError(str(error), is_callers=True) from None
        finally:
            with suppress(LedgerUnavailableError):  # then it stands there as it was reserved
                await self._bill.close()

    async def _admitted(self, target: Target, question: str) -> Admission:
        admitted = await self._account.admit(target, partial(_bounds, question), self._clock.now_s(), lambda _: ())
        if isinstance(admitted, Refusal):
            raise EmbeddingError(admitted.reason, is_callers=True)
        await self._bill.begin(admitted)
        return admitted

    async def _embedded(self, embedder: Embedder, admission: Admission, question: str) -> Embedded:
        about = Spent(Usage(input_tokens=_tokens_about(question)), estimated=True)
        try:
            embedded = await embedder.embed(question, self._request_id)
        except EmbeddingError as error:
            await self._bill.settle(admission, about if error.may_be_billed else NOTHING, whole=False)
            raise
        except BaseException:  # the caller has left
            await self._bill.settle(admission, about, whole=False)
            raise
        self._transcript.outcome, self._transcript.status = OK, 200
        told = about if embedded.usage is None else Spent(embedded.usage)
        await self._bill.settle(admission, told, whole=True)
        return embedded


def _bounds(question: str) -> Bounds:
    """No token is shorter than a byte; and nothing is written."""
    size_bytes = len(question.encode("utf-8", "replace")) + 16  # for what some put before and after it
    return Bounds(size_bytes, 0, is_capped=True, input_tokens_about=_tokens_about(question))


def _tokens_about(question: str) -> int:
    return len(question.encode("utf-8", "replace")) // BYTES_PER_TOKEN + 1
