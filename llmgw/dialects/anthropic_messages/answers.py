"""An answer in one piece: a message with its content blocks, its stop reason and its usage."""

from collections.abc import Iterator
from typing import Any, assert_never

import msgspec

from llmgw.chat import events
from llmgw.chat.answer import Answer, AnswerPart
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.dialect import FINISH_CONTENT_FILTER, AnswerSign
from llmgw.chat.events import Event, Finish
from llmgw.chat.signatures import ANTHROPIC
from llmgw.dialects.anthropic_messages.blocks import Block
from llmgw.dialects.anthropic_messages.counts import Counts, write_usage
from llmgw.dialects.anthropic_messages.errors import read_error
from llmgw.dialects.anthropic_messages.parts import is_own_citation, object_of
from llmgw.errors import FailureClass, UpstreamProtocolError

_FINISHES = {
    "end_turn": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_use": Finish.TOOL_USE,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "refusal": Finish.REFUSAL,
    "pause_turn": Finish.PAUSE,
}
_STOP_REASONS = {
    Finish.STOP: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_USE: "tool_use",
    Finish.STOP_SEQUENCE: "stop_sequence",
    Finish.CONTENT_FILTER: "refusal",
    Finish.REFUSAL: "refusal",
    Finish.PAUSE: "pause_turn",
}
REFUSAL = "refusal"
ID = "msg_llmgw"  # of an answer whose provider gave none


class Envelope(msgspec.Struct):
    """A message, whole or as its stream begins; `error` is what may come instead."""

    type: str = ""
    id: str | None = None
    model: str | None = None
    content: list[Block] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(Envelope)
_encoder = msgspec.json.Encoder()


def read_answer(body: bytes) -> AnswerSign:
    """Raises UpstreamProtocolError if this is no message, or an error: then with its class."""
    message = _message(body)
    finish = FINISH_CONTENT_FILTER if message.stop_reason == REFUSAL else message.stop_reason
    return AnswerSign(Counts().take(message.usage), finish)


def read_events(body: bytes) -> list[Event]:
    """The events of a stream that would have said the same. Raises as `read_answer` does."""
    message = _message(body)
    told: list[Event] = [events.Started(message.id or "", message.model or "")]
    calls = 0
    for block in message.content or ():
        told += _read_block(block, calls)
        calls += block.type == "tool_use"
    usage = Counts().take(message.usage)
    if usage is not None:
        told.append(events.UsageTold(usage))
    if message.stop_reason is not None:
        told.append(events.Finished(read_finish(message.stop_reason), message.stop_sequence or ""))
    return told


def read_finish(stop_reason: str) -> Finish:
    """A reason that we do not know is an end like any other."""
    return _FINISHES.get(stop_reason, Finish.STOP)


def write_finish(finish: Finish | None, *, has_calls: bool, has_refusal: bool) -> str:
    """Not everybody says that it ended with a call, or for a refusal."""
    if finish is None or finish is Finish.STOP:
        if has_refusal:
            return REFUSAL
        return "tool_use" if has_calls else "end_turn"
    return _STOP_REASONS[finish]


def write_answer(answer: Answer) -> bytes:
    """The message for a client."""
    kinds = {type(part) for part in answer.parts}
    return _encoder.encode(
        {
            "id": answer.id or ID,
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "content": [_write_block(part) for part in answer.parts],
            "stop_reason": write_finish(answer.finish, has_calls=ToolUse in kinds, has_refusal=Refusal in kinds),
            "stop_sequence": answer.stop_sequence or None,
            "usage": write_usage(answer.usage),
        }
    )


def _message(body: bytes) -> Envelope:
    try:
        message = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamProtocolError(f"the answer is not a message: {error}") from None
    if message.error is not None or message.type == "error":
        told = read_error(200, body)
        failure = told.failure or FailureClass.PROTOCOL
        raise UpstreamProtocolError(told.message, failure, retry_after_s=told.retry_after_s)
    if message.content is None:
        raise UpstreamProtocolError("the answer has no content")
    return message


def _read_block(block: Block, calls: int) -> Iterator[Event]:
    """Blocks of the provider's own tools have no word in the hub."""
    match block.type:
        case "text":
            if block.text:
                yield events.TextDelta(block.text)
            yield from map(events.Cited, block.cited)
        case "thinking":
            if block.thinking:
                yield events.ReasoningDelta(block.thinking)
            if block.signature:
                yield events.ReasoningDelta(signature=block.signature, issuer=ANTHROPIC)
        case "redacted_thinking":
            yield events.ReasoningDelta(redacted=str(block.data or ""), issuer=ANTHROPIC)
        case "tool_use":
            yield events.ToolStarted(calls, block.id or "", block.name or "")
            yield events.ToolDelta(calls, block.arguments)
        case _:
            return


def _write_block(part: AnswerPart) -> dict[str, Any]:
    match part:
        case Text():
            citations = [citation for citation in part.citations if is_own_citation(citation)]
            return {"type": "text", "text": part.text, "citations": citations or None}
        case Refusal():
            return {"type": "text", "text": part.text, "citations": None}
        case Reasoning(redacted=redacted) if redacted:
            return {"type": "redacted_thinking", "data": redacted}
        case Reasoning():
            return {"type": "thinking", "thinking": part.text, "signature": part.signature}
        case ToolUse():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": _input(part.arguments)}
        case _:
            assert_never(part)


def _input(arguments: str) -> msgspec.Raw:
    """A call that the limit of tokens cut short has no arguments that could be told."""
    return object_of(arguments) or msgspec.Raw(b"{}")
