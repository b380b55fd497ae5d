import json

import pytest

from llmgw.chat.conversation import Conversation, Message, Role, Text
from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.request import Edits
from llmgw.dialects.cohere_chat.dialect import cohere_chat, cohere_chat_v1, cohere_generate_v1
from llmgw.errors import FailureClass
from llmgw.providers.catalog import catalog, dialect

HI = Conversation(model="m", messages=(Message(Role.USER, (Text("hi"),)),))


@pytest.mark.parametrize(
    ("spoken", "name", "field", "content_type"),
    [
        (cohere_chat, "cohere_chat", "messages", "text/event-stream"),
        (cohere_chat_v1, "cohere_chat_v1", "message", "application/stream+json"),
        (cohere_generate_v1, "cohere_generate_v1", "prompt", "application/stream+json"),
    ],
)
def test_each_is_spoken_under_its_name(spoken: ProviderDialect, name: str, field: str, content_type: str) -> None:
    body, _ = spoken.write_conversation(HI, Edits("up", {}, {}, frozenset(), ask_usage=True))

    assert (spoken.name, dialect(name)) == (name, spoken)
    assert content_type in spoken.framing.content_types
    assert field in json.loads(body)
    assert spoken.decoder().ended is False
    assert spoken.read_error(401, b'{"message": "invalid api token"}').failure is FailureClass.UNAUTHORIZED


@pytest.mark.parametrize(
    ("spoken", "body"),
    [
        (cohere_chat, b'{"message": {"content": "x"}}'),
        (cohere_chat_v1, b'{"text": "x"}'),
        (cohere_generate_v1, b'{"generations": [{"text": "x"}]}'),
    ],
)
def test_each_reads_its_answers(spoken: ProviderDialect, body: bytes) -> None:
    assert len(spoken.read_events(body)) == 3


def test_cohere_is_called_by_its_own_dialect_and_by_openais_under_another_name() -> None:
    own, other = catalog()["cohere"], catalog()["cohere-openai"]

    assert (own.dialect, own.base_url + own.chat_path) == ("cohere_chat", "https://api.cohere.com/v2/chat")
    assert (other.dialect, other.base_url) == ("openai_chat", "https://api.cohere.ai/compatibility/v1")
