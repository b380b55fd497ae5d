"""Content blocks as they are on the wire.

One Struct for every kind, all fields optional: the kinds grow by the month, and one that we do not know must not make
a body unreadable.
"""

from typing import Any

import msgspec

NAME = "anthropic_messages"  # of the dialect

_NONE = msgspec.Raw()  # what a field holds that is not there
_NOTHING = (b"", b"null")


class CacheControl(msgspec.Struct):
    """The mark of what may be cached, and for how long."""

    ttl: str | None = None


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
    source: Any = None  # an object, or the address of a search result
    title: str | None = None
    context: Any = None
    citations: Any = None
    cache_control: CacheControl | None = None

    @property
    def cache(self) -> str:
        """The mark, in the hub's words."""
        return cache(self.cache_control)

    @property
    def arguments(self) -> str:
        """`input` as JSON text."""
        return bytes(self.input).decode() if is_there(self.input) else "{}"

    @property
    def cited(self) -> tuple[Any, ...]:
        """The citations of a text; a document has a switch of that name."""
        return tuple(self.citations) if isinstance(self.citations, list) else ()


Content = str | list[Block]


def cache(mark: CacheControl | None) -> str:
    """For how long, in the hub's words: five minutes are what Anthropic takes it to mean when no time is told."""
    return (mark.ttl or "5m") if mark else ""


def is_there(raw: msgspec.Raw) -> bool:
    """Whether a field that is kept as it came says anything."""
    return bytes(raw) not in _NOTHING
