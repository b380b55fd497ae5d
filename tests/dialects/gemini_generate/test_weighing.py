"""What a part is, is told by its field; in either spelling it weighs the same."""

import msgspec
import pytest

from llmgw.chat.weighing import Weight
from llmgw.dialects.gemini_generate.weighing import weigh

DATA = "A" * 4000


def weighed(*parts: object) -> Weight:
    return weigh(msgspec.json.encode([{"role": "user", "parts": [{"text": "hi"}, *parts]}]))


def test_text_is_its_bytes() -> None:
    turns = msgspec.json.encode([{"role": "user", "parts": [{"text": 'say "inlineData": {"mimeType"'}]}])

    assert weigh(turns) == Weight(len(turns))


def test_calls_and_proofs_are_their_bytes() -> None:
    weight = weighed({"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": DATA})

    assert weight.text_bytes > len(DATA)
    assert msgspec.structs.replace(weight, text_bytes=0) == Weight(0)


@pytest.mark.parametrize(
    ("part", "weight"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": DATA}}, Weight(0, 1)),
        ({"inline_data": {"mime_type": "image/png", "data": DATA}}, Weight(0, 1)),
        ({"fileData": {"mimeType": "image/png", "fileUri": "https://a/b.png"}}, Weight(0, 1)),
        ({"inlineData": {"mimeType": "audio/wav", "data": DATA}}, Weight(0, 0, "inlineData of audio/wav", 4000)),
        ({"inline_data": {"mime_type": "video/mp4", "data": DATA}}, Weight(0, 0, "inline_data of video/mp4", 4000)),
        ({"inlineData": {"data": DATA}}, Weight(0, 0, "inlineData of no type", 4000)),
        ({"fileData": {"fileUri": "https://youtu.be/a"}}, Weight(0, unbounded="fileData")),
        ({"fileData": {"mimeType": "application/pdf", "fileUri": "https://a/b.pdf"}}, Weight(0, unbounded="fileData")),
        ({"fileData": {"mimeType": "image/png", "fileUri": "gs://a/b.png"}}, Weight(0, unbounded="fileData")),
        ({"file_data": {"mime_type": "image/png", "file_uri": "files/a"}}, Weight(0, unbounded="file_data")),
        ({"file_data": {"mime_type": 5, "file_uri": 5}}, Weight(0, unbounded="file_data")),
    ],
)
def test_each_kind_of_data_has_its_bound(part: dict[str, object], weight: Weight) -> None:
    found = weighed(part)
    within = weighed({"functionResponse": {"name": "f", "response": {}, "parts": [part]}})

    assert msgspec.structs.replace(found, text_bytes=0) == weight
    assert msgspec.structs.replace(within, text_bytes=0) == weight
    assert found.text_bytes < 200


def test_a_turn_need_not_be_in_a_list() -> None:
    turn = {"parts": {"inlineData": {"mimeType": "image/png", "data": DATA}}}

    assert weigh(msgspec.json.encode(turn)).images == 1


@pytest.mark.parametrize("turns", [b'[{"Data":', b'[{"\\u0061":' + b"[" * 100_000])
def test_turns_that_cannot_be_read_are_not_bounded(turns: bytes) -> None:
    assert weigh(turns.replace(b'"Data"', b'"inlineData"')).unbounded == "what cannot be read"


def test_no_field_hides() -> None:
    turns = b'[{"parts":[{"inline\\u0044ata":{"mimeType":"image/png","data":"AAAA"}}]}]'

    assert weigh(turns).images == 1
