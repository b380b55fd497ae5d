"""Every wire format of embeddings says and hears the same things."""

import msgspec
import pytest

from llmgw.chat.usage import Usage
from llmgw.dialects.cohere_embeddings import cohere_embeddings
from llmgw.dialects.gemini_embeddings import gemini_embeddings
from llmgw.dialects.openai_embeddings import openai_embeddings
from llmgw.embedding.dialect import EmbeddingsDialect
from llmgw.errors import UpstreamProtocolError
from tests.partners.embeddings_upstream import vector_of, written

DIALECTS = [openai_embeddings, gemini_embeddings, cohere_embeddings]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_text_goes_out_and_its_vector_comes_back(dialect: EmbeddingsDialect) -> None:
    body = msgspec.json.encode(dialect.write("m", ["two words"]))
    answer = msgspec.json.encode(written(msgspec.json.decode(body)))
    vectors = dialect.read(answer)

    assert [list(values) for values in vectors.values] == [pytest.approx(vector_of("two words"))]
    assert vectors.usage == Usage(input_tokens=2)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"data":[{}]}', b'{"embedding":{"values":["a"]}}', b"\xff", b"[" * 9999]
)
def test_what_is_no_answer_is_the_providers_fault(dialect: EmbeddingsDialect, body: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        dialect.read(body)
