import pytest

from llmgw.providers import embeddings


@pytest.mark.parametrize(
    ("dialect", "chat", "expected"),
    [
        ("openai_chat", "https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1/embeddings"),
        (
            "openai_chat",
            "https://a.example/openai/deployments/d/chat/completions?api-version=2024-10-21",
            "https://a.example/openai/deployments/d/embeddings?api-version=2024-10-21",
        ),
        ("openai_responses", "https://a.example/v1/responses", "https://a.example/v1/embeddings"),
        ("ollama_chat", "http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434/v1/embeddings"),
        (
            "gemini_generate",
            "https://g.example/v1beta/models/m:generateContent",
            "https://g.example/v1beta/models/m:embedContent",
        ),
        ("cohere_chat", "https://api.cohere.com/v2/chat", "https://api.cohere.com/v2/embed"),
        ("cohere_chat_v1", "https://api.cohere.com/v1/chat", "https://api.cohere.com/v2/embed"),
    ],
)
def test_embeddings_are_beside_the_chat(dialect: str, chat: str, expected: str) -> None:
    wire = embeddings.wire_beside(dialect, chat)

    assert wire is not None
    assert wire.url == expected


@pytest.mark.parametrize(
    ("dialect", "chat"),
    [
        ("anthropic_messages", "https://api.anthropic.com/v1/messages"),
        ("openai_chat", "https://api.writer.com/v1/chat"),
        ("gemini_generate", "https://x-aiplatform.googleapis.com/v1/publishers/google/models/m:generateContent"),
    ],
)
def test_some_have_none_that_we_know(dialect: str, chat: str) -> None:
    assert embeddings.wire_beside(dialect, chat) is None
