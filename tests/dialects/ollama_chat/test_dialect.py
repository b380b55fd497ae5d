import json

import pytest

from llmgw.chat.conversation import Conversation, Message, Role, Text
from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.request import Edits
from llmgw.dialects.ollama_chat.dialect import ollama_chat, ollama_generate
from llmgw.errors import FailureClass
from llmgw.providers.catalog import catalog, dialect

ANSWER = b'{"model": "m", "message": {"content": "x"}, "response": "x", "done": true}\n'
HI = Conversation(model="m", messages=(Message(Role.USER, (Text("hi"),)),))


@pytest.mark.parametrize(
    ("spoken", "name", "field"),
    [(ollama_chat, "ollama_chat", "messages"), (ollama_generate, "ollama_generate", "prompt")],
)
def test_both_are_spoken_under_their_names(spoken: ProviderDialect, name: str, field: str) -> None:
    body, _ = spoken.write_conversation(HI, Edits("up", {}, {}, frozenset(), ask_usage=True))

    assert (spoken.name, dialect(name), spoken.framing.content_types[0]) == (name, spoken, "application/x-ndjson")
    assert field in json.loads(body)
    assert spoken.read_events(ANSWER) == spoken.decoder().read(ANSWER)
    assert spoken.read_error(404, b"{}").failure in (None, FailureClass.NOT_FOUND)


def test_ollama_is_called_by_its_own_dialect_and_by_openais_under_another_name() -> None:
    own, other = catalog()["ollama"], catalog()["ollama-openai"]

    assert (own.dialect, own.base_url + own.chat_path) == ("ollama_chat", "http://127.0.0.1:11434/api/chat")
    assert (other.dialect, other.base_url) == ("openai_chat", "http://127.0.0.1:11434/v1")
