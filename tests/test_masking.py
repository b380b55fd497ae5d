"""Our key is found however a provider spells it; what has no key in it stays as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw import masking

KEY = 'sec"ret/é+12345'


def spelled(text: str, spelling: str) -> bytes:
    """The same JSON string in the spelling of one of many encoders."""
    match spelling:
        case "ascii":
            return json.dumps(text).encode()
        case "letters":
            return json.dumps(text, ensure_ascii=False).encode()
        case "slashes":
            return json.dumps(text).replace("/", "\\/").encode()
        case _:
            return b'"' + b"".join(b"\\u%04x" % ord(char) for char in text) + b'"'


@pytest.mark.parametrize("spelling", ["ascii", "letters", "slashes", "all escaped"])
@pytest.mark.parametrize("shape", [b'{"error":{"message":%s}}', b"[%s,1,null]", b"{%s:true}", b"%s"])
def test_a_key_is_found_however_it_is_spelled(spelling: str, shape: bytes) -> None:
    masked = masking.body(shape % spelled(f"no {KEY} here", spelling), [KEY])

    assert json.loads(masked) == json.loads(shape % b'"no *** here"')


@pytest.mark.parametrize("said", [b"\xff no JSON: %s \xfe", b'{"a": %s', b"<p>%s</p>"])
def test_what_is_no_json_is_searched_as_it_is(said: bytes) -> None:
    assert said % b"***" == masking.body(said % KEY.encode(), [KEY])


def test_what_a_reader_would_overlook_is_searched_too() -> None:
    twice = b'{"a":"sk-12345678","a":"b"}'

    assert masking.body(twice, ["sk-12345678"]) == b'{"a":"***","a":"b"}'


@given(st.binary())
def test_without_a_key_no_byte_changes(said: bytes) -> None:
    assert said == masking.body(said, [KEY])
    assert not masking.has_secret(said, [KEY])


def test_what_is_secret_in_a_header_is_its_last_word_unless_it_is_short() -> None:
    assert masking.secrets(["Bearer sk-12345678", "k-12345678", "application/x", "2024-06"]) == [
        "sk-12345678",
        "k-12345678",
        "application/x",
    ]


def test_a_text_is_masked_everywhere() -> None:
    assert masking.text("a sk-12345678 b sk-12345678", ["sk-12345678"]) == "a *** b ***"
