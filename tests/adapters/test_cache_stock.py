import pytest

from llmgw.adapters.cache_stock import (
    EVERYTHING,
    Wanted,
    WrongFilterError,
    key_start,
    nobody,
    nothing,
    partial_key,
    read_wanted,
)
from tests.adapters.cached import NOW_MS, kept

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EVERYTHING, True),
        (Wanted(rule="faq", scope="key=search", model="chat", key=KEY), True),
        (Wanted(rule="faq", scope=""), False),
        (Wanted(rule="fa"), False),
        (Wanted(model="gpt"), False),
        (Wanted(model="ch*"), True),
        (Wanted(model="ch*x"), False),
        (Wanted(key=b"other"), False),
        (Wanted(older_than_s=10), True),
        (Wanted(older_than_s=11), False),
    ],
)
def test_all_that_is_said_has_to_be_so(wanted: Wanted, *, expected: bool) -> None:
    assert wanted.is_met(KEY, kept(kept_ms=NOW_MS - 10_000), NOW_MS) is expected


def test_filters_are_read_as_they_are_written() -> None:
    nobody(KEY)
    nothing()
    given = {"rule": "faq", "scope": "", "older_than": "1h", "key": "00FF" * 16}

    assert read_wanted(given) == Wanted(rule="faq", scope="", older_than_s=3600.0, key=b"\x00\xff" * 16)
    assert read_wanted({"rule": None}) == EVERYTHING


@pytest.mark.parametrize(
    ("part", "text", "expected"),
    [
        ("older_than", "60", "not a duration: 60ms or 60s?"),
        ("key", "abc", "not the key of an entry: write the hex digits"),
        ("key", "", "not the key"),
        ("key", "zz", "not the key"),
    ],
)
def test_a_wrong_filter_says_what_is_wrong(part: str, text: str, expected: str) -> None:
    with pytest.raises(WrongFilterError, match=expected) as failure:
        read_wanted({part: text})

    assert failure.value.part == part


@pytest.mark.parametrize("text", ["0123ABcd", "0123456789abc", "f" * 64])
def test_the_beginning_of_a_key_names_an_entry(text: str) -> None:
    assert key_start(text) == text.lower()


@pytest.mark.parametrize("text", ["", "0123abc", "0123abcx", "f" * 65, "0123abcd "])
def test_too_little_of_a_key_or_what_is_none_names_nothing(text: str) -> None:
    with pytest.raises(WrongFilterError, match="not the key of an entry: write the hex digits") as failure:
        key_start(text)

    assert failure.value.part == "key"


def test_only_of_a_part_of_a_key_the_rest_is_looked_for() -> None:
    given: list[dict[str, str | None]] = [{"key": "ABCD" * 2}, {"key": "ab" * 32}, {"key": None}, {}]

    assert [partial_key(one) for one in given] == ["abcdabcd", None, None, None]


def test_a_beginning_has_to_be_that_of_one_key() -> None:
    keys = [start.ljust(64, "0") for start in ("aaaaaaaa0", "aaaaaaaa1", "bbbbbbbb")]

    assert read_wanted({"key": "BBBBBBBB", "rule": "a"}, keys) == Wanted(rule="a", key=bytes.fromhex(keys[2]))
    assert read_wanted({"key": "cccccccc"}, keys) is None
    with pytest.raises(WrongFilterError, match="2 entries have a key that begins so: write more of it"):
        read_wanted({"key": "aaaaaaaa"}, keys)


def test_other_filters_are_read_even_if_nothing_has_that_key() -> None:
    with pytest.raises(WrongFilterError, match="not a duration"):
        read_wanted({"key": "cccccccc", "older_than": "60"}, ())
