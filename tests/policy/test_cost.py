"""Money is integers: exact, rounded once, up."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.graph.model import FREE, Price
from llmgw.policy.cost import as_usd, cost_nanousd
from tests.partners import bodies
from tests.partners.bodies import chat_answer, chat_events, encode

GPT = Price(
    input_nanousd_per_mtok=150_000_000, output_nanousd_per_mtok=600_000_000, cached_input_nanousd_per_mtok=75_000_000
)
COUNTS = st.integers(0, 10**7)
PRICES = st.builds(Price, *[st.integers(0, 10**12)] * 3)


@pytest.mark.parametrize(
    ("usage", "nanousd"),
    [
        (Usage(), 0),
        (Usage(1_000_000, 0), 150_000_000),
        (Usage(0, 1_000_000), 600_000_000),
        (Usage(1_000_000, 0, cached_input_tokens=1_000_000), 75_000_000),
        (Usage(1_000_000, 1_000_000, 400_000), 90_000_000 + 30_000_000 + 600_000_000),
        (Usage(0, 10, reasoning_tokens=7), 6_000),  # reasoning is output
        (Usage(1_000_000, 0, cache_write_input_tokens=400_000), 150_000_000),  # what was cached is input
        (Usage(10, 0, cached_input_tokens=161), 161 * 75),  # never below zero, and nothing cached is forgotten
    ],
)
def test_each_class_of_tokens_has_its_price(usage: Usage, nanousd: int) -> None:
    assert nanousd == cost_nanousd(usage, GPT)


def test_the_sum_is_rounded_once_and_up() -> None:
    third = Price(1, 1, 1)

    assert cost_nanousd(Usage(1, 1), third) == 1
    assert cost_nanousd(Usage(1_000_000, 0), third) == 1
    assert cost_nanousd(Usage(1_000_000, 1), third) == 2


@given(COUNTS, COUNTS, COUNTS, PRICES)
def test_the_cost_is_exact(uncached: int, cached: int, output: int, price: Price) -> None:
    exact = Fraction(
        uncached * price.input_nanousd_per_mtok
        + cached * price.cached_input_nanousd_per_mtok
        + output * price.output_nanousd_per_mtok,
        1_000_000,
    )

    assert ceil(exact) == cost_nanousd(Usage(uncached + cached, output, cached), price)
    assert cost_nanousd(Usage(uncached + cached, output, cached), FREE) == 0


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), PRICES)
def test_streamed_and_unstreamed_bills_are_equal(
    prompt: int, completion: int, cached: int, reasoning: int, price: Price
) -> None:
    told = bodies.Usage(prompt, completion, cached, reasoning)
    answer = openai_chat.read_answer(encode(chat_answer(usage=told)))
    signs = [openai_chat.read_event(event) for event in chat_events(include_usage=True, usage=told)]
    streamed = next(sign.usage for sign in signs if sign.usage)

    assert answer.usage is not None
    assert cost_nanousd(answer.usage, price) == cost_nanousd(streamed, price)


@pytest.mark.parametrize(
    ("nanousd", "usd"),
    [(0, "0.000000000"), (1, "0.000000001"), (1_500_000_000, "1.500000000"), (10**18 + 7, "1000000000.000000007")],
)
def test_dollars_are_written_with_all_nine_places(nanousd: int, usd: str) -> None:
    assert usd == as_usd(nanousd)


@given(st.integers(0, 10**20))
def test_written_dollars_are_exact(nanousd: int) -> None:
    assert Fraction(nanousd, 10**9) == Fraction(as_usd(nanousd))
