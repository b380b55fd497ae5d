"""Durations, sizes and rates as the file spells them: a number and one visible unit.

A bare `60` may be seconds, minutes or milliseconds, so it is refused, and the message shows the right spelling.
"""

import re
from decimal import Decimal

DURATION_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d)$"
POSITIVE_DURATION_PATTERN = r"^(?![0.]+[a-z])[0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d)$"
SIZE_PATTERN = r"^[0-9]{1,9}(B|KiB|MiB|GiB)$"
RATE_PATTERN = r"^([0-9]{1,12}|[0-9]{1,9}(\.[0-9]{1,3})?k|[0-9]{1,6}(\.[0-9]{1,6})?M)/(s|m|h|d)$"
# A pattern counts digits only; what is within them and still longer than the longest is told by the compiler.
_TOO_LONG = r"(?![0-9]{5,}(\.[0-9]+)?d$|[0-9]{6,}(\.[0-9]+)?h$|[0-9]{8,}(\.[0-9]+)?m$)"
LONG_DURATION_PATTERN = rf"^(?![0.]+[a-z]){_TOO_LONG}[0-9]{{1,9}}(\.[0-9]{{1,9}})?(ms|s|m|h|d)$"
WINDOW_PATTERN = rf"^(hour|day|week|month|(?![0.]+[a-z]){_TOO_LONG}[0-9]{{1,9}}(\.[0-9]{{1,9}})?(ms|s|m|h|d))$"

LONGEST = "3660d"  # for which anything is kept, or counted: with more the calendar does not reach back
LONGEST_S = 3660 * 86_400.0

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_THOUSANDS = {"": 1, "k": 1000, "M": 1_000_000}
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
# `60rpm`, `200k tokens per minute`, `1,000 requests/day`.
_RATE = re.compile(
    r"\s*([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([kKmM]?)\s*(?:req|requests?|tok|tokens?|calls?)?"
    r"\s*(?:/|p(?=[smhd]\b)|per\b|an?\b)?\s*([A-Za-z]+)\s*"
)
_RATE_WORDS = {
    **{word: unit for word, unit in _DURATION_WORDS.items() if unit != "ms"},
    **{f"{what}p{unit}": unit for what in "rtq" for unit in "smhd"},
}
_WINDOW_WORDS = {
    **dict.fromkeys(("hourly", "1hour", "calendar_hour"), "hour"),
    **dict.fromkeys(("daily", "1day", "today", "calendar_day"), "day"),
    **dict.fromkeys(("weekly", "1w", "1week", "calendar_week"), "week"),
    **dict.fromkeys(("monthly", "1mo", "1month", "mo", "billing_period", "calendar_month"), "month"),
    **dict.fromkeys(("year", "yearly", "annual", "1y", "1year"), "365d"),
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


def rate(text: str) -> tuple[int, float]:
    """How many, and within how many seconds, of `60/m`, `10/s` or `200k/m`; ValueError for anything else."""
    if not re.fullmatch(RATE_PATTERN, text):
        raise ValueError(f"not a rate: {rate_hint(text)}")
    amount, _, unit = text.partition("/")
    thousands = amount[-1] if amount[-1] in "kM" else ""
    return int(Decimal(amount.removesuffix(thousands)) * _THOUSANDS[thousands]), _SECONDS[unit]


def rate_hint(written: str) -> str:
    """The right spelling for a rate."""
    if re.fullmatch(RATE_PATTERN, f"{written}/s"):
        return f"{written}/s, {written}/m or {written}/h?"
    if (match := _RATE.fullmatch(written)) and (unit := _RATE_WORDS.get(match[3].lower())):
        thousands = {"K": "k", "m": "M"}.get(match[2], match[2])
        likely = f"{re.sub('[_,]', '', match[1])}{thousands}/{unit}"
        if re.fullmatch(RATE_PATTERN, likely):
            return f"write {likely}"
    return "write a whole number and a time: 60/m, 10/s, 200k/m, 1M/d"


def window_hint(written: str) -> str:
    """The right spelling for the time that a budget is for."""
    word = re.sub(r"[\s-]", "", written.lower()).removeprefix("per")
    if _NUMBER.fullmatch(word):
        return f"{word}h or {word}d?"
    likely = word if word in ("hour", "day", "week", "month") else _WINDOW_WORDS.get(word)
    likely = likely or _likely(written, _DURATION_WORDS)
    return _write(likely) if likely else "write hour, day, week or month (of the calendar), or the last so many: 30d"


def duration_hint(written: str) -> str:
    """The right spelling for a duration that was written wrongly; what a bare number means is for the reader to say."""
    if _NUMBER.fullmatch(written):
        return f"{written}ms or {written}s?"
    likely = _likely(written, _DURATION_WORDS)
    return _write(likely) if likely else "write one number and one unit: 500ms, 30s, 5m, 1h or 7d"


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


def _write(likely: str) -> str:
    is_longer = re.fullmatch(DURATION_PATTERN, likely) and duration_s(likely) > LONGEST_S
    return f"write {LONGEST} at the most" if is_longer else f"write {likely}"


def _split(text: str) -> tuple[str, str]:
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzBKMG")
    return number, text[len(number) :]


def _likely(written: str, words: dict[str, str]) -> str | None:
    match = _NUMBER_AND_WORD.fullmatch(written)
    unit = words.get(match[2].lower()) if match else None
    return f"{match[1]}{unit}" if match and unit else None
