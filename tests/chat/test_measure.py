"""The bound of a request's input is never below what any tokenizer could count."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.measure import (
    IMAGE_TOKENS_MAX,
    MESSAGE_TOKENS_MAX,
    NUMBER_TOKENS_MAX,
    bytes_beside,
    earlier,
    has_images,
    input_tokens_max,
    texts_of,
    turns,
)
from llmgw.errors import InvalidRequestError

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1000}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "text", "a"]), inner),
    max_leaves=12,
)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_text_is_bounded_by_its_bytes(texts: list[str]) -> None:
    messages = [{"role": "user", "content": text} for text in texts]
    expected = sum(len(text.encode()) + len("user") + MESSAGE_TOKENS_MAX for text in texts)

    assert expected == input_tokens_max(messages)


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        (None, 0),
        ("é", 2),
        ("half a character: \ud83d", 21),
        ([{"type": "text", "text": "abc"}], len("text") + 3),
        ([IMAGE, {"type": "input_image"}, {"type": "image"}], 3 * IMAGE_TOKENS_MAX),
        ([{"type": "input_audio", "input_audio": {"data": "AAAA"}}], len("input_audio") + 4),
        ([{"type": ["image"], "n": 5}], len("image") + NUMBER_TOKENS_MAX),
        ([{"type": {"image": True}}], NUMBER_TOKENS_MAX),
    ],
)
def test_each_kind_of_content_has_its_bound(content: object, tokens: int) -> None:
    assert tokens + MESSAGE_TOKENS_MAX == input_tokens_max([{"content": content}])


def test_what_is_beside_the_messages_counts_with_every_byte() -> None:
    assert input_tokens_max(None, 10) == MESSAGE_TOKENS_MAX + 10


@pytest.mark.parametrize(
    "name",
    ["tools", "functions", "tool_choice", "response_format", "prediction", "web_search_options", "of_tomorrow"],
)
def test_every_field_may_reach_the_model(name: str) -> None:
    assert bytes_beside({name: msgspec.Raw(b'{"a": "b"}')}) == 10


@pytest.mark.parametrize(
    "name", ["messages", "model", "stream", "temperature", "max_tokens", "user", "metadata", "stop"]
)
def test_only_messages_and_what_the_model_never_sees_are_left_out(name: str) -> None:
    assert bytes_beside({name: msgspec.Raw(b'"0123456789"')}) == 0


def test_messages_may_have_another_name() -> None:
    fields = {"input": msgspec.Raw(b'"0123456789"'), "messages": msgspec.Raw(b'"01"')}

    assert bytes_beside(fields, "input") == 4


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([{"role": "user", "content": "image"}], False),
        ([{"role": "user", "content": [IMAGE]}], True),
        ([{"role": "tool", "content": [{"type": "result", "content": [IMAGE]}]}], True),
        ([{"type": ["image"]}], False),
        (None, False),
    ],
)
def test_images_are_seen_wherever_they_are(messages: object, expected: bool) -> None:
    assert expected == has_images(messages)


@given(JSON)
def test_no_messages_are_too_odd(messages: object) -> None:
    assert input_tokens_max(messages) >= 0
    assert has_images(messages) in {True, False}


def test_no_depth_is_too_much() -> None:
    messages: object = "x" * 7
    for _ in range(100_000):
        messages = [messages]

    assert input_tokens_max(messages) == 7 + MESSAGE_TOKENS_MAX
    assert not has_images(messages)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'[{"role":"user"}]', [{"role": "user"}]),
        (b'"hello"', [{"role": "user", "content": "hello"}]),
        (b'{"role":"user"}', []),
        (b"null", []),
    ],
)
def test_messages_are_a_list_or_what_the_user_says(raw: bytes, expected: list[object]) -> None:
    assert expected == turns(msgspec.Raw(raw))
    assert turns(None) == []


@pytest.mark.parametrize("raw", [b'"\xff"', b'"\\ud800"', b"9" * 6000, b"[" * 100_000])
def test_messages_that_cannot_be_decoded_are_the_callers_fault(raw: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="input: ") as raised:
        turns(msgspec.Raw(raw), "input")
    assert raised.value.param == "input"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"text":"abc","other":"x"}', [b"abc"]),
        (b'{"text" : "a\\"b\\\\"}', [rb"a\"b\\"]),
        (b'{"delta":"","text":"\xc3\xa9"}', [b"", b"\xc3\xa9"]),
        (b'{"other":"\\"text\\":\\"no\\""}', []),
        (b'{"text":"cut', []),
        (b'{"text":5}', []),
    ],
)
def test_texts_are_found_by_their_names(data: bytes, expected: list[bytes]) -> None:
    assert texts_of("text", "delta").findall(data) == expected


@pytest.mark.parametrize("model", ["assistant", "model"])
def test_what_was_sent_before_ends_with_the_last_turn_of_the_model(model: str) -> None:
    user, answer = {"role": "user"}, {"role": model}

    assert earlier([user, answer, user, answer, user, user]) == [user, answer, user, answer]
    assert earlier([user, "text"]) == []
