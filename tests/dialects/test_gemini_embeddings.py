from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_embeddings import gemini_embeddings


def test_the_text_is_a_part() -> None:
    written = gemini_embeddings.write("gemini-embedding-001", ["a"])

    assert written == {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "a"}]}}


def test_usage_is_told_by_some_models_only() -> None:
    silent = gemini_embeddings.read(b'{"embedding":{"values":[1,0.5]}}')
    telling = gemini_embeddings.read(b'{"embedding":{"values":[1]},"usageMetadata":{"promptTokenCount":7}}')

    assert (silent.values, silent.usage) == ([[1.0, 0.5]], None)
    assert telling.usage == Usage(input_tokens=7)
