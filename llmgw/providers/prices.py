"""What providers charge: prices.jsonl, a row per model, built from the package genai-prices (`make prices`).

A price is an integer of nano-dollars per million tokens, or per request. It may have tiers by the size of the prompt,
hold from some day on or at some hours only, and be another one in another service tier.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_FILE = Path(__file__).with_name("prices.jsonl")
_NAME_CHARS_MAX = 200  # callers may name any model under a pattern
_REFERRED_MAX = 8  # providers that sell the models of others, at the others' prices

# Above how many tokens of the prompt a price holds, and the price; the last one that holds is that of all tokens.
Rate = int | tuple[tuple[int, int], ...]

# The classes of tokens that may have a price of their own. The first two contain all others.
CLASSES = (
    *("input", "output"),
    *("cached_input", "cache_write", "cache_write_1h"),
    *("audio_input", "audio_output", "cached_audio_input"),
    *("image_input", "image_output", "reasoning"),
)


class Tariff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices that hold together. None: no price of its own, so that of the class which contains it."""

    since: str = ""  # a day, in UTC
    from_utc: str = ""  # of each day, to `to_utc`
    to_utc: str = ""
    input: Rate | None = None
    output: Rate | None = None
    cached_input: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None
    audio_input: Rate | None = None
    audio_output: Rate | None = None
    cached_audio_input: Rate | None = None
    image_input: Rate | None = None
    image_output: Rate | None = None
    reasoning: Rate | None = None
    request: int = 0

    def holds(self, now_s: float) -> bool:
        """At this Unix time."""
        now = datetime.fromtimestamp(now_s, UTC)
        if self.since and now.date().isoformat() < self.since:
            return False
        if not self.from_utc:
            return True
        time = now.strftime("%H:%M")
        if self.to_utc < self.from_utc:
            return time >= self.from_utc or time < self.to_utc
        return self.from_utc <= time < self.to_utc

    def rates(self) -> dict[str, Rate]:
        """Of the classes that it tells."""
        return {name: rate for name in CLASSES if (rate := getattr(self, name)) is not None}


class Service(Tariff, frozen=True, kw_only=True):
    """What a service tier changes: the prices that it names."""

    name: str


class PricedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One row: what a provider asks for the models that `match`."""

    provider: str
    model: str
    match: Any
    tariffs: tuple[Tariff, ...]
    services: tuple[Service, ...] = ()
    context_window: int | None = None

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"

    def tariff(self, now_s: float) -> Tariff:
        """The last one that holds counts, else the first."""
        return next((tariff for tariff in reversed(self.tariffs) if tariff.holds(now_s)), self.tariffs[0])

    def service(self, name: str, now_s: float) -> tuple[Service, ...]:
        """What a service tier changes of it; of several the first that tells a price counts."""
        return tuple(service for service in self.services if service.name == name and service.holds(now_s))


class _Seller(msgspec.Struct, frozen=True):
    provider: str
    falls_back_to: tuple[str, ...] = ()


class Source(msgspec.Struct, frozen=True):
    """Where the table is from, and of which day."""

    source: str
    date: str


class _Table:
    """Rows by provider, decoded when first asked for."""

    def __init__(self, lines: list[bytes]) -> None:
        self.source = msgspec.json.decode(lines[0], type=Source)
        self.lines: dict[str, list[bytes]] = {}
        self._referred: dict[str, tuple[str, ...]] = {}
        self._rows: dict[str, tuple[PricedModel, ...]] = {}
        name = ""
        for line in lines[1:]:
            if b'"match"' in line:
                self.lines[name].append(line)
            else:
                seller = msgspec.json.decode(line, type=_Seller)
                name = seller.provider
                self.lines[name], self._referred[name] = [], seller.falls_back_to

    def rows(self, provider: str) -> Iterator[PricedModel]:
        """Its own, then those of whoever it sells for."""
        for name in (provider, *self._referred.get(provider, ())[:_REFERRED_MAX]):
            if name not in self._rows:
                lines = self.lines.get(name, [])
                self._rows[name] = tuple(msgspec.json.decode(line, type=PricedModel) for line in lines)
            yield from self._rows[name]


@cache
def _table() -> _Table:
    return _Table(_FILE.read_bytes().splitlines())


def source() -> Source:
    return _table().source


def sellers() -> Mapping[str, int]:
    """Who is in the table, and how many rows of their own they have."""
    return {name: len(lines) for name, lines in _table().lines.items()}


def rows(seller: str) -> tuple[PricedModel, ...]:
    """All that holds for a seller, in the order in which it is asked."""
    return tuple(_table().rows(seller))


def find(seller: str, model: str) -> PricedModel | None:
    """The row of a model, as its seller names it: the first whose clause matches."""
    if len(model) > _NAME_CHARS_MAX:
        return None
    name = model.lower()
    return next((row for row in _table().rows(seller) if _matches(row.match, name)), None)


def listed(seller: str, name: str) -> PricedModel | None:
    """The row of `provider/model`. A seller with a star sells for others, and its models end with whom it is for."""
    model = name.partition("/")[2]
    if "*" in seller:
        model, _, other = model.rpartition(":")
        seller = seller.replace("*", other)
    return find(seller, model.removeprefix(f"{seller}/")) if seller else None


def _matches(clause: Any, name: str) -> bool:
    """A text is equality, a list any of them; the rest is named."""
    if isinstance(clause, str):
        return name == clause
    if isinstance(clause, list):
        return any(_matches(one, name) for one in clause)
    ((kind, value),) = clause.items()
    return _has(name, kind, value)


def _has(name: str, kind: str, value: Any) -> bool:
    match kind:
        case "starts":
            return name.startswith(value)
        case "ends":
            return name.endswith(value)
        case "contains":
            return value in name
        case "all":
            return all(_matches(one, name) for one in value)
        case _:
            return re.search(value, name) is not None
