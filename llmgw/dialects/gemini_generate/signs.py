"""What the events of a stream mean to the gateway, while they go on as they came.

Every event is a whole answer in small. There are no names and no end mark; an error that comes instead may be plain
JSON, without the `data:` of an event.
"""

from llmgw.chat.dialect import NOTHING, Sign
from llmgw.chat.provider_errors import ProviderError
from llmgw.dialects.gemini_generate.answers import Chunk, read_chunk
from llmgw.dialects.gemini_generate.counts import Counts
from llmgw.dialects.gemini_generate.errors import read_error
from llmgw.wire import sse


def parse(event: bytes) -> Chunk | ProviderError | None:
    """None: there is nothing in it for us. Raises UpstreamProtocolError if it is not of this dialect."""
    data = sse.parse(event).data
    if data is None:
        return read_error(200, event.strip()) if event.lstrip().startswith((b"{", b"[")) else None
    if not data.strip() or data.strip() == b"[DONE]":  # others who speak this dialect may send one
        return None
    chunk = read_chunk(data)
    return chunk if chunk.error is None else read_error(200, data)


class Signs:
    """Reads one stream: the usage of a sign is all that was told until then."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts = Counts()

    def __call__(self, event: bytes) -> Sign:
        told = parse(event)
        if told is None:
            return NOTHING
        return Sign(error=told) if isinstance(told, ProviderError) else self._read(told)

    def _read(self, told: Chunk) -> Sign:
        candidates = told.candidates or []
        ended = tuple(one.index or 0 for one in candidates if one.reason)
        return Sign(
            content=any(part.says for one in candidates for part in one.parts),
            finish=told.finish,
            finished=(0,) if told.is_blocked else ended,
            usage=self._counts.take(told.usage_metadata),
        )


def may_matter(events: bytes) -> bool:
    """Usage is told in every chunk; who has not spelt it so has nothing for us but errors and ends."""
    return b"sageMetadata" in events or b"inishReason" in events or b'"error"' in events or b"blockReason" in events
