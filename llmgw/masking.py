"""Our keys do not come back to callers: some providers repeat the key that they refuse.

JSON can spell a text in many ways, inside strings of JSON once more, and a body may end anywhere. So a key is looked
for in every spelling and in the bytes as they are, whether or not they can be read.
"""

import re
from collections.abc import Iterable

SECRET_CHARS_MIN = 8  # shorter ones are words that an error may well contain
MASK = b"***"

# A value may be `Bearer KEY`, or a list of cookies.
_BORDERS = re.compile(r"[\s;,=]+")
# Escapes inside escapes: a string of JSON in a string of JSON in … is not read any deeper.
_BACKSLASHES = rb"\\{0,8}"


class Mask:
    """`values` are those of headers that nobody but the provider may see."""

    def __init__(self, values: Iterable[str]) -> None:
        found = {part for value in values for part in (value, *_BORDERS.split(value)) if len(part) >= SECRET_CHARS_MIN}
        spellings = [_any_spelling(secret) for secret in sorted(found, key=len, reverse=True)]
        self._pattern = re.compile(b"|".join(spellings)) if spellings else None

    def body(self, said: bytes) -> bytes:
        """The same bytes with every secret replaced."""
        return said if self._pattern is None else self._pattern.sub(MASK, said)

    def text(self, said: str) -> str:
        return self.body(said.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def is_needed(self, said: bytes) -> bool:
        return self._pattern is not None and self._pattern.search(said) is not None


def _any_spelling(secret: str) -> bytes:
    return b"".join(map(_any_letter, secret))


def _any_letter(char: str) -> bytes:
    """As it is, escaped, or as its number."""
    letter = re.escape(char.encode("utf-8", "surrogatepass"))
    return rb"(?:%b%b|\\{1,8}u(?i:%04x))" % (_BACKSLASHES, letter, ord(char))


def masked(text: str, secrets: Iterable[str]) -> str:
    """Texts of ours, where a secret could only stand as it is; cheap enough for every line of the log."""
    for secret in secrets:
        if len(secret) >= SECRET_CHARS_MIN and secret in text:
            text = text.replace(secret, MASK.decode())
    return text
