"""How long a prompt is, before anybody answers it: what a dialect has beside, if callers can ask that in it."""

from typing import Protocol

from llmgw.chat import estimate
from llmgw.chat.dialect import Dialect
from llmgw.chat.request import ChatRequest, Edits

BYTES_PER_TOKEN = 4  # of English text, and of code; other languages have fewer


class CountingDialect(Dialect, Protocol):
    """A dialect with a call that counts the tokens of a request."""

    def read_count_request(self, body: bytes, model: str = "") -> ChatRequest:
        """The request that is to be counted. Raises InvalidRequestError with the place in the body."""
        ...

    def write_count_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """The body for a provider of this dialect, and the names of the fields that were dropped."""
        ...

    def read_count(self, body: bytes) -> int:
        """The input tokens. Raises UpstreamProtocolError if this is no count, or an error: then with its class."""
        ...

    def write_count(self, input_tokens: int) -> bytes: ...


def estimated(request: ChatRequest) -> int:
    """About how many input tokens a request has, where nobody counts them for us."""
    return estimate.input_tokens(request)
