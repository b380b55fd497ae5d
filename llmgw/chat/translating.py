"""Upstream bytes of one dialect become client bytes of another: every event is read, and written anew.

As with forwarding, everything is held back until the first content, and an end without the dialect's own sign is a cut.
"""

from llmgw.chat import events
from llmgw.chat.counting import BYTES_PER_TOKEN
from llmgw.chat.dialect import Encoder, ProviderDialect
from llmgw.chat.events import Event, Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.relay import HELD_BYTES_MAX
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass, StreamCutError, UpstreamProtocolError, UpstreamStatusError
from llmgw.wire.framing import BrokenFrameError, EventTooLargeError

FILTERED = frozenset({Finish.CONTENT_FILTER, Finish.REFUSAL})


class TranslatingRelay:
    """The same face as `ForwardingRelay`. `last_event` stays empty: an error of another dialect is told in ours.

    `ended_unknown`: why it ended was told in a word that we do not know, and of which the client has none.
    """

    last_event = b""

    def __init__(self, provider: ProviderDialect, encoder: Encoder) -> None:
        self._framing = provider.framing
        self._frames = self._framing.frames()
        self._decoder = provider.decoder()
        self._encoder = encoder
        self._held: list[Event] = []
        self._held_bytes = 0
        self._finish: Finish | None = None
        self.committed = False
        self.ended = False
        self.whole = False
        self.usage: Usage | None = None
        self.broken: ProviderError | None = None
        self.ended_unknown = False
        self.output_tokens_about = 0

    @property
    def is_over(self) -> bool:
        """All that was to come has come, and well."""
        return (self.whole or self.ended) and self.broken is None

    @property
    def finished(self) -> bool:
        """The finish reason has come: nothing is missing but, perhaps, usage and the end mark."""
        return self._finish is not None

    def feed(self, chunk: bytes) -> bytes:
        """What the client may have now. Raises as `ForwardingRelay.feed` does."""
        try:
            whole = self._frames.feed(chunk)
        except (EventTooLargeError, BrokenFrameError) as error:
            raise UpstreamProtocolError(str(error)) from None
        out = self._give(self._read_all(whole), len(whole))
        if self._decoder.ended and self.broken is None:
            self.whole = True
            out += self._encoder.end() if self.committed else b""
        return out

    def finish(self) -> bytes:
        """The last bytes. Raises StreamCutError if not all has come, UpstreamStatusError if it was filtered."""
        self.ended = True
        if self.broken is not None:
            return b""
        out = self._take_rest()
        if self.broken is not None:
            return out
        if not self.finished:
            raise StreamCutError("the stream ended without its end mark")
        return out + self._encoder.end() if self.committed else self._release()

    def _take_rest(self) -> bytes:
        """An end without a blank line; half an event is left out, a whole one is read as any other."""
        rest = self._framing.complete(self._frames.rest())
        return self._give(self._read_all(rest, is_rest=True), len(rest)) if rest else b""

    def _read_all(self, whole: bytes, *, is_rest: bool = False) -> list[Event]:
        """What whole events say, up to an error or the end mark: nothing follows these."""
        news: list[Event] = []
        for event in self._framing.split(whole):
            news += self._read(event, is_rest=is_rest)
            if self.broken is not None or self._decoder.ended:
                break
        return news

    def _give(self, news: list[Event], size_bytes: int) -> bytes:
        """What of it may be sent."""
        if self.committed:
            held, self._held = self._held, []
            return self._encoder.write([*held, *news])
        self._hold(news, size_bytes)
        return b""

    def _read(self, event: bytes, *, is_rest: bool) -> list[Event]:
        """After the commit an event that cannot be read is left out: the client could not read it either."""
        try:
            news = self._decoder.read(event)
        except UpstreamProtocolError:
            if not (self.committed or is_rest):
                raise
            return []
        for new in news:
            self._note(new)
        return [new for new in news if not isinstance(new, events.Failed)]

    def _note(self, event: Event) -> None:
        match event:
            case events.UsageTold():
                self.usage = event.usage
            case events.Finished():
                self._finish, self.ended_unknown = event.reason, event.is_unknown
            case events.Failed():
                self._fail(event.error)
            case _:
                self.committed = self.committed or events.is_content(event)
                self.output_tokens_about += _tokens_about(event)

    def _fail(self, error: ProviderError) -> None:
        if not self.committed:
            failure = error.failure or FailureClass.PROTOCOL
            message = f"error inside the stream: {error.message}"
            raise UpstreamProtocolError(message, failure, retry_after_s=error.retry_after_s)
        self.broken = ProviderError(error.failure, error.message, error.retry_after_s)  # not plain: to be told in ours

    def _hold(self, news: list[Event], size_bytes: int) -> None:
        self._held += news
        self._held_bytes += size_bytes
        if self._held_bytes > HELD_BYTES_MAX:
            raise UpstreamProtocolError(f"no content within the first {HELD_BYTES_MAX} bytes of the stream")

    def _release(self) -> bytes:
        """A whole stream without content: an empty answer is an answer, a filtered one is a failure."""
        body = self._encoder.write(self._held) + self._encoder.end()
        if self._finish in FILTERED:
            raise UpstreamStatusError(
                FailureClass.CONTENT_FILTER,
                "the provider filtered the answer",
                status=200,
                headers={"content-type": "text/event-stream"},
                body=body,
            )
        self.committed = True
        return body


def _tokens_about(event: Event) -> int:
    """A piece of an answer is at least a token."""
    match event:
        case events.TextDelta(text) | events.RefusalDelta(text) | events.ReasoningDelta(text) if text:
            return -(-len(text) // BYTES_PER_TOKEN)
        case events.ToolStarted():
            return -(-len(event.name) // BYTES_PER_TOKEN)
        case events.ToolDelta() if event.arguments:
            return -(-len(event.arguments) // BYTES_PER_TOKEN)
        case _:
            return 0
