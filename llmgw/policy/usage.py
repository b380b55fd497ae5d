"""What a question about usage is, and its answer: by which names, of which calls, from when to when.

The words are those of the file's rules, as far as the ledger keeps them; a wrong one is told which there are.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import TypeVar
from zoneinfo import ZoneInfo

from llmgw.config.units import DURATION_PATTERN, duration_s

FACTS = (
    "key",
    "team",
    "user",
    "request.user",
    "model",
    "route",
    "target",
    "provider",
    "endpoint",
    "outcome",
    "status",
    "cached",
)
TIMES = ("day", "hour")
METADATA = "metadata."
FROM_CACHE = ("cached", "true")  # the filter for what nobody was asked for, however it came
_CACHED = ("hit", "semantic", "coalesced")
GROUPS_MAX = 8
_HINT = f"{', '.join(FACTS)} and {METADATA}NAME"
# The same in the words of rules, and what other products call it.
_SAME = {"key.team": "team", "key.user": "user", "request.endpoint": "endpoint"}
_FOREIGN = {
    **dict.fromkeys(("vendor", "backend", "custom_llm_provider"), "provider"),
    **dict.fromkeys(("deployment", "upstream"), "target"),
    **dict.fromkeys(("api_key", "virtual_key", "key_alias", "token"), "key"),
    **dict.fromkeys(("model_group", "model_name", "alias"), "model"),
    **dict.fromkeys(("date", "daily"), "day"),
    **dict.fromkeys(("customer", "end_user", "request_user"), "request.user"),
    **dict.fromkeys(("tag", "tags", "label", "metadata"), "metadata.NAME"),
    **dict.fromkeys(("path", "api"), "endpoint"),
    **dict.fromkeys(("failure", "error", "class"), "outcome"),
    **dict.fromkeys(("cache", "cache_hit", "from_cache"), "cached"),
}

Read = TypeVar("Read")


class WrongQueryError(ValueError):
    """`part` is the name of what cannot be read of it."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """`by` none: one row of all. Times are Unix time in ms, `until_ms` is the first moment that no longer counts."""

    by: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    since_ms: int | None = None
    until_ms: int | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Counts:
    """What some rows of the ledger come to.

    `attempts`: all rows, `unpriced`: those whose price is not known, `from_cache`: those for which nobody was asked.
    What was asked on behalf of a request (a vector) is an attempt, but no request, and no error if it fails.
    """

    requests: int = 0
    attempts: int = 0
    errors: int = 0
    unpriced: int = 0
    estimated: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nanousd: int = 0
    saved_nanousd: int = 0
    from_cache: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(int.__add__, astuple(self), astuple(other)))

    def as_dict(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class UsageRow:
    """`group` has a text for each name of `UsageQuery.by`; what a call does not have is an empty one."""

    group: tuple[str, ...]
    counts: Counts

    def as_dict(self, by: Sequence[str]) -> dict[str, str | int]:
        """One flat map, as programs read it."""
        return {**dict(zip(by, self.group, strict=True)), **self.counts.as_dict()}


def total(rows: Iterable[UsageRow]) -> Counts:
    """All of them together."""
    return sum((row.counts for row in rows), Counts())


def answer(query: UsageQuery, rows: Sequence[UsageRow]) -> dict[str, object]:
    """The question and all that is said to it, as programs read it."""
    return {
        "by": list(query.by),
        "where": dict(query.where),
        "since_ms": query.since_ms,
        "until_ms": query.until_ms,
        "timezone": query.timezone,
        "rows": [row.as_dict(query.by) for row in rows],
        "total": total(rows).as_dict(),
    }


def read_query(
    *, by: str, where: Iterable[str], since: str | None, until: str | None, now_s: float, timezone: str
) -> UsageQuery:
    """As it was written. Raises WrongQueryError."""
    return UsageQuery(
        by=_read("by", lambda: read_by(by)),
        where=_read("where", lambda: read_where(where)),
        since_ms=None if since is None else _read("since", lambda: read_since(since, now_s, timezone)),
        until_ms=None if until is None else _read("until", lambda: read_until(until, now_s, timezone)),
        timezone=timezone,
    )


def _read(part: str, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except ValueError as error:
        raise WrongQueryError(part, str(error)) from None


def read_by(text: str) -> tuple[str, ...]:
    """The names of `key,metadata.tier,day`. ValueError says which there are."""
    names = tuple(dict.fromkeys(_name(part.strip(), (*FACTS, *TIMES)) for part in text.split(",") if part.strip()))
    if len(names) > GROUPS_MAX:
        raise ValueError(f"{len(names)} names at once: not more than {GROUPS_MAX}")
    return names


def read_where(conditions: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name and value of each `team=search`; an empty value means: has none. ValueError says what is wrong."""
    return tuple(_condition(text) for text in conditions)


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"'{_short(text)}' is not NAME=VALUE, as in team=search")
    name = name.strip()
    if name in TIMES:
        raise ValueError(f"'{name}' is no filter: --since and --until say from when to when")
    name = _name(name, FACTS)
    return name, _how(value.strip()) if name == "cached" else value.strip()


def _how(value: str) -> str:
    """How an answer came from the cache; `false` is the same as none."""
    if value in ("", "false"):
        return ""
    if value not in ("true", *_CACHED):
        raise ValueError(f"'{_short(value)}' is none: cached is true, false, {', '.join(_CACHED)}")
    return value


def _name(written: str, known: Collection[str]) -> str:
    name = _SAME.get(written, written)
    if name in known or (name.startswith(METADATA) and len(name) > len(METADATA)):
        return name
    meant = _FOREIGN.get(name.lower()) or next(iter(get_close_matches(name[:100], known, n=1)), None)
    times = f", {', '.join(TIMES)}" if set(TIMES) <= set(known) else ""
    instead = f"it is called {meant} here" if name.lower() in _FOREIGN else f"did you mean {meant}?"
    raise ValueError(f"'{_short(written)}' is not known{f': {instead}' if meant else ''} (there are {_HINT}{times})")


def read_since(text: str, now_s: float, timezone: str) -> int:
    """Of `7d`, `2026-11`, `2026-11-01` or `2026-11-01T12:30` the first moment, as Unix time in ms."""
    return _moments(text, now_s, timezone)[0]


def read_until(text: str, now_s: float, timezone: str) -> int:
    """The same, but of a day or a month its end: the one that is named counts."""
    return _moments(text, now_s, timezone)[1]


def _moments(text: str, now_s: float, timezone: str) -> tuple[int, int]:
    """The beginning and the end of what is named; of a moment both are the same."""
    text = text.strip()
    try:
        if _is_duration(text):
            ago = max(int((now_s - duration_s(text)) * 1000), 0)
            return ago, ago
        zone = ZoneInfo(timezone)
        if len(text) == len("2026-11"):
            first = date.fromisoformat(f"{text}-01")
            return _ms(first, zone), _ms((first + timedelta(days=31)).replace(day=1), zone)
        if len(text) == len("2026-11-01"):
            day = date.fromisoformat(text)
            return _ms(day, zone), _ms(day + timedelta(days=1), zone)
        moment = datetime.fromisoformat(text)
        at_ms = int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(
            f"'{_short(text)}' is no time: write 24h, 7d, 2026-11, 2026-11-01 or 2026-11-01T12:30"
        ) from None
    return at_ms, at_ms


def _is_duration(text: str) -> bool:
    return re.fullmatch(DURATION_PATTERN, text) is not None


def _ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
