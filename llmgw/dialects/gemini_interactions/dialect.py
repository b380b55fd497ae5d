"""Google's Interactions (https://ai.google.dev/gemini-api/docs/interactions): what is said and done, step by step."""

from llmgw.chat import provider_errors
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import Decoder, ProviderDialect
from llmgw.chat.events import Event
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import Edits
from llmgw.dialects.gemini_interactions import reading, writing
from llmgw.wire import sse


class GeminiInteractions:
    """Upstream only."""

    name = "gemini_interactions"
    framing = sse.SERVER_SENT_EVENTS

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return writing.write_conversation(conversation, edits)

    def read_events(self, body: bytes) -> list[Event]:
        return reading.read_events(body)

    def decoder(self) -> Decoder:
        return reading.InteractionsDecoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return provider_errors.read_error(status, body)


gemini_interactions: ProviderDialect = GeminiInteractions()
