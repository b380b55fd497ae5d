"""Images, documents and search results, from the wire and onto it."""

import json
from base64 import b64encode
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import File, Image, Text
from llmgw.dialects.anthropic_messages.blocks import Block
from llmgw.dialects.anthropic_messages.media import (
    read_document,
    read_image,
    read_search_result,
    write_file,
    write_image,
)

PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}
PLAIN = b64encode("für".encode()).decode()


def block(**fields: Any) -> Block:
    return msgspec.json.decode(json.dumps({"type": "x", **fields}), type=Block)


@pytest.mark.parametrize(
    ("source", "file", "named"),
    [
        (PDF, File("", "application/pdf", "JVBE"), []),
        ({"type": "text", "media_type": "text/plain", "data": "für"}, File("", "text/plain", PLAIN), []),
        ({"type": "text", "data": "für", "media_type": None}, File("", "text/plain", PLAIN), []),
        ({"type": "content", "content": "für"}, File("", "text/plain", PLAIN), []),
        ({"type": "content", "content": [{"type": "text", "text": "für"}]}, File("", "text/plain", PLAIN), []),
        ({"type": "content", "content": [{"type": "image"}]}, None, ["messages.file.content"]),
        ({"type": "url", "url": "https://a"}, File(url="https://a"), []),
        ({"type": "file", "file_id": "file_1"}, File(id="file_1"), []),
        ({"type": "of_tomorrow"}, None, ["messages.file.of_tomorrow"]),
        (["what"], None, ["messages.file.none"]),
    ],
)
def test_each_source_of_a_document(source: Any, file: File | None, named: list[str]) -> None:
    beyond: list[str] = []

    assert (file, named) == (read_document(block(source=source), beyond), beyond)


def test_the_switches_of_a_document_are_named() -> None:
    beyond: list[str] = []
    read_document(block(source=PDF, citations={"enabled": True}, context="c"), beyond)
    read_document(block(source=PDF, citations={"enabled": False}), beyond)

    assert beyond == ["messages.document.citations", "messages.document.context"]


def test_a_source_of_the_wrong_shape_is_a_fault() -> None:
    with pytest.raises(msgspec.ValidationError):
        read_image(block(source={"type": 5}), [])


@pytest.mark.parametrize("content", ["said", [{"type": "text", "text": "said"}]])
def test_a_search_result_is_a_text_with_where_it_is_from(content: Any) -> None:
    beyond: list[str] = []
    found = block(source="https://a", title="t", content=content, citations={"enabled": True})

    assert read_search_result(found, beyond) == Text("t\nhttps://a\nsaid")
    assert beyond == ["messages.search_result.citations"]
    assert read_search_result(block(source=5), []) == Text("")


def test_the_detail_of_an_image_is_named() -> None:
    dropped: list[str] = []
    write_image(Image(url="https://a", detail="auto"), dropped)

    assert write_image(Image("image/png", "x", detail="low"), dropped) == {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "x"},
    }
    assert dropped == ["messages.image_url.detail"]


@pytest.mark.parametrize(
    ("file", "source", "named"),
    [
        (File(id="file_1"), {"type": "file", "file_id": "file_1"}, []),
        (File(id="file-abc"), None, ["messages.file"]),  # of OpenAI's store
        (File(url="https://a"), {"type": "url", "url": "https://a"}, []),
        (File(data="JV"), {"type": "base64", "media_type": "application/pdf", "data": "JV"}, []),
        (File(media_type="text/plain", data=PLAIN), {"type": "text", "media_type": "text/plain", "data": "für"}, []),
        (
            File(media_type="text/csv", data=PLAIN),
            {"type": "text", "media_type": "text/plain", "data": "für"},
            ["messages.document.media_type"],
        ),
        (File(media_type="text/plain", data="/w=="), None, ["messages.file"]),
        (File(media_type="application/zip", data="UEs"), None, ["messages.file"]),
    ],
)
def test_each_file(file: File, source: Any, named: list[str]) -> None:
    dropped: list[str] = []
    written = write_file(file, dropped)

    assert (source, named) == (written and written["source"], dropped)


def test_an_image_sent_as_a_file_is_an_image() -> None:
    assert write_file(File(media_type="image/png", data="x"), []) == {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "x"},
    }
