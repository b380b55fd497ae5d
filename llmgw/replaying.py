"""What is kept becomes the answer for whoever asks now: in the form in which he asks, with the usage if he wants it.

In the form in which it came it is the same bytes. The other form is told by way of the hub, and only where that can
say all of it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Refusal, ToolUse
from llmgw.chat.dialect import Dialect
from llmgw.chat.events import Event, Failed
from llmgw.chat.provider_bodies import UNREADABLE
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest
from llmgw.chat.understood import says_more
from llmgw.errors import GatewayError, UpstreamProtocolError
from llmgw.policy.cache_keeping import Told
from llmgw.policy.kept import Form, Kept
from llmgw.wire import sse


class _Choice(msgspec.Struct):
    finish_reason: str | None = None
    finishReason: str | None = None  # noqa: N815 - Gemini's name


class _Delta(msgspec.Struct):
    stop_reason: str | None = None


class _Choices(msgspec.Struct):
    choices: list[_Choice] = []
    candidates: list[_Choice] = []
    stop_reason: str | None = None
    delta: _Delta | str | None = None  # of Responses a text


class Understood(NamedTuple):
    """An answer, as the cache wants to know it."""

    told: Told
    crosses: bool  # it can be told in the other form too, and nothing of it is lost


_DONE = b"[DONE]"
PIECE_BYTES = 64 * 1024  # of a stream, written at once


def form_of(request: ChatRequest) -> Form:
    """In which the caller wants his answer."""
    return Form.STREAM if request.stream else Form.WHOLE


def crosses(form: Form, body: bytes, request: ChatRequest, dialect: Dialect) -> bool:
    """Whether it can be told in the other form too, and nothing of it is lost."""
    if request.choices > 1:
        return False
    try:
        return not any(says_more(msgspec.json.decode(said), dialect.crossable) for said in _documents(form, body))
    except UNREADABLE:
        return False


def answer_of(form: Form, body: bytes, dialect: Dialect) -> Answer | None:
    """What an answer of this dialect says; None if it is none, or not all of one."""
    try:
        answer = fold(_events(form, body, dialect))
    except (GatewayError, *UNREADABLE):
        return None
    return answer if answer.error is None and answer.finish is not None else None


def understood(form: Form, body: bytes, request: ChatRequest, dialect: Dialect, status: int, path: str) -> Understood:
    """How an answer ended, by whatever way it came: so much has to be known before it may be kept."""
    answer = answer_of(form, body, dialect)
    finishes: list[str] = []
    crosses = request.choices <= 1
    try:
        for said in _documents(form, body):
            document = msgspec.json.decode(said)
            finishes += _finishes(document)  # the hub has not all words, and of several choices the first
            crosses = crosses and not says_more(document, dialect.crossable)
    except UNREADABLE:
        answer = None
    if answer is None or answer.finish is None:
        return Understood(Told(status=status, finishes=(), whole=False, path=path), crosses=False)
    told = Told(
        status=status,
        finishes=(*finishes, answer.finish.value) if request.choices <= 1 else (*finishes,),
        calls_tools=any(isinstance(part, ToolUse) for part in answer.parts),
        refuses=any(isinstance(part, Refusal) for part in answer.parts),
        ended_unknown=answer.ended_unknown,
        path=path,
    )
    return Understood(told, crosses)


def whole(kept: Kept, request: ChatRequest, dialect: Dialect) -> bytes:
    """The answer at once. Raises UpstreamProtocolError if what is kept cannot be read."""
    if kept.form is Form.WHOLE:
        return kept.body
    answer = fold(_events(kept.form, kept.body, dialect))
    return dialect.write_answer(answer, request, kept.kept_ms // 1000)


def stream(kept: Kept, request: ChatRequest, dialect: Dialect) -> Iterator[bytes]:
    """The answer as a stream, piece by piece. Raises UpstreamProtocolError if what is kept cannot be read."""
    if kept.form is Form.WHOLE:
        encoder = dialect.encoder(request, kept.kept_ms // 1000)
        yield encoder.write(dialect.read_events(kept.body)) + encoder.end()
        return
    asked = AsAsked(request, dialect)
    for at in range(0, len(kept.body), PIECE_BYTES):
        yield asked.feed(kept.body[at : at + PIECE_BYTES])
    yield asked.finish()


class AsAsked:
    """A stream that has the usage in it becomes one that has it only if it was asked for."""

    __slots__ = ("_relay",)

    def __init__(self, request: ChatRequest, dialect: Dialect) -> None:
        usual = ForwardingRelay(dialect, keep_usage=False, choices=request.choices)
        self._relay = None if request.wants_usage else usual

    def feed(self, events: bytes) -> bytes:
        """What of it this caller is to have."""
        relay = self._relay
        if relay is None or relay.whole:
            return events if relay is None else b""
        out = relay.feed(events)
        return out + relay.last_event if relay.broken else out

    def finish(self) -> bytes:
        """The rest. Raises StreamCutError if not all has come."""
        relay = self._relay
        return b"" if relay is None or relay.is_over or relay.broken else relay.finish()


def _finishes(document: object) -> Iterator[str]:
    """In the provider's own words, one for each choice. Raises msgspec.ValidationError."""
    read = msgspec.convert(document, type=_Choices)
    words = [choice.finish_reason or choice.finishReason for choice in (*read.choices, *read.candidates)]
    words += [read.stop_reason, read.delta.stop_reason if isinstance(read.delta, _Delta) else None]
    return filter(None, words)


def _documents(form: Form, body: bytes) -> Iterator[bytes]:
    """The JSON in it."""
    if form is Form.WHOLE:
        yield body
        return
    for event in sse.SERVER_SENT_EVENTS.split(body):
        data = sse.parse(event).data
        if data is not None and data.strip() not in (b"", _DONE):
            yield data


def _events(form: Form, body: bytes, dialect: Dialect) -> Iterable[Event]:
    return dialect.read_events(body) if form is Form.WHOLE else _of_stream(body, dialect)


def _of_stream(body: bytes, dialect: Dialect) -> Iterator[Event]:
    decoder, frames = dialect.decoder(), dialect.framing.frames()
    whole = frames.feed(body) + dialect.framing.complete(frames.rest())
    for event in dialect.framing.split(whole):
        for one in decoder.read(event):
            if isinstance(one, Failed):
                raise UpstreamProtocolError(one.error.message)
            yield one
        if decoder.ended:
            return
