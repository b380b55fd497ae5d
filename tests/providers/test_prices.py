"""The table of prices: well-formed, found by the names that providers know, and never a guess."""

import re
from typing import Any

import pytest

from llmgw.providers import prices
from llmgw.providers.catalog import rows as providers
from llmgw.providers.prices import PricedModel, Service, Tariff, find, listed, rows, sellers, source

EVERY_ROW = [row for seller in sellers() for row in rows(seller)]


def regexes(clause: Any) -> list[str]:
    if isinstance(clause, list):
        return [one for part in clause for one in regexes(part)]
    if not isinstance(clause, dict):
        return []
    return [clause["regex"]] if "regex" in clause else regexes(clause.get("all"))


def test_the_table_says_where_it_is_from_and_of_which_day() -> None:
    assert source().source.startswith("genai-prices ")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", source().date)


def test_every_row_is_read_and_prices_something() -> None:
    assert len(EVERY_ROW) > 1500
    assert [row.model for row in EVERY_ROW if not any(tariff.rates() for tariff in row.tariffs)] == []
    assert {row.provider for row in EVERY_ROW} <= sellers().keys()


def test_every_regex_can_be_read() -> None:
    found = {one for row in EVERY_ROW for one in regexes(row.match)}

    assert {re.compile(one).pattern for one in found} == found != set()


def test_tiers_begin_at_nothing_and_grow() -> None:
    steps = [
        rate
        for row in EVERY_ROW
        for tariff in (*row.tariffs, *row.services)
        for rate in tariff.rates().values()
        if not isinstance(rate, int)
    ]

    assert steps
    assert [rate for rate in steps if rate[0][0] != 0 or [*rate] != sorted(rate)] == []


def test_nobody_sells_for_whom_the_table_does_not_know() -> None:
    table = prices._table()

    assert {name for referred in table._referred.values() for name in referred} <= sellers().keys()


def test_every_seller_that_a_row_of_the_catalogue_names_is_there() -> None:
    named = {row.name: row.priced_as for row in providers() if row.priced_as}
    starred = [name for name, seller in named.items() if seller.endswith("_*")]

    assert {name for name, seller in named.items() if seller not in sellers() and name not in starred} == set()
    assert starred == ["huggingface"]
    assert [seller for seller in sellers() if seller.startswith("huggingface_")]
    assert [name for name, seller in named.items() if name == seller] == []


def test_no_row_of_the_catalogue_misses_its_prices_for_its_name() -> None:
    """An alias that the table knows is a sign that somebody forgot to say so."""
    forgotten = [row.name for row in providers() if row.seller not in sellers() and {*row.aliases} & sellers().keys()]

    assert forgotten == []


def test_what_runs_here_is_in_no_table() -> None:
    assert {row.seller for row in providers() if row.local} == {""}


@pytest.mark.parametrize(
    ("seller", "model", "row"),
    [
        ("openai", "gpt-4o", "gpt-4o"),
        ("openai", "GPT-4o-2024-08-06", "gpt-4o"),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("google", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("aws", "us.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("azure", "gpt-4.1", "gpt-4.1"),  # sold at OpenAI's price
        ("x-ai", "grok-4", "grok-4-0709"),
        ("openrouter", "openai/gpt-4.1", "openai/gpt-4.1"),
    ],
)
def test_a_model_is_found_as_its_provider_names_it(seller: str, model: str, row: str) -> None:
    found = find(seller, model)

    assert found is not None
    assert found.model == row


@pytest.mark.parametrize(("seller", "model"), [("openai", "nobody"), ("nobody", "gpt-4o"), ("openai", "gpt-4o" * 40)])
def test_what_is_not_there_is_not_guessed(seller: str, model: str) -> None:
    assert find(seller, model) is None


def test_who_sells_for_others_says_so_in_the_models_name() -> None:
    whole = listed("huggingface_*", "huggingface/meta-llama/Llama-3.3-70B-Instruct:together")

    assert whole is not None
    assert whole.provider == "huggingface_together"
    assert listed("huggingface_*", "huggingface/meta-llama/Llama-3.3-70B-Instruct") is None
    assert listed("", "openai/gpt-4o") is None


def test_a_model_may_be_named_with_its_seller() -> None:
    gemini = listed("google", "vertex-openai/google/gemini-2.5-flash")

    assert gemini is not None
    assert gemini == listed("google", "gemini/gemini-2.5-flash")
    assert gemini.name == "google/gemini-2.5-flash"


@pytest.mark.parametrize(
    ("clause", "yes", "no"),
    [
        ("abc", "abc", "abcd"),
        ({"starts": "ab"}, "abc", "cab"),
        ({"ends": "bc"}, "abc", "bca"),
        ({"contains": "b"}, "abc", "ac"),
        ({"regex": "^a.c$"}, "abc", "abcd"),
        (["x", {"ends": "c"}], "abc", "y"),
        ({"all": [{"starts": "a"}, {"ends": "c"}]}, "abc", "ab"),
    ],
)
def test_each_kind_of_clause(clause: Any, yes: str, no: str) -> None:
    assert (prices._matches(clause, yes), prices._matches(clause, no)) == (True, False)


def test_of_several_tariffs_the_last_that_holds_counts_else_the_first() -> None:
    first, second, third = Tariff(since="2026-01-01"), Tariff(since="2026-02-01"), Tariff(since="2999-01-01")
    row = PricedModel(provider="p", model="m", match="m", tariffs=(first, second, third))

    assert [row.tariff(now_s) for now_s in (0.0, 1.7676e9, 1.8e9)] == [first, first, second]


def test_hours_may_reach_over_midnight() -> None:
    night, day = Tariff(from_utc="22:00", to_utc="02:00"), Tariff(from_utc="02:00", to_utc="22:00")
    hours = [0, 1, 2, 12, 21, 22, 23]

    assert [night.holds(hour * 3600) for hour in hours] == [True, True, False, False, False, True, True]
    assert [day.holds(hour * 3600) for hour in hours] == [False, False, True, True, True, False, False]


def test_of_a_service_tier_what_holds_is_given_in_its_order() -> None:
    later, now, other = (
        Service(name="flex", since="2999-01-01"),
        Service(name="flex"),
        Service(name="priority"),
    )
    row = PricedModel(provider="p", model="m", match="m", tariffs=(Tariff(),), services=(later, now, other))

    assert row.service("flex", 0.0) == (now,)
