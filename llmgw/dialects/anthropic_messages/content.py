"""Content blocks become the parts of a conversation. What becomes no part is named, by its kind."""

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.conversation import Part, Reasoning, Text, ToolResult, ToolUse
from llmgw.chat.signatures import ANTHROPIC, unseal
from llmgw.dialects.anthropic_messages.blocks import Block, Content, is_there
from llmgw.dialects.anthropic_messages.media import read_document, read_image, read_search_result

_GIVEN = frozenset({"text", "image", "document", "search_result"})  # what may stand in a tool's result too
_content_decoder = msgspec.json.Decoder(Content)


def read_content(content: Content | None, beyond: list[str]) -> tuple[Part, ...]:
    """The parts; `beyond` takes the names of what has no word in the hub. To be called inside `reading`."""
    if content is None or isinstance(content, str):
        return (Text(content),) if content else ()
    parts = (_read(block, beyond) for block in content)
    return tuple(part for part in parts if part is not None)


def _read(block: Block, beyond: list[str]) -> Part | None:
    match block.type:
        case "tool_use":
            return ToolUse(block.id or "", block.name or "", block.arguments, cache=block.cache)
        case "tool_result":
            return _read_result(block, beyond)
        case "thinking":
            issuer, signature = unseal(block.signature or "", ANTHROPIC)
            return Reasoning(block.thinking or "", signature, issuer=issuer)
        case "redacted_thinking":
            issuer, data = unseal(str(block.data or ""), ANTHROPIC)
            return Reasoning(redacted=data, issuer=issuer)
        case kind if kind in _GIVEN:
            return _read_given(block, beyond)
        case _:
            beyond.append(f"messages.{block.type}")
            return None


def _read_given(block: Block, beyond: list[str]) -> Part | None:
    match block.type:
        case "text":
            return Text(block.text or "", block.cache, block.cited)
        case "image":
            return read_image(block, beyond)
        case "document":
            return read_document(block, beyond)
        case _:
            return read_search_result(block, beyond)


def _read_result(block: Block, beyond: list[str]) -> ToolResult:
    with reading(base="messages[...].content[...].content"):
        content = _content_decoder.decode(block.content) if is_there(block.content) else None
    if not isinstance(content, list):
        parts = read_content(content, beyond)
    else:
        beyond += [f"messages.tool_result.{inner.type}" for inner in content if inner.type not in _GIVEN]
        parts = read_content([inner for inner in content if inner.type in _GIVEN], beyond)
    return ToolResult(block.tool_use_id or "", parts, is_error=bool(block.is_error), cache=block.cache)
