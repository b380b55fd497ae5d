"""Where a provider serves embeddings: beside its chat, at another path. Who can chat can embed, if it has a model."""

from collections.abc import Mapping
from typing import NamedTuple

from llmgw.dialects.cohere_embeddings import cohere_embeddings
from llmgw.dialects.gemini_embeddings import gemini_embeddings
from llmgw.dialects.openai_embeddings import openai_embeddings
from llmgw.embedding.dialect import EmbeddingsDialect


class EmbeddingsWire(NamedTuple):
    """One way to ask for embeddings."""

    dialect: EmbeddingsDialect
    url: str


# By the dialect of chat: how its path ends, and what stands there instead.
_BESIDE: Mapping[str, tuple[str, str, EmbeddingsDialect]] = {
    "openai_chat": ("/chat/completions", "/embeddings", openai_embeddings),
    "openai_responses": ("/responses", "/embeddings", openai_embeddings),
    "ollama_chat": ("/api/chat", "/v1/embeddings", openai_embeddings),
    "ollama_generate": ("/api/generate", "/v1/embeddings", openai_embeddings),
    "gemini_generate": (":generateContent", ":embedContent", gemini_embeddings),
    "cohere_chat": ("/v2/chat", "/v2/embed", cohere_embeddings),
    "cohere_chat_v1": ("/v1/chat", "/v2/embed", cohere_embeddings),
}
_VERTEX = "/publishers/"  # there Gemini's dialect has no embeddings


def wire_beside(dialect: str, url: str) -> EmbeddingsWire | None:
    """Beside the chat of that dialect at `url`; None: nobody knows where."""
    path, mark, query = url.partition("?")
    ending, instead, spoken = _BESIDE.get(dialect, ("", "", openai_embeddings))
    if not ending or not path.endswith(ending) or _VERTEX in path:
        return None
    return EmbeddingsWire(spoken, f"{path.removesuffix(ending)}{instead}{mark}{query}")
