"""Ollama's own API (https://docs.ollama.com/api): chat, and the older completion of a prompt.

Its OpenAI-compatible one says the same but for the size of the context window, without which long prompts are cut.
"""

from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import Decoder, ProviderDialect
from llmgw.chat.events import Event
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import Edits
from llmgw.dialects.ollama_chat import answers, errors, generate, requests
from llmgw.wire.ndjson import NEWLINE_DELIMITED_JSON


class OllamaChat:
    """/api/chat."""

    name = "ollama_chat"
    framing = NEWLINE_DELIMITED_JSON

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return requests.write_conversation(conversation, edits)

    def read_events(self, body: bytes) -> list[Event]:
        return answers.read_events(body)

    def decoder(self) -> Decoder:
        return answers.OllamaDecoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)


class OllamaGenerate(OllamaChat):
    """/api/generate, whose answers differ only in where the text stands."""

    name = "ollama_generate"

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return generate.write_conversation(conversation, edits)


ollama_chat: ProviderDialect = OllamaChat()
ollama_generate: ProviderDialect = OllamaGenerate()
