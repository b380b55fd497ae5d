"""A response at once: read from any provider, written as OpenAI would."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

import msgspec

from llmgw.chat import events
from llmgw.chat.answer import Answer, AnswerPart
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.dialect import AnswerSign
from llmgw.chat.events import Event
from llmgw.chat.provider_bodies import UNREADABLE, decoded, failed
from llmgw.chat.request import NO_FIELDS
from llmgw.dialects.openai_responses import signs
from llmgw.dialects.openai_responses.decoding import end_of
from llmgw.dialects.openai_responses.errors import read_failure
from llmgw.dialects.openai_responses.objects import (
    COMPLETED,
    Head,
    WireItem,
    ending,
    function_call,
    message,
    output_text,
    reasoning,
    refusal,
    response,
)
from llmgw.dialects.openai_responses.parts import annotation
from llmgw.dialects.openai_responses.said import dicts_of, say, text_of
from llmgw.dialects.openai_responses.usage import read_usage
from llmgw.errors import UpstreamProtocolError

_decoder = msgspec.json.Decoder(dict[str, Any])
_encode = msgspec.json.Encoder().encode


def read_answer(body: bytes) -> AnswerSign:
    """Raises UpstreamProtocolError if this is no response, or one that failed: then with its class."""
    response = _response(body)
    return AnswerSign(read_usage(response.get("usage"), response.get("service_tier")), signs.finish_of(response))


def read_events(body: bytes) -> list[Event]:
    """The events of a stream that would have said the same. Raises as `read_answer` does."""
    response = _response(body)
    told: list[Event] = [events.Started(text_of(response.get("id")), text_of(response.get("model")))]
    calls = 0
    for item in dicts_of(response.get("output")):
        told += say(item, calls)
        calls += item.get("type") == "function_call"
    usage = read_usage(response.get("usage"), response.get("service_tier"))
    if usage is not None:
        told.append(events.UsageTold(usage))
    refuses = any(isinstance(event, events.RefusalDelta) for event in told)
    told.append(end_of(response, calls=bool(calls), refuses=refuses))
    return told


def write_answer(answer: Answer, fields: Mapping[str, msgspec.Raw] = NO_FIELDS, created_s: int = 0) -> bytes:
    """The response for a client, with what its request said (`fields`).

    Of an incomplete one only the last item is not whole.
    """
    head = Head(answer.id, answer.model, created_s, fields)
    refuses = any(isinstance(part, Refusal) for part in answer.parts)
    end = ending(answer.finish, refuses=refuses, error=answer.error)
    rows = list(_rows(answer.parts))
    output: list[WireItem] = []
    for row in rows:
        status = end.status if len(output) == len(rows) - 1 else COMPLETED
        output.append(_write_item(row, head, len(output), status))
    return _encode(response(head, end, output, answer.usage))


def _rows(parts: Sequence[AnswerPart]) -> Iterator[list[AnswerPart]]:
    """What is one item each: texts and refusals beside each other are one message."""
    row: list[AnswerPart] = []
    for part in parts:
        if isinstance(part, Text | Refusal):
            row.append(part)
            continue
        if row:
            yield row
        row = []
        if isinstance(part, ToolUse) and part.signature:
            yield [Reasoning(signature=part.signature, issuer=part.issuer)]
        yield [part]
    if row:
        yield row


def _write_item(row: Sequence[AnswerPart], head: Head, index: int, status: str) -> WireItem:
    match row[0]:
        case Reasoning() as thought:
            return reasoning(head.item_id("rs", index), thought)
        case ToolUse() as call:
            return function_call(head.item_id("fc", index), status, call.id, call.name, call.arguments)
        case Text() | Refusal():
            content = [_write_part(part) for part in row if isinstance(part, Text | Refusal)]
            return message(head.item_id("msg", index), status, content)
        case _:
            assert_never(row[0])


def _write_part(part: Text | Refusal) -> WireItem:
    if isinstance(part, Refusal):
        return refusal(part.text)
    notes = [note for note in map(annotation, part.citations) if note is not None]
    return output_text(part.text, notes)


def _response(body: bytes) -> dict[str, Any]:
    try:
        response = decoded(_decoder, body)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer is not a response: {error}") from None
    failure = read_failure(response)
    if failure is not None:
        raise failed(failure)
    if not isinstance(response.get("output"), list):
        raise UpstreamProtocolError("the answer has no output")
    return response
