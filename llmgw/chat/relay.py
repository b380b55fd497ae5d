"""Upstream bytes become client bytes: the gateway pumps, the relay knows what the bytes mean.

A relay holds everything back until the *commit point*, the first content, so that until then another target may
still answer. After it, whole events pass untouched; only those that could carry usage, an error or the end are
read. It never holds more than one partial event and the window before the commit.
"""

from llmgw.chat.counting import BYTES_PER_TOKEN
from llmgw.chat.dialect import FINISH_CONTENT_FILTER, NOTHING, Dialect, Sign
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass, StreamCutError, UpstreamProtocolError, UpstreamStatusError
from llmgw.wire.framing import BrokenFrameError, EventTooLargeError, Framing

HELD_BYTES_MAX = 1024 * 1024
SAMPLE_EVERY = 16  # reads: of so many, after the first few, one is looked through for what it says


class ForwardingRelay:
    """Client and provider speak the same dialect: `feed` per read, `finish` at the end of the upstream.

    `committed` tells whether the client may have seen content; `whole` that the end mark has come, `finished` that
    every choice has its finish reason; `ended` is set by `finish`; `broken` is the error with which the provider
    itself ended a committed stream, and `last_event` the event that said so. It is not among what `feed` gives:
    whoever pumps decides whether the caller may have it as it came.
    """

    __slots__ = (
        "_choices",
        "_content_bytes",
        "_dialect",
        "_finished",
        "_frames",
        "_framing",
        "_held",
        "_keep_usage",
        "_read_sign",
        "_reads",
        "_said_bytes",
        "_sampled_bytes",
        "_sampled_events",
        "broken",
        "committed",
        "ended",
        "finish_reason",
        "last_event",
        "usage",
        "whole",
    )

    ended_unknown = False  # whatever the word is, the client has it

    def __init__(self, dialect: Dialect, *, keep_usage: bool, choices: int = 1, framing: Framing | None = None) -> None:
        """`framing`: that of the provider, if it sends the events of the dialect in frames of its own."""
        self._dialect = dialect
        self._choices = choices
        self._finished: set[int] = set()
        self._framing = framing or dialect.framing
        self._frames = self._framing.frames()
        self._held = bytearray()
        self._keep_usage = keep_usage
        self._read_sign = dialect.signs()
        self.committed = False
        self.ended = False
        self.whole = False
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.broken: ProviderError | None = None
        self.last_event = b""
        self._reads = 0
        self._content_bytes = 0
        self._sampled_bytes = 0  # of these, and what is known of them
        self._sampled_events = 0
        self._said_bytes = 0

    @property
    def output_tokens_about(self) -> int:
        """An event with content is at least a token. What is known of some of the reads is so of the others."""
        sampled = max(self._sampled_events, self._said_bytes // BYTES_PER_TOKEN)
        return sampled * self._content_bytes // (self._sampled_bytes or 1)

    @property
    def is_over(self) -> bool:
        """All that was to come has come, and well."""
        return (self.whole or self.ended) and self.broken is None

    @property
    def finished(self) -> bool:
        """Nothing is missing but, perhaps, the end mark: many providers leave it out."""
        return len(self._finished) >= self._choices

    def feed(self, chunk: bytes) -> bytes:
        """What the client may have now, on event borders, possibly nothing.

        Raises UpstreamProtocolError when, before the commit, the provider breaks its dialect or ends with an error,
        and at any time for an event without end.
        """
        if self.broken is not None:
            return b""
        try:
            events = self._frames.feed(chunk)
        except (EventTooLargeError, BrokenFrameError) as error:
            raise UpstreamProtocolError(str(error)) from None
        if not events:
            return b""
        if not self.committed:
            return self._hold(self._read(events))
        if self._dialect.may_matter(events):
            return self._read(events)
        self._count(events)
        return events

    def finish(self) -> bytes:
        """The last bytes. Raises StreamCutError if not all has come, UpstreamStatusError if it was filtered."""
        self.ended = True
        out = self._read_rest(b"" if self.broken else self._frames.rest())
        if self.broken is None and not self.whole and not self.finished:
            raise StreamCutError("the stream ended without its end mark")
        if not self.committed:
            return self._release(out)
        return out

    def _count(self, events: bytes) -> None:
        self._content_bytes += len(events)
        self._reads += 1
        if self._reads < SAMPLE_EVERY or self._reads % SAMPLE_EVERY == 0:
            self._sampled_bytes += len(events)
            self._sampled_events += events.count(b"\n\n") or events.count(b"\n\r\n") or 1
            self._said_bytes += sum(map(len, self._dialect.said.findall(events)))

    def _hold(self, events: bytes) -> bytes:
        self._held += events
        if self.committed:
            events = bytes(self._held)
            self._held.clear()
            return events
        if len(self._held) > HELD_BYTES_MAX:
            raise UpstreamProtocolError(f"no content within the first {HELD_BYTES_MAX} bytes of the stream")
        return b""

    def _release(self, out: bytes) -> bytes:
        """A whole stream without content: an empty answer is an answer, a filtered one is a failure."""
        body = bytes(self._held) + out
        if self.finish_reason is None:
            raise StreamCutError("the stream ended before any content")
        if self.finish_reason == FINISH_CONTENT_FILTER:
            raise UpstreamStatusError(
                FailureClass.CONTENT_FILTER,
                "the provider filtered the answer",
                status=200,
                headers={"content-type": "text/event-stream"},
                body=body,
            )
        self.committed = True
        return body

    def _read(self, events: bytes) -> bytes:
        """Read event by event; what must not reach the client is left out, nothing follows an error or the end."""
        parts = []
        for event in self._framing.split(events):
            sign = self._sign(event)
            if sign.error is not None:
                self.last_event = event
                break
            if sign.usage_only and not self._keep_usage:
                continue
            if sign.content:
                self._count(event)
            parts.append(event)
            if sign.end:
                break
        return b"".join(parts)

    def _read_rest(self, rest: bytes) -> bytes:
        """An end without a blank line: completed so that clients see it. Half an event is left out."""
        if not rest.strip():
            return rest
        event = self._framing.complete(rest)
        try:
            self._read_sign(event)
        except UpstreamProtocolError:
            return b""
        return self._read(event)

    def _sign(self, event: bytes) -> Sign:
        """After the commit an event that cannot be read passes as it came, like those that are never looked at."""
        try:
            sign = self._read_sign(event)
        except UpstreamProtocolError:
            if not self.committed:
                raise
            return NOTHING
        self._note(sign)
        return sign

    def _note(self, sign: Sign) -> None:
        self.usage = sign.usage or self.usage
        if sign.error is not None:
            if not self.committed:
                raise UpstreamProtocolError(
                    f"error inside the stream: {sign.error.message}",
                    sign.error.failure or FailureClass.PROTOCOL,
                    retry_after_s=sign.error.retry_after_s,
                )
            self.broken = sign.error
        self.committed = self.committed or sign.content
        self.whole = self.whole or sign.end
        self.finish_reason = self.finish_reason or sign.finish
        self._finished.update(sign.finished)
