"""The stream of a response, read into events.

Items are told apart by their place in the output, for some providers give another id in every event. Everything is
told several times, in deltas, when its part is done and when its item is done; some providers leave out the former,
so what was not said yet is said by the latter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from llmgw.chat import events
from llmgw.chat.events import Event, Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.dialects.openai_responses.errors import read_failure
from llmgw.dialects.openai_responses.said import (
    PARAGRAPH,
    arguments_of,
    dict_of,
    dicts_of,
    prove,
    say,
    say_part,
    start_call,
    text_of,
    thoughts_of,
)
from llmgw.dialects.openai_responses.usage import read_usage
from llmgw.dialects.openai_responses.wire_events import ENDS, WireEvent, index_of, parse
from llmgw.errors import UpstreamProtocolError

# Providers number their items from 0, one by one; what lies far beyond is no item, and would only fill memory.
ITEMS_MAX = 4096
PARTS_MAX = 1024  # of one item

_TEXT, _REFUSAL, _SUMMARY, _THOUGHT = "text", "refusal", "summary", "thought"
_TEXTS = {
    "response.output_text": _TEXT,
    "response.refusal": _REFUSAL,
    "response.reasoning_summary_text": _SUMMARY,
    "response.reasoning_text": _THOUGHT,
}
_FINISHES = {"completed": Finish.STOP}
_CUTS = {"content_filter": Finish.CONTENT_FILTER, "max_output_tokens": Finish.LENGTH}


@dataclass(slots=True)
class _Item:
    """An item under way. `said`: which of its parts have said something; `thinks_by`: in which words it thinks."""

    call: int | None = None
    has_arguments: bool = False
    thinks_by: str = ""
    said: set[tuple[str, int]] = field(default_factory=set)
    notes: dict[int, int] = field(default_factory=dict)


class ResponsesDecoder:
    """Reads one stream. Nothing is read after an error or the end."""

    def __init__(self) -> None:
        self.ended = False
        self._failed = False
        self._started = False
        self._refuses = False
        self._calls = 0
        self._items: dict[int, _Item] = {}

    def read(self, event: bytes) -> list[Event]:
        """What a whole event says. Raises UpstreamProtocolError if it is not of this dialect."""
        if self.ended or self._failed:
            return []
        told = parse(event)
        if told is None:
            return []
        news: list[Event] = [events.Failed(told)] if isinstance(told, ProviderError) else [*self._read(told)]
        for new in news:
            self._failed = self._failed or isinstance(new, events.Failed)
            self._refuses = self._refuses or isinstance(new, events.RefusalDelta)
        return news

    def _read(self, told: WireEvent) -> Iterator[Event]:
        if told.response is not None:
            yield from self._start(dict_of(told.response))
        if told.type in ENDS:
            yield from self._end(dict_of(told.response))
            return
        item = self._item(index_of(told.output_index))
        if item is not None:
            yield from self._go_on(told, item)

    def _go_on(self, told: WireEvent, item: _Item) -> Iterator[Event]:
        name, _, phase = told.type.rpartition(".")
        match name:
            case "response.output_item":
                yield from self._tell_item(item, dict_of(told.item), is_done=phase == "done")
            case "response.content_part" if phase == "done":
                yield from _finish_part(item, dict_of(told.part), index_of(told.content_index))
            case "response.function_call_arguments":
                yield from _argue(item, told.delta if phase == "delta" else told.arguments, is_whole=phase == "done")
            case "response.output_text.annotation":
                yield from _cite(item, told.annotation, index_of(told.content_index))
            case _ if name in _TEXTS:
                yield from _say(item, _TEXTS[name], told, is_whole=phase == "done")
            case _:
                return

    def _item(self, index: int) -> _Item | None:
        if index not in self._items and len(self._items) >= ITEMS_MAX:
            return None
        return self._items.setdefault(index, _Item())

    def _start(self, response: dict[str, Any]) -> Iterator[Event]:
        if not self._started:
            self._started = True
            yield events.Started(text_of(response.get("id")), text_of(response.get("model")))

    def _tell_item(self, item: _Item, told: dict[str, Any], *, is_done: bool) -> Iterator[Event]:
        """At its beginning only a call says something, and at its end all that has not been said."""
        match told.get("type"):
            case "function_call":
                if item.call is None:
                    item.call, self._calls = self._calls, self._calls + 1
                    yield start_call(told, item.call)
                if is_done:
                    yield from _argue(item, told.get("arguments"), is_whole=True)
            case "message" if is_done:
                for place, part in enumerate(dicts_of(told.get("content"))):
                    yield from _finish_part(item, part, place)
            case "reasoning" if is_done:
                if not item.thinks_by and (thoughts := thoughts_of(told)):
                    yield events.ReasoningDelta(PARAGRAPH.join(thoughts))
                yield from prove(told)
            case _:
                return

    def _end(self, response: dict[str, Any]) -> Iterator[Event]:
        if not self._items:  # some say all of it only here
            yield from self._all_at_once(response)
        usage, failure = read_usage(response.get("usage"), response.get("service_tier")), read_failure(response)
        if usage is not None:
            yield events.UsageTold(usage)
        if failure is not None:
            yield events.Failed(failure)
            return
        self.ended = True
        yield end_of(response, calls=bool(self._calls), refuses=self._refuses)

    def _all_at_once(self, response: dict[str, Any]) -> Iterator[Event]:
        for item in dicts_of(response.get("output")):
            for event in say(item, self._calls):
                self._refuses = self._refuses or isinstance(event, events.RefusalDelta)
                yield event
            self._calls += item.get("type") == "function_call"


def end_of(response: dict[str, Any], *, calls: bool, refuses: bool) -> events.Finished:
    """There is no reason but for an answer that is incomplete: calls and refusals show by being there."""
    reason = dict_of(response.get("incomplete_details")).get("reason")
    status = str(response.get("status") or "")
    if reason or status == "incomplete":
        return events.finished_by(str(reason or ""), _CUTS, Finish.LENGTH)
    usual = Finish.REFUSAL if refuses else Finish.STOP
    return events.finished_by(status, _FINISHES, Finish.TOOL_USE if calls else usual)


def _say(item: _Item, kind: str, told: WireEvent, *, is_whole: bool) -> Iterator[Event]:
    """A piece, or the whole of a text of which there were no pieces."""
    place = index_of(told.summary_index if kind == _SUMMARY else told.content_index)
    text = text_of(told.refusal if kind == _REFUSAL else told.text) if is_whole else text_of(told.delta)
    is_first = (kind, place) not in item.said
    if not text or (is_whole and not is_first):
        return
    if len(item.said) >= PARTS_MAX and is_first:
        raise UpstreamProtocolError(f"an item of the answer has over {PARTS_MAX} parts")
    item.said.add((kind, place))
    match kind:
        case "text":
            yield events.TextDelta(text)
        case "refusal":
            yield events.RefusalDelta(text)
        case _:
            yield from _think(item, kind, text, is_first=is_first)


def _think(item: _Item, kind: str, text: str, *, is_first: bool) -> Iterator[Event]:
    """Who tells both the thoughts and their summary is heard once, in the words that came first."""
    if item.thinks_by not in ("", kind):
        return
    if item.thinks_by and is_first:
        yield events.ReasoningDelta(PARAGRAPH)
    item.thinks_by = kind
    yield events.ReasoningDelta(text)


def _argue(item: _Item, told: Any, *, is_whole: bool) -> Iterator[Event]:
    arguments = arguments_of(told)
    if item.call is None or not arguments or (is_whole and item.has_arguments):
        return
    item.has_arguments = True
    yield events.ToolDelta(item.call, arguments)


def _cite(item: _Item, annotation: Any, place: int) -> Iterator[Event]:
    if isinstance(annotation, dict) and (place in item.notes or len(item.notes) < PARTS_MAX):
        item.notes[place] = item.notes.get(place, 0) + 1
        yield events.Cited(annotation)


def _finish_part(item: _Item, part: dict[str, Any], place: int) -> Iterator[Event]:
    """What it says that was not said yet; of the annotations those that follow the told ones."""
    kind = {"output_text": _TEXT, "refusal": _REFUSAL}.get(text_of(part.get("type")))
    if kind is None:
        return
    notes = dicts_of(part.get("annotations"))
    unsaid = {"annotations": notes[item.notes.get(place, 0) :]}
    if (kind, place) not in item.said:
        unsaid = {**part, **unsaid}
    for event in say_part(unsaid):
        if isinstance(event, events.Cited):
            item.notes[place] = item.notes.get(place, 0) + 1
        else:
            item.said.add((kind, place))
        yield event
