import pytest

from llmgw.policy.slot_reading import read


def test_what_counts_comes_once_and_in_its_order() -> None:
    slots = read("Does Alice call Nora or does Nora call Alice?")

    assert slots.keys == ("?", "alice", "call", "nora")
    assert slots.exact == {"alice", "nora"}


def test_numbers_that_come_again_are_counted() -> None:
    assert read("What is 5 + 5 + 5?").again == ("2 +", "3 5")


def test_the_little_word_before_each_is_its_role() -> None:
    slots = read("flights from Rome to Bonn")

    assert slots.roles == {"flights": "", "rome": "from", "bonn": "to"}
    assert slots.links == {("flights", "from", "rome"), ("rome", "to", "bonn")}


def test_what_stands_together_is_a_compound() -> None:
    assert read("sort a Python list").compounds == {("Python", "list")}


def test_a_negation_denies_what_follows() -> None:
    slots = read("plants that need sun but not water")

    assert (slots.negations, slots.denied) == (1, frozenset({"water"}))


@pytest.mark.parametrize(
    ("question", "owner", "speaker"),
    [
        ("Where is the car?", "", ""),
        ("Where is my car?", "my", ""),
        ("Where is your car?", "your", ""),
        ("Is my car in your garage?", "both", ""),
        ("Do I owe you money?", "", "me"),
        ("Do you owe me money?", "", "you"),
    ],
)
def test_whose_it_is_and_who_comes_first(question: str, owner: str, speaker: str) -> None:
    slots = read(question)

    assert (slots.owner, slots.speaker) == (owner, speaker)


def test_what_is_done_to_us_is_not_what_we_do() -> None:
    assert read("How much do I owe?").persons == {"i"}
    assert read("How much am I owed?").persons == {"i am"}
    assert read("Can I sue my landlord").doing == {"sue"}


def test_determiners_go_with_what_follows() -> None:
    slots = read("Is this book by a friend of my wife?")

    assert {key: word for key, word in slots.determiners.items() if word} == {
        "book": "this",
        "friend": "a",
        "wife": "my",
    }


def test_large_letters_make_names_where_words_have_none() -> None:
    slots = read("Where do I buy Foobar today?")

    assert (slots.names, slots.small) == (frozenset({"foobar"}), frozenset({"buy", "today"}))


@pytest.mark.parametrize(
    ("question", "modal"), [("How long might I", "may"), ("must he", "should"), ("I would", ""), ("How can I", "")]
)
def test_of_words_for_can_and_should_the_first_counts(question: str, modal: str) -> None:
    assert read(question).modal == modal


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("I lost my card", True),
        ("Hi, it works", True),
        ("I lost my card, what now?", False),
        ("my card", False),
        ("I want a card", False),
        ("", False),
    ],
)
def test_what_is_told_asks_for_nothing(question: str, *, expected: bool) -> None:
    assert read(question).is_told == expected
