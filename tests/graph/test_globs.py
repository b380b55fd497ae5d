"""A star stands for any text, and nothing else stands for anything."""

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.graph.globs import matches, overlap

LETTERS = "ab-/"
NAMES = st.text(LETTERS, max_size=8)
GLOBS = st.text(f"{LETTERS}*", max_size=8)


@pytest.mark.parametrize(
    ("glob", "name", "expected"),
    [
        ("smart", "smart", True),
        ("smart", "smarter", False),
        ("smart", "Smart", False),
        ("cheap*", "cheap", True),
        ("cheap*", "cheap-2", True),
        ("*-mini", "gpt-4o-mini", True),
        ("gpt-*-mini", "gpt-4o-mini", True),
        ("gpt-*-mini", "gpt-mini", False),
        ("*4*o*", "gpt-4o", True),
        ("*", "", True),
        ("a.c", "abc", False),
        ("a[b]c", "abc", False),
        ("a?c", "abc", False),
        ("ab*ba", "aba", False),
    ],
)
def test_names_have_the_shape_of_globs(glob: str, name: str, expected: bool) -> None:
    assert matches(glob, name) is expected


@given(GLOBS, NAMES)
def test_any_glob_says_what_a_regular_expression_would(glob: str, name: str) -> None:
    pattern = ".*".join(map(re.escape, glob.split("*")))

    assert matches(glob, name) is (re.fullmatch(pattern, name) is not None)
    assert matches(glob, name) is fnmatchcase(name, glob)


@given(NAMES)
def test_any_name_without_a_star_is_a_glob_for_itself(name: str) -> None:
    assert matches(name, name)
    assert overlap(name, name)


@given(GLOBS, st.lists(NAMES, max_size=5))
def test_what_stands_for_the_stars_makes_any_name_of_that_shape(glob: str, fillings: list[str]) -> None:
    parts = glob.split("*")
    fillings = [*fillings, *[""] * len(parts)]
    name = parts[0] + "".join(f"{filling}{part}" for filling, part in zip(fillings, parts[1:], strict=False))

    assert matches(glob, name)


@given(GLOBS, GLOBS, NAMES)
def test_any_two_globs_that_share_a_name_overlap(one: str, other: str, name: str) -> None:
    if matches(one, name) and matches(other, name):
        assert overlap(one, other)
    assert overlap(one, other) is overlap(other, one)


@given(GLOBS, NAMES)
def test_a_glob_overlaps_with_any_name_that_it_matches_and_no_other(glob: str, name: str) -> None:
    assert overlap(glob, name) is matches(glob, name)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("gpt-4*", "gpt-*", True),
        ("*-mini", "gpt-*", True),
        ("o*", "gpt-*", False),
        ("*a", "*b", False),
        ("", "*", True),
    ],
)
def test_globs_overlap_where_one_name_could_have_both_shapes(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected


def test_many_stars_take_no_longer_than_few() -> None:
    assert not matches("a*" * 200 + "b", "a" * 5000)
