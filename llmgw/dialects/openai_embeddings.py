"""Embeddings as OpenAI serves them, and all who serve them like it: Azure, Mistral, Ollama, vLLM and many more."""

from collections.abc import Mapping, Sequence

import msgspec

from llmgw.chat.provider_bodies import answer_of
from llmgw.chat.usage import Usage, tokens
from llmgw.embedding.dialect import EmbeddingsDialect, Vectors
from llmgw.embedding.vectors import of_base64


class _Item(msgspec.Struct):
    embedding: list[float] | str
    index: int = 0


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    total_tokens: int | None = None


class _Answer(msgspec.Struct):
    data: list[_Item]
    usage: _Usage | None = None


_decoder = msgspec.json.Decoder(_Answer)


class OpenAIEmbeddings:
    """`POST …/embeddings`."""

    name = "openai_embeddings"
    texts_max = 2048

    def write(self, model: str, texts: Sequence[str]) -> Mapping[str, object]:
        """Without `encoding_format`, which not all of them know: lists of numbers are usual."""
        return {"model": model, "input": list(texts)}

    def read(self, body: bytes) -> Vectors:
        answer = answer_of(_decoder, body)
        items = sorted(answer.data, key=lambda item: item.index)
        values = [of_base64(item.embedding) if isinstance(item.embedding, str) else item.embedding for item in items]
        return Vectors(values, _usage(answer.usage))


def _usage(told: _Usage | None) -> Usage | None:
    """Nothing is written, so all of it was read; some tell only the one, some only the other."""
    if told is None or (told.prompt_tokens is None and told.total_tokens is None):
        return None
    return Usage(input_tokens=tokens(told.prompt_tokens or told.total_tokens))


openai_embeddings: EmbeddingsDialect = OpenAIEmbeddings()
