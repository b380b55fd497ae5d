"""Turns of text weigh what their bytes are, undecoded; what else there is, is found however it is written."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.dialect import Dialect
from llmgw.chat.weighing import Kinds, Weight, has_hidden, weigh
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.dialects.openai_responses.dialect import openai_responses

KINDS = Kinds(
    text=frozenset({"text", "reasoning", "tool_result"}), images=frozenset({"image"}), media=frozenset({"file"})
)
DATA = "A" * 4000
PNG = f"data:image/png;base64,{DATA}"
PDF = f"data:application/pdf;base64,{DATA}"


def weighed(dialect: Dialect, *parts: object) -> Weight:
    return dialect.weigh(msgspec.json.encode([{"role": "user", "content": [{"type": "text", "text": "hi"}, *parts]}]))


@given(st.lists(st.text(max_size=40), max_size=4), st.booleans())
def test_text_is_its_bytes_however_it_is_written(texts: list[str], is_ascii: bool) -> None:
    try:
        turns = json.dumps([{"role": "user", "content": text} for text in texts], ensure_ascii=is_ascii).encode()
    except UnicodeEncodeError:
        return

    assert weigh(turns, KINDS) == Weight(len(turns))
    assert len(turns) >= sum(len(text.encode(errors="replace")) for text in texts)


@pytest.mark.parametrize(
    "text", ['"type":"image"', '{"type": "image", "url": "x"}', "image", 'a "type" of image', "\x1b[1m<b>&amp;"]
)
def test_what_a_text_says_about_pictures_is_text(text: str) -> None:
    turns = msgspec.json.encode([{"role": "user", "content": [{"type": "text", "text": text}]}])

    assert KINDS.is_text(turns)
    assert weigh(turns, KINDS) == Weight(len(turns))


@pytest.mark.parametrize(
    "kind", [b'"type":"image"', b'"type" :\n "image"', b'"\\u0074ype":"image"', b'"type":"im\\u0061ge"']
)
def test_no_picture_hides(kind: bytes) -> None:
    turns = b'[{"role":"user","content":[{%b,"url":"%b"}]}]' % (kind, b"x" * 500)
    weight = weigh(turns, KINDS)

    assert weight.images == 1
    assert 0 < weight.text_bytes <= len(turns) - 500


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (rb'"\u00e9 \u003cb\u003e \u001b \u0022"', False),
        (rb'"\u0061"', True),
        (rb'"\u005F"', True),
        (rb'"\u0041"', True),
        (rb'"\u007b"', False),
    ],
)
def test_letters_by_their_numbers_are_looked_into(turns: bytes, expected: bool) -> None:
    assert has_hidden(turns) is expected


@pytest.mark.parametrize(
    ("dialect", "part", "images"),
    [
        (openai_chat, {"type": "image_url", "image_url": {"url": PNG}}, 1),
        (openai_chat, {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "high"}}, 1),
        (openai_responses, {"type": "input_image", "image_url": PNG}, 1),
        (anthropic_messages, {"type": "image", "source": {"type": "base64", "data": DATA}}, 1),
        (anthropic_messages, {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}, 1),
        (
            anthropic_messages,
            {"type": "tool_result", "content": [{"type": "image", "source": {"type": "base64", "data": DATA}}] * 3},
            3,
        ),
        (
            anthropic_messages,
            {
                "type": "document",
                "source": {"type": "content", "content": [{"type": "image", "source": {"data": DATA}}]},
            },
            1,
        ),
    ],
)
def test_pictures_are_counted_and_their_data_is_no_text(dialect: Dialect, part: object, images: int) -> None:
    weight = weighed(dialect, part)

    assert (weight.images, weight.media, weight.unbounded) == (images, "", "")
    assert weight.text_bytes < 700


@pytest.mark.parametrize(
    ("dialect", "part", "media"),
    [
        (openai_chat, {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}}, "input_audio"),
        (openai_chat, {"type": "file", "file": {"file_data": PDF}}, "file"),
        (openai_chat, {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{DATA}"}}, "video_url"),
        (openai_responses, {"type": "input_file", "file_data": PDF}, "input_file"),
        (anthropic_messages, {"type": "document", "source": {"type": "base64", "data": DATA}}, "document"),
    ],
)
def test_sounds_and_documents_are_told_apart(dialect: Dialect, part: object, media: str) -> None:
    weight = weighed(dialect, part)

    assert (weight.media, weight.unbounded) == (media, "")
    assert weight.text_bytes < 200
    assert weight.media_bytes >= len(DATA)


@pytest.mark.parametrize(
    ("dialect", "part", "unbounded"),
    [
        (openai_chat, {"type": "file", "file": {"file_id": "file-1"}}, "file_id"),
        (openai_chat, {"type": "image_url", "image_url": {"file_id": "file-1"}}, "file_id"),
        (openai_chat, {"type": "document_url", "document_url": "https://a/b.pdf"}, "document_url by its address"),
        (openai_chat, {"type": "video_url", "video_url": {"url": "https://a/b"}}, "video_url by its address"),
        (openai_chat, {"type": "of_tomorrow"}, "of_tomorrow"),
        (openai_chat, {"type": ["text"]}, "['text']"),
        (openai_responses, {"type": "input_file", "file_id": "file-1"}, "file_id"),
        (openai_responses, {"type": "input_file", "file_url": "https://a/b.pdf"}, "input_file by its address"),
        (openai_responses, {"type": "input_image", "file_id": "file-1"}, "file_id"),
        (anthropic_messages, {"type": "document", "source": {"type": "file", "file_id": "file_1"}}, "file_id"),
        (anthropic_messages, {"type": "image", "source": {"type": "file", "file_id": "file_1"}}, "file_id"),
        (
            anthropic_messages,
            {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}},
            "document by its address",
        ),
        (anthropic_messages, {"type": "container_upload", "file_id": "file_1"}, "container_upload"),
    ],
)
def test_what_lies_elsewhere_and_what_nobody_knows_is_named(dialect: Dialect, part: object, unbounded: str) -> None:
    assert weighed(dialect, part).unbounded == unbounded


@pytest.mark.parametrize(
    ("turns", "weight"),
    [
        ([{"type": "item_reference", "id": "msg_1"}], Weight(0, unbounded="item_reference")),
        ([{"id": "msg_1"}], Weight(0, unbounded="item_reference")),
        ([{"type": "web_search_call", "id": "ws_1"}], Weight(0, unbounded="web_search_call")),
        ([{"type": "reasoning", "id": "rs_1", "summary": []}], Weight(0, media="reasoning")),
        ([{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}], Weight(0)),
        ([{"id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}], Weight(0)),
        ([{"type": "function_call", "id": "fc_1", "arguments": "{}", "call_id": "c"}], Weight(0)),
        (
            [{"type": "computer_call_output", "id": "c", "output": {"type": "computer_screenshot", "file_id": "f"}}],
            Weight(0, 1, unbounded="file_id"),
        ),
        ("hello", Weight(0)),
    ],
)
def test_items_that_the_provider_keeps_are_found(turns: object, weight: Weight) -> None:
    found = openai_responses.weigh(msgspec.json.encode(turns))

    assert msgspec.structs.replace(found, text_bytes=0) == weight
    assert found.text_bytes > 0


def test_what_was_said_aloud_is_kept_by_the_provider() -> None:
    turns = b'[{"role":"assistant","audio":{"id":"audio_1"}}]'

    assert openai_chat.weigh(turns).unbounded == "messages[0].audio"


@pytest.mark.parametrize(
    ("part", "media"),
    [
        (
            {"type": "document", "citations": {"enabled": True}, "source": {"type": "text", "data": "A. B."}},
            "citations",
        ),
        ({"type": "document", "citations": {"enabled": False}, "source": {"type": "text", "data": "A. B."}}, ""),
        ({"type": "text", "text": "A", "citations": [{"type": "char_location"}]}, ""),
    ],
)
def test_citations_number_every_sentence(part: object, media: str) -> None:
    assert weighed(anthropic_messages, part).media == media


def test_arguments_of_calls_have_kinds_of_their_own() -> None:
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {"type": "of_tomorrow", "content": 5}}

    assert weighed(anthropic_messages, call).unbounded == ""


def test_a_prompt_is_text_or_tokens() -> None:
    assert openai_completions.weigh(b"[1,2,3]") == Weight(7)


@pytest.mark.parametrize("turns", [b'[{"type":5}' + b"[" * 100_000, b'[{"type":', b'{"type":"\xff"}'])
def test_turns_that_cannot_be_read_are_not_bounded(turns: bytes) -> None:
    assert weigh(turns, KINDS).unbounded == "what cannot be read"


def test_half_a_character_breaks_nothing() -> None:
    turns = b'[{"role":"user","content":[{"type":"image","url":"\\ud83d"},{"type":"text","text":"\\ud83d"}]}]'

    assert weigh(turns, KINDS).images == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["type", "content", "role", "id", "source", "audio"]), inner)
        ),
        max_leaves=12,
    )
)
def test_no_turns_are_too_odd(turns: object) -> None:
    encoded = msgspec.json.encode(turns)

    for dialect in (openai_chat, openai_responses, anthropic_messages):
        assert 0 <= dialect.weigh(encoded).text_bytes <= len(encoded)
