"""Conversations and models that the tests of this dialect share, and what is written of them."""

import json
from typing import Any

from llmgw.chat.conversation import Conversation, Message, Part, Role, Text
from llmgw.chat.request import Edits
from llmgw.dialects.bedrock_converse.dialect import bedrock_converse

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-pro-v1:0"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
LLAMA = "meta.llama3-70b-instruct-v1:0"
GPT = "openai.gpt-oss-120b-1:0"

HELLO = Message(Role.USER, (Text("Hello"),))


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts)


def assistant(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts)


def asking(*messages: Message, **fields: Any) -> Conversation:
    return Conversation(model="m", messages=messages or (HELLO,), **fields)


def written(conversation: Conversation, model: str = CLAUDE, **edits: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    given = {"set": {}, "default": {}, "drop": frozenset(), **edits}
    body, unsaid = bedrock_converse.write_conversation(conversation, Edits(model, ask_usage=True, **given))
    return json.loads(body), unsaid
