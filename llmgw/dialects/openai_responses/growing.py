"""Output items while they grow: the events of each, in the order that the SDKs rely on.

An item is added, its parts are added, grow and are done, and at last the item is done, whole. Whoever writes the
stream numbers the events.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from llmgw.chat.conversation import Reasoning
from llmgw.dialects.openai_responses.objects import (
    COMPLETED,
    IN_PROGRESS,
    WireItem,
    function_call,
    message,
    output_text,
    reasoning,
    refusal,
)

Told = tuple[str, dict[str, object]]  # an event: its kind and its fields


@dataclass(slots=True)
class _Growing:
    """`item` is what has come of it, once it is closed."""

    index: int
    id: str
    item: WireItem = field(default_factory=dict)

    def _added(self, item: WireItem) -> Told:
        return "response.output_item.added", {"output_index": self.index, "item": item}

    def _done(self, item: WireItem) -> Told:
        self.item = item
        return "response.output_item.done", {"output_index": self.index, "item": item}

    def _of(self, kind: str, **fields: object) -> Told:
        return f"response.{kind}", {"item_id": self.id, "output_index": self.index, **fields}


@dataclass(slots=True)
class GrowingMessage(_Growing):
    """What the model says to the user: texts and refusals, one part after the other."""

    _parts: list[WireItem] = field(default_factory=list)
    _kind: str = ""  # of the part under way
    _pieces: list[str] = field(default_factory=list)
    _notes: list[object] = field(default_factory=list)

    def open(self) -> Iterator[Told]:
        yield self._added(message(self.id, IN_PROGRESS, []))

    def text(self, text: str) -> Iterator[Told]:
        yield from self._turn_to("output_text")
        if text:
            self._pieces.append(text)
            yield self._of("output_text.delta", content_index=len(self._parts), delta=text, logprobs=[])

    def refuse(self, text: str) -> Iterator[Told]:
        yield from self._turn_to("refusal")
        self._pieces.append(text)
        yield self._of("refusal.delta", content_index=len(self._parts), delta=text)

    def cite(self, note: dict[str, object]) -> Iterator[Told]:
        yield from self._turn_to("output_text")
        place = {"content_index": len(self._parts), "annotation_index": len(self._notes)}
        self._notes.append(note)
        yield self._of("output_text.annotation.added", **place, annotation=note)

    def close(self, status: str = COMPLETED) -> Iterator[Told]:
        yield from self._finish_part()
        yield self._done(message(self.id, status, self._parts))

    def _turn_to(self, kind: str) -> Iterator[Told]:
        if kind == self._kind:
            return
        yield from self._finish_part()
        self._kind = kind
        yield self._of("content_part.added", content_index=len(self._parts), part=self._part(""))

    def _finish_part(self) -> Iterator[Told]:
        if not self._kind:
            return
        said, place = "".join(self._pieces), len(self._parts)
        part = self._part(said)
        if self._kind == "refusal":
            yield self._of("refusal.done", content_index=place, refusal=said)
        else:
            yield self._of("output_text.done", content_index=place, text=said, logprobs=[])
        yield self._of("content_part.done", content_index=place, part=part)
        self._parts.append(part)
        self._kind, self._pieces, self._notes = "", [], []

    def _part(self, said: str) -> WireItem:
        return refusal(said) if self._kind == "refusal" else output_text(said, self._notes)


@dataclass(slots=True)
class GrowingThought(_Growing):
    """A thought, told as its summary. Its proof comes at its end."""

    _pieces: list[str] = field(default_factory=list)

    def open(self) -> Iterator[Told]:
        yield self._added({"id": self.id, "type": "reasoning", "summary": []})

    def think(self, text: str) -> Iterator[Told]:
        if not self._pieces:
            yield self._of("reasoning_summary_part.added", summary_index=0, part=_summary(""))
        self._pieces.append(text)
        yield self._of("reasoning_summary_text.delta", summary_index=0, delta=text)

    def close(self, proof: Reasoning = Reasoning()) -> Iterator[Told]:  # noqa: B008 - frozen
        said = "".join(self._pieces)
        if self._pieces:
            yield self._of("reasoning_summary_text.done", summary_index=0, text=said)
            yield self._of("reasoning_summary_part.done", summary_index=0, part=_summary(said))
        # In a stream the id has been told: that of the proof would be another.
        yield self._done({**reasoning(self.id, msgspec.structs.replace(proof, text=said)), "id": self.id})


@dataclass(slots=True)
class GrowingCall(_Growing):
    """A call of a function."""

    call_id: str = ""
    name: str = ""
    _pieces: list[str] = field(default_factory=list)

    @property
    def arguments(self) -> str:
        return "".join(self._pieces)

    def open(self) -> Iterator[Told]:
        yield self._added(function_call(self.id, IN_PROGRESS, self.call_id, self.name, ""))

    def argue(self, piece: str) -> Iterator[Told]:
        if piece:
            self._pieces.append(piece)
            yield self._of("function_call_arguments.delta", delta=piece)

    def close(self, status: str = COMPLETED) -> Iterator[Told]:
        """A call without arguments is one with an empty object, which clients parse."""
        if not self.arguments.strip():
            yield from self.argue("{}")
        yield self._of("function_call_arguments.done", name=self.name, arguments=self.arguments)
        yield self._done(function_call(self.id, status, self.call_id, self.name, self.arguments))


def _summary(text: str) -> WireItem:
    return {"type": "summary_text", "text": text}
