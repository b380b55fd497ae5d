"""Documents and images, where a dialect takes their text or their address only."""

from base64 import b64decode
from binascii import Error as Base64Error

from llmgw.chat.conversation import File, Image

_TEXTS = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})


def text_of(file: File) -> str | None:
    """What a document of plain text says; None if it is another kind, or lies elsewhere."""
    if not file.data or not (file.media_type.startswith("text/") or file.media_type in _TEXTS):
        return None
    try:
        return b64decode(file.data).decode()
    except (Base64Error, UnicodeDecodeError, ValueError):
        return None


def as_image(file: File) -> Image | None:
    """An image that was sent as a file."""
    return Image(file.media_type, file.data) if file.media_type.startswith("image/") and file.data else None


def address(image: Image) -> str:
    """Its URL, or one that has the image in it."""
    return image.url or f"data:{image.media_type or 'image/png'};base64,{image.data}"
