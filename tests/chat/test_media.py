from base64 import b64encode

import pytest

from llmgw.chat.conversation import File, Image
from llmgw.chat.media import address, as_image, text_of

HELLO = b64encode("grüße".encode()).decode()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (File("a.txt", "text/plain", HELLO), "grüße"),
        (File("a.json", "application/json", b64encode(b"{}").decode()), "{}"),
        (File("a.pdf", "application/pdf", HELLO), None),
        (File("a.txt", "text/plain", "not base64!"), None),
        (File("a.txt", "text/plain", b64encode(b"\xff").decode()), None),
        (File("a.txt", "text/plain", url="https://a.example/a.txt"), None),
        (File(id="file-1"), None),
    ],
)
def test_only_a_document_of_plain_text_that_is_here_has_a_text(file: File, text: str | None) -> None:
    assert text == text_of(file)


def test_an_image_that_came_as_a_file_is_an_image() -> None:
    assert as_image(File("a.png", "image/png", "AAAA")) == Image("image/png", "AAAA")
    assert as_image(File("a.png", "image/png", url="https://a.example")) is None
    assert as_image(File("a.txt", "text/plain", "AAAA")) is None


def test_an_image_is_behind_an_address_or_in_it() -> None:
    assert address(Image(url="https://a.example/a.png")) == "https://a.example/a.png"
    assert address(Image("image/png", "AAAA")) == "data:image/png;base64,AAAA"
