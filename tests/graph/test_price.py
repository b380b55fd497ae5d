from datetime import UTC, datetime

import pytest

from llmgw.config import model as file
from llmgw.graph.price import FREE, Band, Price, Rates, of_file, of_row, rates
from llmgw.providers.prices import PricedModel, Service, Tariff

NOON = 12 * 3600


def row(*tariffs: Tariff, services: tuple[Service, ...] = ()) -> PricedModel:
    return PricedModel(provider="p", model="m", match="m", tariffs=tariffs, services=services)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def input_rates(price: Price, *times: str, tier: str = "") -> list[int]:
    return [price.rates(1, at(time), tier).input for time in times]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"input": 4}, Rates(4, 0, 4, 4, 4, 4, 0, 4, 4)),
        ({"output": 4}, Rates(output=4, audio_output=4, image_output=4, reasoning=4)),
        ({"input": 4, "cache_write": 5}, Rates(4, 0, 4, 5, 5, 4, 0, 4, 4)),
        ({"input": 4, "cached_input": 1, "audio_input": 9}, Rates(4, 0, 1, 4, 4, 9, 0, 9, 4)),
        ({"input": 4, "cached_input": 1}, Rates(4, 0, 1, 4, 4, 4, 0, 1, 4)),
    ],
)
def test_a_class_without_a_price_costs_what_contains_it_costs(told: dict[str, int], expected: Rates) -> None:
    assert rates(told) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (file.Price(input_usd_per_mtok=0.15, output_usd_per_mtok=0.6), (150_000_000, 600_000_000, 150_000_000, 0)),
        (
            file.Price(input_usd_per_mtok=0.1, output_usd_per_mtok=4, cached_input_usd_per_mtok=0.000000001),
            (100_000_000, 4_000_000_000, 1, 0),
        ),
        (
            file.Price(input_usd_per_mtok=0.29, output_usd_per_mtok=0, cached_input_usd_per_mtok=0, request_usd=0.005),
            (290_000_000, 0, 0, 5_000_000),
        ),
        (file.Price(input_usd_per_mtok=1e-12, output_usd_per_mtok=0), (1, 0, 1, 0)),
    ],
)
def test_what_a_file_says_is_exact_and_never_less(told: file.Price, expected: tuple[int, int, int, int]) -> None:
    found = of_file(told).rates(10**9, NOON)

    assert (found.input, found.output, found.cached_input, found.request_nanousd) == expected


def test_a_service_tier_without_prices_is_known_only_where_it_is_a_discount() -> None:
    price = of_row(row(Tariff(input=2), services=(Service(name="priority", input=4),)))
    asked = ("", "priority", "flex", "batch", "fast", "ultrafast", "priority+fast")

    assert [name for name in asked if price.knows(name)] == ["", "priority", "flex", "batch"]
    assert [FREE.knows(""), FREE.knows("priority")] == [True, False]


def test_a_price_with_tiers_goes_by_the_size_of_the_prompt_for_all_tokens() -> None:
    price = of_row(row(Tariff(input=((0, 3), (200, 6)), output=((0, 15), (200, 22), (500, 30)), cached_input=1)))
    found = [price.rates(size, NOON) for size in (0, 200, 201, 500, 501)]

    assert [(one.input, one.output, one.cached_input) for one in found] == [
        (3, 15, 1),
        (3, 15, 1),
        (6, 22, 1),
        (6, 22, 1),
        (6, 30, 1),
    ]


def test_a_new_price_holds_from_its_day_on() -> None:
    price = of_row(row(Tariff(input=5), Tariff(since="2026-03-01", input=4), Tariff(since="2026-08-01", input=3)))

    assert input_rates(price, "2026-02-28T23:59:59", "2026-03-01", "2026-07-31T23:00", "2026-08-01") == [5, 4, 4, 3]
    assert price.rates(1, -1.0).input == 5


def test_hours_of_the_day_have_prices_of_their_own() -> None:
    price = of_row(row(Tariff(input=1), Tariff(from_utc="01:00", to_utc="04:00", input=2)))
    night = of_row(row(Tariff(input=1), Tariff(from_utc="23:00", to_utc="01:30", input=2)))

    assert input_rates(price, "2026-01-01T00:59:59", "2026-01-01T01:00", "2026-01-01T03:59", "2026-01-01T04:00") == [
        1,
        2,
        2,
        1,
    ]
    assert input_rates(night, "2026-01-01T22:59", "2026-01-01T23:00", "2026-01-02T01:29", "2026-01-02T01:30") == [
        1,
        2,
        2,
        1,
    ]


def test_a_service_tier_changes_what_it_names() -> None:
    flex = (Service(name="flex", since="2027-01-01", input=3), Service(name="flex", since="2026-06-01", input=2))
    price = of_row(row(Tariff(input=5, output=9, cached_input=1), services=flex))

    assert input_rates(price, "2026-01-01", "2026-06-01", "2027-01-01", tier="flex") == [5, 2, 3]
    assert input_rates(price, "2027-01-01", tier="never-heard-of") == [5]
    assert price.rates(1, at("2027-01-01"), "flex") == Rates(3, 9, 1, 3, 3, 3, 9, 1, 3, 9, 9)


def test_where_nothing_holds_yet_the_first_price_does() -> None:
    price = of_row(row(Tariff(since="2026-01-01", input=7), Tariff(since="2026-02-01", input=8)))

    assert input_rates(price, "2025-01-01", "2026-03-01") == [7, 8]


def test_what_may_hold_is_every_band_that_can_be_reached() -> None:
    slow = (Service(name="flex", input=2), Service(name="priority", input=9))
    price = of_row(row(Tariff(input=((0, 3), (200, 6))), services=slow))

    def inputs(size: int, tier: str | None) -> list[int]:
        return [one.input for one in price.possible(size, NOON, tier)]

    assert inputs(200, "") == [3]
    assert inputs(201, "") == [3, 6]
    assert inputs(200, "flex") == [3, 2]
    assert inputs(0, None) == [3, 2, 9]


def test_the_dearest_of_each_side_is_known() -> None:
    told = Rates(1, 2, 1, 3, 7, 5, 6, 4, 1, 8, 3)

    assert (told.dearest_input, told.dearest_output) == (7, 8)


def test_free_is_a_price() -> None:
    assert Price.flat(Rates()) == FREE
    assert FREE.rates(10**9, NOON) == Rates()
    assert [*FREE.possible(0, NOON, None)] == [Rates()]
    assert FREE.tariffs[0][""] == (Band(-1, Rates()),)


def test_what_a_request_costs_about_tells_its_cached_input_apart() -> None:
    price = Price.flat(Rates(input=2_000_000, cached_input=500_000, output=8_000_000, request_nanousd=7))

    assert price.about_nanousd(1000, 0, 10, NOON) == 2000 + 80 + 7
    assert price.about_nanousd(1000, 600, 10, NOON) == 800 + 300 + 80 + 7
