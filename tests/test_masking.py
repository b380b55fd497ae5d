"""Our key is found however a provider spells it; what has no key in it stays as it is."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.masking import Mask, masked

KEY = 'sec"ret/é+\\12345'
MASK = Mask([KEY])

SPELLINGS: dict[str, Callable[[str], str]] = {
    "ascii": json.dumps,
    "letters": lambda text: json.dumps(text, ensure_ascii=False),
    "slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "all escaped": lambda text: '"' + "".join(f"\\u{ord(char):04X}" for char in text) + '"',
    "JSON in JSON": lambda text: json.dumps(json.dumps({"inner": text})),
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps([text]))),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("shape", ['{"error":{"message":%s}}', "[%s,1,null]", "{%s:true}", "%s", "[" * 9000 + "%s"])
def test_a_key_is_found_however_it_is_spelled(spelling: str, shape: str) -> None:
    spell = SPELLINGS[spelling]

    masked = MASK.body((shape % spell(f"no {KEY} here")).encode())

    assert b"***" in masked
    assert not MASK.is_needed(masked)
    if "[[" not in shape:  # what can be read says the same but for the key
        assert json.loads(masked) == json.loads(shape % spell("no *** here"))


@pytest.mark.parametrize("said", [b"\xff no JSON: %s \xfe", b'{"a": %s', b"<p>%s</p>", b'{"a":"\\ud83d %s"}'])
def test_what_cannot_be_read_is_searched_all_the_same(said: bytes) -> None:
    assert said % b"***" == MASK.body(said % KEY.encode())
    assert MASK.is_needed(said % KEY.encode())


@given(st.binary())
def test_without_a_key_no_byte_changes(said: bytes) -> None:
    assert said == MASK.body(said) == Mask([]).body(said)
    assert not MASK.is_needed(said)


def test_what_is_secret_in_a_value_is_each_of_its_parts_unless_it_is_short() -> None:
    mask = Mask(["Bearer sk-12345678", "sid=cookie-1234; theme=dark-mode", "2024-06"])
    said = "sk-12345678 Bearer cookie-1234 dark-mode theme 2024-06 sid"

    assert mask.text(said) == "*** Bearer *** *** theme 2024-06 sid"


def test_a_whole_value_is_one_mask() -> None:
    assert Mask(["Bearer sk-12345678"]).text("a Bearer sk-12345678 b \ud83d") == "a *** b \ud83d"


@pytest.mark.parametrize("filler", [b"\\", b"s", b'sec\\"ret', b"\\u0073"])
def test_a_megabyte_of_near_misses_is_no_trouble(filler: bytes) -> None:
    assert not MASK.is_needed(filler * (1024 * 1024 // len(filler)))


def test_texts_of_ours_are_searched_as_they_are() -> None:
    assert masked("no model 'the-secret-of-x', the-secret-of-x", ["the-secret-of-x"]) == "no model '***', ***"
    assert masked("short words stay", ["short"]) == "short words stay"
    assert masked("nothing here", []) == "nothing here"
