"""What the process remembers: answers under their keys, and questions that were asked in other words.

Nothing that goes wrong here is worth a call: then nothing is remembered of it.
"""

from collections.abc import Callable
from typing import NamedTuple

from llmgw.asking import Asking
from llmgw.errors import EmbeddingError
from llmgw.likeness import Likeness
from llmgw.policy.caching import Decision
from llmgw.policy.kept import Kept
from llmgw.ports import Cache, Clock, Near
from llmgw.transcript import Transcript
from llmgw.vectors import Vectors

HIT, SEMANTIC, COALESCED = "hit", "semantic", "coalesced"  # how an answer came that nobody was asked for


class Found(NamedTuple):
    """What is kept for a request, for how long it has been, and how alike the question was that it answered."""

    kept: Kept
    how: str
    age_s: float
    key: bytes
    similarity: float | None = None


class Recall:
    """Looks for what was answered before, and keeps what is new. `likeness` None: no rule is semantic."""

    def __init__(self, cache: Cache, clock: Clock, likeness: Likeness | None = None) -> None:
        self._cache = cache
        self._clock = clock
        self._vectors = Vectors(clock)
        self.likeness = likeness

    async def find(self, decision: Decision) -> Found | None:
        """The answer to this very request."""
        return await self._fresh(decision.key, decision, HIT)

    async def vector(self, decision: Decision, asking: Asking, transcript: Transcript) -> bytes:
        """Of its question; none, if it cannot be had soon, or has no use."""
        likeness, place = self.likeness, (decision.context, decision.question)
        if likeness is None or not decision.question:
            return b""
        try:
            return await self._vectors.get(place, lambda: likeness.vector(decision, asking, transcript))
        except EmbeddingError as error:
            transcript.cache_why = f"no vector: {error.message}"
            return b""

    async def find_alike(
        self, decision: Decision, vector: bytes, transcript: Transcript, is_of_use: Callable[[Kept], bool]
    ) -> Found | None:
        """The answer to a question that is alike. If only nearly so, the log says how, and what is not the same."""
        if self.likeness is None or not vector:
            return None
        for near in await self.likeness.alike(decision, vector):
            difference = self.likeness.difference(decision.rule, near, decision.question)
            found = None if difference else await self._alike(near, decision)
            if found is not None and is_of_use(found.kept):
                return found
            why = difference or ("it cannot be told in this form" if found else "it is not kept any more")
            transcript.similarity = transcript.similarity or near.similarity
            transcript.cache_why = transcript.cache_why or why
            if near.similarity < decision.rule.threshold:
                break
        return None

    async def keep(self, decision: Decision, kept: Kept) -> None:
        """From now on it answers the same request."""
        if self.likeness is not None and kept.vector:
            self.likeness.add(decision.key, kept)
        await self._cache.put(decision.key, kept)

    def count(self, found: Found | None) -> None:
        """What came of looking for one request; None: nothing that could answer it."""
        self._cache.count(None if found is None else found.key)

    def now_ms(self) -> int:
        return int(self._clock.now_s() * 1000)

    async def _alike(self, near: Near, decision: Decision) -> Found | None:
        """What is not found now may be too old for this caller alone, or the disk slow: stores tell what has left."""
        found = await self._fresh(near.key, decision, SEMANTIC)
        return None if found is None else found._replace(similarity=near.similarity)

    async def _fresh(self, key: bytes, decision: Decision, how: str) -> Found | None:
        kept = await self._cache.get(key)
        if kept is None:
            return None
        age_s = max(self._clock.now_s() - kept.kept_ms / 1000, 0.0)
        return Found(kept, how, age_s, key) if age_s <= decision.max_age_s else None
