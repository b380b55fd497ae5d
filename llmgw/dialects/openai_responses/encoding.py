"""Events, written as the stream of a response.

Items follow each other, each with its beginning and its end. Only calls of functions may overlap, where the provider
tells them so.
"""

from collections.abc import Generator, Iterable, Iterator

import msgspec

from llmgw.chat import events
from llmgw.chat.conversation import Reasoning
from llmgw.chat.events import Event
from llmgw.chat.request import ChatRequest
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.growing import GrowingCall, GrowingMessage, GrowingThought, Told
from llmgw.dialects.openai_responses.objects import IN_PROGRESS, Ending, Head, ending, response
from llmgw.dialects.openai_responses.parts import annotation
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

# All that was said is said again at the end: so it is held until then.
HELD_CHARS_MAX = 16 * 1024 * 1024
ITEMS_MAX = 4096

_encode = msgspec.json.Encoder().encode


class ResponsesEncoder:
    """Writes one stream. `Failed` is not written: it is for whoever pumps to say how a stream ends that failed."""

    def __init__(self, request: ChatRequest, created_s: int = 0) -> None:
        """Providers that do not name their model are told by the name that the client asked for."""
        self._head = Head("", request.model, created_s, request.fields)
        self._held_chars = 0
        self._told = 0  # events so far, by which they are numbered
        self._has_begun = False
        self._usage: Usage | None = None
        self._finished: events.Finished | None = None
        self._refuses = False
        self._item: GrowingMessage | GrowingThought | None = None
        self._calls: dict[int, GrowingCall] = {}
        self._last_call: GrowingCall | None = None
        self._items: list[GrowingMessage | GrowingThought | GrowingCall] = []

    def write(self, told: Iterable[Event]) -> bytes:
        """Raises UpstreamProtocolError where more is told than can be held."""
        return b"".join(self._event(*news) for event in told for news in self._write(event))

    def end(self) -> bytes:
        """The last bytes: what is open is closed, and the response is there as a whole."""
        end = ending(self._finished.reason if self._finished else None, refuses=self._refuses)
        news = [*self._start(), *self._close(end.status)]
        news.append((f"response.{end.status}", {"response": self._response(end)}))
        return b"".join(self._event(*one) for one in news)

    def _event(self, kind: str, fields: dict[str, object]) -> bytes:
        numbered = {"type": kind, "sequence_number": self._told, **fields}
        self._told += 1
        return sse.write(_encode(numbered), kind.encode())

    def _write(self, event: Event) -> Iterator[Told]:
        match event:
            case events.Started() if not self._has_begun:
                self._head = Head(event.id, event.model or self._head.model, self._head.created_s, self._head.fields)
            case events.UsageTold(usage):
                self._usage = usage
            case events.Finished():
                self._finished = event
            case _:
                self._hold(event)
                yield from self._say(event)

    def _hold(self, event: Event) -> None:
        self._held_chars += _chars(event)
        if self._held_chars > HELD_CHARS_MAX or len(self._items) >= ITEMS_MAX:
            raise UpstreamProtocolError(f"the answer is over {HELD_CHARS_MAX} characters or {ITEMS_MAX} items")

    def _say(self, event: Event) -> Iterator[Told]:
        match event:
            case events.TextDelta(text) if text:
                message = yield from self._message()
                yield from message.text(text)
            case events.RefusalDelta(text) if text:
                self._refuses = True
                message = yield from self._message()
                yield from message.refuse(text)
            case events.Cited(citation) if (note := annotation(citation)) is not None:
                message = yield from self._message()
                yield from message.cite(note)
            case events.ReasoningDelta():
                yield from self._think(event)
            case events.ToolStarted():
                yield from self._call(event)
            case events.ToolDelta() if event.index in self._calls and not self._calls[event.index].item:
                yield from self._calls[event.index].argue(event.arguments)
            case _:
                return

    def _message(self) -> Generator[Told, None, GrowingMessage]:
        if isinstance(self._item, GrowingMessage):
            return self._item
        yield from self._settle()
        self._item = message = GrowingMessage(*self._place("msg"))
        yield from self._open(message)
        return message

    def _thought(self) -> Generator[Told, None, GrowingThought]:
        if isinstance(self._item, GrowingThought):
            return self._item
        yield from self._settle()
        self._item = thought = GrowingThought(*self._place("rs"))
        yield from self._open(thought)
        return thought

    def _think(self, event: events.ReasoningDelta) -> Iterator[Told]:
        """Redacted thoughts come whole, and a proof ends what it proves."""
        if event.redacted:
            yield from self._settle()
        if event.text or event.signature or event.redacted:
            thought = yield from self._thought()
            if event.text:
                yield from thought.think(event.text)
            if event.signature or event.redacted:
                proof = Reasoning(signature=event.signature, redacted=event.redacted, issuer=event.issuer)
                yield from thought.close(proof)
                self._item = None

    def _call(self, event: events.ToolStarted) -> Iterator[Told]:
        """There is no place for a proof on a call: it stands before it, as a thought without words."""
        if event.signature:
            yield from self._settle()
            yield from self._think(events.ReasoningDelta(signature=event.signature, issuer=event.issuer))
        yield from self._settle()
        self._calls[event.index] = self._last_call = GrowingCall(*self._place("fc"), call_id=event.id, name=event.name)
        yield from self._open(self._last_call)

    def _place(self, kind: str) -> tuple[int, str]:
        index = len(self._items)
        return index, self._head.item_id(kind, index)

    def _open(self, item: GrowingMessage | GrowingThought | GrowingCall) -> Iterator[Told]:
        self._items.append(item)
        yield from item.open()

    def _settle(self) -> Iterator[Told]:
        """Before another item begins: what is whole ends here. A call that is not may go on beside it."""
        yield from self._start()
        if self._item is not None:
            yield from self._item.close()
            self._item = None
        if self._last_call is not None and _is_whole(self._last_call.arguments):
            yield from self._last_call.close()
        self._last_call = None

    def _close(self, status: str) -> Iterator[Told]:
        for item in self._items:
            if not item.item:
                yield from item.close() if isinstance(item, GrowingThought) else item.close(status)

    def _start(self) -> Iterator[Told]:
        """Not before there is something to say: by then the provider has told who it is."""
        if not self._has_begun:
            self._has_begun = True
            begun = self._response(Ending(IN_PROGRESS))
            yield "response.created", {"response": begun}
            yield "response.in_progress", {"response": begun}

    def _response(self, end: Ending) -> dict[str, object]:
        output = [item.item for item in self._items if item.item]
        return response(self._head, end, output, None if end.status == IN_PROGRESS else self._usage)


def _chars(event: Event) -> int:
    match event:
        case events.TextDelta(text) | events.RefusalDelta(text):
            return len(text)
        case events.ReasoningDelta():
            return len(event.text) + len(event.signature) + len(event.redacted)
        case events.ToolDelta():
            return len(event.arguments)
        case events.Cited():
            return len(_encode(event.citation))
        case _:
            return 0


def _is_whole(arguments: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(arguments), dict)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
