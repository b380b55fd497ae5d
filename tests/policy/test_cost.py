"""Money is integers: exact, rounded once, up."""

from dataclasses import fields
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.graph.price import FREE, Price, Rates, of_row
from llmgw.policy.cost import as_usd, cost_nanousd, worst_case
from llmgw.providers.prices import PricedModel, Service, Tariff
from tests.partners import bodies
from tests.partners.bodies import chat_answer, chat_events, encode

NOW_S = 1.7e9
M = 1_000_000
GPT = Price.flat(Rates(150 * M, 600 * M, 75 * M, 200 * M, 300 * M, 400 * M, 500 * M, 40 * M, 160 * M, 900 * M, 700 * M))
COUNTS = st.integers(0, 10**7)
RATES = st.builds(Rates, *[st.integers(0, 10**12)] * len(fields(Rates)))
SHARES = st.lists(st.integers(0, 1000), min_size=5, max_size=5)


@pytest.mark.parametrize(
    ("usage", "nanousd"),
    [
        (Usage(), 0),
        (Usage(M, 0), 150 * M),
        (Usage(0, M), 600 * M),
        (Usage(M, 0, cached_input_tokens=M), 75 * M),
        (Usage(M, M, 400_000), 90 * M + 30 * M + 600 * M),
        (Usage(0, 10, reasoning_tokens=7), 3 * 600 + 7 * 700),
        (Usage(0, 10, reasoning_tokens=11), 10 * 700),  # some count more thoughts than words
        (Usage(M, 0, cache_write_input_tokens=400_000), 90 * M + 80 * M),
        (Usage(M, 0, cache_write_input_tokens=400_000, cache_write_1h_input_tokens=300_000), 90 * M + 20 * M + 90 * M),
        (Usage(10, 0, audio_input_tokens=4, image_input_tokens=3), 3 * 150 + 4 * 400 + 3 * 160),
        (Usage(10, 0, 6, audio_input_tokens=5, cached_audio_input_tokens=4), 3 * 150 + 1 * 400 + 2 * 75 + 4 * 40),
        (Usage(10, 0, 8, image_input_tokens=10), 2 * 160 + 8 * 75),  # of what was seen, some had been cached
        (Usage(0, 10, audio_output_tokens=4, image_output_tokens=3), 3 * 600 + 4 * 500 + 3 * 900),
        (Usage(10, 0, cached_input_tokens=161), 161 * 75),  # never below zero, and nothing cached is forgotten
    ],
)
def test_each_class_of_tokens_has_its_price(usage: Usage, nanousd: int) -> None:
    assert nanousd == cost_nanousd(usage, GPT, NOW_S)


def test_the_sum_is_rounded_once_and_up() -> None:
    third = Price.flat(Rates(1, 1, 1))

    assert cost_nanousd(Usage(1, 1), third, NOW_S) == 1
    assert cost_nanousd(Usage(M, 0), third, NOW_S) == 1
    assert cost_nanousd(Usage(M, 1), third, NOW_S) == 2


def test_a_request_may_cost_something_beside_its_tokens() -> None:
    assert cost_nanousd(Usage(1, 0), Price.flat(Rates(1, request_nanousd=5)), NOW_S) == 6


def test_the_service_tier_that_is_told_wins_over_the_one_asked_for() -> None:
    tiers = (Service(name="flex", input=M), Service(name="priority", input=9 * M))
    row = PricedModel(provider="p", model="m", match="m", tariffs=(Tariff(input=3 * M),), services=tiers)
    price = of_row(row)

    assert [cost_nanousd(Usage(1), price, NOW_S, asked) for asked in ("", "flex", "odd")] == [3, 1, 3]
    assert cost_nanousd(Usage(1, service_tier="priority"), price, NOW_S, "flex") == 9
    worst = [
        worst_case(1, 1, price, NOW_S, tokens_max=0, may_cap=False, service_tier=asked) for asked in ("", "flex", None)
    ]
    assert [case.nanousd(0) for case in worst] == [3, 3, 9]


@given(COUNTS, COUNTS, COUNTS, RATES)
def test_the_cost_is_exact(uncached: int, cached: int, output: int, rates: Rates) -> None:
    exact = Fraction(uncached * rates.input + cached * rates.cached_input + output * rates.output, M)
    usage = Usage(uncached + cached, output, cached)

    assert ceil(exact) + rates.request_nanousd == cost_nanousd(usage, Price.flat(rates), NOW_S)
    assert cost_nanousd(usage, FREE, NOW_S) == 0


@given(COUNTS, COUNTS, SHARES, SHARES, RATES, st.integers(1, 4))
def test_no_answer_costs_more_than_its_worst_case(
    input_tokens: int, output: int, reads: list[int], says: list[int], rates: Rates, n: int
) -> None:
    """Whatever part of the tokens is of which class."""
    read = [input_tokens * share // max(sum(reads), 1) for share in reads]
    said = [n * output * share // max(sum(says), 1) for share in says]
    usage = Usage(
        input_tokens,
        n * output,
        read[0] + read[1],
        said[0],
        read[2] + read[3],
        read[3],
        input_tokens,
        read[1],
        said[1],
        input_tokens,
        said[2],
    )
    worst = worst_case(input_tokens, n, Price.flat(rates), NOW_S, tokens_max=output, may_cap=False)

    assert cost_nanousd(usage, Price.flat(rates), NOW_S) <= worst.nanousd(output)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), RATES)
def test_streamed_and_unstreamed_bills_are_equal(
    prompt: int, completion: int, cached: int, reasoning: int, rates: Rates
) -> None:
    told = bodies.Usage(prompt, completion, cached, reasoning)
    answer = openai_chat.read_answer(encode(chat_answer(usage=told)))
    signs = [openai_chat.read_event(event) for event in chat_events(include_usage=True, usage=told)]
    streamed = next(sign.usage for sign in signs if sign.usage)
    price = Price.flat(rates)

    assert answer.usage is not None
    assert cost_nanousd(answer.usage, price, NOW_S) == cost_nanousd(streamed, price, NOW_S)


@pytest.mark.parametrize(
    ("nanousd", "usd"),
    [(0, "0.000000000"), (1, "0.000000001"), (1_500_000_000, "1.500000000"), (10**18 + 7, "1000000000.000000007")],
)
def test_dollars_are_written_with_all_nine_places(nanousd: int, usd: str) -> None:
    assert usd == as_usd(nanousd)


@given(st.integers(0, 10**20))
def test_written_dollars_are_exact(nanousd: int) -> None:
    assert Fraction(nanousd, 10**9) == Fraction(as_usd(nanousd))
