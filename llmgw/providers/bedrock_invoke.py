"""AWS Bedrock's InvokeModel: each vendor's own dialect in AWS's envelope. It is asked for Claude, and in its words.

The answers of other vendors are understood as well; whoever wants these models finds them behind Converse.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from llmgw.chat.dialect import Decoder
from llmgw.chat.events import Event
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import NO_HEADERS, Edits
from llmgw.chat.wrapped import Envelope, Wrapped
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.bedrock_converse import answers as converse
from llmgw.dialects.bedrock_converse.decoding import ConverseDecoder
from llmgw.dialects.bedrock_converse.errors import read_error
from llmgw.dialects.bedrock_invoke import decoding as texts
from llmgw.dialects.bedrock_invoke.chunks import CHUNKS, HIDDEN
from llmgw.errors import InvalidRequestError
from llmgw.providers.claude import BETA_HEADER, VERSION
from llmgw.wire import sse

# In front there may be the region of a profile, or its ARN.
_OTHERS = re.compile(r"(?:^|[./])(?:amazon|ai21|cohere|deepseek|google|meta|minimax|mistral|openai|qwen|writer)\.")

_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


class BedrockInvoke(Wrapped):
    """Claude's dialect, as it is written; any vendor's, as it is read."""

    def enclose(self, body: bytes, edits: Edits, headers: Mapping[str, str] = NO_HEADERS) -> bytes:
        """Raises InvalidRequestError for the model of another vendor."""
        if _OTHERS.search(edits.model):
            raise InvalidRequestError(f"{edits.model} is no Claude: it is called as bedrock/{edits.model}")
        return super().enclose(body, edits, headers)

    def read_events(self, body: bytes) -> list[Event]:
        fields = _fields(body)
        if "output" in fields:
            return converse.read_events(body)
        is_claudes = fields.keys() & {"content", "error"} or not fields
        return super().read_events(body) if is_claudes else texts.read_events(body)

    def decoder(self) -> Decoder:
        return _AnyDecoder(super().decoder())

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return read_error(status, body)


class _NovaDecoder:
    """Nova's events are those of Converse, each in an object under its name."""

    def __init__(self) -> None:
        self._inner = ConverseDecoder()
        self.ended = False

    def read(self, event: bytes) -> list[Event]:
        told = _fields(sse.parse(event).data or b"")
        read = [news for name, payload in told.items() for news in self._inner.take(name, bytes(payload))]
        self.ended = self._inner.ended
        return read


class _AnyDecoder:
    """The first event tells whose stream it is. Exceptions are AWS's own, and come in Claude's words to all."""

    def __init__(self, claude: Decoder) -> None:
        self._claude = claude
        self._inner: Decoder | None = None
        self.ended = False

    def read(self, event: bytes) -> list[Event]:
        name, data = sse.parse(event)
        if name == b"error":
            return self._claude.read(event)
        if self._inner is None:
            self._inner = self._of(_fields(data or b""))
        read = self._inner.read(event)
        self.ended = self._inner.ended
        return read

    def _of(self, told: Mapping[str, Any]) -> Decoder:
        if "messageStart" in told:
            return _NovaDecoder()
        return self._claude if "type" in told and "completion" not in told else texts.TextDecoder()


def _fields(data: bytes) -> Mapping[str, msgspec.Raw]:
    """Nothing, if it is no object: then whoever reads it says so."""
    try:
        return _fields_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


bedrock_invoke = BedrockInvoke(
    "bedrock_invoke",
    anthropic_messages,
    Envelope(
        framing=CHUNKS,
        leaves_out=frozenset({"model", "stream"}),
        adds={VERSION: "bedrock-2023-05-31"},
        fields_of_headers={BETA_HEADER: "anthropic_beta"},
        hides=HIDDEN,
    ),
)
