"""The tables agree with each other: a word that is only wording says nothing, and so nothing the same."""

import pytest

from llmgw.policy import slot_words


def test_a_word_stands_for_one_thing() -> None:
    said = [word for group in slot_words._SAME.split(";") for word in group.split()]

    assert sorted({word for word in said if said.count(word) > 1}) == []
    assert set(said) & slot_words.WORDING == set()


def test_a_unit_stands_for_one_thing() -> None:
    said = [word for group in slot_words._UNITS.split(";") for word in group.split()]

    assert sorted({word for word in said if said.count(word) > 1}) == []


def test_what_decides_is_no_wording() -> None:
    deciding = (
        slot_words.NEGATIONS | slot_words.TENSES.keys() | slot_words.numbers().keys() | {"who", "when", "where", "why"}
    )

    assert deciding & slot_words.WORDING == set()


@pytest.mark.parametrize(
    ("said", "expected"),
    [("km", "kilometer"), ("KM", "kilometer"), ("mb", None), ("Mb", "Mbit"), ("MB", "MB"), ("m", "meter"), ("M", None)],
)
def test_the_case_of_a_unit_counts_where_it_is_another_one(said: str, expected: str | None) -> None:
    assert slot_words.unit(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("What is the reason that it fails", "why it fails"),
        ("turn the light off", "disable the light"),
        ("Is it possible to fly", "can i fly"),
        ("Is it going to rain", "will rain"),
        ("How many dogs", "count dogs"),
        ("How many are 5 dogs", "5 dogs"),
        ("what it has to do", "what it must do"),
        ("a few of them", "several of them"),
        ("somewhat is the way", "somewhat is the way"),
    ],
)
def test_turns_of_phrase_come_to_one(said: str, expected: str) -> None:
    assert slot_words.PHRASES.sub(slot_words.rephrased, said) == expected
