"""What turns weigh: here a part says what it is by the name of its one field, in either spelling."""

from collections.abc import Iterator
from typing import Any

from llmgw.chat.weighing import Scale, Weight, decoded, has_hidden
from llmgw.dialects.gemini_generate.media import is_stored

_MARKS = (b'Data"', b'_data"')
_DATA = ("inlineData", "inline_data")
_FILES = ("fileData", "file_data")
_WITH_PARTS = ("functionResponse", "function_response")


def weigh(turns: bytes) -> Weight:
    """Text is what has neither data nor an address in it."""
    if not any(mark in turns for mark in _MARKS) and not has_hidden(turns):
        return Weight(len(turns))
    told = decoded(turns)
    if told is None:
        return Weight(len(turns), unbounded="what cannot be read")
    scale = Scale()
    for part in _parts(told):
        _put(part, scale)
    return scale.weight(len(turns))


def _parts(item: Any) -> Iterator[dict[str, Any]]:
    """Of all turns, and of the results of functions."""
    for turn in item if isinstance(item, list) else [item]:
        parts = turn.get("parts") if isinstance(turn, dict) else None
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, dict):
                yield part
                yield from _parts([part[name] for name in _WITH_PARTS if name in part])


def _put(part: dict[str, Any], scale: Scale) -> None:
    for name in _DATA:
        blob = part.get(name)
        if isinstance(blob, dict):
            kind, size_bytes = _kind(blob), len(str(blob.get("data") or ""))
            if kind.startswith("image/"):
                scale.put_image(size_bytes)
            else:
                scale.put_media(f"{name} of {kind or 'no type'}", size_bytes)
    for name in _FILES:
        file = part.get(name)
        if isinstance(file, dict):
            _put_file(file, name, scale)


def _put_file(file: dict[str, Any], name: str, scale: Scale) -> None:
    """A picture on the web is one wherever it lies; what is in Google's store is what it was when it was put there."""
    address = file.get("fileUri", file.get("file_uri"))
    if _kind(file).startswith("image/") and isinstance(address, str) and not is_stored(address):
        scale.put_image(len(address))
    else:
        scale.put_unbounded(name)


def _kind(told: dict[str, Any]) -> str:
    kind = told.get("mimeType", told.get("mime_type"))
    return kind.lower() if isinstance(kind, str) else ""
