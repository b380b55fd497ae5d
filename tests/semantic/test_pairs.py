"""The labelled pairs themselves: many, of every kind, and those held out are others than those to tune with."""

import pytest

from tests.semantic.pairs import Pair, fresh, held_out, later, tuning

KINDS = {"number", "quantity", "unit", "date", "name", "entity", "negation", "polarity", "direction", "tense", "topic"}


def test_there_are_enough() -> None:
    assert len(tuning()) >= 900
    assert len(held_out()) >= 500
    assert len(fresh()) >= 120


@pytest.mark.parametrize("pairs", [tuning(), held_out()], ids=["tuning", "held out"])
def test_every_kind_of_near_miss_is_there(pairs: list[Pair]) -> None:
    kinds = {pair.kind.strip() for pair in pairs if not pair.same}

    assert kinds == KINDS
    assert 0.35 < sum(pair.same for pair in pairs) / len(pairs) < 0.65


def test_the_fresh_ones_have_more_kinds_and_half_of_them_are_the_same() -> None:
    kinds = {pair.kind for pair in fresh() if not pair.same}

    assert kinds == KINDS - {"entity", "polarity", "topic"} | {"place", "role", "version"}
    assert sum(pair.same for pair in fresh()) == len(fresh()) / 2


def test_no_pair_is_labelled_twice() -> None:
    labels: dict[frozenset[str], bool] = {}
    twice = []
    for pair in [*tuning(), *held_out(), *fresh(), *later()]:
        both = frozenset({pair.a, pair.b})
        if labels.setdefault(both, pair.same) != pair.same or len(both) == 1:
            twice.append(pair)

    assert twice == []


@pytest.mark.parametrize("pairs", [held_out(), fresh(), later()], ids=["held out", "fresh", "later"])
def test_what_is_held_out_is_not_tuned_with(pairs: list[Pair]) -> None:
    tuned = {text for pair in tuning() for text in (pair.a, pair.b)}

    assert {text for pair in pairs for text in (pair.a, pair.b)} & tuned == set()
