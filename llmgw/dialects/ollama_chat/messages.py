"""The messages of a request: text with its images beside it, calls with objects as arguments, results by tool's name.

Ids of calls go along: newer versions know them, older ones pass over what they do not know.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llmgw.chat.conversation import (
    Audio,
    Conversation,
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
from llmgw.chat.media import as_image, text_of
from llmgw.chat.turns import results_first
from llmgw.chat.unsupported import IMAGE_URL
from llmgw.chat.writing import arguments_of

Drop = Callable[[str], None]
WireMessage = dict[str, Any]


def write_messages(conversation: Conversation, drop: Drop) -> list[WireMessage]:
    """`drop` is told the name of what cannot be said. Raises InvalidRequestError."""
    messages: list[WireMessage] = []
    if conversation.system:
        messages.append({"role": "system", "content": _joined(conversation.system)})
    names = _names_of_calls(conversation.messages)
    for place, message in enumerate(conversation.messages):
        if message.name:
            drop("messages.name")
        if message.role is Role.ASSISTANT:
            messages.append(_assistant(message, place, drop))
        elif message.role is Role.SYSTEM:
            messages.append({"role": "system", **_content(message.parts, drop)})
        else:
            messages += _user(message, names, drop)
    return messages


def images_of(parts: Sequence[Part], drop: Drop) -> list[str]:
    """Base64 as it is, without the address that others put before it. Ollama fetches nothing."""
    images = [part if isinstance(part, Image) else as_image(part) for part in parts if isinstance(part, Image | File)]
    if any(image is not None and not image.data for image in images):
        drop(IMAGE_URL)
    return [image.data for image in images if image is not None and image.data]


def _names_of_calls(messages: Sequence[Message]) -> dict[str, str]:
    return {part.id: part.name for message in messages for part in message.parts if isinstance(part, ToolUse)}


def _assistant(message: Message, place: int, drop: Drop) -> WireMessage:
    """Thoughts go along whoever thought them: nobody signs them here."""
    calls = [part for part in message.parts if isinstance(part, ToolUse)]
    thoughts = "\n\n".join(part.text for part in message.parts if isinstance(part, Reasoning) and part.text)
    said = [part for part in message.parts if not isinstance(part, ToolUse | Reasoning)]
    return {
        "role": "assistant",
        **_content(said, drop, between=""),
        **({"thinking": thoughts} if thoughts else {}),
        **({"tool_calls": [_call(call, place) for call in calls]} if calls else {}),
    }


def _call(call: ToolUse, place: int) -> WireMessage:
    function = {"name": call.name, "arguments": arguments_of(call.arguments, call.id, place)}
    return {**({"id": call.id} if call.id else {}), "type": "function", "function": function}


def _user(message: Message, names: dict[str, str], drop: Drop) -> Iterator[WireMessage]:
    """Results are messages of their own, before what the user says."""
    parts = results_first(message.parts, drop)
    for result in parts:
        if isinstance(result, ToolResult):
            yield _result(result, names, drop)
    own = [part for part in parts if not isinstance(part, ToolResult)]
    if own or not message.parts:
        yield {"role": "user", **_content(own, drop)}


def _result(result: ToolResult, names: dict[str, str], drop: Drop) -> WireMessage:
    if result.is_error:
        drop("is_error")
    name = result.name or names.get(result.id, "")
    return {
        "role": "tool",
        **_content(result.parts, drop, between="\n"),
        **({"tool_name": name} if name else {}),
        **({"tool_call_id": result.id} if result.id else {}),
    }


def _content(parts: Sequence[Part], drop: Drop, *, between: str = "\n\n") -> WireMessage:
    """One text, and the images."""
    texts = [text for part in parts if (text := _text(part, drop)) is not None]
    if any(isinstance(part, Text) and part.citations for part in parts):
        drop("messages.annotations")
    images = images_of(parts, drop)
    return {"content": between.join(texts), **({"images": images} if images else {})}


def _text(part: Part, drop: Drop) -> str | None:
    match part:
        case Text() | Refusal():
            return part.text
        case File() if as_image(part) is None:
            text = text_of(part)
            if text is None:
                drop("messages.file")
                return None
            return f"{part.name}:\n{text}" if part.name else text
        case Audio():
            drop("messages.audio")
    return None


def _joined(texts: Sequence[Text]) -> str:
    return "\n\n".join(text.text for text in texts)
