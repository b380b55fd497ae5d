"""One wire format of embeddings: what every one must be able to say and to hear. Texts go out, vectors come back."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from llmgw.chat.usage import Usage


class Vectors(NamedTuple):
    """In the order of the texts, as the provider gave them; `usage` None: it does not say."""

    values: Sequence[Sequence[float]]
    usage: Usage | None


class EmbeddingsDialect(Protocol):
    """How texts go out and vectors come back. Whatever a provider adds is left alone."""

    name: str
    texts_max: int  # of one call

    def write(self, model: str, texts: Sequence[str]) -> Mapping[str, object]:
        """The fields of the body."""
        ...

    def read(self, body: bytes) -> Vectors:
        """Raises UpstreamProtocolError if that is no answer."""
        ...
