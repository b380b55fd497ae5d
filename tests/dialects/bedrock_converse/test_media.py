"""What is no text goes along as bytes, or as an address in S3, in a format that Bedrock knows by name."""

import sys
from typing import Any

import pytest

from llmgw.chat.conversation import Audio, File, Image
from llmgw.dialects.bedrock_converse.media import (
    DOCUMENTS_MAX,
    NAME_CHARS_MAX,
    Names,
    write_audio,
    write_file,
    write_image,
)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image("image/png", "AA=="), {"format": "png", "source": {"bytes": "AA=="}}),
        (Image("image/jpg", "AA=="), {"format": "jpeg", "source": {"bytes": "AA=="}}),
        (Image("IMAGE/WEBP; q=1", "AA=="), {"format": "webp", "source": {"bytes": "AA=="}}),
        (Image(url="s3://b/cat.gif"), {"format": "gif", "source": {"s3Location": {"uri": "s3://b/cat.gif"}}}),
    ],
)
def test_an_image_is_bytes_or_lies_in_s3(image: Image, expected: dict[str, Any]) -> None:
    unsaid: list[str] = []

    assert {"image": expected} == write_image(image, unsaid)
    assert unsaid == []


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (Image(url="https://example.com/cat.png"), "messages.image.url"),
        (Image("image/bmp", "AA=="), "messages.image"),
        (Image("image/png"), "messages.image"),
        (Image(), "messages.image"),
    ],
)
def test_an_image_that_bedrock_cannot_have_is_named(image: Image, name: str) -> None:
    unsaid: list[str] = []

    assert write_image(image, unsaid) is None
    assert unsaid == [name]


def test_how_closely_to_look_cannot_be_said() -> None:
    unsaid: list[str] = []

    assert write_image(Image("image/png", "AA==", detail="high"), unsaid) is not None
    assert unsaid == ["messages.image_url.detail"]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (File("a.pdf", "application/pdf", "AA=="), ("document", "pdf", "a")),
        (File("", "", "AA=="), ("document", "pdf", "document")),
        (File("notes.md", "", "AA=="), ("document", "md", "notes")),
        (File("x", "text/plain; charset=utf-8", "AA=="), ("document", "txt", "x")),
        (File("x", "text/x-rust", "AA=="), ("document", "txt", "x")),
        (File("x", "text/csv", "AA=="), ("document", "csv", "x")),
        (File("x", "application/json", "AA=="), ("document", "txt", "x")),
        (File("x", "application/vnd.ms-excel", "AA=="), ("document", "xls", "x")),
        (File("x.docx", "application/octet-stream", "AA=="), ("document", "docx", "x")),
        (File("x", "image/png", "AA=="), ("image", "png", None)),
        (File("x", "video/mp4", "AA=="), ("video", "mp4", None)),
        (File("x", "video/quicktime", "AA=="), ("video", "mov", None)),
        (File("x", "audio/mpeg", "AA=="), ("audio", "mpeg", None)),
    ],
)
def test_a_file_is_what_its_type_or_its_name_tells(file: File, expected: tuple[str, str, str | None]) -> None:
    unsaid: list[str] = []
    block = write_file(file, Names(), unsaid)

    assert block is not None
    ((kind, told),) = block.items()
    assert expected == (kind, told["format"], told.get("name"))
    assert (told["source"], unsaid) == ({"bytes": "AA=="}, [])


def test_a_file_may_lie_in_s3() -> None:
    told = write_file(File("x", url="s3://b/report.csv"), Names(), [])

    assert told == {"document": {"format": "csv", "source": {"s3Location": {"uri": "s3://b/report.csv"}}, "name": "x"}}


@pytest.mark.parametrize(
    "file",
    [
        File("x", "application/pdf", url="https://example.com/x.pdf"),
        File(id="file_1"),
        File("x", "application/zip", "AA=="),
        File("x", "video/x-unknown", "AA=="),
    ],
)
def test_a_file_that_bedrock_cannot_have_is_named(file: File) -> None:
    unsaid: list[str] = []

    assert write_file(file, Names(), unsaid) is None
    assert unsaid == ["messages.file"]


def test_a_sound_is_of_a_format_that_is_known() -> None:
    unsaid: list[str] = []

    assert write_audio(Audio("AA==", "wav"), unsaid) == {"audio": {"format": "wav", "source": {"bytes": "AA=="}}}
    assert write_audio(Audio("AA==", "midi"), unsaid) is None
    assert unsaid == ["messages.audio"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Report (final) [2].pdf", "Report (final) [2]"),
        ("John's  über_plan\t.v2.docx", "John s ber plan v2"),
        ("分析.pdf", "document"),
        (".pdf", "document"),
        ("a" * 300, "a" * NAME_CHARS_MAX),
    ],
)
def test_a_name_has_only_what_bedrock_takes(given: str, name: str) -> None:
    assert name == Names().take(given)


def test_no_two_names_are_the_same() -> None:
    names = Names()

    assert [names.take(name) for name in ("a.pdf", "A.txt", "a", "", "", "a 2")] == [
        *("a", "A 2", "a 3", "document", "document 2", "a 2 2")
    ]
    assert len({names.take("b" * 300) for _ in range(12)}) == 12


@pytest.mark.parametrize("given", ["a", "a" * 300])
def test_a_name_is_found_in_a_few_steps_however_often_it_was_taken(given: str) -> None:
    assert _lines_run(given, 400) < 6 * _lines_run(given, 100)


def test_more_documents_than_bedrock_would_take_are_named() -> None:
    names, unsaid = Names(), list[str]()
    told = [write_file(File("a.pdf", "", "AA=="), names, unsaid) for _ in range(DOCUMENTS_MAX + 2)]

    assert [block is None for block in told] == [False] * DOCUMENTS_MAX + [True] * 2
    assert unsaid == ["messages.file"] * 2


def _lines_run(given: str, times: int) -> int:
    """Steps are counted rather than timed: so the machine may be as busy as it likes."""
    steps = 0

    def trace(_frame: object, what: str, _told: object) -> Any:
        nonlocal steps
        steps += what == "line"
        return trace

    names, before = Names(), sys.gettrace()
    sys.settrace(trace)
    try:
        for _ in range(times):
            names.take(given)
    finally:
        sys.settrace(before)
    return steps
