"""An answer in one piece: a message with its content blocks, its stop reason and its usage."""

from collections.abc import Iterator
from typing import Any, assert_never

import msgspec

from llmgw.chat import events
from llmgw.chat.answer import Answer, AnswerPart
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.dialect import FINISH_CONTENT_FILTER, AnswerSign
from llmgw.chat.events import Event, Finish
from llmgw.chat.objects import object_of
from llmgw.chat.signatures import ANTHROPIC, seal, unseal
from llmgw.dialects.anthropic_messages.blocks import Block
from llmgw.dialects.anthropic_messages.counts import Counts, write_usage
from llmgw.dialects.anthropic_messages.errors import read_error
from llmgw.dialects.anthropic_messages.parts import is_own_citation
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
NO_ARGUMENTS = ("", "null")  # of a call that has none


class WireMessage(msgspec.Struct):
    """A message, whole or as its stream begins; `error` is what may come instead."""

    type: str = ""
    id: str | None = None
    model: str | None = None
    content: list[Block] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(WireMessage)
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
        told.append(read_finish(message.stop_reason, message.stop_sequence or ""))
    return told


def read_finish(stop_reason: str, stop_sequence: str) -> events.Finished:
    return events.finished_by(stop_reason, _FINISHES, stop_sequence=stop_sequence)


def write_finish(finish: Finish | None, *, has_calls: bool, has_refusal: bool) -> str:
    """Not everybody says that it ended with a call, or for a refusal."""
    if finish is None or finish is Finish.STOP:
        if has_refusal:
            return REFUSAL
        return "tool_use" if has_calls else "end_turn"
    return _STOP_REASONS[finish]


def write_answer(answer: Answer) -> bytes:
    """The message for a client. Raises UpstreamProtocolError for a call whose arguments are no JSON object."""
    kinds = {type(part) for part in answer.parts}
    is_cut = answer.finish is Finish.LENGTH
    return _encoder.encode(
        {
            "id": answer.id or ID,
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "content": [block for part in answer.parts for block in _write_part(part, is_cut=is_cut)],
            "stop_reason": write_finish(answer.finish, has_calls=ToolUse in kinds, has_refusal=Refusal in kinds),
            "stop_sequence": answer.stop_sequence or None,
            "usage": write_usage(answer.usage),
        }
    )


def _message(body: bytes) -> WireMessage:
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
            issuer, signature = unseal(block.signature or "", ANTHROPIC)
            if signature:
                yield events.ReasoningDelta(signature=signature, issuer=issuer)
        case "redacted_thinking":
            issuer, data = unseal(str(block.data or ""), ANTHROPIC)
            yield events.ReasoningDelta(redacted=data, issuer=issuer)
        case "tool_use":
            yield events.ToolStarted(calls, block.id or "", block.name or "")
            yield events.ToolDelta(calls, block.arguments)
        case _:
            return


def write_thought(text: str, signature: str, issuer: str) -> dict[str, Any]:
    """Only Anthropic's own signatures are as they are; there is always one, for clients send back what they got."""
    return {"type": "thinking", "thinking": text, "signature": seal(issuer, signature, ANTHROPIC)}


def write_redacted(data: str, issuer: str) -> dict[str, Any]:
    return {"type": "redacted_thinking", "data": seal(issuer, data, ANTHROPIC)}


def _write_part(part: AnswerPart, *, is_cut: bool) -> Iterator[dict[str, Any]]:
    match part:
        case Text():
            citations = [citation for citation in part.citations if is_own_citation(citation)]
            if part.text or citations:
                yield {"type": "text", "text": part.text, "citations": citations or None}
        case Refusal():
            yield {"type": "text", "text": part.text, "citations": None}
        case Reasoning():
            if part.text or part.signature:
                yield write_thought(part.text, part.signature, part.issuer if part.signature else "")
            if part.redacted:
                yield write_redacted(part.redacted, part.issuer)
        case ToolUse():
            if part.signature:
                yield write_thought("", part.signature, part.issuer)
            yield {"type": "tool_use", "id": part.id, "name": part.name, "input": _input(part, is_cut=is_cut)}
        case _:
            assert_never(part)


def _input(call: ToolUse, *, is_cut: bool) -> msgspec.Raw:
    """A call that the limit of tokens cut short has no arguments that could be told."""
    given = object_of(call.arguments)
    if given is None and not is_cut and call.arguments.strip() not in NO_ARGUMENTS:
        raise UpstreamProtocolError(f"the arguments of tool call '{call.id}' are no JSON object")
    return msgspec.Raw(b"{}") if given is None else given
