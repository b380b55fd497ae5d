"""Turns for dialects that want them alternating: the user begins, and the results of tools stand first in his.

What stands elsewhere in a conversation is put there, and told: `drop` takes the name of what was changed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, TypeVar
from zlib import crc32

import msgspec

from llmgw.chat.conversation import Message, Part, Role, Text, ToolResult
from llmgw.chat.prompts import name_of

Drop = Callable[[str], object]
WireTurn = dict[str, Any]

OPENING = "(continued)"  # of a conversation that begins with the assistant
CLOSING = "(continue)"  # of one that must not end with it
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
_DIGEST_CHARS = 9  # of a checksum and what goes before it
_Any = TypeVar("_Any")


def speaker(message: Message) -> Role:
    """Of two: instructions amid the conversation are the user's."""
    return Role.ASSISTANT if message.role is Role.ASSISTANT else Role.USER


def spoken(message: Message, drop: Drop) -> Sequence[Part]:
    """What is said. Instructions amid the conversation are the user's text, in a tag: they have no role here."""
    if message.role is not Role.SYSTEM:
        return message.parts
    for part in message.parts:
        if not isinstance(part, Text):
            drop(name_of(part))
    texts = (part for part in message.parts if isinstance(part, Text) and part.text.strip())
    return [msgspec.structs.replace(text, text=f"<system>\n{text.text}\n</system>") for text in texts]


def results_first(
    parts: Iterable[_Any], drop: Drop, part_of: Callable[[_Any], object] = lambda each: each
) -> list[_Any]:
    """The results of tools before the rest, each in its order."""
    told = [(not isinstance(part_of(each), ToolResult), each) for each in parts]
    if any(was_other and not is_other for (was_other, _), (is_other, _) in pairwise(told)):
        drop("messages.order")
    return [each for _, each in sorted(told, key=itemgetter(0))]


def joined(turns: Iterable[WireTurn], said: str) -> list[WireTurn]:
    """A turn of which nothing was left may have stood between two of the same role. `said` names their content."""
    return [
        {"role": role, said: [piece for turn in same for piece in turn[said]]}
        for role, same in groupby(turns, lambda turn: turn["role"])
    ]


def plain_id(given: str, fallback: str, chars_max: int | None = None) -> str:
    """Ids of other providers may be too long, or have characters that are refused: the same becomes the same."""
    if given and not _FOREIGN.search(given) and (chars_max is None or len(given) <= chars_max):
        return given
    plain = _FOREIGN.sub("_", given)[: None if chars_max is None else chars_max - _DIGEST_CHARS]
    return f"{plain or fallback}_{crc32(given.encode(errors='replace')):08x}"
