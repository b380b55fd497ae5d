"""The parts of a message: text, images, audio and files, as callers give them and as providers take them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, assert_never

import msgspec

from llmgw.chat.conversation import Audio, File, Image, Json, Part, Refusal, Text

Drop = Callable[[str], None]

CACHE = "5m"  # OpenAI's mark says no time that others know
_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^;,]*)*;base64,", re.IGNORECASE)
_PDF = "application/pdf"  # what a file is where nobody says


class Piece(msgspec.Struct):
    """One part, of any kind."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: Any = None
    detail: str | None = None
    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    input_audio: Any = None
    annotations: Any = None
    prompt_cache_breakpoint: Any = None

    @property
    def cache(self) -> str:
        """The mark, in the hub's words."""
        return CACHE if self.prompt_cache_breakpoint else ""


Content = str | list[Piece] | None


def read_content(content: Content, drop: Drop) -> tuple[Part, ...]:
    """`drop` is told the names of what has no word in the hub."""
    if content is None or isinstance(content, str):
        return (Text(content),) if content else ()
    parts = (_read(piece, drop) for piece in content)
    return tuple(part for part in parts if part is not None)


def _read(piece: Piece, drop: Drop) -> Part | None:
    read = _READERS.get(piece.type)
    part = None if read is None else read(piece)
    if part is None:
        drop(_NAMES.get(piece.type, f"input.{piece.type}"))
    return part


def _text(piece: Piece) -> Text:
    cited = tuple(piece.annotations) if isinstance(piece.annotations, list) else ()
    return Text(piece.text or "", piece.cache, cited)


def _image(piece: Piece) -> Image | None:
    """None for one in the provider's store: the hub knows only files by their id."""
    url = piece.image_url.get("url") if isinstance(piece.image_url, dict) else piece.image_url
    if not isinstance(url, str):
        return None
    image = Image(url=url, detail=piece.detail or "", cache=piece.cache)
    data = _DATA_URL.match(url)
    return image if data is None else msgspec.structs.replace(image, media_type=data[1], data=url[data.end() :], url="")


def _file(piece: Piece) -> File:
    file = File(name=piece.filename or "", url=piece.file_url or "", id=piece.file_id or "", cache=piece.cache)
    content = piece.file_data or ""
    data = _DATA_URL.match(content)
    if data is not None:
        return msgspec.structs.replace(file, media_type=data[1] or _PDF, data=content[data.end() :])
    return msgspec.structs.replace(file, media_type=_PDF if content else "", data=content)


def _audio(piece: Piece) -> Audio | None:
    told = piece.input_audio if isinstance(piece.input_audio, dict) else {}
    data, format_ = told.get("data"), told.get("format")
    return Audio(data, format_) if isinstance(data, str) and isinstance(format_, str) else None


_READERS: Mapping[str, Callable[[Piece], Part | None]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": lambda piece: Refusal(piece.refusal or ""),
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
}
_NAMES = {"input_image": "messages.image", "input_audio": "messages.audio"}


def write_part(part: Text | Image | Audio | File) -> dict[str, object]:
    """As input of the user, or of a tool."""
    match part:
        case Text():
            return {"type": "input_text", "text": part.text}
        case Image():
            url = part.url or f"data:{part.media_type};base64,{part.data}"
            return {"type": "input_image", "image_url": url, "detail": part.detail or "auto"}
        case Audio():
            return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}
        case File():
            return {"type": "input_file", **_file_fields(part)}
        case _:
            assert_never(part)


def _file_fields(file: File) -> dict[str, object]:
    if file.id:
        return {"file_id": file.id}
    if file.url:
        return {"file_url": file.url}
    data = f"data:{file.media_type or _PDF};base64,{file.data}"
    return {"filename": file.name or "document.pdf", "file_data": data}


def annotation(citation: Json) -> dict[str, object] | None:
    """A citation as it is told here: OpenAI's own as they are, others by their address; None if they have none."""
    told = citation if isinstance(citation, dict) else {}
    if told.get("type") in _OWN_CITATIONS and "url_citation" not in told:
        return told
    inner = told.get("url_citation")
    told = inner if isinstance(inner, dict) else told
    if not isinstance(told.get("url"), str):
        return None
    title = told.get("title")
    start, end = (place if isinstance(place := told.get(name), int) else 0 for name in ("start_index", "end_index"))
    cited = {"start_index": start, "end_index": end, "url": told["url"]}
    return {"type": "url_citation", **cited, "title": title if isinstance(title, str) else ""}


_OWN_CITATIONS = frozenset({"url_citation", "file_citation", "container_file_citation", "file_path"})
