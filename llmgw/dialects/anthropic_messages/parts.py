"""The parts of a conversation as content blocks, in the order and of the form that Anthropic takes.

Neighbours of the same role are one message, the results of tools stand first in it, no text is empty.
"""

from collections.abc import Iterable, Sequence
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
from llmgw.dialects.anthropic_messages.media import write_file, write_image

WireBlock = dict[str, Any]
Placed = tuple[int, Part]  # a part, and the place of its message in the caller's list

CITATIONS = frozenset(
    {
        "char_location",
        "page_location",
        "content_block_location",
        "web_search_result_location",
        "search_result_location",
    }
)


def write_messages(messages: Sequence[Message], dropped: list[str], *, goes_on: bool = True) -> list[WireBlock]:
    """Turns of user and assistant. Instructions amid the conversation are the user's text, in a tag.

    `goes_on`: whether the model takes a last turn of the assistant, to go on from there.
    """
    placed = [(place, message) for place, message in enumerate(messages) if message.parts]
    if any(message.name for message in messages):
        dropped.append("messages.name")
    turns: list[WireBlock] = []
    for role, turn in groupby(placed, lambda each: speaker(each[1])):
        content = _write_turn(turn, dropped)
        if content:
            turns.append({"role": role, "content": content})
    turns = joined(turns, "content")
    if turns and turns[0]["role"] == Role.ASSISTANT:
        turns.insert(0, {"role": Role.USER, "content": [{"type": "text", "text": OPENING}]})
    if turns and turns[-1]["role"] == Role.ASSISTANT:
        _end(turns, dropped, goes_on=goes_on)
    return turns


def _write_turn(turn: Iterable[tuple[int, Message]], dropped: list[str]) -> list[WireBlock]:
    """The results of tools must stand first; the rest keeps its order."""
    parts: list[Placed] = [(place, part) for place, message in turn for part in spoken(message, dropped.append)]
    ordered = results_first(parts, dropped.append, itemgetter(1))
    blocks = (write_part(part, place, dropped) for place, part in ordered)
    return [block for block in blocks if block is not None]


def _end(turns: list[WireBlock], dropped: list[str], *, goes_on: bool) -> None:
    """The model goes on from the assistant's last text: Anthropic refuses one that ends in white space."""
    last = turns[-1]["content"][-1]
    if not goes_on:
        dropped.append("messages.prefill")
        turns.append({"role": Role.USER, "content": [{"type": "text", "text": CLOSING}]})
    elif last["type"] == "text":
        last["text"] = last["text"].rstrip()


def write_part(part: Part, place: int, dropped: list[str]) -> WireBlock | None:  # noqa: PLR0911 - one a kind
    """None: there is nothing to say, or no way to say it; the latter is named in `dropped`."""
    match part:
        case Text():
            return write_text(part, dropped)
        case Refusal():
            return write_text(Text(part.text), dropped)
        case Reasoning():
            return _write_reasoning(part)
        case ToolUse():
            return _write_call(part, place)
        case ToolResult():
            return _write_result(part, place, dropped)
        case Image():
            return {**write_image(part, dropped), **mark(part.cache)}
        case File():
            block = write_file(part, dropped)
            return None if block is None else {**block, **mark(part.cache)}
        case Audio():
            dropped.append("messages.audio")
            return None
        case _:
            assert_never(part)


def write_text(text: Text, dropped: list[str]) -> WireBlock | None:
    """Citations in another dialect's words are left out."""
    if not text.text.strip():
        return None
    block: WireBlock = {"type": "text", "text": text.text, **mark(text.cache)}
    citations = [citation for citation in text.citations if is_own_citation(citation)]
    if citations:
        block["citations"] = citations
    if len(citations) < len(text.citations):
        dropped.append("messages.annotations")
    return block


def is_own_citation(citation: Any) -> bool:
    """Whether it is in Anthropic's words."""
    return isinstance(citation, dict) and citation.get("type") in CITATIONS


def _write_reasoning(thought: Reasoning) -> WireBlock | None:
    if not is_own_reasoning(thought):
        return None  # a thought of another model is no loss that a caller could mend
    if thought.redacted:
        return {"type": "redacted_thinking", "data": thought.redacted}
    return {"type": "thinking", "thinking": thought.text, "signature": thought.signature}


def _write_call(call: ToolUse, place: int) -> WireBlock:
    given = {"id": wire_id(call.id), "name": call.name, "input": arguments_of(call.arguments, call.id, place)}
    return {"type": "tool_use", **given, **mark(call.cache)}


def _write_result(result: ToolResult, place: int, dropped: list[str]) -> WireBlock:
    blocks = [write_part(part, place, dropped) for part in result.parts]
    block: WireBlock = {
        "type": "tool_result",
        "tool_use_id": wire_id(result.id),
        "content": [inner for inner in blocks if inner is not None],
        **mark(result.cache),
    }
    if result.is_error:
        block["is_error"] = True
    return block


def mark(cache: str) -> WireBlock:
    """Five minutes are what Anthropic takes it to mean when no time is told."""
    if not cache:
        return {}
    return {"cache_control": {"type": "ephemeral", **({"ttl": cache} if cache != "5m" else {})}}


def wire_id(given: str) -> str:
    """As Anthropic takes it."""
    return plain_id(given, "toolu")
