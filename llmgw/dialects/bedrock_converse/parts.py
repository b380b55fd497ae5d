"""The parts of a conversation as blocks of Converse, in the order and of the form that Bedrock takes.

Turns of user and assistant alternate, the user has the first; the results of tools stand first in theirs, no text is
empty, and beside a document there must be a text.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, assert_never

from llmgw.chat.claude.thinking import is_own_reasoning
from llmgw.chat.conversation import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolResult,
    ToolUse,
)
from llmgw.chat.turns import CLOSING, OPENING, joined, plain_id, results_first, speaker, spoken
from llmgw.chat.writing import arguments_of
from llmgw.dialects.bedrock_converse import models
from llmgw.dialects.bedrock_converse.media import Names, WireBlock, write_audio, write_file, write_image

ATTACHED = "(attached)"  # beside a document that came without a word
EMPTY = "(empty)"  # what a tool said that said nothing
TOOL_ID_CHARS_MAX = 64


@dataclass(slots=True)
class Writing:
    """What the parts of one request have in common."""

    model: str
    unsaid: list[str]
    names: Names = field(default_factory=Names)


def write_messages(messages: Sequence[Message], writing: Writing) -> list[dict[str, Any]]:
    """Instructions amid the conversation are the user's text, in a tag."""
    placed = [(place, message) for place, message in enumerate(messages) if message.parts]
    if any(message.name for message in messages):
        writing.unsaid.append("messages.name")
    turns: list[dict[str, Any]] = []
    for role, turn in groupby(placed, lambda each: speaker(each[1])):
        content = _write_turn(turn, writing)
        if content:
            turns.append({"role": role, "content": content})
    turns = joined(turns, "content")
    if turns and turns[0]["role"] == Role.ASSISTANT:
        turns.insert(0, {"role": Role.USER, "content": [{"text": OPENING}]})
    if turns and turns[-1]["role"] == Role.ASSISTANT:
        _end(turns, writing)
    return turns


def mark(cache: str) -> WireBlock:
    """A mark that all up to here may be cached: a block of its own. Five minutes are what it means by itself."""
    return {"cachePoint": {"type": "default", **({"ttl": cache} if cache != "5m" else {})}}


def write_text(text: Text, writing: Writing) -> list[WireBlock]:
    """Citations belong to the answers of one model only."""
    if not text.text.strip():
        return []
    if text.citations:
        writing.unsaid.append("messages.annotations")
    return _marked({"text": text.text}, text.cache)


def tool_id(given: str) -> str:
    """As Bedrock takes it."""
    return plain_id(given, "tooluse", TOOL_ID_CHARS_MAX)


def _write_turn(turn: Iterable[tuple[int, Message]], writing: Writing) -> list[WireBlock]:
    parts = [(place, part) for place, message in turn for part in spoken(message, writing.unsaid.append)]
    ordered = results_first(parts, writing.unsaid.append, itemgetter(1))
    blocks = [block for place, part in ordered for block in _write(part, place, writing)]
    if any("document" in block for block in blocks) and not any("text" in block for block in blocks):
        blocks.append({"text": ATTACHED})
    return blocks


def _end(turns: list[dict[str, Any]], writing: Writing) -> None:
    """The model goes on from the assistant's last text, which must not end in white space, if it takes one at all."""
    last = turns[-1]["content"][-1]
    if not models.takes_prefill(writing.model):
        writing.unsaid.append("messages.prefill")
        turns.append({"role": Role.USER, "content": [{"text": CLOSING}]})
    elif "text" in last:
        last["text"] = last["text"].rstrip()


def _write(part: Part, place: int, writing: Writing) -> list[WireBlock]:  # noqa: PLR0911 - one a kind
    """Nothing, if there is nothing to say, or no way to say it; the latter is named."""
    match part:
        case Text():
            return write_text(part, writing)
        case Refusal():
            return write_text(Text(part.text), writing)
        case Reasoning():
            return _write_reasoning(part, writing)
        case ToolUse():
            call = {
                "toolUseId": tool_id(part.id),
                "name": part.name,
                "input": arguments_of(part.arguments, part.id, place),
            }
            return _marked({"toolUse": call}, part.cache)
        case ToolResult():
            return _write_result(part, place, writing)
        case Image():
            return _marked(write_image(part, writing.unsaid), part.cache)
        case File():
            return _marked(write_file(part, writing.names, writing.unsaid), part.cache)
        case Audio():
            return _marked(write_audio(part, writing.unsaid), "")
        case _:
            assert_never(part)


def _marked(block: WireBlock | None, cache: str) -> list[WireBlock]:
    if block is None:
        return []
    return [block, mark(cache)] if cache else [block]


def _write_reasoning(thought: Reasoning, writing: Writing) -> list[WireBlock]:
    """A thought of another model is no loss that a caller could mend."""
    if not (is_own_reasoning(thought) and models.is_claude(writing.model)):
        return []
    if thought.redacted:
        said: WireBlock = {"redactedContent": b64encode(thought.redacted.encode()).decode()}
    else:
        said = {"reasoningText": {"text": thought.text, "signature": thought.signature}}
    return [{"reasoningContent": said}]


def _write_result(result: ToolResult, place: int, writing: Writing) -> list[WireBlock]:
    """A mark inside of it stands after it: there is no place for one within."""
    inner = [block for part in result.parts for block in _write(part, place, writing)]
    content = [block for block in inner if "cachePoint" not in block]
    said: WireBlock = {"toolUseId": tool_id(result.id), "content": content or [{"text": EMPTY}]}
    if result.is_error and models.takes_status(writing.model):
        said["status"] = "error"
    elif result.is_error:
        writing.unsaid.append("is_error")
    marks = [mark(result.cache)] if result.cache else [block for block in inner if "cachePoint" in block][-1:]
    return [{"toolResult": said}, *marks]
