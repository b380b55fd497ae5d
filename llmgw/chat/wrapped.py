"""A dialect in another provider's envelope: Claude's own on AWS Bedrock and on Vertex AI, say.

What the envelope changes is data: fields that stand elsewhere or are the provider's own, headers that become fields,
and how the stream is cut. All else is the inner dialect's, so that its callers are forwarded, not translated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from llmgw.chat.bodies import fields as fields_of
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import Decoder, Dialect
from llmgw.chat.events import Event
from llmgw.chat.provider_bodies import UNREADABLE
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import NO_HEADERS, Edits
from llmgw.errors import UpstreamProtocolError
from llmgw.wire.framing import Framing

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Envelope:
    """What differs from the inner dialect as its own vendor serves it.

    The frames of `framing` give the inner dialect's events as that dialect cuts them. `headers` are those of the
    vendor's own that this provider takes too; `fields_of_headers` become lists in the body instead.
    """

    framing: Framing
    leaves_out: frozenset[str] = frozenset()  # fields that stand elsewhere, as in the path
    adds: Mapping[str, object] = field(default_factory=dict)
    headers: frozenset[str] = frozenset()
    fields_of_headers: Mapping[str, str] = field(default_factory=dict)
    hides: frozenset[str] = frozenset()  # fields of an answer that nobody is to see


class Wrapped:
    """A provider's dialect, and that of the callers whom it can take as they are."""

    def __init__(self, name: str, inner: Dialect, envelope: Envelope) -> None:
        self.name = name
        self.inner = inner
        self.envelope = envelope
        self.framing = envelope.framing

    def enclose(self, body: bytes, edits: Edits, headers: Mapping[str, str] = NO_HEADERS) -> bytes:
        """A body of the inner dialect, as it goes out. What the file drops or sets is its own word on the matter."""
        fields = {name: raw for name, raw in fields_of(body).items() if name not in self.envelope.leaves_out}
        for header, name in self.envelope.fields_of_headers.items():
            words = [word.strip() for word in headers.get(header, "").split(",") if word.strip()]
            if words and name not in edits.drop:
                fields.setdefault(name, _raw(words))
        adds = {name: _raw(value) for name, value in self.envelope.adds.items() if name not in edits.set}
        return _encoder.encode({**fields, **adds})

    def disclose(self, body: bytes) -> bytes:
        """An answer at once, as the caller may have it. Raises UpstreamProtocolError if it is none."""
        try:
            return without(body, self.envelope.hides)
        except UNREADABLE as error:
            raise UpstreamProtocolError(f"the answer is not JSON: {error}") from None

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        body, unsaid = self.inner.write_conversation(conversation, edits)
        return self.enclose(body, edits), unsaid

    def read_events(self, body: bytes) -> list[Event]:
        return self.inner.read_events(body)

    def decoder(self) -> Decoder:
        return self.inner.decoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return self.inner.read_error(status, body)


def without(data: bytes, names: frozenset[str]) -> bytes:
    """An object without these fields; as it is, if it has none of them. Raises what is `UNREADABLE`."""
    if not any(name.encode() in data for name in names):
        return data
    return _encoder.encode({name: raw for name, raw in fields_of(data).items() if name not in names})


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encoder.encode(value))
