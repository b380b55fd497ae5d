"""Embeddings as Gemini serves them: the model is in the path, one text to a call."""

from collections.abc import Mapping, Sequence

import msgspec

from llmgw.chat.provider_bodies import answer_of
from llmgw.chat.usage import Usage, tokens
from llmgw.embedding.dialect import EmbeddingsDialect, Vectors


class _Values(msgspec.Struct):
    values: list[float]


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None


class _Answer(msgspec.Struct, rename="camel"):
    embedding: _Values
    usage_metadata: _Usage | None = None


_decoder = msgspec.json.Decoder(_Answer)


class GeminiEmbeddings:
    """`POST …/models/NAME:embedContent`. Most of its models do not say what they counted."""

    name = "gemini_embeddings"
    texts_max = 1

    def write(self, model: str, texts: Sequence[str]) -> Mapping[str, object]:
        (text,) = texts
        return {"model": f"models/{model}", "content": {"parts": [{"text": text}]}}

    def read(self, body: bytes) -> Vectors:
        answer = answer_of(_decoder, body)
        told = answer.usage_metadata
        count = None if told is None else told.prompt_token_count
        return Vectors([answer.embedding.values], None if count is None else Usage(input_tokens=tokens(count)))


gemini_embeddings: EmbeddingsDialect = GeminiEmbeddings()
