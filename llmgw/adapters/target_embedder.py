"""Embeddings of a target of the file: called as for chat, with its own credential, but briefly and for a small answer.

The caller waits while this is done, only to be spared a call. So its time is short, and nothing is tried twice.
"""

import asyncio

import msgspec

from llmgw.chat import provider_errors
from llmgw.config.secrets import Secret
from llmgw.embedding.vectors import normalised
from llmgw.errors import EmbeddingError, UpstreamConnectError, UpstreamError, UpstreamProtocolError
from llmgw.graph.model import Target
from llmgw.masking import Mask
from llmgw.ports import Embedded, Embedder, Upstream, UpstreamCall, UpstreamStream
from llmgw.providers.embeddings import EmbeddingsWire, wire_beside

WITHIN_S = 0.2
ANSWER_BYTES_MAX = 1024 * 1024  # 16,384 numbers, each of 24 characters, take less than half of it
ERROR_CHARS_MAX = 300


def fault(target: Target) -> str | None:
    """Why it cannot embed, whatever its model is; None if it may."""
    if target.client_auth is not None:
        return "it is called with its caller's own credential, and an embedding is ours"
    if target.transport.simulate is not None:
        return "the simulator has no embeddings"
    return None if _wire(target) else f"provider {target.provider} has no embeddings that llmgw can ask for"


def _wire(target: Target) -> EmbeddingsWire | None:
    """Beside the first of its dialects that has a place for them."""
    found = (wire_beside(wire.dialect.name, wire.url) for wire in target.wires)
    return next((wire for wire in found if wire is not None), None)


class TargetEmbedder:
    """Raises EmbeddingError when it is made, if the target cannot embed."""

    def __init__(self, target: Target, upstream: Upstream, within_s: float = WITHIN_S) -> None:
        wire = _wire(target)
        why = fault(target)
        if wire is None or why is not None:
            raise EmbeddingError(f"{target.id}: {why}")
        self._target = target
        self._wire = wire
        self._upstream = upstream
        self._within_s = within_s

    async def embed(self, text: str, request_id: str = "") -> Embedded:
        leaving = _Leaving()
        call = self._call(text, request_id, leaving)
        secrets = list(self._target.secrets)
        try:
            async with asyncio.timeout(self._within_s), self._upstream.open(call) as answer:
                secrets += answer.secrets
                leaving.noted &= _is_success(answer.status)  # nobody asks for money for an error
                return self._read(answer.status, await _body(answer))
        except TimeoutError:
            raise self._error(f"no vector within {self._within_s:g} s", secrets, leaving) from None
        except UpstreamError as error:
            leaving.noted &= not isinstance(error, UpstreamConnectError)
            raise self._error(error.message, secrets, leaving) from None

    def _call(self, text: str, request_id: str, leaving: "_Leaving") -> UpstreamCall:
        edits = self._target.edits
        written = self._wire.dialect.write(edits.model, [text])
        fields = {name: value for name, value in {**edits.default, **written}.items() if name not in edits.drop}
        return UpstreamCall(
            self._target,
            self._wire.url,
            {name: value.reveal() for name, value in self._target.headers.items()},
            msgspec.json.encode({**fields, **edits.set}),
            self._within_s,
            request_id,
            leaving.note,
        )

    def _read(self, status: int, body: bytes) -> Embedded:
        if not _is_success(status):
            told = provider_errors.read_error(status, body)
            raise UpstreamProtocolError(f"{status} {told.message}")
        vectors = self._wire.dialect.read(body)
        if len(vectors.values) != 1:
            raise UpstreamProtocolError(f"{len(vectors.values)} vectors for one text")
        return Embedded(normalised(vectors.values[0]), vectors.usage)

    def _error(self, message: str, secrets: list[Secret], leaving: "_Leaving") -> EmbeddingError:
        told = Mask(secret.reveal() for secret in secrets).text(message)[:ERROR_CHARS_MAX]
        return EmbeddingError(f"{self._target.id}: {told}", may_be_billed=leaving.noted)


def _is_success(status: int) -> bool:
    return 200 <= status <= 299


class _Leaving:
    """Whether the request has left: from then on the provider may bill."""

    noted = False

    def note(self) -> None:
        self.noted = True


async def _body(answer: UpstreamStream) -> bytes:
    body = bytearray()
    while chunk := await answer.read():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise UpstreamProtocolError(f"the answer is over {ANSWER_BYTES_MAX} bytes")
    return bytes(body)


_: type[Embedder] = TargetEmbedder
