"""Cohere's own APIs: v2 chat (https://docs.cohere.com/reference/chat), and the two older ones that are still served."""

from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import Decoder, ProviderDialect
from llmgw.chat.events import Event
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import Edits
from llmgw.dialects.cohere_chat import answers, decoding, errors, requests, v1_answers, v1_requests
from llmgw.wire.ndjson import NEWLINE_DELIMITED_JSON
from llmgw.wire.sse import SERVER_SENT_EVENTS


class CohereChat:
    """/v2/chat."""

    name = "cohere_chat"
    framing = SERVER_SENT_EVENTS

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return requests.write_conversation(conversation, edits)

    def read_events(self, body: bytes) -> list[Event]:
        return answers.read_events(body)

    def decoder(self) -> Decoder:
        return decoding.CohereDecoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)


class CohereChatV1:
    """/v1/chat."""

    name = "cohere_chat_v1"
    framing = NEWLINE_DELIMITED_JSON

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return v1_requests.write_chat(conversation, edits)

    def read_events(self, body: bytes) -> list[Event]:
        return v1_answers.read_events(body)

    def decoder(self) -> Decoder:
        return v1_answers.OlderDecoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)


class CohereGenerateV1(CohereChatV1):
    """/v1/generate: a prompt and its completion, which comes as the text of a chat does."""

    name = "cohere_generate_v1"

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return v1_requests.write_generate(conversation, edits)


cohere_chat: ProviderDialect = CohereChat()
cohere_chat_v1: ProviderDialect = CohereChatV1()
cohere_generate_v1: ProviderDialect = CohereGenerateV1()
