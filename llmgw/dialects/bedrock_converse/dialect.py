"""AWS Bedrock's Converse and ConverseStream: one form for the models of all vendors, streams in binary frames.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import Decoder, ProviderDialect
from llmgw.chat.events import Event
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import Edits
from llmgw.dialects.bedrock_converse import answers, errors, requests
from llmgw.dialects.bedrock_converse.decoding import ConverseDecoder
from llmgw.wire.event_stream import EVENT_STREAM


class BedrockConverse:
    """Only providers speak it."""

    name = "bedrock_converse"
    framing = EVENT_STREAM

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return requests.write_conversation(conversation, edits)

    def read_events(self, body: bytes) -> list[Event]:
        return answers.read_events(body)

    def decoder(self) -> Decoder:
        return ConverseDecoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)


bedrock_converse: ProviderDialect = BedrockConverse()
