"""Anthropic Messages (https://docs.anthropic.com/en/api/messages): the dialect of Claude, whoever serves it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from llmgw.chat import caps
from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Conversation
from llmgw.chat.counting import CountingDialect
from llmgw.chat.dialect import AnswerSign, Decoder, Encoder, ErrorReport, Sign
from llmgw.chat.events import Event
from llmgw.chat.measure import texts_of
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.weighing import Kinds, Weight, weigh
from llmgw.chat.wording import Words
from llmgw.dialects.anthropic_messages import answers, counting, errors, facts, requests, signs
from llmgw.dialects.anthropic_messages.blocks import NAME
from llmgw.dialects.anthropic_messages.crossable import CROSSABLE
from llmgw.dialects.anthropic_messages.decoding import AnthropicDecoder
from llmgw.dialects.anthropic_messages.encoding import AnthropicEncoder
from llmgw.dialects.anthropic_messages.sealed import without_sealed
from llmgw.wire import sse

_encoder = msgspec.json.Encoder()
_WORDS: Words = {
    "stop": ("stop_sequences",),
    "response_format": ("output_config.format", "output_format"),
    "reasoning_effort": ("thinking", "output_config.effort"),
    "max_completion_tokens": ("max_tokens",),
    "parallel_tool_calls": ("tool_choice.disable_parallel_tool_use",),
    "user": ("metadata.user_id",),
}


_TEXT = """
text thinking redacted_thinking tool_use tool_result tool_reference tool_addition tool_removal
search_result compaction ephemeral server_tool_use mcp_tool_use mcp_tool_result
web_search_tool_result web_search_result web_search_tool_result_error web_fetch_tool_result web_fetch_result
char_location page_location content_block_location search_result_location web_search_result_location
"""
_KINDS = Kinds(
    text=frozenset(_TEXT.split()),
    images=frozenset({"image"}),
    media=frozenset({"document"}),
    marks=(b'"citations"',),
)


class AnthropicMessages:
    """Messages in both directions."""

    name = NAME
    id_prefix = "msg_"
    said = texts_of("text", "thinking", "partial_json")
    framing = sse.SERVER_SENT_EVENTS
    meaning = frozenset({"mcp_servers", "container"})
    words = _WORDS
    crossable = CROSSABLE

    def read_request(self, body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
        return facts.read_request(body, model, stream=stream)

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """Usage comes unasked, so there is nothing to ask for."""
        body, dropped = edits.applied(without_sealed(request.fields))
        body["model"] = msgspec.Raw(_encoder.encode(edits.model))
        return _encoder.encode(body), dropped

    def weigh(self, turns: bytes) -> Weight:
        return weigh(turns, _KINDS)

    def capped(self, request: ChatRequest, tokens: int, edits: Edits) -> ChatRequest:  # noqa: ARG002 - there is one word
        return caps.with_cap(request, "max_tokens", tokens)

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

    def write_answer(self, answer: Answer, request: ChatRequest, created_s: int = 0) -> bytes:  # noqa: ARG002 - it is not told here
        return answers.write_answer(answer)

    def read_count_request(self, body: bytes, model: str = "") -> ChatRequest:
        return facts.read_request(body, model, stream=False)

    def write_count_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return counting.write_count_request(request, edits)

    def read_count(self, body: bytes) -> int:
        return counting.read_count(body)

    def write_count(self, input_tokens: int) -> bytes:
        return counting.write_count(input_tokens)

    def decoder(self) -> Decoder:
        return AnthropicDecoder()

    def encoder(self, request: ChatRequest, created_s: int = 0) -> Encoder:  # noqa: ARG002 - it is not told here
        """Providers that do not name their model are told by the name that the client asked for."""
        return AnthropicEncoder(request.model)

    def write_models(self, names: Sequence[str], created_s: int) -> bytes:
        data = [_model(name, created_s) for name in names]
        ends = {"first_id": names[0], "last_id": names[-1]} if names else {"first_id": None, "last_id": None}
        return _encoder.encode({"data": data, "has_more": False, **ends})

    def write_model(self, name: str, created_s: int) -> bytes:
        return _encoder.encode(_model(name, created_s))

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)

    def write_error(self, report: ErrorReport) -> bytes:
        return errors.write_error(report)

    def write_stream_error(self, report: ErrorReport) -> bytes:
        return sse.write(errors.write_error(report), b"error")


def _model(name: str, created_s: int) -> dict[str, str]:
    created_at = datetime.fromtimestamp(created_s, UTC).isoformat().replace("+00:00", "Z")
    return {"type": "model", "id": name, "display_name": name, "created_at": created_at}


anthropic_messages: CountingDialect = AnthropicMessages()
