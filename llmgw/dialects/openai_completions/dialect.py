"""OpenAI Completions, the older way: a text, and what comes after it.

https://platform.openai.com/docs/api-reference/completions: many who serve open models speak it beside their chat.
"""

from collections.abc import Callable, Sequence

import msgspec

from llmgw.chat import caps, openai_words
from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import AnswerSign, Decoder, Dialect, Encoder, ErrorReport, Sign
from llmgw.chat.events import Event
from llmgw.chat.measure import texts_of
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.weighing import Weight
from llmgw.chat.wording import Words
from llmgw.dialects.openai_completions import answers, chunks, facts, requests
from llmgw.dialects.openai_completions.crossable import CROSSABLE
from llmgw.dialects.openai_completions.streams import StreamDecoder, StreamEncoder
from llmgw.wire import sse

_encoder = msgspec.json.Encoder()
_WORDS: Words = {"messages": ("prompt",)}


class OpenAICompletions:
    """Completions in both directions."""

    name = "openai_completions"
    id_prefix = "cmpl-"
    said = texts_of("text")
    framing = sse.SERVER_SENT_EVENTS
    meaning = frozenset({"prompt", "suffix", "echo", "best_of"})
    words = _WORDS
    crossable = CROSSABLE

    def read_request(self, body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
        return facts.read_request(body, model, stream=stream)

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        also = frozenset[str]() if edits.ask_usage else frozenset({"stream_options"})
        body, dropped = edits.applied(request.fields, also)
        body["model"] = msgspec.Raw(_encoder.encode(edits.model))
        if edits.ask_usage and request.stream:
            body["stream_options"] = openai_words.with_usage(body.get("stream_options"))
        return _encoder.encode(body), dropped

    def weigh(self, turns: bytes) -> Weight:
        """A prompt is text, or the numbers of its tokens."""
        return Weight(len(turns))

    def capped(self, request: ChatRequest, tokens: int, edits: Edits) -> ChatRequest:  # noqa: ARG002 - there is one word
        return caps.with_cap(request, "max_tokens", tokens)

    def read_answer(self, body: bytes) -> AnswerSign:
        return chunks.read_answer(body)

    def signs(self) -> Callable[[bytes], Sign]:
        return chunks.read_sign

    def may_matter(self, events: bytes) -> bool:
        return openai_words.may_matter(events)

    def read_conversation(self, request: ChatRequest) -> Conversation:
        return requests.read_conversation(request)

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return requests.write_conversation(conversation, edits)

    def read_events(self, body: bytes) -> list[Event]:
        return answers.read_events(body)

    def write_answer(self, answer: Answer, request: ChatRequest, created_s: int = 0) -> bytes:  # noqa: ARG002 - it is not told here
        return answers.write_answer(answer, created_s)

    def decoder(self) -> Decoder:
        return StreamDecoder()

    def encoder(self, request: ChatRequest, created_s: int = 0) -> Encoder:
        return StreamEncoder(request, created_s)

    def write_models(self, names: Sequence[str], created_s: int) -> bytes:
        return openai_words.write_models(names, created_s)

    def write_model(self, name: str, created_s: int) -> bytes:
        return openai_words.write_model(name, created_s)

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return chunks.error_of(status, body)

    def write_error(self, report: ErrorReport) -> bytes:
        return openai_words.write_error(report)

    def write_stream_error(self, report: ErrorReport) -> bytes:
        return sse.write(openai_words.write_error(report))


openai_completions: Dialect = OpenAICompletions()
