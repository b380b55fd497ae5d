"""What a key is to be, as `llmgw keys create` and `POST /admin/keys` ask for it, in the file's words.

No fault repeats a value: somebody may have put a secret there.
"""

import re
from collections.abc import Iterator
from typing import get_args, get_type_hints

import msgspec

from llmgw.config.model import KeyEntry
from llmgw.errors import InvalidRequestError

NAME_CHARS_MAX = 100
TEXT_CHARS_MAX = 200
NAMES_MAX = 200
METADATA_MAX = 16

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")

Scalar = str | bool | int | float


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With `sha256` the caller goes on to show the secret that he has; else he gets one."""

    name: str
    team: str = ""
    user: str = ""
    models: tuple[str, ...] | None = None
    endpoints: tuple[str, ...] | None = None
    metadata: dict[str, Scalar] = {}
    expires: str | None = None
    sha256: str | None = None


def check(asked: NewKey) -> None:
    """Raises InvalidRequestError."""
    for name, fault in _faults(asked):
        raise InvalidRequestError(f"{name} {fault}", param=name)


def metadata_text(asked: NewKey) -> dict[str, str]:
    """As rules see it: all values are text."""
    return {name: _text(value) for name, value in asked.metadata.items()}


def endpoints() -> tuple[str, ...]:
    """All that a key may be for: those of the file."""
    listed, _none = get_args(get_type_hints(KeyEntry)["endpoints"])
    names: tuple[str, ...] = get_args(get_args(listed)[0])
    return names


def _faults(asked: NewKey) -> Iterator[tuple[str, str]]:
    if not _is_name(asked.name):
        yield "name", f"is one word of at most {NAME_CHARS_MAX} characters, as in search-prod"
    for name, text in (("team", asked.team), ("user", asked.user)):
        if not _is_line(text):
            yield name, f"is one line of at most {TEXT_CHARS_MAX} characters"
    for name, names in (("models", asked.models), ("endpoints", asked.endpoints)):
        if names is not None and not _are_names(names):
            yield name, f"is a list of 1 to {NAMES_MAX} names; leave it out for all"
    if not set(asked.endpoints or ()) <= {*endpoints()}:
        yield "endpoints", f"has one that there is not; there are: {', '.join(endpoints())}"
    if len(asked.metadata) > METADATA_MAX:
        yield "metadata", f"has over {METADATA_MAX} entries"
    if not all(name and _is_line(name) and _is_line(_text(value)) for name, value in asked.metadata.items()):
        yield "metadata", f"has names and values of one line, of at most {TEXT_CHARS_MAX} characters"
    if asked.sha256 is not None and not _SHA256.fullmatch(asked.sha256):
        yield "sha256", "is 64 hex digits: `llmgw keys digest` tells it"


def _is_name(text: str) -> bool:
    """It stands in paths, in logs, and on command lines."""
    return 0 < len(text) <= NAME_CHARS_MAX and text.isprintable() and not set(text) & set(" /") and text[0] != "-"


def _are_names(names: tuple[str, ...]) -> bool:
    return 0 < len(names) <= NAMES_MAX and all(name and _is_line(name) for name in names)


def _is_line(text: str) -> bool:
    return len(text) <= TEXT_CHARS_MAX and text.isprintable()


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
