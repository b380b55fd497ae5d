"""Writes llmgw/providers/prices.jsonl from the package genai-prices: `make prices`.

What is kept is what the gateway can bill by: prices of token classes and of requests, their tiers by the size of the
prompt, when they hold, and the service tiers that change them. Prices are exact: integers of nano-dollars.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from genai_prices import types
from genai_prices.data import providers

TARGET = Path(__file__).resolve().parents[1] / "llmgw" / "providers" / "prices.jsonl"
PACKAGE = "genai-prices"
NANO = 1_000_000_000

# Their names of what is billed, and ours. What is not here (searches, pages, hours) is not billed by tokens.
CLASSES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "cache_audio_read_mtok": "cached_audio_input",
    "input_image_mtok": "image_input",
    "output_image_mtok": "image_output",
    "output_reasoning_mtok": "reasoning",
}
PER_REQUEST = "requests_kcount"


def rows() -> Iterator[dict[str, Any]]:
    yield {"source": f"{PACKAGE} {version(PACKAGE)}", "date": datetime.now(UTC).date().isoformat()}
    for provider in sorted(providers, key=lambda one: one.id):
        yield {"provider": provider.id, "falls_back_to": provider.fallback_model_providers or []}
        for model in provider.models:
            if row := _row(provider, model):
                yield row


def _row(provider: types.Provider, model: types.ModelInfo) -> dict[str, Any] | None:
    listed = model.prices if isinstance(model.prices, list) else [types.ConditionalPrice(prices=model.prices)]
    tariffs = [{**_when(one.constraint), **_tariff(one.prices)} for one in listed]
    if not any(_is_priced(tariff) for tariff in tariffs):
        return None
    row = {"provider": provider.id, "model": model.id, "match": _match(model.match), "tariffs": tariffs}
    if model.context_window:
        row["context_window"] = model.context_window
    if services := _services(model):
        row["services"] = services
    return row


def _services(model: types.ModelInfo) -> list[dict[str, Any]]:
    """What a service tier changes of the usual tariff."""
    found = []
    for variant in model.price_variants or []:
        tariff = _tariff(variant.prices)
        if set(variant.when) == {"service_tier"} and tariff:
            found.append({"name": variant.when["service_tier"], **_when(variant.constraint), **tariff})
    return found


def _tariff(prices: types.ModelPrice) -> dict[str, Any]:
    found = {ours: getattr(prices, theirs, None) for theirs, ours in CLASSES.items()}
    told: dict[str, Any] = {name: _rate(value) for name, value in found.items() if value is not None}
    fee = getattr(prices, PER_REQUEST, None)
    if isinstance(fee, Decimal):
        told["request"] = _whole(fee * NANO / 1000)
    return told


def _is_priced(tariff: dict[str, Any]) -> bool:
    return "input" in tariff or "output" in tariff


def _rate(value: Decimal | types.TieredPrices) -> int | list[list[int]]:
    """Nano-dollars per million tokens; with tiers, pairs: above how many tokens of the prompt, and the price."""
    if isinstance(value, Decimal):
        return _whole(value * NANO)
    return [[0, _whole(value.base * NANO)], *([tier.start, _whole(tier.price * NANO)] for tier in value.tiers)]


def _whole(value: Decimal) -> int:
    """Rounded up where a price has a part of a nano-dollar per million."""
    return int(value.to_integral_value(rounding="ROUND_CEILING"))


def _when(constraint: object) -> dict[str, str]:
    match constraint:
        case None:
            return {}
        case types.StartDateConstraint(start_date=date() as start):
            return {"since": start.isoformat()}
        case types.TimeOfDateConstraint(start_time=start, end_time=end):
            return {"from_utc": start.strftime("%H:%M"), "to_utc": end.strftime("%H:%M")}
    raise TypeError(f"a new kind of constraint: {constraint}")


def _match(clause: object) -> Any:  # noqa: PLR0911 - one for each kind
    """A list is any of them; {all: […]} is all of them; a text is equality."""
    match clause:
        case types.ClauseEquals(equals=text):
            return text
        case types.ClauseStartsWith(starts_with=text):
            return {"starts": text}
        case types.ClauseEndsWith(ends_with=text):
            return {"ends": text}
        case types.ClauseContains(contains=text):
            return {"contains": text}
        case types.ClauseRegex(regex=text):
            re.compile(text)
            return {"regex": text}
        case types.ClauseOr(or_=clauses):
            return [_match(one) for one in clauses]
        case types.ClauseAnd(and_=clauses):
            return {"all": [_match(one) for one in clauses]}
    raise TypeError(f"a new kind of clause: {clause}")


if __name__ == "__main__":
    lines = [msgspec.json.encode(row) for row in rows()]
    TARGET.write_bytes(b"\n".join(lines) + b"\n")
    sys.stdout.write(f"{len(lines)} lines, {TARGET.stat().st_size} bytes\n")
