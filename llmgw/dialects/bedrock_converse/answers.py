"""An answer of Converse in one piece, as the events of the stream that would have said the same."""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.provider_bodies import UNREADABLE, decoded, failed
from llmgw.chat.signatures import ANTHROPIC
from llmgw.dialects.bedrock_converse.blocks import (
    SERVER_TOOL,
    Block,
    CitationsContent,
    ReasoningContent,
    ReasoningText,
    Wire,
    read_finish,
)
from llmgw.dialects.bedrock_converse.citations import read_citation
from llmgw.dialects.bedrock_converse.counts import read_usage
from llmgw.dialects.bedrock_converse.errors import read_error
from llmgw.errors import UpstreamProtocolError


class _Message(Wire):
    content: list[Block]


class _Output(Wire):
    message: _Message


class _Answer(Wire):
    """Guardrails' traces stay behind: they have all that was masked."""

    output: _Output | None = None
    stop_reason: str | None = None
    usage: Any = None
    additional_model_response_fields: Any = None


_decoder = msgspec.json.Decoder(_Answer)


def read_events(body: bytes) -> list[Event]:
    """Raises UpstreamProtocolError if this is no answer, or an error: then with its class."""
    try:
        answer = decoded(_decoder, body)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer is not of Converse: {error}") from None
    if answer.output is None:
        told = read_error(200, body)
        raise failed(told) if told.failure else UpstreamProtocolError("the answer has no message")
    said: list[Event] = [events.Started()]
    calls = 0
    for block in answer.output.message.content:
        news = list(_read(block, calls))
        calls += any(isinstance(event, events.ToolStarted) for event in news)
        said += news
    usage = read_usage(answer.usage)
    said += [events.UsageTold(usage)] if usage is not None else []
    if answer.stop_reason is not None:
        said.append(read_finish(answer.stop_reason, answer.additional_model_response_fields))
    return said


def _read(block: Block, calls: int) -> Iterator[Event]:
    if block.text:
        yield events.TextDelta(block.text)
    if block.tool_use is not None and block.tool_use.type != SERVER_TOOL:
        yield events.ToolStarted(calls, block.tool_use.tool_use_id, block.tool_use.name)
        yield events.ToolDelta(calls, block.tool_use.arguments)
    if block.reasoning_content is not None:
        yield from _reasoning(block.reasoning_content)
    if block.citations_content is not None:
        yield from _cited(block.citations_content)


def _reasoning(told: ReasoningContent) -> Iterator[Event]:
    thought = told.reasoning_text or ReasoningText()
    if thought.text:
        yield events.ReasoningDelta(thought.text)
    if thought.signature:
        yield events.ReasoningDelta(signature=thought.signature, issuer=ANTHROPIC)
    if told.redacted:
        yield events.ReasoningDelta(redacted=told.redacted, issuer=ANTHROPIC)


def _cited(told: CitationsContent) -> Iterator[Event]:
    texts = (piece.get("text") for piece in told.content if isinstance(piece, dict))
    said = "".join(text for text in texts if isinstance(text, str))
    if said:
        yield events.TextDelta(said)
    for citation in map(read_citation, told.citations):
        if citation is not None:
            yield events.Cited(citation)
