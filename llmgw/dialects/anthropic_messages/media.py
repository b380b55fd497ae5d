"""Images, documents and search results, on the wire and in the hub."""

from base64 import b64encode
from typing import Any

import msgspec

from llmgw.chat.conversation import File, Image, Text
from llmgw.chat.media import as_image, text_of
from llmgw.dialects.anthropic_messages.blocks import Block, Content, is_there

PLAIN_TEXT = "text/plain"
PDF = "application/pdf"
FILE_ID = "file_"  # how the ids of Anthropic's own store begin

_content_decoder = msgspec.json.Decoder(Content)


class Source(msgspec.Struct):
    """Where an image or a document is: in `data`, behind a `url`, or in the provider's store."""

    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    content: Any = None


# Read. What becomes no part is named in `beyond`.


def read_image(block: Block, beyond: list[str]) -> Image | None:
    source = _source(block)
    match source.type:
        case "base64":
            return Image(media_type=source.media_type or "", data=source.data or "", cache=block.cache)
        case "url":
            return Image(url=source.url or "", cache=block.cache)
        case _:
            beyond.append(f"messages.image.{source.type}")
            return None


def read_document(block: Block, beyond: list[str]) -> File | None:
    beyond += [f"messages.document.{name}" for name in ("citations", "context") if _is_on(getattr(block, name))]
    source = _source(block)
    file = File(name=block.title or "", media_type=source.media_type or "", url=source.url or "", cache=block.cache)
    match source.type:
        case "base64":
            return msgspec.structs.replace(file, data=source.data or "")
        case "url":
            return file
        case "file":
            return msgspec.structs.replace(file, id=source.file_id or "")
    text = source.data if source.type == "text" else _text_of(source)
    if text is None:
        beyond.append(f"messages.file.{source.type}")
        return None
    data = b64encode(text.encode()).decode()
    return msgspec.structs.replace(file, data=data, media_type=source.media_type or PLAIN_TEXT)


def read_search_result(block: Block, beyond: list[str]) -> Text:
    """Where it is from, and what it says: a text, as others would be shown it."""
    if _is_on(block.citations):
        beyond.append("messages.search_result.citations")
    inner = _content_decoder.decode(block.content) if is_there(block.content) else ""
    said = inner if isinstance(inner, str) else "\n".join(part.text or "" for part in inner)
    head = [block.title or "", block.source if isinstance(block.source, str) else ""]
    return Text("\n".join(filter(None, [*head, said])), block.cache)


def _source(block: Block) -> Source:
    return msgspec.convert(block.source, Source) if isinstance(block.source, dict) else Source("none")


def _text_of(source: Source) -> str | None:
    """A document made of blocks, if they are all of text."""
    if source.type != "content" or not source.content:
        return None
    content = msgspec.convert(source.content, Content)
    if isinstance(content, str):
        return content
    is_text = all(block.type == "text" for block in content)
    return "\n".join(block.text or "" for block in content) if is_text else None


def _is_on(switch: Any) -> bool:
    """A context is a text; citations are on or off."""
    return bool(switch.get("enabled") if isinstance(switch, dict) else switch)


# Write. What cannot be said is named in `dropped`.


def write_image(image: Image, dropped: list[str]) -> dict[str, Any]:
    if image.detail not in ("", "auto"):
        dropped.append("messages.image_url.detail")
    if image.url:
        source = {"type": "url", "url": image.url}
    else:
        source = {"type": "base64", "media_type": image.media_type, "data": image.data}
    return {"type": "image", "source": source}


def write_file(file: File, dropped: list[str]) -> dict[str, Any] | None:
    """Only PDFs and texts are documents here, and only Anthropic's own store is known."""
    image = as_image(file)
    if image is not None:
        return write_image(image, dropped)
    source = _file_source(file, dropped)
    if source is None:
        dropped.append("messages.file")
        return None
    return {"type": "document", "source": source, **({"title": file.name} if file.name else {})}


def _file_source(file: File, dropped: list[str]) -> dict[str, Any] | None:
    if file.id:
        return {"type": "file", "file_id": file.id} if file.id.startswith(FILE_ID) else None
    if file.url:
        return {"type": "url", "url": file.url}
    if file.media_type in ("", PDF):
        return {"type": "base64", "media_type": PDF, "data": file.data}
    text = text_of(file)
    if text is not None and file.media_type != PLAIN_TEXT:
        dropped.append("messages.document.media_type")
    return None if text is None else {"type": "text", "media_type": PLAIN_TEXT, "data": text}
