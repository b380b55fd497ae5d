"""An answer in one piece: `fold` makes it of the events of a stream, `unfold` makes events of it.

So every dialect has one way to read and one to write, and a stream and the whole answer say the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import assert_never

import msgspec

from llmgw.chat import events
from llmgw.chat.conversation import Json, Reasoning, Refusal, Text, ToolUse
from llmgw.chat.events import Event, Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.usage import Usage

AnswerPart = Text | Refusal | Reasoning | ToolUse


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`parts` stand in the order in which they began. `error`: what came instead of the rest.

    `ended_unknown`: why it ended was told in a word that we do not know; `finish` is then a guess.
    """

    id: str = ""
    model: str = ""
    parts: tuple[AnswerPart, ...] = ()
    finish: Finish | None = None
    stop_sequence: str = ""
    ended_unknown: bool = False
    usage: Usage | None = None
    error: ProviderError | None = None


def fold(stream: Iterable[Event]) -> Answer:
    """What the events say together."""
    folding = _Folding()
    for event in stream:
        folding.take(event)
    return folding.answer()


def unfold(answer: Answer) -> Iterator[Event]:
    """The events of a stream that would have said the same, each part in one piece."""
    yield events.Started(answer.id, answer.model)
    calls = 0
    for part in answer.parts:
        yield from _unfolded(part, calls)
        calls += isinstance(part, ToolUse)
    if answer.usage is not None:
        yield events.UsageTold(answer.usage)
    if answer.error is not None:
        yield events.Failed(answer.error)
    if answer.finish is not None:
        yield events.Finished(answer.finish, answer.stop_sequence, answer.ended_unknown)


def _unfolded(part: AnswerPart, calls: int) -> Iterator[Event]:
    match part:
        case Text():
            yield events.TextDelta(part.text)
            yield from map(events.Cited, part.citations)
        case Refusal():
            yield events.RefusalDelta(part.text)
        case Reasoning():
            yield events.ReasoningDelta(part.text, part.signature, part.redacted, part.issuer)
        case ToolUse():
            yield events.ToolStarted(calls, part.id, part.name, part.signature, part.issuer)
            yield events.ToolDelta(calls, part.arguments)
        case _:
            assert_never(part)


@dataclass(slots=True)
class _Growing:
    """A part under way: pieces are joined once, at the end."""

    kind: type[AnswerPart]
    pieces: list[str] = field(default_factory=list)
    citations: list[Json] = field(default_factory=list)
    id: str = ""
    name: str = ""
    signature: str = ""
    redacted: str = ""
    issuer: str = ""

    @property
    def is_closed(self) -> bool:
        """A signature or redacted data ends a thought."""
        return bool(self.signature or self.redacted)

    def part(self) -> AnswerPart | None:
        """None if there is nothing in it. A call without arguments is a call with none."""
        said = "".join(self.pieces)
        if self.kind is ToolUse:
            return ToolUse(self.id, self.name, said if said.strip() else "{}", self.signature, self.issuer)
        if self.kind is Reasoning:
            has_any = said or self.signature or self.redacted
            return Reasoning(said, self.signature, self.redacted, self.issuer) if has_any else None
        if self.kind is Refusal:
            return Refusal(said) if said else None
        return Text(said, citations=tuple(self.citations)) if said or self.citations else None


class _Folding:
    """Pieces of the same kind that follow each other are one part."""

    def __init__(self) -> None:
        self._parts: list[_Growing] = []
        self._calls: dict[int, _Growing] = {}
        self._started = events.Started()
        self._finished: events.Finished | None = None
        self._usage: Usage | None = None
        self._error: ProviderError | None = None

    def take(self, event: Event) -> None:
        match event:
            case events.Started():
                self._started = event
            case events.TextDelta():
                self._last(Text).pieces.append(event.text)
            case events.RefusalDelta():
                self._last(Refusal).pieces.append(event.text)
            case events.ReasoningDelta():
                self._think(event)
            case events.ToolStarted():
                call = self._next(ToolUse)
                call.id, call.name, call.signature, call.issuer = event.id, event.name, event.signature, event.issuer
                self._calls[event.index] = call
            case events.ToolDelta():
                if event.index in self._calls:  # a piece of a call that was never announced belongs nowhere
                    self._calls[event.index].pieces.append(event.arguments)
            case events.Cited():
                self._last(Text).citations.append(event.citation)
            case events.UsageTold():
                self._usage = event.usage
            case events.Finished():
                self._finished = event
            case events.Failed():
                self._error = event.error
            case _:
                assert_never(event)

    def answer(self) -> Answer:
        parts = (growing.part() for growing in self._parts)
        return Answer(
            id=self._started.id,
            model=self._started.model,
            parts=tuple(part for part in parts if part is not None),
            finish=self._finished.reason if self._finished else None,
            stop_sequence=self._finished.stop_sequence if self._finished else "",
            ended_unknown=self._finished is not None and self._finished.is_unknown,
            usage=self._usage,
            error=self._error,
        )

    def _think(self, event: events.ReasoningDelta) -> None:
        thought = self._next(Reasoning) if event.redacted else self._last(Reasoning)
        thought.pieces.append(event.text)
        thought.signature, thought.redacted, thought.issuer = event.signature, event.redacted, event.issuer

    def _last(self, kind: type[AnswerPart]) -> _Growing:
        if self._parts and self._parts[-1].kind is kind and not self._parts[-1].is_closed:
            return self._parts[-1]
        return self._next(kind)

    def _next(self, kind: type[AnswerPart]) -> _Growing:
        self._parts.append(_Growing(kind))
        return self._parts[-1]
