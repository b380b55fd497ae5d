import struct
from base64 import b64encode

import msgspec
import pytest

from llmgw.chat.usage import Usage
from llmgw.dialects.openai_embeddings import openai_embeddings


def test_the_texts_are_a_list() -> None:
    assert openai_embeddings.write("m", ["a", "b"]) == {"model": "m", "input": ["a", "b"]}


def test_vectors_come_in_the_order_of_their_index() -> None:
    body = b'{"data":[{"index":1,"embedding":[2.0]},{"index":0,"embedding":[1.0]}]}'

    assert openai_embeddings.read(body).values == [[1.0], [2.0]]


def test_a_vector_may_be_base64() -> None:
    text = b64encode(struct.pack("<2f", 1.0, 2.0)).decode()
    (values,) = openai_embeddings.read(msgspec.json.encode({"data": [{"embedding": text}]})).values

    assert list(values) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (b"null", None),
        (b"{}", None),
        (b'{"prompt_tokens":3,"total_tokens":3}', Usage(input_tokens=3)),
        (b'{"total_tokens":4}', Usage(input_tokens=4)),
    ],
)
def test_usage_is_what_was_read(usage: bytes, expected: Usage | None) -> None:
    assert openai_embeddings.read(b'{"data":[],"usage":%b}' % usage).usage == expected
