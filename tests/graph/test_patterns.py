import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.graph.patterns import by_precedence, closest, star_of

text = st.text(alphabet="ab-*/", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("pattern", "name", "star"),
    [
        ("gpt-*", "gpt-4o", "4o"),
        ("*-mini", "gpt-4o-mini", "gpt-4o"),
        ("a*z", "abz", "b"),
        ("*", "x", "x"),
        ("gpt-*", "gpt-*", "*"),
        ("gpt-*", "gpt-", None),
        ("a*a", "a", None),
        ("aa*aa", "aaa", None),
        ("gpt-*", "claude", None),
        ("azure/*", "azure/..", None),
        ("azure/*", "azure/.", None),
        ("azure/*", "azure/...", "..."),
    ],
)
def test_a_star_stands_for_at_least_one_character_between_the_literal_parts(
    pattern: str, name: str, star: str | None
) -> None:
    assert star_of(pattern, name) == star


@given(prefix=text, star=text, suffix=text)
def test_what_is_filled_in_is_found_again(prefix: str, star: str, suffix: str) -> None:
    prefix, suffix = prefix.replace("*", ""), suffix.replace("*", "")

    assert star_of(f"{prefix}*{suffix}", f"{prefix}{star}{suffix}") == star


def test_longer_literal_parts_come_first_and_the_alphabet_decides_among_equals() -> None:
    assert by_precedence(["*", "b-*", "a-*", "*-long"]) == ["*-long", "a-*", "b-*", "*"]


@given(st.permutations(["*", "b-*", "a-*", "*-long", "*-b"]))
def test_the_order_of_the_file_never_decides(names: list[str]) -> None:
    assert closest(by_precedence(names), "a-b") == ("*-b", "a")


def test_a_name_without_a_pattern_has_none() -> None:
    assert closest(["a-*"], "b-1") is None
