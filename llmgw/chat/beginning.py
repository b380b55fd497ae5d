"""What a conversation begins with, as a short text: the same for each of its requests, and for no other conversation.

The instructions, the tools and all up to the first turn of the user, in whatever dialect: these stay as they are while
a conversation grows, and are what a provider's prompt cache has of it. Only texts count, for clients move the marks of
the cache along, and write the same turn now as a text, now as a list of parts.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from llmgw.chat.measure import decoded

# What dialects call instructions that stand beside the turns, and tools.
BESIDE = ("system", "instructions", "systemInstruction", "system_instruction", "tools")
_MARKS = frozenset({"cache_control", "cachePoint", "type", "role", "id"})
_DIGEST_BYTES = 16


def beginning(fields: Mapping[str, msgspec.Raw], turns: list[Any]) -> str:
    """Of no turns at all it is empty. Raises InvalidRequestError for what cannot be read."""
    if not turns:
        return ""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    told = [decoded(fields[name], name) for name in BESIDE if name in fields]
    for value in (*told, *_first(turns)):
        for text in _texts(value):
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def _first(turns: list[Any]) -> Iterator[Any]:
    """All up to the first of the user."""
    for turn in turns:
        yield turn
        if isinstance(turn, dict) and turn.get("role") == "user":
            return


def _texts(value: Any) -> Iterator[str]:
    """However deep: a list of what waits, so that no depth is too much."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            waiting.extend(inner for name, inner in item.items() if name not in _MARKS)
        elif isinstance(item, str):
            yield item
