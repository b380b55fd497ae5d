import pytest

from llmgw.policy.slot_verbs import doer, is_going_on, is_undergone, main_verbs


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("", set()),
        ("what does it do", {"do"}),
        ("what does it eat", set()),
        ("things to do in rome", {"do"}),
        ("does it have wheels", {"have"}),
        ("which hosts have mirrors", {"have"}),
        ("have you seen it", set()),
        ("who has paid", set()),
        ("i have to go", set()),
        ("what do plants need", {"need"}),
        ("be a doctor", {"be"}),
        ("how to be happy", {"be"}),
        ("how to be paid", set()),
        ("can it be late", set()),
        ("who need to pay", set()),
    ],
)
def test_verbs_that_help_no_other_one_count(question: str, expected: set[str]) -> None:
    assert main_verbs(question.split()) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("who has been paid", True),
        ("who has paid", False),
        ("are whales hunted", True),
        ("who 's hired", True),
        ("is that a used", False),
        ("paid", False),
    ],
)
def test_who_is_paid_does_not_pay(question: str, *, expected: bool) -> None:
    words = question.split()

    assert is_undergone(words, len(words) - 1) == expected


@pytest.mark.parametrize(
    ("question", "expected"), [("is it raining", True), ("does it rain", False), ("is this the training", False)]
)
def test_what_is_going_on_is_of_now(question: str, *, expected: bool) -> None:
    words = question.split()

    assert is_going_on(words, len(words) - 1) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what depends on this", "who"),
        ("what does this depend on", "to whom"),
        ("which plants do not need sun", ""),
        ("what is this", ""),
        ("what leads to this", "who"),
        ("what to eat", ""),
        ("how does it work", ""),
        ("", ""),
    ],
)
def test_who_does_it_or_to_whom_is_asked(question: str, expected: str) -> None:
    assert doer(question.split()) == expected
