"""Answers of Cohere's older API: those of /v1/chat and of /v1/generate, at once and as lines of JSON."""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.provider_bodies import UNREADABLE, decoded, failed
from llmgw.dialects.cohere_chat.counts import read_usage
from llmgw.dialects.cohere_chat.errors import read_end, read_error
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import ndjson


class _Call(msgspec.Struct):
    name: str = ""
    parameters: msgspec.Raw = msgspec.Raw(b"{}")


class _Generation(msgspec.Struct):
    text: str = ""
    finish_reason: str | None = None


class Answer(msgspec.Struct):
    """`text` is a chat's, `generations` are those of a prompt."""

    id: str | None = None
    generation_id: str | None = None
    text: str | None = None
    generations: list[_Generation] | None = None
    tool_calls: list[_Call] | None = None
    citations: list[Any] | None = None
    finish_reason: str | None = None
    meta: Any = None


class StreamEvent(msgspec.Struct):
    """A line of a stream."""

    event_type: str = ""
    is_finished: bool = False
    index: int | None = None  # of the generation, where several are made
    generation_id: str | None = None
    text: str | None = None
    tool_calls: list[_Call] | None = None
    citations: list[Any] | None = None
    finish_reason: str | None = None
    response: Answer | None = None


_answer_decoder = msgspec.json.Decoder(Answer)
_event_decoder = msgspec.json.Decoder(StreamEvent)


def read_events(body: bytes) -> list[Event]:
    """Raises UpstreamProtocolError if it is no answer, or an error: then with its class."""
    try:
        answer = decoded(_answer_decoder, body)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer is not Cohere's: {error}") from None
    if answer.text is None and not answer.generations:
        raise failed(read_error(200, body))
    return list(_read(answer))


def _read(answer: Answer) -> Iterator[Event]:
    first = answer.generations[0] if answer.generations else _Generation()
    yield events.Started(answer.generation_id or answer.id or "")
    yield from _said(answer.text or first.text, answer.tool_calls)
    yield from map(events.Cited, answer.citations or ())
    yield from _calls(answer.tool_calls or (), 0)
    yield from read_usage(answer.meta)
    yield read_end(answer.finish_reason or first.finish_reason, "", has_calls=bool(answer.tool_calls))


def _said(text: str | None, calls: list[_Call] | None) -> Iterator[Event]:
    """What is said beside calls is the plan for them."""
    if text:
        yield events.ReasoningDelta(text) if calls else events.TextDelta(text)


def _calls(calls: list[_Call] | tuple[()], first: int) -> Iterator[Event]:
    """The older API has no ids: results say again what was called."""
    for index, call in enumerate(calls, first):
        yield events.ToolStarted(index, "", call.name)
        yield events.ToolDelta(index, bytes(call.parameters).decode(errors="replace"))


class OlderDecoder:
    """Reads one stream. Some versions send server-sent events, whose lines have their data after its name."""

    def __init__(self) -> None:
        self.ended = False
        self._has_begun = False
        self._calls = 0

    def read(self, event: bytes) -> list[Event]:
        """What a line says. Raises UpstreamProtocolError if it is not of this dialect."""
        data = ndjson.parse(event).removeprefix(b"data:").strip()
        if self.ended or not data or data == b"[DONE]" or data.startswith((b"event:", b":")):
            return []
        try:
            told = decoded(_event_decoder, data)
        except UNREADABLE as error:
            raise UpstreamProtocolError(f"a line of the stream is not Cohere's: {error}") from None
        if not told.event_type and not told.is_finished and told.text is None:
            return [events.Failed(read_error(200, data))]
        return list(self._read(told))

    def _read(self, told: StreamEvent) -> Iterator[Event]:
        if not self._has_begun:
            self._has_begun = True
            yield events.Started(told.generation_id or "")
        if told.is_finished or told.event_type == "stream-end":
            yield from self._end(told)
        elif told.event_type in ("text-generation", "tool-calls-generation", "") and not told.index:
            yield from _said(told.text, told.tool_calls)
            calls = told.tool_calls or ()
            yield from _calls(calls, self._calls)
            self._calls += len(calls)
        elif told.event_type == "citation-generation":
            yield from map(events.Cited, told.citations or ())

    def _end(self, told: StreamEvent) -> Iterator[Event]:
        self.ended = True
        whole = told.response or Answer()
        yield from read_usage(whole.meta)
        yield read_end(told.finish_reason or whole.finish_reason, "", has_calls=self._calls > 0)
