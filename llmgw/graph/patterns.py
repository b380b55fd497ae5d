"""Names with one star: which names have their shape, and which of several patterns a name belongs to."""

from collections.abc import Iterable

STAR = "*"

_STEPS_OF_A_URL = (".", "..")  # a star is put into paths: what would walk up in one is nobody's name


def star_of(pattern: str, name: str) -> str | None:
    """What the star of `pattern` stands for in `name`, at least one character; None if the shape differs."""
    prefix, _, suffix = pattern.partition(STAR)
    if len(name) <= len(prefix) + len(suffix) or not (name.startswith(prefix) and name.endswith(suffix)):
        return None
    star = name[len(prefix) : len(name) - len(suffix)]
    return None if star in _STEPS_OF_A_URL else star


def by_precedence(patterns: Iterable[str]) -> list[str]:
    """The longest literal part first; among equals the alphabet decides, so that the file's order never does."""
    return sorted(patterns, key=lambda pattern: (-len(pattern), pattern))


def closest(patterns: Iterable[str], name: str) -> tuple[str, str] | None:
    """The pattern that `name` belongs to, and what its star stands for. `patterns` come by precedence."""
    for pattern in patterns:
        star = star_of(pattern, name)
        if star is not None:
            return pattern, star
    return None
