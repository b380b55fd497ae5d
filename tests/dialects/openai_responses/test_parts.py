"""Parts of a message, in both directions."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Audio, File, Image, Refusal, Text
from llmgw.dialects.openai_responses.parts import Content, annotation, read_content, write_part

CITED = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 1, "end_index": 2}


def read(content: Any) -> tuple[tuple[Any, ...], list[str]]:
    dropped: list[str] = []
    return read_content(msgspec.convert(content, Content), dropped.append), dropped


@pytest.mark.parametrize(
    ("piece", "part"),
    [
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "output_text", "text": "a", "annotations": [CITED]}, Text("a", citations=(CITED,))),
        ({"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}, Text("a", "5m")),
        ({"type": "refusal", "refusal": "No."}, Refusal("No.")),
        (
            {"type": "input_image", "image_url": "https://a.example", "detail": "low"},
            Image(url="https://a.example", detail="low"),
        ),
        ({"type": "input_image", "image_url": "data:image/png;base64,AAAA"}, Image("image/png", "AAAA")),
        ({"type": "input_file", "file_id": "file_1"}, File(id="file_1")),
        ({"type": "input_file", "file_url": "https://a.example/x.pdf"}, File(url="https://a.example/x.pdf")),
        (
            {"type": "input_file", "filename": "x.csv", "file_data": "data:text/csv;base64,AAAA"},
            File("x.csv", "text/csv", "AAAA"),
        ),
        ({"type": "input_file", "file_data": "AAAA"}, File(media_type="application/pdf", data="AAAA")),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}, Audio("AAAA", "wav")),
    ],
)
def test_parts_are_read(piece: dict[str, Any], part: object) -> None:
    assert read([piece]) == ((part,), [])


def test_a_text_alone_is_content_too() -> None:
    assert read("hi") == ((Text("hi"),), [])
    assert read("") == read(None) == ((), [])


@pytest.mark.parametrize(
    ("piece", "name"),
    [
        ({"type": "of_tomorrow"}, "input.of_tomorrow"),
        ({"type": "input_image", "file_id": "file_1"}, "messages.image"),
        ({"type": "input_audio"}, "messages.audio"),
    ],
)
def test_what_has_no_word_is_named(piece: dict[str, Any], name: str) -> None:
    assert read([piece]) == ((), [name])


@pytest.mark.parametrize(
    "part",
    [
        Text("a"),
        Image("image/png", "AAAA", detail="high"),
        Image(url="https://a.example", detail="auto"),
        Audio("AAAA", "mp3"),
        File(id="file_1"),
        File(url="https://a.example/x.pdf"),
        File("x.csv", "text/csv", "AAAA"),
    ],
)
def test_what_is_written_is_read_again(part: Text | Image | Audio | File) -> None:
    assert read([write_part(part)]) == ((part,), [])


def test_what_a_file_is_where_nobody_says() -> None:
    assert write_part(File(data="AAAA")) == {
        "type": "input_file",
        "filename": "document.pdf",
        "file_data": "data:application/pdf;base64,AAAA",
    }


@pytest.mark.parametrize(
    ("citation", "told"),
    [
        (CITED, CITED),
        ({"type": "file_citation", "file_id": "f"}, {"type": "file_citation", "file_id": "f"}),
        ({"type": "url_citation", "url_citation": {**CITED, "type": None}}, CITED),
        (
            {"type": "web_search_result_location", "url": "u"},
            {**CITED, "url": "u", "title": "", "start_index": 0, "end_index": 0},
        ),
        ({"type": "char_location"}, None),
        ("x", None),
    ],
)
def test_citations(citation: object, told: object) -> None:
    assert annotation(citation) == told
