import pytest

from llmgw.chat.wording import in_words

WORDS = {"stop": ("stop_sequences",), "effort": ("thinking", "output.effort"), "messages": ("contents",)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("stop", "stop_sequences"),
        ("messages.image", "contents.image"),
        ("seed", "seed"),
        ("messages_of_mine", "messages_of_mine"),
        ("effort", "thinking"),
    ],
)
def test_a_caller_is_told_in_his_own_words(name: str, expected: str) -> None:
    assert in_words(WORDS, name, ()) == expected


def test_of_several_words_it_is_the_one_that_he_wrote() -> None:
    assert in_words(WORDS, "effort", {"output"}) == "output.effort"
    assert in_words(WORDS, "effort", {"output", "thinking"}) == "thinking"
