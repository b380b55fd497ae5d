"""Messages, written as the items of an `input` for a provider that keeps nothing.

A call is named by its `call_id` alone, and a thought stands only before what followed it: with an id of its own each
would be looked for in the provider's store.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

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
from llmgw.dialects.openai_responses import proofs
from llmgw.dialects.openai_responses.parts import Drop, annotation, write_part

Item = dict[str, object]

ID_CHARS_MAX = 64
_FILE_ID = "file-"  # how the ids of OpenAI's own store begin
_NAMES = {Image: "image", Audio: "audio", File: "file", ToolResult: "tool_result", ToolUse: "tool_use"}


def write_input(messages: Sequence[Message], drop: Drop) -> list[Item]:
    """`drop` is told the name of what cannot be said."""
    items: list[Item] = []
    for message in messages:
        if message.name:
            drop("messages.name")
        if message.role is Role.ASSISTANT:
            items += _said(message.parts, drop)
        else:
            items += _given(message, drop)
    return items


def wire_id(given: str) -> str:
    """OpenAI takes ids of 64 characters: a longer one becomes the same, always."""
    return hashlib.sha256(given.encode(errors="replace")).hexdigest() if len(given) > ID_CHARS_MAX else given


def _given(message: Message, drop: Drop) -> Iterator[Item]:
    """Of the user, or instructions amid the conversation."""
    for is_result, parts in groupby(message.parts, lambda part: isinstance(part, ToolResult)):
        if is_result:
            yield from (_result(part, drop) for part in parts if isinstance(part, ToolResult))
        else:
            yield {"role": message.role.value, "content": _content(parts, drop)}
    if not message.parts:
        yield {"role": message.role.value, "content": ""}


def _content(parts: Iterable[Part], drop: Drop) -> str | list[Item]:
    """One text is a string, which even those take who know no parts."""
    written: list[Text | Image | Audio | File] = []
    for part in parts:
        match part:
            case File(id=id_) if id_ and not id_.startswith(_FILE_ID):
                drop("messages.file")  # it lies in another's store
            case Text() | Image() | Audio() | File():
                written.append(part)
            case Refusal(text):
                written.append(Text(text))
            case _ if not isinstance(part, Reasoning):
                drop(f"messages.{_NAMES[type(part)]}")
    if len(written) == 1 and isinstance(written[0], Text):
        return written[0].text
    return [write_part(part) for part in written]


def _result(result: ToolResult, drop: Drop) -> Item:
    """Text is a string; only what is more needs parts."""
    if result.is_error:
        drop("is_error")
    told = [part.text for part in result.parts if isinstance(part, Text)]
    output = "\n".join(told) if len(told) == len(result.parts) else _content(result.parts, drop)
    return {"type": "function_call_output", "call_id": wire_id(result.id), "output": output}


def _said(parts: Sequence[Part], drop: Drop) -> Iterator[Item]:
    """A thought needs what follows it."""
    followed = max((place for place, part in enumerate(parts) if not isinstance(part, Reasoning)), default=-1)
    for is_text, row in groupby(parts[: followed + 1], lambda part: isinstance(part, Text | Refusal)):
        if is_text:
            yield from _message([part for part in row if isinstance(part, Text | Refusal)], drop)
        else:
            yield from (item for part in row for item in _other(part, drop))


def _message(texts: Sequence[Text | Refusal], drop: Drop) -> Iterator[Item]:
    content = [_output(text, drop) for text in texts if text.text]
    if content:
        yield {"type": "message", "role": "assistant", "content": content}


def _output(text: Text | Refusal, drop: Drop) -> Item:
    if isinstance(text, Refusal):
        return {"type": "refusal", "refusal": text.text}
    told = [annotation(citation) for citation in text.citations]
    notes = [note for note in told if note is not None]
    if len(notes) < len(told):
        drop("messages.annotations")
    return {"type": "output_text", "text": text.text, **({"annotations": notes} if notes else {})}


def _other(part: Part, drop: Drop) -> Iterator[Item]:
    match part:
        case Reasoning():
            if proofs.is_own(part):  # a thought of another model is no loss that a caller could mend
                summary = [{"type": "summary_text", "text": part.text}] if part.text else []
                yield {"type": "reasoning", "summary": summary, **proofs.item_fields(part)}
        case ToolUse():
            arguments = part.arguments if part.arguments.strip() else "{}"
            yield {
                "type": "function_call",
                "call_id": wire_id(part.id),
                "name": part.name,
                "arguments": arguments,
            }
        case _:
            drop(f"messages.{_NAMES[type(part)]}")
