"""Google's generateContent (https://ai.google.dev/api/generate-content): the dialect of Gemini, also on Vertex AI."""

from collections.abc import Callable, Sequence

import msgspec

from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Conversation
from llmgw.chat.counting import CountingDialect
from llmgw.chat.dialect import AnswerSign, Decoder, Encoder, ErrorReport, Sign
from llmgw.chat.events import Event
from llmgw.chat.measure import texts_of
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.weighing import Weight
from llmgw.chat.wording import Words
from llmgw.dialects.gemini_generate import answers, counting, decoding, errors, facts, requests, signs, weighing
from llmgw.dialects.gemini_generate.crossable import CROSSABLE
from llmgw.dialects.gemini_generate.encoding import GeminiEncoder
from llmgw.wire import sse

_encoder = msgspec.json.Encoder()
_MEANING = """
toolConfig cachedContent generationConfig.responseMimeType generationConfig.responseModalities
"""
_SETTINGS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "seed": "seed",
    "logprobs": "responseLogprobs",
    "n": "candidateCount",
    "stop": "stopSequences",
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
    "response_format": "responseJsonSchema",
    "thinking": "thinkingConfig",
    "reasoning_effort": "thinkingConfig",
}
_WORDS: Words = {
    **{name: (f"generationConfig.{word}",) for name, word in _SETTINGS.items()},
    "response_format.json_object": ("generationConfig.responseMimeType",),
    "messages": ("contents",),
    "tool_choice": ("toolConfig",),
    "metadata": ("labels",),
}


class GeminiGenerate:
    """generateContent and streamGenerateContent in both directions."""

    name = "gemini_generate"
    id_prefix = ""
    said = texts_of("text")
    framing = sse.SERVER_SENT_EVENTS
    meaning = frozenset(_MEANING.split())
    words = _WORDS
    crossable = CROSSABLE

    def read_request(self, body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
        return facts.read_request(body, model, stream=stream)

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return facts.write_request(request, edits)

    def weigh(self, turns: bytes) -> Weight:
        return weighing.weigh(turns)

    def capped(self, request: ChatRequest, tokens: int, edits: Edits) -> ChatRequest:  # noqa: ARG002 - there is one word
        return facts.capped(request, tokens)

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
        return decoding.read_events(body)

    def write_answer(self, answer: Answer, request: ChatRequest, created_s: int = 0) -> bytes:  # noqa: ARG002 - it is not told here
        return answers.write_answer(answer)

    def read_count_request(self, body: bytes, model: str = "") -> ChatRequest:
        return counting.read_count_request(body, model)

    def write_count_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return counting.write_count_request(request, edits)

    def read_count(self, body: bytes) -> int:
        return counting.read_count(body)

    def write_count(self, input_tokens: int) -> bytes:
        return counting.write_count(input_tokens)

    def decoder(self) -> Decoder:
        return decoding.GeminiDecoder()

    def encoder(self, request: ChatRequest, created_s: int = 0) -> Encoder:  # noqa: ARG002 - it is not told here
        """Providers that do not name their model are told by the name that the client asked for."""
        return GeminiEncoder(request.model)

    def write_models(self, names: Sequence[str], created_s: int) -> bytes:  # noqa: ARG002 - it is not told here
        return _encoder.encode({"models": list(map(_model, names))})

    def write_model(self, name: str, created_s: int) -> bytes:  # noqa: ARG002 - it is not told here
        return _encoder.encode(_model(name))

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)

    def write_error(self, report: ErrorReport) -> bytes:
        return errors.write_error(report)

    def write_stream_error(self, report: ErrorReport) -> bytes:
        return sse.write(errors.write_error(report))


def _model(name: str) -> dict[str, object]:
    methods = ["generateContent", "streamGenerateContent", "countTokens"]
    return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods}


gemini_generate: CountingDialect = GeminiGenerate()
