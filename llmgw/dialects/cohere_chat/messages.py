"""The messages of a request.

Cohere calls a chain of thought what it says before it calls a tool, its `tool_plan`: so it is reasoning to callers.
Text beside calls is refused: what another model has said there is a plan too. Results of tools are messages of their
own; documents in them may be cited.
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
from llmgw.chat.media import address, as_image, text_of
from llmgw.chat.turns import results_first

Drop = Callable[[str], None]
WireMessage = dict[str, Any]


def write_messages(conversation: Conversation, drop: Drop, *, thoughts: bool) -> list[WireMessage]:
    """`drop` is told the name of what cannot be said; `thoughts`: whether the model takes those of earlier turns."""
    messages: list[WireMessage] = []
    if conversation.system:
        messages.append({"role": "system", "content": _joined(conversation.system)})
    for message in conversation.messages:
        if message.name:
            drop("messages.name")
        if message.role is Role.ASSISTANT:
            messages += _assistant(message, drop, thoughts=thoughts)
        else:
            messages += _user(message, drop)
    return messages


def _assistant(message: Message, drop: Drop, *, thoughts: bool) -> Iterator[WireMessage]:
    """Nothing at all would be refused."""
    calls = [_call(part) for part in message.parts if isinstance(part, ToolUse)]
    thought = [part.text for part in message.parts if isinstance(part, Reasoning) and part.text]
    thinks = [{"type": "thinking", "thinking": text} for text in thought if thoughts]
    said = _blocks([part for part in message.parts if not isinstance(part, ToolUse | Reasoning)], drop)
    if calls:
        plan = [*([] if thoughts else thought), "".join(block.get("text", "") for block in said)]
        yield {
            "role": "assistant",
            **({"tool_plan": "\n\n".join(filter(None, plan))} if any(plan) else {}),
            **({"content": thinks} if thinks else {}),
            "tool_calls": calls,
        }
    elif thinks or said:
        yield {"role": "assistant", "content": [*thinks, *said] if thinks else _plain(said)}


def _call(call: ToolUse) -> WireMessage:
    arguments = call.arguments if call.arguments.strip() else "{}"
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _user(message: Message, drop: Drop) -> Iterator[WireMessage]:
    """Results come before what the user says, or what instructs amid the conversation."""
    parts = results_first(message.parts, drop)
    for result in parts:
        if isinstance(result, ToolResult):
            yield _result(result, drop)
    own = _blocks([part for part in parts if not isinstance(part, ToolResult)], drop)
    if own:
        yield {"role": message.role.value, "content": _plain(own)}


def _result(result: ToolResult, drop: Drop) -> WireMessage:
    """Text, or a list of texts and documents."""
    if result.is_error:
        drop("is_error")
    if any(isinstance(part, Image) for part in result.parts):
        drop("messages.image")
    documents = any(isinstance(part, File) for part in result.parts)
    given = [part for part in result.parts if not isinstance(part, Image)]
    blocks = [_document(part, drop) if isinstance(part, File) else _block(part, drop) for part in given]
    known = [block for block in blocks if block is not None]
    content: object = known if documents else "\n".join(block["text"] for block in known)
    return {"role": "tool", "tool_call_id": result.id, "content": content}


def _document(file: File, drop: Drop) -> WireMessage | None:
    text = text_of(file)
    if text is None:
        drop("messages.file")
        return None
    data = {**({"title": file.name} if file.name else {}), "text": text}
    return {"type": "document", "document": {**({"id": file.id} if file.id else {}), "data": data}}


def _blocks(parts: Sequence[Part], drop: Drop) -> list[WireMessage]:
    """Empty texts say nothing."""
    if any(isinstance(part, Text) and part.citations for part in parts):
        drop("messages.annotations")
    blocks = [_block(part, drop) for part in parts]
    return [block for block in blocks if block is not None and block.get("text") != ""]


def _block(part: Part, drop: Drop) -> WireMessage | None:
    match part:
        case Text() | Refusal():
            return {"type": "text", "text": part.text}
        case Image():
            detail = {"detail": part.detail} if part.detail else {}
            return {"type": "image_url", "image_url": {"url": address(part), **detail}}
        case File():
            return _file(part, drop)
        case Audio():
            drop("messages.audio")
    return None


def _file(file: File, drop: Drop) -> WireMessage | None:
    """What a user attaches is said where it stands: `documents` of the request have no place in the conversation."""
    image, text = as_image(file), text_of(file)
    if image is not None:
        return _block(image, drop)
    if text is None:
        drop("messages.file")
        return None
    return {"type": "text", "text": f"{file.name}:\n{text}" if file.name else text}


def _plain(blocks: list[WireMessage]) -> object:
    """One text is a string."""
    return blocks[0]["text"] if len(blocks) == 1 and "text" in blocks[0] else blocks


def _joined(texts: Sequence[Text]) -> str:
    return "\n\n".join(text.text for text in texts)
