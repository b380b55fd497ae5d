"""Images, audio and files, there and back."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Audio, File, Image
from llmgw.dialects.gemini_generate.media import Media, read_blob, read_file, write_media
from llmgw.dialects.gemini_generate.wire import Blob, FileData

STORED = "https://generativelanguage.googleapis.com/v1beta/files/abc"


@pytest.mark.parametrize(
    ("told", "media"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": "AA=="}}, Image("image/png", "AA==")),
        ({"inlineData": {"mimeType": "audio/wav", "data": "AA=="}}, Audio("AA==", "wav")),
        ({"inlineData": {"mimeType": "video/mp4", "data": "AA=="}}, File(media_type="video/mp4", data="AA==")),
        (
            {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}},
            File(media_type="application/pdf", data="AA=="),
        ),
        ({"fileData": {"mimeType": "image/png", "fileUri": "https://a.b/c.png?d"}}, Image(url="https://a.b/c.png?d")),
        (
            {"fileData": {"mimeType": "text/csv", "fileUri": "https://a.b/c"}},
            File(media_type="text/csv", url="https://a.b/c"),
        ),
        ({"fileData": {"mimeType": "image/png", "fileUri": "gs://a/b"}}, File(media_type="image/png", id="gs://a/b")),
        ({"fileData": {"fileUri": STORED}}, File(id=STORED)),
    ],
)
def test_media_come_and_go(told: dict[str, Any], media: Media) -> None:
    ((kind, fields),) = told.items()
    read = (
        read_blob(msgspec.convert(fields, Blob))
        if kind == "inlineData"
        else read_file(msgspec.convert(fields, FileData))
    )

    assert media == read
    assert told == write_media(media)


@pytest.mark.parametrize(
    ("data", "usual"), [("42mNk-M9Q_w=", "42mNk+M9Q/w="), ("-_8", "+/8="), ("AAAA", "AAAA"), ("", "")]
)
def test_base64_for_urls_becomes_what_all_others_want(data: str, usual: str) -> None:
    assert read_blob(Blob("image/png", data)) == Image("image/png", usual)


@pytest.mark.parametrize(
    ("mime_type", "form"),
    [("audio/mpeg", "mp3"), ("audio/x-wav", "wav"), ("audio/L16;codec=pcm;rate=24000", "l16"), ("audio/ogg", "ogg")],
)
def test_audio_has_many_names(mime_type: str, form: str) -> None:
    assert read_blob(Blob(mime_type, "AA==")) == Audio("AA==", form)


@pytest.mark.parametrize(
    ("url", "mime_type"),
    [("https://a/b.PNG#c", "image/png"), ("https://a/b.webp?c=.gif", "image/webp"), ("https://a.b/c", "image/jpeg")],
)
def test_an_image_behind_an_address_has_the_type_of_its_ending(url: str, mime_type: str) -> None:
    assert write_media(Image(url=url)) == {"fileData": {"mimeType": mime_type, "fileUri": url}}


def test_what_nobody_names_is_what_it_usually_is() -> None:
    assert write_media(Image(data="AA==")) == {"inlineData": {"mimeType": "image/jpeg", "data": "AA=="}}
    assert write_media(File(data="AA==")) == {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}}
    assert write_media(File(url="https://a/b")) == {
        "fileData": {"mimeType": "application/pdf", "fileUri": "https://a/b"}
    }
    assert write_media(Audio("AA==", "pcm16")) == {"inlineData": {"mimeType": "audio/pcm", "data": "AA=="}}


def test_a_file_in_the_store_of_another_cannot_be_said() -> None:
    assert write_media(File(id="file-abc")) is None
