"""What every embedder owes its caller: vectors of length 1, all of one size, and EmbeddingError for all that fails."""

import math
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.local_embedder import LocalEmbedder, Model
from llmgw.adapters.system import SystemClock
from llmgw.adapters.target_embedder import TargetEmbedder
from llmgw.adapters.upstreams import Upstreams
from llmgw.embedding.vectors import normalised
from llmgw.errors import EmbeddingError
from llmgw.ports import Embedder
from tests.partners.embeddings_upstream import embedding, vector_of

Broken = Callable[[], Awaitable[None]]


@asynccontextmanager
async def of_a_target() -> AsyncIterator[tuple[Embedder, Broken]]:
    upstreams = Upstreams(SystemClock())
    async with embedding() as partner:

        async def break_it() -> None:
            partner.status = 500

        config = f'{{providers: {{p: {{like: openai, base_url: "{partner.url}", auth: none}}}}, models: {{one: p/m}}}}'
        target = build([Text("config.yaml", config)], {}, need_secrets=True).checked().targets["one"]
        yield TargetEmbedder(target, upstreams, within_s=5.0), break_it
        await upstreams.close()


@asynccontextmanager
async def of_a_local_model() -> AsyncIterator[tuple[Embedder, Broken]]:
    broken: list[bool] = []

    def model(text: str) -> tuple[bytes, int]:
        if broken:
            raise EmbeddingError("it is broken")
        return normalised(vector_of(text)), len(text.split())

    def load(_name: str) -> Model:
        return model

    async def break_it() -> None:
        broken.append(True)

    embedder = LocalEmbedder("local/words", within_s=5.0, load=load)
    yield embedder, break_it
    await embedder.close()


EMBEDDERS = [of_a_target, of_a_local_model]


@pytest.mark.parametrize("made", EMBEDDERS)
async def test_vectors_have_length_1_and_one_size(made: Callable[[], Any]) -> None:
    async with made() as (embedder, _):
        told = [await embedder.embed(text) for text in ("how are you", "who are you", "how are you")]
    vectors = [struct.unpack(f"<{len(one.vector) // 4}f", one.vector) for one in told]

    assert {len(vector) for vector in vectors} == {64}
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1.0] * 3, abs=1e-5)
    assert told[0] == told[2] != told[1]
    assert [one.usage and one.usage.input_tokens for one in told] == [3, 3, 3]


@pytest.mark.parametrize("made", EMBEDDERS)
async def test_what_fails_is_an_embedding_error(made: Callable[[], Any]) -> None:
    async with made() as (embedder, break_it):
        await break_it()

        with pytest.raises(EmbeddingError):
            await embedder.embed("how are you")
