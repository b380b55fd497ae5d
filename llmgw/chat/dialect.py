"""One wire format, spoken in both directions: what every dialect must be able to say and to hear."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass

FINISH_CONTENT_FILTER = "content_filter"
FINISH_ERROR = "error"


class Sign(msgspec.Struct, frozen=True, gc=False):
    """What one event of a stream means to the gateway.

    `content` is set by the first text, refusal, reasoning or tool call; preambles, pings and empty deltas are not
    content. `usage_only` marks an event that carries nothing else, and may be taken out.
    """

    content: bool = False
    finish: str | None = None
    finished: tuple[int, ...] = ()  # the choices that have ended, by index
    end: bool = False  # the dialect's end mark
    usage: Usage | None = None
    usage_only: bool = False
    error: "ProviderError | None" = None


NOTHING = Sign()


class Answer(msgspec.Struct, frozen=True):
    """What an unstreamed answer tells the gateway."""

    usage: Usage | None
    finish: str | None


class ProviderError(msgspec.Struct, frozen=True):
    """An error as the provider told it. `failure` None: the dialect has no sign of its own, the status decides.

    `plain`: as it came, it is an error of the dialect, which the callers' SDKs understand.
    """

    failure: FailureClass | None
    message: str
    retry_after_s: float | None = None
    plain: bool = False


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error of ours on its way to a client: `code` is stable, `param` the field of the body at fault."""

    status: int
    code: str
    message: str
    param: str | None = None
    attempts: tuple[Mapping[str, object], ...] = ()


class Dialect(Protocol):
    """A wire format: read what comes in, write what goes out, know the signs of its streams."""

    name: str

    def read_request(self, body: bytes, model: str = "") -> ChatRequest:
        """Raises InvalidRequestError with the place in the body. `model` is the path's, which wins over the body's."""
        ...

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """The body for a provider of this dialect, and the names of the fields that were dropped."""
        ...

    def read_answer(self, body: bytes) -> Answer:
        """Raises UpstreamProtocolError if this is no answer of the dialect, or an error: then with its class."""
        ...

    def read_event(self, event: bytes) -> Sign:
        """Raises UpstreamProtocolError if the event is not of this dialect."""
        ...

    def may_matter(self, events: bytes) -> bool:
        """Whether any of these whole events could carry usage, an error or an end: the cheap look before reading."""
        ...

    def read_error(self, status: int, body: bytes) -> ProviderError:
        """Never raises: whatever came is at least a message."""
        ...

    def write_error(self, report: ErrorReport) -> bytes:
        """The body of an error answer."""
        ...

    def write_stream_error(self, report: ErrorReport) -> bytes:
        """The event that ends a broken stream; no end mark follows it."""
        ...
