import pytest

from llmgw.cli.tariffs import Charge, charges, usd
from llmgw.providers.prices import PricedModel, Service, Tariff


def test_each_thing_that_changes_a_price_has_a_line() -> None:
    row = PricedModel(
        provider="p",
        model="m",
        match="m",
        tariffs=(
            Tariff(input=((0, 1), (200, 2)), output=5, request=7),
            Tariff(since="2026-01-02", from_utc="01:00", to_utc="02:00", input=3),
        ),
        services=(Service(name="flex", input=4),),
    )
    found = charges(row)

    assert found == (
        Charge({"input": 1, "output": 5, "request": 7}),
        Charge({"input": 2, "output": 5, "request": 7}, above=200),
        Charge({"input": 3}, "2026-01-02", "01:00-02:00"),
        Charge({"input": 4}, service_tier="flex"),
    )
    assert [charge.when for charge in found] == [
        "usually",
        "prompts over 200",
        "since 2026-01-02, 01:00-02:00 UTC",
        "flex",
    ]
    assert found[0].json()["request_usd"] == 7e-9


@pytest.mark.parametrize(
    ("nanousd", "told"), [(None, ""), (0, "0"), (2_500_000_000, "2.5"), (1, "0.000000001"), (10**10, "10")]
)
def test_dollars_end_with_a_digit_that_says_something(nanousd: int | None, told: str) -> None:
    assert usd(nanousd) == told
