"""Parts as callers send them, and as all providers take them."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Audio, File, Image, Part, Reasoning, Refusal, Text
from llmgw.dialects.openai_chat.parts import Content, cache, read_content, write_part

PNG = "data:image/png;base64,iVBO"
PDF = "data:application/pdf;base64,JVBE"
EPHEMERAL = {"type": "ephemeral"}


def read(content: Any) -> list[Part | str]:
    return list(read_content(msgspec.convert(content, Content)))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("Hi", Text("Hi")),
        ({"text": "Hi"}, Text("Hi")),
        ({"type": "text", "text": "Hi", "cache_control": EPHEMERAL}, Text("Hi", "5m")),
        ({"type": "text", "text": "Hi", "cache_control": {**EPHEMERAL, "ttl": "1h"}}, Text("Hi", "1h")),
        ({"type": "text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}}, Text("Hi", "5m")),
        ({"type": "input_text", "text": "Hi"}, Text("Hi")),
        ({"type": "text", "text": None}, Text("")),
        ({"type": "refusal", "refusal": "No"}, Refusal("No")),
        ({"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}, Image("image/png", "iVBO", detail="low")),
        ({"type": "image_url", "image_url": {"url": "https://x/y.png"}}, Image(url="https://x/y.png")),
        ({"type": "image_url", "image_url": "https://x/y.png"}, Image(url="https://x/y.png")),
        ({"type": "image_url", "image_url": 5}, Image()),
        ({"type": "image_url", "image_url": {"url": "data:image/png;x=y;base64,iVBO"}}, Image("image/png", "iVBO")),
        ({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}, Audio("UklG", "wav")),
        ({"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}, File("a.pdf", "application/pdf", "JVBE")),
        ({"type": "file", "file": {"filename": "a", "file_data": "JVBE"}}, File("a", "application/pdf", "JVBE")),
        ({"type": "file", "file": {"file_data": "https://x/a.pdf"}}, File("", "application/pdf", url="https://x/a.pdf")),
        ({"type": "file", "file": {"file_id": "file-1"}}, File(id="file-1")),
        ({"type": "file"}, File()),
        ({"type": "document_url", "document_url": "https://x"}, File(media_type="application/pdf", url="https://x")),
        ({"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, Reasoning("Hm")),
        ({"type": "video_url", "video_url": {}}, "video_url"),
    ],
)  # fmt: skip
def test_a_part_is_read(part: Any, expected: Part | str) -> None:
    assert read([part]) == [expected]


def test_a_content_may_be_a_text_or_nothing() -> None:
    assert (read("Hi"), read(None), read([])) == ([Text("Hi")], [], [])


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Text("Hi", "5m"), {"type": "text", "text": "Hi"}),
        (Image("image/png", "iVBO"), {"type": "image_url", "image_url": {"url": PNG}}),
        (Image(url="u", detail="low"), {"type": "image_url", "image_url": {"url": "u", "detail": "low"}}),
        (Audio("UklG", "wav"), {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}),
        (File("a.pdf", "application/pdf", "JVBE"), {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}),
        (File(data="JVBE"), {"type": "file", "file": {"filename": "document.pdf", "file_data": PDF}}),
        (File(url="u"), {"type": "file", "file": {"filename": "document.pdf", "file_data": "u"}}),
        (File(id="file-1"), {"type": "file", "file": {"file_id": "file-1"}}),
        (Text(""), {"type": "text", "text": ""}),
    ],
)
def test_a_part_is_written(part: Text | Image | Audio | File, expected: dict[str, Any]) -> None:
    assert write_part(part, pytest.fail) == expected


def test_documents_of_text_are_text_and_those_of_other_stores_are_unknown() -> None:
    dropped: list[str] = []
    plain = b64encode(b"Hello").decode()

    assert write_part(File("a.md", "text/markdown", plain), dropped.append) == {"type": "text", "text": "a.md\nHello"}
    assert write_part(File("", "text/plain", plain), dropped.append) == {"type": "text", "text": "Hello"}
    assert write_part(File(id="file_011C"), dropped.append) is None
    assert dropped == ["messages.document", "messages.document", "messages.file"]


def test_a_mark_says_for_how_long() -> None:
    assert [cache(mark) for mark in (None, {}, EPHEMERAL, True, {"ttl": "1h"})] == ["", "", "5m", "5m", "1h"]
