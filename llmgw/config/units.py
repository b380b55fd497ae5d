"""Durations and sizes as the file spells them: a number and one visible unit.

A bare `60` may be seconds, minutes or milliseconds, so it is refused, and the message shows the right spelling.
"""

import re

DURATION_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d)$"
POSITIVE_DURATION_PATTERN = r"^(?![0.]+[a-z])[0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d)$"
SIZE_PATTERN = r"^[0-9]{1,9}(B|KiB|MiB|GiB)$"

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_NUMBER_AND_WORD = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([A-Za-zµ]*)\s*")

# How others spell a unit, in lower case: the unit it most likely means.
_DURATION_WORDS = {
    **dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_SIZE_WORDS = {
    **dict.fromkeys(("", "b", "byte", "bytes"), "B"),
    **dict.fromkeys(("k", "kb", "kib"), "KiB"),
    **dict.fromkeys(("m", "mb", "mib"), "MiB"),
    **dict.fromkeys(("g", "gb", "gib"), "GiB"),
}


def duration_s(text: str) -> float:
    """Seconds of `500ms`, `30s`, `5m`, `1h` or `7d`; ValueError for anything else."""
    if not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(f"not a duration: {duration_hint(text)}")
    number, unit = _split(text)
    return float(number) * _SECONDS[unit]


def size_bytes(text: str) -> int:
    """Bytes of `100B`, `64KiB`, `32MiB` or `1GiB`; ValueError for anything else."""
    if not re.fullmatch(SIZE_PATTERN, text):
        raise ValueError(f"not a size: {size_hint(text)}")
    number, unit = _split(text)
    return int(number) * _BYTES[unit]


def duration_hint(written: str) -> str:
    """The right spelling for a duration that was written wrongly; what a bare number means is for the reader to say."""
    if _NUMBER.fullmatch(written):
        return f"{written}ms or {written}s?"
    likely = _likely(written, _DURATION_WORDS)
    return f"write {likely}" if likely else "write one number and one unit: 500ms, 30s, 5m, 1h or 7d"


def size_hint(written: str) -> str:
    """The right spelling for a size; `32MB` is told that sizes here are binary."""
    likely = _likely(written, _SIZE_WORDS)
    return (
        f"write {likely}" if likely and "." not in likely else "write a whole number and KiB, MiB or GiB, as in 32MiB"
    )


def fraction_hint(written: str) -> str | None:
    """For a share written as percent: the same as a fraction."""
    percent = re.fullmatch(r"\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*%\s*", written)
    return f"write {float(percent[1]) / 100:g}" if percent else None


def _split(text: str) -> tuple[str, str]:
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzBKMG")
    return number, text[len(number) :]


def _likely(written: str, words: dict[str, str]) -> str | None:
    match = _NUMBER_AND_WORD.fullmatch(written)
    unit = words.get(match[2].lower()) if match else None
    return f"{match[1]}{unit}" if match and unit else None
