"""What the turns of a request weigh: text by its bytes, pictures by number, and what neither of the two tells.

A token of text is at least one byte of it, and JSON never writes a character in fewer bytes than UTF-8: so the bytes
of turns as they came bound their tokens, and nothing needs to be decoded as long as there is nothing but text. Only a
kind of part that is known to be text counts as such.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.chat import provider_bodies
from llmgw.chat.provider_bodies import UNREADABLE

# Keys in the turns, and the value of `type`; inside of a text the quotes have backslashes, so these are true ones.
_KIND = re.compile(rb'"type"\s*:\s*(?:"([^"]*)"|)')
# Letters told by their numbers, which no program does: a kind might hide in them.
_HIDDEN = re.compile(rb"\\u00(?:4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])", re.IGNORECASE)
_ADDRESSES = ("http:", "https:", "gs:", "s3:", "file:")
_INNER = ("content", "output")  # of a part: where there are further ones
_decoder = msgspec.json.Decoder()


class Weight(msgspec.Struct, frozen=True, gc=False):
    """`media` names, if there is any, what no byte bounds, a sound or a document; `media_bytes` has as many.

    `unbounded` names what nobody can bound: what lies in a store or behind an address, and what nobody knows.
    """

    text_bytes: int
    images: int = 0
    media: str = ""
    media_bytes: int = 0
    unbounded: str = ""

    @property
    def is_text(self) -> bool:
        """And nothing else."""
        return not (self.images or self.media or self.unbounded)


class Kinds(msgspec.Struct, frozen=True, kw_only=True):
    """Those values of `type` that are known in a dialect's turns: of `text`, pictures, and other media.

    `marks` are further keys for whose sake turns must be looked into.
    """

    text: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    media: frozenset[str] = frozenset()
    marks: tuple[bytes, ...] = ()

    def is_text(self, turns: bytes) -> bool:
        """The cheap look: nothing but text is in there for sure."""
        if b'"type"' in turns and not {kind.decode(errors="replace") for kind in _KIND.findall(turns)} <= self.text:
            return False
        for mark in self.marks:
            if mark in turns:
                return False
        return not has_hidden(turns)


def has_hidden(turns: bytes) -> bool:
    """Whether there may be more in them than the eye can see."""
    return b"\\u00" in turns and _HIDDEN.search(turns) is not None


def weigh(turns: bytes, kinds: Kinds) -> Weight:
    """Of a dialect whose parts say what they are by their `type`."""
    if kinds.is_text(turns):
        return Weight(len(turns))
    told = decoded(turns)
    if told is None:
        return Weight(len(turns), unbounded="what cannot be read")
    scale = Scale()
    for place, part in _parts(told):
        _put(part, place, kinds, scale)
    return scale.weight(len(turns))


def decoded(turns: bytes) -> Any:
    """None: they cannot be."""
    try:
        return provider_bodies.decoded(_decoder, turns)
    except UNREADABLE:
        return None


class Scale:
    """What has been put on it so far."""

    def __init__(self) -> None:
        self._images = 0
        self._other_bytes = 0
        self._media = ""
        self._media_bytes = 0
        self._unbounded = ""

    def put_image(self, size_bytes: int) -> None:
        self._images += 1
        self._other_bytes += size_bytes

    def put_media(self, name: str, size_bytes: int) -> None:
        self._media = self._media or name
        self._media_bytes += size_bytes

    def put_unbounded(self, name: str) -> None:
        self._unbounded = self._unbounded or name

    def weight(self, size_bytes: int) -> Weight:
        """Of turns with so many bytes in all."""
        text_bytes = max(size_bytes - self._other_bytes - self._media_bytes, 0)
        return Weight(text_bytes, self._images, self._media, self._media_bytes, self._unbounded)


def _parts(turns: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every turn and every part, however deep, each with its turn's place; arguments of calls are no parts."""
    for place, turn in enumerate(turns if isinstance(turns, list) else [turns]):
        waiting = [turn]
        while waiting:
            item = waiting.pop()
            if isinstance(item, list):
                waiting.extend(item)
            elif isinstance(item, dict):
                yield place, item
                waiting.extend(item[name] for name in _INNER if isinstance(item.get(name), list | dict))


def _put(part: dict[str, Any], place: int, kinds: Kinds, scale: Scale) -> None:
    kind, citations = part.get("type"), part.get("citations")
    if isinstance(citations, dict) and citations.get("enabled"):
        scale.put_media("citations", 0)  # every sentence gets a number
    if kind is None:
        _put_turn(part, place, scale)
    elif not isinstance(kind, str) or kind not in kinds.text | kinds.images | kinds.media:
        scale.put_unbounded(f"{kind}")
    elif kind not in kinds.text:
        _put_media(part, kind, scale, is_image=kind in kinds.images)
    elif kind == "reasoning" and "id" in part and not part.get("encrypted_content"):
        scale.put_media(kind, 0)  # what was thought lies with the provider


def _put_turn(turn: dict[str, Any], place: int, scale: Scale) -> None:
    """One without a role is a reference to one that the provider keeps; so is what was said aloud."""
    if "role" not in turn and "id" in turn:
        scale.put_unbounded("item_reference")
    if isinstance(turn.get("audio"), dict):
        scale.put_unbounded(f"messages[{place}].audio")


def _put_media(part: dict[str, Any], kind: str, scale: Scale, *, is_image: bool) -> None:
    source = part.get("source")
    if isinstance(source, dict) and source.get("type") in ("text", "content") and not is_image:
        return _put_document(source, scale)
    texts = list(_texts(part))
    size_bytes = sum(len(text) for _, text in texts)
    if any(name == "file_id" for name, _ in texts):
        scale.put_unbounded("file_id")
    if is_image:
        return scale.put_image(size_bytes)
    if any(text.startswith(_ADDRESSES) for _, text in texts):
        scale.put_unbounded(f"{kind} by its address")
    return scale.put_media(kind, size_bytes)


def _put_document(source: dict[str, Any], scale: Scale) -> None:
    """Of text, and perhaps pictures."""
    blocks = source.get("content")
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, dict) and block.get("type") == "image":
            _put_media(block, "image", scale, is_image=True)


def _texts(part: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text in a part, with the name that it has."""
    waiting: list[tuple[str, Any]] = [("", part)]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, str):
            yield name, item
        elif isinstance(item, dict):
            waiting.extend(item.items())
        elif isinstance(item, list):
            waiting.extend((name, inner) for inner in item)
