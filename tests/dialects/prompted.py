"""What the tests of small dialects have in common: a conversation of one message, and how a stream is read."""

import json
from typing import Any

from llmgw.chat.conversation import Conversation, Message, Role, Text
from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.events import Event
from llmgw.chat.request import Edits

NO_EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
HELLO = Conversation(model="m", messages=(Message(Role.USER, (Text("Say hello"),)),))


def written(
    dialect: ProviderDialect, conversation: Conversation, edits: Edits = NO_EDITS
) -> tuple[dict[str, Any], set[str]]:
    body, unsaid = dialect.write_conversation(conversation, edits)
    return json.loads(body), set(unsaid)


def decoded(dialect: ProviderDialect, *pieces: bytes) -> list[Event]:
    decoder = dialect.decoder()
    return [event for piece in pieces for event in decoder.read(piece)]
