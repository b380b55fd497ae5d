import pytest

from llmgw.policy.slot_frames import framed, is_deed, task


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("why is it?", ("why is it?", True)),
        ("Hi, could you tell me why?", ("why?", False)),
        ("Delete it, please", ("Delete it", True)),
    ],
)
def test_a_question_is_left_of_what_stands_around_it(text: str, expected: tuple[str, bool]) -> None:
    assert framed(text) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Please explain tides", "explain"),
        ("Could you list the tides", "list"),
        ("What are tides?", ""),
        ("explain", ""),
    ],
)
def test_the_words_around_may_say_what_is_to_be_done(question: str, expected: str) -> None:
    assert task(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Could you delete it?", True),
        ("Hi, please delete it", True),
        ("Delete it, please", True),
        ("I'd like you to delete it", True),
        ("Could you explain it?", False),
        ("Please tell me how it works", False),
        ("I want to delete it", False),
        ("Delete it", False),
    ],
)
def test_who_says_please_wants_it_done_unless_it_is_to_be_told(question: str, *, expected: bool) -> None:
    assert is_deed(question) == expected
