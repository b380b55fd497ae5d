"""What an interaction says: the steps of an answer at once, or their pieces in a stream.

The steps of Google's own tools have no word in the hub and are passed over.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from llmgw.chat import events, provider_errors
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import count
from llmgw.chat.provider_bodies import UNREADABLE, answer_of, decoded, failed
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.signatures import GOOGLE
from llmgw.chat.usage import Usage, service_tier
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.wire import sse

END = b"[DONE]"
_FINISHES = {
    "completed": Finish.STOP,
    "requires_action": Finish.TOOL_USE,
    "incomplete": Finish.LENGTH,
    "budget_exceeded": Finish.LENGTH,
    "requires_continuation": Finish.LENGTH,
}
_FAILURES = frozenset({"failed", "cancelled"})


class Content(msgspec.Struct):
    type: str = ""
    text: str | None = None
    annotations: list[Any] | None = None


class Step(msgspec.Struct):
    type: str = ""
    id: str | None = None
    name: str | None = None
    arguments: Any = None
    content: list[Content] | None = None
    summary: list[Content] | None = None
    signature: str | None = None


class Interaction(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    status: str = ""
    steps: Sequence[Step] | None = None
    usage: Any = None
    service_tier: Any = None
    error: Any = None


class Delta(msgspec.Struct):
    type: str = ""
    text: str | None = None
    arguments: str | None = None
    signature: str | None = None
    content: Content | None = None
    annotations: list[Any] | None = None


class StreamEvent(msgspec.Struct):
    event_type: str = ""
    interaction: Interaction | None = None
    index: int = 0
    step: Step | None = None
    delta: Delta | None = None
    error: Any = None


_answer_decoder = msgspec.json.Decoder(Interaction)
_event_decoder = msgspec.json.Decoder(StreamEvent)


def read_events(body: bytes) -> list[Event]:
    """An answer at once. Raises UpstreamProtocolError if it is none, or has failed: then with its class."""
    told = answer_of(_answer_decoder, body)
    if told.error is not None:
        raise failed(provider_errors.read_error(200, body))
    calls = 0
    said: list[Event] = [events.Started(told.id or "", told.model or "")]
    for step in told.steps or ():
        said += _step(step, calls)
        calls += step.type == "function_call"
    said += read_usage(told.usage, told.service_tier)
    end = _end(told.status, calls)
    if end is None:
        raise UpstreamProtocolError(f"the interaction has not finished: it is {told.status!r}")
    if isinstance(end, events.Failed):
        raise failed(end.error)
    return [*said, end]


def read_usage(told: Any, tier: Any = None) -> list[Event]:
    """What was thought is beside what was said, and what tools have added beside what was asked."""
    if not isinstance(told, dict):
        return []
    thoughts = count(told, "total_thought_tokens")
    usage = Usage(
        input_tokens=count(told, "total_input_tokens") + count(told, "total_tool_use_tokens"),
        output_tokens=count(told, "total_output_tokens") + thoughts,
        cached_input_tokens=count(told, "total_cached_tokens"),
        reasoning_tokens=thoughts,
        service_tier=service_tier(tier),
    )
    return [events.UsageTold(usage)]


class InteractionsDecoder:
    """`ended` is set by `[DONE]`, after the interaction has ended: without that it says nothing."""

    def __init__(self) -> None:
        self.ended = False
        self._finished = False
        self._calls: dict[int, int] = {}  # the steps that are calls, by index
        self._unsaid: dict[int, str] = {}  # arguments that were told at the start, and have not come in pieces

    def read(self, event: bytes) -> list[Event]:
        """What a whole event says. Raises UpstreamProtocolError if it is not of this dialect."""
        name, data = sse.parse(event)
        if data is None or not data.strip():
            return []
        if data.strip() == END:
            self.ended = self._finished
            return []
        try:
            told = decoded(_event_decoder, data)
        except UNREADABLE as error:
            if name == b"error":
                return [events.Failed(provider_errors.read_error(200, data))]
            raise UpstreamProtocolError(f"an event of the stream is not of an interaction: {error}") from None
        if told.error is not None or b"error" in (name, told.event_type.encode()):
            return [events.Failed(provider_errors.read_error(200, data))]
        return list(self._read(told))

    def _read(self, told: StreamEvent) -> Iterator[Event]:
        match told.event_type:
            case "interaction.created" if told.interaction:
                yield events.Started(told.interaction.id or "", told.interaction.model or "")
            case "step.start" if told.step:
                yield from self._start(told.index, told.step)
            case "step.delta" if told.delta:
                yield from self._go_on(told.index, told.delta)
            case "step.stop" if told.index in self._unsaid:
                yield events.ToolDelta(self._calls[told.index], self._unsaid.pop(told.index))
            case "interaction.completed" if told.interaction:
                yield from read_usage(told.interaction.usage, told.interaction.service_tier)
                end = _end(told.interaction.status, len(self._calls))
                self._finished = self._finished or isinstance(end, events.Finished)
                yield from [] if end is None else [end]

    def _start(self, index: int, step: Step) -> Iterator[Event]:
        if step.type != "function_call":
            yield from _step(step, 0)
            return
        call = self._calls[index] = len(self._calls)
        self._unsaid[index] = _arguments(step.arguments)
        yield events.ToolStarted(call, step.id or "", step.name or "")

    def _go_on(self, index: int, delta: Delta) -> Iterator[Event]:
        match delta.type:
            case "text" if delta.text:
                yield events.TextDelta(delta.text)
            case "thought_summary" if delta.content and delta.content.text:
                yield events.ReasoningDelta(delta.content.text)
            case "thought_signature" if delta.signature:
                yield events.ReasoningDelta(signature=delta.signature, issuer=GOOGLE)
            case "arguments_delta" if delta.arguments and index in self._calls:
                self._unsaid.pop(index, None)
                yield events.ToolDelta(self._calls[index], delta.arguments)
            case "text_annotation_delta":
                yield from map(events.Cited, delta.annotations or ())


def _step(step: Step, calls: int) -> Iterator[Event]:
    match step.type:
        case "thought":
            yield from (events.ReasoningDelta(said.text) for said in step.summary or () if said.text)
            if step.signature:
                yield events.ReasoningDelta(signature=step.signature, issuer=GOOGLE)
        case "function_call":
            yield events.ToolStarted(calls, step.id or "", step.name or "")
            yield events.ToolDelta(calls, _arguments(step.arguments))
        case "model_output":
            for said in step.content or ():
                if said.type == "text" and said.text:
                    yield events.TextDelta(said.text)
                    yield from map(events.Cited, said.annotations or ())


def _arguments(told: Any) -> str:
    return msgspec.json.encode(told if isinstance(told, dict) else {}).decode()


def _end(status: str, calls: int) -> Event | None:
    """None: it goes on."""
    if status in _FAILURES:
        return events.Failed(ProviderError(FailureClass.SERVER_ERROR, f"the interaction has {status}"))
    if status not in _FINISHES:
        return None
    return events.Finished(Finish.TOOL_USE if calls and status == "completed" else _FINISHES[status])
