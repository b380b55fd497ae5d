"""Images, audio and files: in base64 (`inlineData`), or behind an address (`fileData`).

What lies in Google's own store or in Cloud Storage is a file by its id: nobody else can fetch it.
"""

from typing import Any

from llmgw.chat.conversation import Audio, File, Image
from llmgw.dialects.gemini_generate.wire import Blob, FileData

Media = Image | Audio | File

_STORED = ("gs://", "https://generativelanguage.googleapis.com/", "files/")
_FORMATS = {"x-wav": "wav", "wave": "wav", "mpeg": "mp3"}
_AUDIO_TYPES = {"pcm16": "pcm"}
_IMAGE_TYPES = frozenset({"gif", "heic", "heif", "png", "webp"})
_PDF = "application/pdf"  # what a file is where nobody says
_USUAL = str.maketrans("-_", "+/")


def read_blob(blob: Blob) -> Media:
    kind, data = blob.mime_type or "", _standard(blob.data or "")
    family, _, rest = kind.partition("/")
    if family == "image":
        return Image(media_type=kind, data=data)
    if family == "audio":
        form = rest.partition(";")[0].lower()
        return Audio(data, _FORMATS.get(form, form))
    return File(name=blob.display_name or "", media_type=kind, data=data)


def _standard(data: str) -> str:
    """Google's SDK writes base64 for URLs, and may leave out what fills it up; all others want the usual one."""
    return data.translate(_USUAL) + "=" * (-len(data) % 4)


def read_file(told: FileData) -> Media:
    address, kind = told.file_uri or "", told.mime_type or ""
    if is_stored(address):
        return File(name=told.display_name or "", media_type=kind, id=address)
    if kind.startswith("image/"):
        return Image(url=address)
    return File(name=told.display_name or "", media_type=kind, url=address)


def is_stored(address: str) -> bool:
    return address.startswith(_STORED)


def write_media(media: Media) -> dict[str, Any] | None:
    """None: it lies in a store that is not Google's."""
    match media:
        case Audio():
            return _blob(f"audio/{_AUDIO_TYPES.get(media.format, media.format)}", media.data)
        case Image(url=url) if url:
            return _file(_image_type(url), url)
        case Image():
            return _blob(media.media_type or "image/jpeg", media.data)
        case File(id=stored) if stored:
            return _file(media.media_type, stored) if is_stored(stored) else None
        case File(url=url) if url:
            return _file(media.media_type or _PDF, url)
        case File():
            return _blob(media.media_type or _PDF, media.data)


def _blob(kind: str, data: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": data}}


def _file(kind: str, address: str) -> dict[str, Any]:
    return {"fileData": {**({"mimeType": kind} if kind else {}), "fileUri": address}}


def _image_type(address: str) -> str:
    """Vertex AI must be told: by the ending, if there is one."""
    path = address.partition("#")[0].partition("?")[0].lower()
    ending = path.rpartition(".")[2]
    return f"image/{ending if ending in _IMAGE_TYPES else 'jpeg'}"
