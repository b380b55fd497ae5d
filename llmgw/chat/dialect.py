"""One wire format, spoken in both directions: what every dialect must be able to say and to hear."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Conversation
from llmgw.chat.events import Event
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.understood import Known
from llmgw.chat.usage import Usage
from llmgw.chat.weighing import Weight
from llmgw.chat.wording import Words
from llmgw.wire.framing import Framing

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
    error: ProviderError | None = None


NOTHING = Sign()


class AnswerSign(msgspec.Struct, frozen=True):
    """What an answer at once means to the gateway. `ended_unknown`: as of `Answer`, of one that was translated."""

    usage: Usage | None
    finish: str | None
    ended_unknown: bool = False


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error of ours on its way to a client: `code` is stable, `param` the field of the body at fault."""

    status: int
    code: str
    message: str
    param: str | None = None
    attempts: tuple[Mapping[str, object], ...] = ()


class Decoder(Protocol):
    """Reads one stream of a provider, event by event. `ended` is set by the end mark: nothing follows it."""

    ended: bool

    def read(self, event: bytes) -> list[Event]:
        """What a whole event (with its blank line) says; an error inside the stream is a Failed.

        Raises UpstreamProtocolError if the event is not of this dialect.
        """
        ...


class Encoder(Protocol):
    """Writes one stream for a client. The finish reason and the usage are written by `end`, whenever they came."""

    def write(self, events: Iterable[Event]) -> bytes: ...

    def end(self) -> bytes:
        """The last bytes, with the dialect's end mark."""
        ...


class ProviderDialect(Protocol):
    """A wire format that providers speak: what it takes to ask in it, and to understand the answer."""

    name: str
    framing: Framing  # of the streams that providers send

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """The body for a provider of this dialect, and the names of what it has no way to say.

        Raises InvalidRequestError if the conversation cannot be said at all.
        """
        ...

    def read_events(self, body: bytes) -> list[Event]:
        """An answer at once, as the events of a stream. Raises UpstreamProtocolError if it is none."""
        ...

    def decoder(self) -> Decoder: ...

    def read_error(self, status: int, body: bytes) -> ProviderError:
        """Never raises: whatever came is at least a message."""
        ...


class Dialect(ProviderDialect, Protocol):
    """A wire format that callers speak too: read what comes in, write what goes out, know the signs of its streams.

    `meaning` are its own names, beside the hub's, of what changes the meaning of an answer: a target that cannot be
    told of these is not asked (see `unsupported`).
    """

    meaning: frozenset[str]
    words: Words  # what its callers call by another name than the hub
    crossable: Known  # what of an answer the hub can say
    id_prefix: str  # what the ids of its answers begin with
    said: re.Pattern[bytes]  # finds in the events of a stream what a model has written, as its one group

    # The client's bytes, and the provider's, go on as they are; only what the gateway acts on is read.

    def read_request(self, body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
        """Raises InvalidRequestError with the place in the body. `model` and `stream` are the path's, which wins."""
        ...

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """The body for a provider of this dialect, and the names of the fields that were dropped."""
        ...

    def weigh(self, turns: bytes) -> Weight:
        """What the turns of a request may cost, as they came: text is not decoded for it."""
        ...

    def capped(self, request: ChatRequest, tokens: int, edits: Edits) -> ChatRequest:
        """The same request for an answer of no more tokens, said so that every target is told."""
        ...

    def read_answer(self, body: bytes) -> AnswerSign:
        """Raises UpstreamProtocolError if this is no answer of the dialect, or an error: then with its class."""
        ...

    def signs(self) -> Callable[[bytes], Sign]:
        """What reads one stream, event by event: usage may be told in parts, and each sign has all so far.

        It raises UpstreamProtocolError if an event is not of this dialect.
        """
        ...

    def may_matter(self, events: bytes) -> bool:
        """Whether any of these whole events could carry usage, an error or an end: the cheap look before reading."""
        ...

    # Between dialects: everything is read, and written anew.

    def read_conversation(self, request: ChatRequest) -> Conversation:
        """Raises InvalidRequestError with the place in the body."""
        ...

    def write_answer(self, answer: Answer, request: ChatRequest, created_s: int = 0) -> bytes:
        """An answer at once, for a client. `request` is what it asked; `created_s` is Unix time, where it is told."""
        ...

    def encoder(self, request: ChatRequest, created_s: int = 0) -> Encoder:
        """`request` is what the client asked: some dialects repeat of it, or say usage only if asked."""
        ...

    # What there is.

    def write_models(self, names: Sequence[str], created_s: int) -> bytes:
        """The list of what a client may ask for."""
        ...

    def write_model(self, name: str, created_s: int) -> bytes:
        """One of it."""
        ...

    # Errors of ours.

    def write_error(self, report: ErrorReport) -> bytes:
        """The body of an error answer."""
        ...

    def write_stream_error(self, report: ErrorReport) -> bytes:
        """The event that ends a broken stream; no end mark follows it."""
        ...
