"""Which dialect is spoken at a path: by callers there, and so in every answer, errors before all else too."""

from collections.abc import Mapping

from llmgw.chat.dialect import Dialect
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat

CHAT_PATHS = {
    "/v1/chat/completions": openai_chat,
    "/chat/completions": openai_chat,
    "/openai/v1/chat/completions": openai_chat,
    "/openai/deployments/{deployment}/chat/completions": openai_chat,
    "/v1/messages": anthropic_messages,
    "/messages": anthropic_messages,
    "/anthropic/v1/messages": anthropic_messages,
}


def spoken_at(path: str, headers: Mapping[str, str]) -> Dialect:
    """The dialect of a request. Where paths are shared, the headers of Anthropic's SDK decide; else it is OpenAI's."""
    place = path.rstrip("/")
    if place.endswith("/messages") or "/messages/" in place or ("/models" in place and "anthropic-version" in headers):
        return anthropic_messages
    return openai_chat
