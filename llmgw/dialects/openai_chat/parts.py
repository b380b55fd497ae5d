"""The parts of a message: text, images, audio and files, as callers send them and as all providers take them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, assert_never

import msgspec

from llmgw.chat.conversation import Audio, File, Image, Part, Reasoning, Refusal, Text
from llmgw.chat.media import text_of
from llmgw.dialects.openai_chat.deltas import texts

CACHE_DEFAULT = "5m"
_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^;,]*)*;base64,", re.IGNORECASE)
_FILE_ID = "file-"  # how the ids of OpenAI's own store begin
_PDF = "application/pdf"  # what a file is where nobody says


class Piece(msgspec.Struct):
    """One part. Any where callers differ: `image_url` is an object or, at Mistral, the address itself."""

    type: str = "text"
    text: str | None = None
    refusal: str | None = None
    image_url: Any = None
    input_audio: Any = None
    file: Any = None
    document_url: Any = None
    thinking: Any = None
    cache_control: Any = None
    prompt_cache_breakpoint: Any = None


Content = str | list[Piece | str] | None


def read_content(content: Content) -> Iterator[Part | str]:
    """Each part, or the name of what has no word in the hub."""
    if content is None:
        return
    for piece in [content] if isinstance(content, str) else content:
        yield Text(piece) if isinstance(piece, str) else _part(piece)


def cache(mark: Any) -> str:
    """For how long `cache_control` asks for."""
    ttl = mark.get("ttl") if isinstance(mark, dict) else None
    return ttl if isinstance(ttl, str) else CACHE_DEFAULT if mark else ""


def write_part(part: Text | Image | Audio | File, drop: Callable[[str], None]) -> dict[str, object] | None:
    """None: there is no way to say it; then `drop` is told."""
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image():
            url = part.url or f"data:{part.media_type};base64,{part.data}"
            return {"type": "image_url", "image_url": {"url": url, **({"detail": part.detail} if part.detail else {})}}
        case Audio():
            return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}
        case File():
            return _write_file(part, drop)
        case _:
            assert_never(part)


def _part(piece: Piece) -> Part | str:
    read = _READERS.get(piece.type)
    return piece.type if read is None else read(piece, cache(piece.cache_control or piece.prompt_cache_breakpoint))


def _text(piece: Piece, mark: str) -> Text:
    return Text(piece.text or "", mark)


def _image(piece: Piece, mark: str) -> Image:
    told = piece.image_url if isinstance(piece.image_url, dict) else {"url": piece.image_url}
    url, detail = _field(told, "url"), _field(told, "detail")
    data = _DATA_URL.match(url)
    if data is None:
        return Image(url=url, detail=detail, cache=mark)
    return Image(media_type=data[1], data=url[data.end() :], detail=detail, cache=mark)


def _audio(piece: Piece, _: str) -> Audio:
    return Audio(_field(piece.input_audio, "data"), _field(piece.input_audio, "format"))


def _file(piece: Piece, mark: str) -> File:
    told = piece.file
    name, content = _field(told, "filename"), _field(told, "file_data")
    data = _DATA_URL.match(content)
    if data is not None:
        return File(name, data[1] or _PDF, content[data.end() :], cache=mark)
    if content.startswith(("http://", "https://")):  # OpenRouter
        return File(name, _PDF, url=content, cache=mark)
    return File(name, _PDF if content else "", content, id=_field(told, "file_id"), cache=mark)


def _write_file(file: File, drop: Callable[[str], None]) -> dict[str, object] | None:
    """Documents of text are text, which all take; and only OpenAI's own store is known."""
    if file.id:
        if not file.id.startswith(_FILE_ID):
            drop("messages.file")
            return None
        return {"type": "file", "file": {"file_id": file.id}}
    text = text_of(file)
    if text is not None:
        drop("messages.document")
        return {"type": "text", "text": f"{file.name}\n{text}" if file.name else text}
    content = file.url or f"data:{file.media_type or _PDF};base64,{file.data}"
    return {"type": "file", "file": {"filename": file.name or "document.pdf", "file_data": content}}


def _document(piece: Piece, mark: str) -> File:
    told = piece.document_url if isinstance(piece.document_url, dict) else {"url": piece.document_url}
    return File(url=_field(told, "url"), media_type=_PDF, cache=mark)


def _field(told: Any, name: str) -> str:
    value = told.get(name) if isinstance(told, dict) else None
    return value if isinstance(value, str) else ""


_READERS: Mapping[str, Callable[[Piece, str], Part]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "refusal": lambda piece, _: Refusal(piece.refusal or ""),
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
    "document_url": _document,  # Mistral
    "thinking": lambda piece, _: Reasoning("".join(texts(piece.thinking))),  # Mistral
}
