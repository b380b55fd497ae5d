"""The labelled pairs themselves: many, of every kind, and those held out are others than those to tune with."""

import pytest

from tests.semantic.pairs import Pair, held_out, tuning

KINDS = {"number", "quantity", "unit", "date", "name", "entity", "negation", "polarity", "direction", "tense", "topic"}


def test_there_are_enough() -> None:
    assert len(tuning()) >= 900
    assert len(held_out()) >= 500


@pytest.mark.parametrize("pairs", [tuning(), held_out()], ids=["tuning", "held out"])
def test_every_kind_of_near_miss_is_there(pairs: list[Pair]) -> None:
    kinds = {pair.kind.strip() for pair in pairs if not pair.same}

    assert kinds == KINDS
    assert 0.35 < sum(pair.same for pair in pairs) / len(pairs) < 0.65


def test_no_pair_is_labelled_twice() -> None:
    labels: dict[frozenset[str], bool] = {}
    twice = []
    for pair in [*tuning(), *held_out()]:
        both = frozenset({pair.a, pair.b})
        if labels.setdefault(both, pair.same) != pair.same or len(both) == 1:
            twice.append(pair)

    assert twice == []


def test_what_is_held_out_is_not_tuned_with() -> None:
    tuned = {text for pair in tuning() for text in (pair.a, pair.b)}

    assert {text for pair in held_out() for text in (pair.a, pair.b)} & tuned == set()
