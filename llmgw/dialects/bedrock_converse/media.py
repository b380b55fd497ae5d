"""Images, documents, videos and sounds: bytes in base64, or what lies in S3. Bedrock fetches nothing from the web."""

import re
from collections.abc import Mapping
from typing import Any

from llmgw.chat.conversation import Audio, File, Image
from llmgw.chat.unsupported import IMAGE_URL

WireBlock = dict[str, Any]

NAME_CHARS_MAX = 200
DOCUMENTS_MAX = 1024  # far more than Bedrock takes: whatever is done for each is bounded
_S3 = "s3://"
_UNNAMED = "document"
_FOREIGN = re.compile(r"[^a-zA-Z0-9\-()\[\] ]+")
_SPACES = re.compile(r" {2,}")
_EXTENSION = re.compile(r"\.([a-zA-Z0-9]{1,8})$")

# Formats by media type; those whose name is the second half of the type are told by themselves.
_IMAGES = {"jpg": "jpeg"}
_VIDEOS = {"quicktime": "mov", "x-matroska": "mkv", "x-flv": "flv", "x-ms-wmv": "wmv", "3gpp": "three_gp"}
_SOUNDS = {"mp3": "mp3", "x-wav": "wav", "wave": "wav"}
_TEXTS = {"plain": "txt", "markdown": "md", "x-markdown": "md"}
_APPLICATIONS = {
    "msword": "doc",
    "vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "vnd.ms-excel": "xls",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "json": "txt",
    "xml": "txt",
    "yaml": "txt",
    "x-yaml": "txt",
}
_FORMATS: Mapping[str, frozenset[str]] = {
    "image": frozenset({"png", "jpeg", "gif", "webp"}),
    "document": frozenset({"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"}),
    "video": frozenset({"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"}),
    "audio": frozenset({"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "m4a", "mpeg", "pcm", "webm"}),
}
_WORDS = {"image": _IMAGES, "video": _VIDEOS, "audio": _SOUNDS, "text": _TEXTS, "application": _APPLICATIONS}


class Names:
    """Every document needs a name of plain characters, and no two in a request may have the same."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._counts: dict[str, int] = {}  # the last number after each stem: none is tried twice

    @property
    def is_full(self) -> bool:
        return len(self._used) >= DOCUMENTS_MAX

    def take(self, given: str) -> str:
        """The same documents in the same order have the same names: else nothing would be found in the cache."""
        plain = _SPACES.sub(" ", _FOREIGN.sub(" ", _EXTENSION.sub("", given))).strip() or _UNNAMED
        name = plain[:NAME_CHARS_MAX].strip()
        stem = plain[: NAME_CHARS_MAX - 8].strip()
        key = stem.lower()
        while name.lower() in self._used:
            count = self._counts[key] = self._counts.get(key, 1) + 1
            name = f"{stem} {count}"
        self._used.add(name.lower())
        return name


def write_image(image: Image, unsaid: list[str]) -> WireBlock | None:
    """None, and named in `unsaid`: it lies on the web, or is of a format that nobody here can read."""
    source = _source(image.url, image.data)
    kind = _format("image", image.media_type, image.url)
    if source is None or kind is None:
        unsaid.append(IMAGE_URL if image.url and source is None else "messages.image")
        return None
    if image.detail not in ("", "auto"):
        unsaid.append("messages.image_url.detail")
    return {"image": {"format": kind, "source": source}}


def write_audio(audio: Audio, unsaid: list[str]) -> WireBlock | None:
    if audio.format not in _FORMATS["audio"]:
        unsaid.append("messages.audio")
        return None
    return {"audio": {"format": audio.format, "source": {"bytes": audio.data}}}


def write_file(file: File, names: Names, unsaid: list[str]) -> WireBlock | None:
    """Any of them may come as a file."""
    family = file.media_type.partition("/")[0]
    kind = family if family in ("image", "video", "audio") else "document"
    source = _source(file.url, file.data)
    found = _format(kind, file.media_type, file.url or file.name)
    if source is None or found is None or (kind == "document" and names.is_full):
        unsaid.append("messages.file")
        return None
    said: WireBlock = {"format": found, "source": source}
    if kind == "document":
        said["name"] = names.take(file.name)
    return {kind: said}


def _source(url: str, data: str) -> WireBlock | None:
    if url.startswith(_S3):
        return {"s3Location": {"uri": url}}
    return {"bytes": data} if data else None


def _format(kind: str, media_type: str, name: str) -> str | None:
    """By the type, else by how the name ends; a text of any other type is a text, and a file of no type a PDF."""
    family, _, told = media_type.partition(";")[0].strip().lower().partition("/")
    extension = _EXTENSION.search(name)
    for word in (_WORDS.get(family, {}).get(told, told), extension[1].lower() if extension else ""):
        if word in _FORMATS[kind]:
            return word
    if kind != "document":
        return None
    return "txt" if family == "text" else None if media_type else "pdf"
