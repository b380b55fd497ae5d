"""Our keys do not come back to callers: some providers repeat the key that they refuse.

JSON can spell a text in many ways (a slash may be escaped, and any letter), so bodies are compared by what they say
and not by their bytes.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

SECRET_CHARS_MIN = 8  # shorter ones are words that an error may well contain
MASK = "***"


def secrets(header_values: Iterable[str]) -> list[str]:
    """What is secret in the headers of a target: the value, without its scheme (`Bearer …`)."""
    credentials = (value.rpartition(" ")[2] for value in header_values)
    return [credential for credential in credentials if len(credential) >= SECRET_CHARS_MIN]


def text(said: str, hidden: Sequence[str]) -> str:
    """The text with every secret replaced."""
    for secret in hidden:
        said = said.replace(secret, MASK)
    return said


def has_secret(said: bytes, hidden: Sequence[str]) -> bool:
    return body(said, hidden) != said


def body(said: bytes, hidden: Sequence[str]) -> bytes:
    """The same bytes if no secret is in them; JSON is else written anew."""
    try:
        told = msgspec.json.decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        masked = said
    else:
        clean = _masked(told, hidden)
        masked = said if clean == told else msgspec.json.encode(clean)
    for secret in hidden:
        masked = masked.replace(secret.encode(), MASK.encode())
    return masked


def _masked(told: Any, hidden: Sequence[str]) -> Any:
    if isinstance(told, str):
        return text(told, hidden)
    if isinstance(told, list):
        return [_masked(item, hidden) for item in told]
    if isinstance(told, dict):
        return {text(name, hidden): _masked(value, hidden) for name, value in told.items()}
    return told
