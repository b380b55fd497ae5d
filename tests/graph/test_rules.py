"""Amounts by the value of a bucket, and who is not named."""

from llmgw.graph.rules import Amounts


def test_one_amount_holds_for_all() -> None:
    amounts = Amounts(5)

    assert [amounts.of(values) for values in ((), ("a",), ("a", "b"))] == [5, 5, 5]


def test_who_is_not_named_has_what_the_others_have() -> None:
    amounts = Amounts(1, {"a": 9, "": 0})

    assert [amounts.of((value,)) for value in ("a", "", "b")] == [9, 0, 1]


def test_without_others_they_are_not_limited() -> None:
    assert Amounts(None, {"a": 9}).of(("b",)) is None
