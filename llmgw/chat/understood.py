"""Whether the hub can say all of an answer. Where it cannot, the answer is only to be had in the form that it has.

Each dialect says what of it crosses as a tree: what is not in there, and not empty, would be lost.
"""

from collections.abc import Mapping
from typing import Any

ANYTHING: None = None  # whatever stands there, it is told, or nobody misses it
TEXT = str  # nothing but text is

Known = Mapping[str, Any] | list[Any] | frozenset[str] | type[str] | None
"""A mapping of fields, a list of one for all items, a set of words, TEXT, or ANYTHING."""


def anything(*names: str) -> dict[str, None]:
    """Fields of which nothing is lost that anybody would miss."""
    return dict.fromkeys(names, ANYTHING)


def says_more(value: Any, known: Known) -> bool:
    """Whether there is something in it that is not known."""
    if known is ANYTHING or _is_empty(value):
        return False
    if isinstance(known, frozenset):
        return value not in known
    if isinstance(known, Mapping):
        return not isinstance(value, Mapping) or any(_is_more(name, one, known) for name, one in value.items())
    if not isinstance(known, list):
        return not isinstance(value, known)
    return not isinstance(value, list) or any(says_more(one, item) for one in value for item in known)


def _is_more(name: str, value: Any, known: Mapping[str, Any]) -> bool:
    return says_more(value, known[name]) if name in known else not _is_empty(value)


def _is_empty(value: Any) -> bool:
    """Nothing, however it is wrapped."""
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    return all(map(_is_empty, value)) if isinstance(value, list) else not value
