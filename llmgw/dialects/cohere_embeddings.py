"""Embeddings as Cohere serves them (v2): it wants to know what for, and in which types of numbers."""

from collections.abc import Mapping, Sequence

import msgspec

from llmgw.chat.provider_bodies import answer_of
from llmgw.chat.usage import Usage, tokens
from llmgw.embedding.dialect import EmbeddingsDialect, Vectors


class _Floats(msgspec.Struct, rename={"floats": "float"}):
    floats: list[list[float]]


class _Units(msgspec.Struct):
    input_tokens: float | None = None


class _Meta(msgspec.Struct):
    billed_units: _Units | None = None


class _Answer(msgspec.Struct):
    embeddings: _Floats
    meta: _Meta | None = None


_decoder = msgspec.json.Decoder(_Answer)


class CohereEmbeddings:
    """`POST …/v2/embed`. Questions are compared with questions, so all of them are of one type."""

    name = "cohere_embeddings"
    texts_max = 96

    def write(self, model: str, texts: Sequence[str]) -> Mapping[str, object]:
        return {"model": model, "texts": list(texts), "input_type": "search_query", "embedding_types": ["float"]}

    def read(self, body: bytes) -> Vectors:
        answer = answer_of(_decoder, body)
        billed = answer.meta and answer.meta.billed_units
        count = billed.input_tokens if billed else None
        return Vectors(answer.embeddings.floats, None if count is None else Usage(input_tokens=tokens(count)))


cohere_embeddings: EmbeddingsDialect = CohereEmbeddings()
