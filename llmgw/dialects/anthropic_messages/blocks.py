"""Content blocks: what they are on the wire, and the parts of a conversation that they become.

One Struct for every kind, all fields optional: the kinds grow by the month, and one that we do not know must not make
a body unreadable. What becomes no part is named, by its kind.
"""

from base64 import b64encode
from typing import Any

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.conversation import File, Image, Part, Reasoning, Text, ToolResult, ToolUse
from llmgw.chat.signatures import ANTHROPIC

NAME = "anthropic_messages"  # of the dialect: signatures bear it as their issuer
PLAIN_TEXT = "text/plain"

_NONE = msgspec.Raw()  # what a field holds that is not there
_NOTHING = (b"", b"null")


class CacheControl(msgspec.Struct):
    """The mark of what may be cached, and for how long."""

    ttl: str = "5m"


class Source(msgspec.Struct):
    """Where an image or a document is: in `data`, behind a `url`, or in the provider's store."""

    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""
    content: Any = None


class Block(msgspec.Struct):
    """Any content block, of a request or of an answer."""

    type: str
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: Any = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = _NONE
    tool_use_id: str | None = None
    content: msgspec.Raw = _NONE
    is_error: bool | None = None
    source: Source | None = None
    title: str | None = None
    context: Any = None
    citations: Any = None
    cache_control: CacheControl | None = None

    @property
    def cache(self) -> str:
        """The mark, in the hub's words."""
        return self.cache_control.ttl if self.cache_control else ""

    @property
    def arguments(self) -> str:
        """`input` as JSON text."""
        return "{}" if bytes(self.input) in _NOTHING else bytes(self.input).decode()

    @property
    def cited(self) -> tuple[Any, ...]:
        """The citations of a text; a document has a switch of that name."""
        return tuple(self.citations) if isinstance(self.citations, list) else ()


Content = str | list[Block]

_GIVEN = frozenset({"text", "image", "document"})
_content_decoder = msgspec.json.Decoder(Content | None)


def read_content(content: Content | None, beyond: list[str]) -> tuple[Part, ...]:
    """The parts; `beyond` takes the names of what has no word in the hub."""
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
            return Reasoning(block.thinking or "", block.signature or "", issuer=ANTHROPIC)
        case "redacted_thinking":
            return Reasoning(redacted=str(block.data or ""), issuer=ANTHROPIC)
        case kind if kind in _GIVEN:
            return _read_given(block, beyond)
        case _:
            beyond.append(f"messages.{block.type}")
            return None


def _read_given(block: Block, beyond: list[str]) -> Part | None:
    """What may stand in a tool's result too."""
    if block.type == "text":
        return Text(block.text or "", block.cache, block.cited)
    source = block.source or Source("none")
    part = _image(block, source) if block.type == "image" else _document(block, source, beyond)
    if part is None:
        beyond.append(f"messages.{block.type}.{source.type}")
    return part


def _image(block: Block, source: Source) -> Image | None:
    match source.type:
        case "base64":
            return Image(media_type=source.media_type, data=source.data, cache=block.cache)
        case "url":
            return Image(url=source.url, cache=block.cache)
        case _:
            return None


def _document(block: Block, source: Source, beyond: list[str]) -> File | None:
    beyond += [f"messages.document.{name}" for name in ("citations", "context") if getattr(block, name)]
    file = File(name=block.title or "", media_type=source.media_type, url=source.url, cache=block.cache)
    match source.type:
        case "base64":
            return msgspec.structs.replace(file, data=source.data)
        case "text":
            data = b64encode(source.data.encode()).decode()
            return msgspec.structs.replace(file, data=data, media_type=source.media_type or PLAIN_TEXT)
        case "url":
            return file
        case "file":
            return msgspec.structs.replace(file, id=source.file_id)
        case _:
            return None


def _read_result(block: Block, beyond: list[str]) -> ToolResult:
    with reading(base="messages[...].content[...].content"):
        content = _content_decoder.decode(block.content) if bytes(block.content) not in _NOTHING else None
    if not isinstance(content, list):
        parts = read_content(content, beyond)
    else:
        beyond += [f"messages.tool_result.{inner.type}" for inner in content if inner.type not in _GIVEN]
        parts = read_content([inner for inner in content if inner.type in _GIVEN], beyond)
    return ToolResult(block.tool_use_id or "", parts, is_error=bool(block.is_error), cache=block.cache)
