from llmgw.chat.usage import Usage
from llmgw.dialects.cohere_embeddings import cohere_embeddings


def test_it_is_told_what_for() -> None:
    expected = {"model": "m", "texts": ["a"], "input_type": "search_query", "embedding_types": ["float"]}

    assert cohere_embeddings.write("m", ["a"]) == expected


def test_usage_is_what_is_billed() -> None:
    vectors = cohere_embeddings.read(b'{"embeddings":{"float":[[1,0]]},"meta":{"billed_units":{"input_tokens":5}}}')
    silent = cohere_embeddings.read(b'{"embeddings":{"float":[[1,0]]}}')

    assert (vectors.values, vectors.usage) == ([[1.0, 0.0]], Usage(input_tokens=5))
    assert silent.usage is None
