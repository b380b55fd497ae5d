"""An answer at once, read into the events of a stream that would have said the same."""

from collections.abc import Iterator

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.provider_bodies import UNREADABLE, decoded, failed
from llmgw.dialects.cohere_chat.counts import read_usage
from llmgw.dialects.cohere_chat.errors import read_end, read_error
from llmgw.dialects.cohere_chat.wire import Answer, Content, Message, ToolCall
from llmgw.errors import UpstreamProtocolError

_decoder = msgspec.json.Decoder(Answer)


def read_events(body: bytes) -> list[Event]:
    """Raises UpstreamProtocolError if it is no answer, or an error: then with its class."""
    try:
        answer = decoded(_decoder, body)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer is not Cohere's: {error}") from None
    if answer.message is None:
        raise failed(read_error(200, body))
    return list(_read(answer, answer.message))


def _read(answer: Answer, message: Message) -> Iterator[Event]:
    yield events.Started(answer.id or "")
    cited = message.cited
    for place, block in enumerate(message.blocks):
        yield from say(block)
        own = [one for one in cited if one.get("content_index") == place]
        cited = [one for one in cited if one.get("content_index") != place]
        yield from map(events.Cited, own)
    yield from map(events.Cited, cited)
    if message.tool_plan:
        yield events.ReasoningDelta(message.tool_plan)
    for index, call in enumerate(message.calls):
        yield from _call(index, call)
    yield from read_usage(answer.usage)
    yield read_end(answer.finish_reason, "", has_calls=bool(message.calls))


def say(block: Content) -> Iterator[Event]:
    """What a block says, or a piece of one."""
    if block.thinking:
        yield events.ReasoningDelta(block.thinking)
    if block.text:
        yield events.TextDelta(block.text)


def start_call(index: int, call: ToolCall) -> events.ToolStarted:
    name = (call.function.name if call.function else None) or ""
    return events.ToolStarted(index, call.id or "", name)


def arguments_of(call: ToolCall) -> str:
    return (call.function.arguments if call.function else None) or ""


def _call(index: int, call: ToolCall) -> Iterator[Event]:
    yield start_call(index, call)
    yield events.ToolDelta(index, arguments_of(call) or "{}")
