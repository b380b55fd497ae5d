"""Globs over the names that callers ask for: a star stands for any text, also for none, and there may be several.

Nothing else is special, so that any name of a model is a glob for itself.
"""

STAR = "*"


def matches(glob: str, name: str) -> bool:
    """Whether `name` has the shape of `glob`. Each part is looked for once, from left to right."""
    first, *others = glob.split(STAR)
    if not others:
        return glob == name
    *middle, last = others
    if len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def overlap(one: str, other: str) -> bool:
    """Whether some name has the shape of both."""
    reached = _past_stars({0}, other)
    for char in one:
        if char == STAR:
            reached = set(range(min(reached), len(other) + 1)) if reached else reached
        else:
            reached = _past_stars(_after(char, reached, other), other)
    return len(other) in reached


def _after(char: str, reached: set[int], other: str) -> set[int]:
    """Where in `other` one may be after `char`; a star there takes it and stays."""
    return {at + (other[at] != STAR) for at in reached if at < len(other) and other[at] in (char, STAR)}


def _past_stars(reached: set[int], other: str) -> set[int]:
    """A star may also stand for nothing."""
    found = set(reached)
    for at in reached:
        end = at
        while end < len(other) and other[end] == STAR:
            end += 1
            found.add(end)
    return found
