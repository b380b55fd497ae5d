import pytest

from llmgw.policy.slot_tokens import tokens


def keys(question: str) -> list[str]:
    return [token.key for token in tokens(question) if token.key]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("", []),
        ("20,000 and 20k and 1.5", ["20000", "20000", "1.5"]),
        ("2 bananas for twenty", ["2", "bananas", "20"]),
        ("$5, 5 dollars, 5 USD", ["5 dollar", "5 dollar", "5 dollar"]),
        ("15% of 80", ["15 percent", "80"]),
        ("10 km/h", ["10 km/h"]),
        ("on 3 May", ["3.5"]),
        ("on the 3rd of May, 2024", ["3.5.2024"]),
        ("on May 3 2024", ["3.5.2024"]),
        ("on 2024-05-03", ["3.5.2024"]),
        ("in May", ["month 5"]),
        ("at 7pm, 7 p.m. and 19:00", ["19:00", "19:00", "19:00"]),
        ("at 12am", ["0:00"]),
        ("of A-1042 and parse_date and gpt-4o", ["A-1042", "parse_date", "gpt-4o"]),
        ("a .docx of ~/notes.txt", [".docx", "~/notes.txt"]),
        ("use C++ or C#", ["use", "C++", "C#"]),
        ("it isn't", ["not"]),
        ("I cannot", ["not"]),
        ("without it", ["not"]),
        ("they won't", ["they", "future", "not"]),
        ("this week, that one", ["this", "week", "1"]),
        ("Can I go?", ["?can", "go"]),
        ("Is it open?", ["?", "open"]),
        ("meet Will and May", ["meet", "Will", "month 5"]),
        ("10 km, 10 KM, 5 mW, 5MW, 5 mw", ["10 kilometer", "10 kilometer", "5 mW", "5 MW", "5", "mw"]),
        ("$5M and $5k", ["5 dollar", "M", "5000 dollar"]),
        ("run f(x) && rm /", ["run", "f", "(", "x", "&&", "rm", "/"]),
        ("cups of China, buy china", ["cups", "China", "buy", "china"]),
        ("a to b, type a one", ["a", "b", "type", "a", "1"]),
        ("the third, 3rd and three", ["3th", "3th", "3"]),
        ("on the third of May", ["3.5"]),
        ("one and a half or one half, two and three", ["1", "and", "half", "1", "half", "2", "3"]),
        ("an or gate, the in operator", ["or", "gate", "in", "operator"]),
        ("the mean of it", ["mean"]),
        ("is there a bus there", ["?", "bus", "there"]),
        ("foo - bar, foo-bar:\n- foo", ["foo", "-", "bar", "foo", "bar", "foo"]),
        ("US law for US", ["US", "law", "US"]),
        ("HOW DO I SEE IT", ["see", "IT"]),
    ],
)
def test_what_counts_has_a_key(question: str, expected: list[str]) -> None:
    assert keys(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "how to cook rice",
        "What is the best way to cook rice?",
        "Hello! Could you please tell me how to cook rice, please?",
        "I want to cook rice. How do I do that?",
    ],
)
def test_what_stands_around_a_question_does_not_count(question: str) -> None:
    assert keys(question) == ["cook", "rice"]


def test_names_have_no_other_forms() -> None:
    found = {token.key: token.exact for token in tokens("do files of Niger")}

    assert found == {"?": False, "": False, "files": False, "niger": True}
