"""Anthropic Messages (https://docs.anthropic.com/en/api/messages): the dialect of Claude, whoever serves it."""

from collections.abc import Callable

import msgspec

from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import AnswerSign, Decoder, Dialect, Encoder, ErrorReport, Sign
from llmgw.chat.events import Event
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.anthropic_messages import answers, errors, facts, requests, signs
from llmgw.dialects.anthropic_messages.blocks import NAME
from llmgw.dialects.anthropic_messages.decoding import AnthropicDecoder
from llmgw.dialects.anthropic_messages.encoding import AnthropicEncoder
from llmgw.wire import sse

_encoder = msgspec.json.Encoder()


class AnthropicMessages:
    """Messages in both directions."""

    name = NAME

    def read_request(self, body: bytes, model: str = "") -> ChatRequest:
        return facts.read_request(body, model)

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """Usage comes unasked, so there is nothing to ask for."""
        body, dropped = edits.applied(request.fields)
        body["model"] = msgspec.Raw(_encoder.encode(edits.model))
        return _encoder.encode(body), dropped

    def read_answer(self, body: bytes) -> AnswerSign:
        return answers.read_answer(body)

    def signs(self) -> Callable[[bytes], Sign]:
        return signs.Signs()

    def may_matter(self, events: bytes) -> bool:
        return signs.may_matter(events)

    def read_conversation(self, request: ChatRequest) -> Conversation:
        return requests.read_conversation(request)

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return requests.write_conversation(conversation, edits)

    def read_events(self, body: bytes) -> list[Event]:
        return answers.read_events(body)

    def write_answer(self, answer: Answer) -> bytes:
        return answers.write_answer(answer)

    def decoder(self) -> Decoder:
        return AnthropicDecoder()

    def encoder(self, request: ChatRequest) -> Encoder:
        """Providers that do not name their model are told by the name that the client asked for."""
        return AnthropicEncoder(request.model)

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)

    def write_error(self, report: ErrorReport) -> bytes:
        return errors.write_error(report)

    def write_stream_error(self, report: ErrorReport) -> bytes:
        return sse.write(errors.write_error(report), b"error")


anthropic_messages: Dialect = AnthropicMessages()
