from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from llmgw.routing.dice import Dice, seed_of

# The generator's published outputs for this seed, as 64-bit integers; a draw is the upper 53 bits of one.
PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def test_draws_are_the_published_ones() -> None:
    dice = Dice(1234567)

    assert [dice.draw() for _ in PUBLISHED] == [(output >> 11) / (1 << 53) for output in PUBLISHED]


@given(st.integers(min_value=-(2**70), max_value=2**70))
def test_a_draw_is_from_zero_to_below_one_and_the_seed_decides_it(seed: int) -> None:
    one, other = Dice(seed), Dice(seed)
    drawn = [one.draw() for _ in range(4)]

    assert drawn == [other.draw() for _ in range(4)]
    assert all(0.0 <= draw < 1.0 for draw in drawn)


def test_draws_are_even() -> None:
    dice = Dice(2026)
    tenths = Counter(int(dice.draw() * 10) for _ in range(20_000))

    assert sorted(tenths) == list(range(10))
    assert all(abs(count - 2_000) < 200 for count in tenths.values())


def test_a_seed_comes_from_the_id_of_a_request() -> None:
    assert seed_of("req-1") == seed_of("req-1") != seed_of("req-2")


def test_a_seed_survives_a_json_reader_that_knows_only_doubles() -> None:
    seeds = [seed_of(str(number)) for number in range(1000)]

    assert all(0 <= seed < 2**53 and int(float(seed)) == seed for seed in seeds)
    assert len(set(seeds)) == 1000
