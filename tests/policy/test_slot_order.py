import pytest

from llmgw.policy.slot_order import KEYS_MAX, order_apart, role_apart
from llmgw.policy.slot_reading import read


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("trains to Rome from Bonn", "trains from Bonn to Rome", None),
        ("trains to Rome", "trains from Rome", "to rome / from rome"),
        ("tea in Rome", "tea for Rome", None),
        ("tea in Rome", "tea on Rome", "in rome / on rome"),
        ("read within Rome in 5 days", "read within Rome for 5 days", "in 5 day / for 5 day"),
        ("songs by Ann", "songs Ann", "by ann /  ann"),
        ("tea and milk", "tea or milk", "tea and milk / tea or milk"),
        ("dogs are pets", "dogs have pets", None),
    ],
)
def test_little_words_point_the_same_way(one: str, other: str, expected: str | None) -> None:
    assert role_apart(read(one), read(other)) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("tea and milk", "milk and tea", None),
        ("dogs are pets", "pets are dogs", "dogs is pets / pets is dogs"),
        ("sort Python list", "sort list in Python", None),
        ("man bites dog", "dog bites man", "man … bites / bites … man"),
        ("boss of Acme", "Acme's boss", None),
        ("sun not water", "not sun water", "not water / not sun"),
    ],
)
def test_order_counts_where_it_may_change_what_is_asked(one: str, other: str, expected: str | None) -> None:
    assert order_apart(read(one), read(other)) == expected


def test_the_order_of_very_many_is_not_looked_at() -> None:
    words = [f"w{number}" for number in range(KEYS_MAX + 1)]

    assert order_apart(read(" ".join(words)), read(" ".join(reversed(words)))) == "too long to be compared"
