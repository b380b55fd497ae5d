"""A price as it is read: a line for each day, hour, service tier and size of prompt that changes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llmgw.providers.prices import PricedModel, Rate, Service, Tariff

NANOUSD_PER_USD = 1_000_000_000
REQUEST = "request"
OF_THE_TABLE = "the table: "  # and the row


@dataclass(frozen=True, slots=True)
class Charge:
    """Prices that hold together, of the classes that have one of their own; `request` is for the request itself."""

    nanousd: Mapping[str, int]
    since: str = ""
    hours_utc: str = ""
    service_tier: str = ""
    above: int = 0

    @property
    def when(self) -> str:
        told = [
            f"since {self.since}" if self.since else "",
            f"{self.hours_utc} UTC" if self.hours_utc else "",
            self.service_tier,
            f"prompts over {self.above}" if self.above else "",
        ]
        return ", ".join(part for part in told if part) or "usually"

    def json(self) -> dict[str, Any]:
        rates = {name: value / NANOUSD_PER_USD for name, value in self.nanousd.items() if name != REQUEST}
        return {
            "since": self.since or None,
            "hours_utc": self.hours_utc or None,
            "service_tier": self.service_tier or None,
            "above_prompt_tokens": self.above,
            "request_usd": self.nanousd.get(REQUEST, 0) / NANOUSD_PER_USD,
            "usd_per_mtok": rates,
        }


def charges(row: PricedModel) -> tuple[Charge, ...]:
    """All that a row of the table tells."""
    return tuple(charge for tariff in (*row.tariffs, *row.services) for charge in _of(tariff))


def usd(nanousd: int | None) -> str:
    """Without noughts at the end; nothing for no price."""
    if nanousd is None:
        return ""
    whole, rest = divmod(nanousd, NANOUSD_PER_USD)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")


def _of(tariff: Tariff) -> Iterator[Charge]:
    told = tariff.rates()
    above = sorted({0, *(step[0] for rate in told.values() if not isinstance(rate, int) for step in rate)})
    fee = {REQUEST: tariff.request} if tariff.request else {}
    for prompt in above:
        yield Charge(
            {**{name: _at(rate, prompt) for name, rate in told.items()}, **fee},
            tariff.since,
            f"{tariff.from_utc}-{tariff.to_utc}" if tariff.from_utc else "",
            tariff.name if isinstance(tariff, Service) else "",
            prompt,
        )


def _at(rate: Rate, prompt: int) -> int:
    return rate if isinstance(rate, int) else [price for start, price in rate if start <= prompt][-1]


@dataclass(frozen=True, slots=True)
class Priced:
    """A model and what is known of it. `charges` None: nothing."""

    name: str
    priced_by: str
    charges: tuple[Charge, ...] | None
    context_window: int | None = None


def of_row(name: str, row: PricedModel) -> Priced:
    """A model that the table knows."""
    return Priced(name, f"{OF_THE_TABLE}{row.name}", charges(row), row.context_window)
