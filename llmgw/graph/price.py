"""What a target costs: a rate for every class of tokens, by the size of the prompt, the time and the service tier.

All that can be worked out beforehand is worked out at load: a request looks its rates up, it never merges any.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from itertools import product
from types import MappingProxyType

from llmgw.config import model as file
from llmgw.providers.prices import CLASSES, PricedModel, Rate, Tariff

STANDARD = ""  # the service tier of whoever asked for none
NANOUSD_PER_USD = 1_000_000_000
_TOKENS_PER_RATE = 1_000_000
_CHEAPER = frozenset({"batch", "flex"})  # service tiers that cost no more than the usual one, wherever they are sold
_DAY_S = 86_400
# By class: the classes that contain it, the nearest first. What has no price of its own costs what these cost.
_WITHIN: Mapping[str, tuple[str, ...]] = {
    "cached_input": ("input",),
    "cache_write": ("input",),
    "cache_write_1h": ("cache_write", "input"),
    "audio_input": ("input",),
    "cached_audio_input": ("audio_input", "cached_input", "input"),
    "image_input": ("input",),
    "audio_output": ("output",),
    "image_output": ("output",),
    "reasoning": ("output",),
}


@dataclass(frozen=True)
class Rates:
    """Integer nano-dollars per million tokens of each class; `request_nanousd` is for the request itself."""

    input: int = 0
    output: int = 0
    cached_input: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    audio_input: int = 0
    audio_output: int = 0
    cached_audio_input: int = 0
    image_input: int = 0
    image_output: int = 0
    reasoning: int = 0
    request_nanousd: int = 0

    @cached_property
    def dearest_input(self) -> int:
        """Of all that a token of the prompt may turn out to be."""
        written = max(self.cache_write, self.cache_write_1h)
        return max(self.input, self.cached_input, written, self.audio_input, self.cached_audio_input, self.image_input)

    @cached_property
    def dearest_output(self) -> int:
        return max(self.output, self.reasoning, self.audio_output, self.image_output)


@dataclass(frozen=True, slots=True)
class Band:
    """Rates of all tokens, where the prompt has more than `above` of them."""

    above: int
    rates: Rates


Bands = tuple[Band, ...]  # the one of the smallest prompts first
ByService = Mapping[str, Bands]  # STANDARD is always there


@dataclass(frozen=True, slots=True)
class Price:
    """What holds when. Rates change on some days (`days_s`, Unix time) and at some hours (`hours_s`, of a UTC day).

    `tariffs` has one for each day and, within it, each hour; both lists begin with 0. Without `has_output` it says
    nothing of what a model writes: it is that of one of embeddings.
    """

    tariffs: tuple[ByService, ...]
    days_s: tuple[int, ...] = (0,)
    hours_s: tuple[int, ...] = (0,)
    has_output: bool = True

    @classmethod
    def flat(cls, rates: Rates, *, has_output: bool = True) -> "Price":
        """The same at any time, for any prompt."""
        return cls((MappingProxyType({STANDARD: (Band(-1, rates),)}),), has_output=has_output)

    def rates(self, prompt_tokens: int, now_s: float, service_tier: str = STANDARD) -> Rates:
        """What holds for a request of this moment; a service tier without prices of its own costs what is usual."""
        tariff = self._tariff(now_s)
        bands = tariff.get(service_tier) or tariff[STANDARD]
        at = len(bands) - 1
        while at and prompt_tokens <= bands[at].above:
            at -= 1
        return bands[at].rates

    def about_nanousd(self, input_tokens: int, cached_tokens: int, output_tokens: int, now_s: float) -> int:
        """What such a request costs, `cached_tokens` of its input read from a cache: to compare, not to bill."""
        rates = self.rates(input_tokens, now_s)
        fresh = (input_tokens - cached_tokens) * rates.input + cached_tokens * rates.cached_input
        return (fresh + output_tokens * rates.output) // _TOKENS_PER_RATE + rates.request_nanousd

    def knows(self, service_tier: str) -> bool:
        """Whether what it tells is enough for that service tier: others may be dearer than the usual one."""
        return service_tier in self.tariffs[0] or service_tier in _CHEAPER

    def possible(self, prompt_tokens_max: int, now_s: float, service_tier: str | None) -> list[Rates]:
        """All that may hold for a prompt of at most that many tokens: in the usual tier and in this one (None: any)."""
        found = []
        for name, bands in self._tariff(now_s).items():
            if service_tier is None or name in (STANDARD, service_tier):
                found += [band.rates for band in bands if band.above < prompt_tokens_max]
        return found

    def _tariff(self, now_s: float) -> ByService:
        if len(self.tariffs) == 1:
            return self.tariffs[0]
        day = max(bisect_right(self.days_s, now_s) - 1, 0)
        hour = bisect_right(self.hours_s, now_s % _DAY_S) - 1
        return self.tariffs[day * len(self.hours_s) + hour]


FREE = Price.flat(Rates())


def rates(told: Mapping[str, int], request_nanousd: int = 0) -> Rates:
    """Every class with a rate: its own, or that of the nearest class around it."""
    return Rates(**{name: _rate(name, told) for name in CLASSES}, request_nanousd=request_nanousd)


def of_row(row: PricedModel) -> Price:
    """The price that a row of the table tells."""
    listed = (*row.tariffs, *row.services)
    days_s = sorted({0, *(_day_s(one.since) for one in listed if one.since)})
    hours_s = sorted({0, *(_time_s(time) for one in listed for time in (one.from_utc, one.to_utc) if time)})
    return Price(tuple(_tariff(row, day + hour) for day, hour in product(days_s, hours_s)), (*days_s,), (*hours_s,))


def of_file(told: file.Price) -> Price:
    """The price that the file tells."""
    usd = {name: getattr(told, f"{name}_usd_per_mtok", None) for name in CLASSES}
    known = {name: _nanousd(value) for name, value in usd.items() if value is not None}
    return Price.flat(rates(known, _nanousd(told.request_usd)), has_output="output" in known)


def _nanousd(usd: float) -> int:
    """Exact for what was written (the shortest decimal of the number, not its binary neighbour); never less."""
    return int((Decimal(repr(usd)) * NANOUSD_PER_USD).to_integral_value(rounding=ROUND_CEILING))


def _tariff(row: PricedModel, now_s: int) -> ByService:
    """What holds at that moment, and so until the next one in the list."""
    usual = row.tariff(now_s)
    names = {STANDARD: (), **{service.name: row.service(service.name, now_s) for service in row.services}}
    return MappingProxyType({name: _bands([*changed, usual]) for name, changed in names.items()})


def _bands(tariffs: Iterable[Tariff]) -> Bands:
    """The first of these tariffs that tells a class decides it."""
    told: dict[str, Rate] = {}
    fee = 0
    for tariff in tariffs:
        fee = fee or tariff.request
        for name, rate in tariff.rates().items():
            told.setdefault(name, rate)
    above = sorted({step[0] for rate in told.values() if not isinstance(rate, int) for step in rate} - {0})
    return tuple(
        Band(prompt, rates({name: _step(rate, prompt) for name, rate in told.items()}, fee)) for prompt in (-1, *above)
    )


def _step(rate: Rate, above: int) -> int:
    """Of a rate with tiers, the one for prompts just over this size."""
    if isinstance(rate, int):
        return rate
    return [price for start, price in rate if start <= max(above, 0)][-1]


def _rate(name: str, told: Mapping[str, int]) -> int:
    return next((told[one] for one in (name, *_WITHIN.get(name, ())) if one in told), 0)


def _day_s(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _time_s(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 3600 + int(minutes) * 60
