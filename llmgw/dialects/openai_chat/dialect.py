"""OpenAI Chat Completions, and the many who speak it (https://platform.openai.com/docs/api-reference/chat).

Most providers speak it with an accent: usage with or without choices, `[DONE]` or none, error bodies of a dozen
shapes. We read what any of them sends and write what OpenAI would.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from llmgw.chat import caps
from llmgw.chat.answer import Answer
from llmgw.chat.bodies import fields as fields_of
from llmgw.chat.bodies import model_of, reading, scalars
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import NOTHING, AnswerSign, ErrorReport, Sign
from llmgw.chat.events import Event
from llmgw.chat.measure import texts_of
from llmgw.chat.openai_words import may_matter, with_usage, write_error, write_model, write_models
from llmgw.chat.provider_bodies import UNREADABLE, failed
from llmgw.chat.provider_errors import ProviderError, read_error
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.weighing import Kinds, Weight, weigh
from llmgw.chat.wording import Words
from llmgw.dialects.openai_chat.answers import read_events, write_answer
from llmgw.dialects.openai_chat.chunks import (
    Choice,
    Chunk,
    chunk_usage,
    decoded,
    finish_reason,
    has_content,
    told_error,
)
from llmgw.dialects.openai_chat.crossable import CROSSABLE
from llmgw.dialects.openai_chat.departing import departed
from llmgw.dialects.openai_chat.requests import cap_name, read_conversation, write_conversation
from llmgw.dialects.openai_chat.returning import returned
from llmgw.dialects.openai_chat.streams import StreamDecoder, StreamEncoder
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

# What we read of a request.


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _ResponseFormat(msgspec.Struct):
    type: str = "text"


class _Message(msgspec.Struct):
    role: str


class _Request(msgspec.Struct, kw_only=True):
    model: str | None = None
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    user: str | None = None
    n: int | None = None
    tools: list[msgspec.Raw] | None = None
    response_format: _ResponseFormat | None = None
    metadata: Any = None


_request_decoder = msgspec.json.Decoder(_Request)
_encoder = msgspec.json.Encoder()
_TEXT = """
text refusal thinking redacted_thinking reference tool_use input_text output_text function custom ephemeral
reasoning.text reasoning.summary reasoning.encrypted
"""
_KINDS = Kinds(
    text=frozenset(_TEXT.split()),
    images=frozenset({"image_url", "image", "input_image"}),
    media=frozenset({"input_audio", "audio_url", "video_url", "file", "input_file", "document_url"}),
    marks=(b'"audio"',),
)
_CAPS = frozenset({"max_tokens", "max_completion_tokens"})
_NO_FIELD: frozenset[str] = frozenset()
_ASKS_USAGE = frozenset({"stream_options"})
_WORDS: Words = {
    "thinking": ("reasoning_effort", "reasoning", "thinking"),
    "reasoning_effort": ("reasoning_effort", "reasoning", "thinking"),
    "max_tokens": ("max_tokens", "max_completion_tokens"),
    "tools": ("tools", "functions"),
    "tool_choice": ("tool_choice", "function_call"),
}


class OpenAIChat:
    """Chat Completions in both directions."""

    name = "openai_chat"
    id_prefix = "chatcmpl-"
    said = texts_of("content", "reasoning_content", "reasoning", "refusal", "arguments")
    framing = sse.SERVER_SENT_EVENTS
    meaning = frozenset({"web_search_options", "modalities", "audio", "messages.input_audio"})
    words = _WORDS
    crossable = CROSSABLE

    def read_request(self, body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
        with reading(body):
            request = _request_decoder.decode(body)
            fields = fields_of(body)
        return ChatRequest(
            model=model_of(request.model, model),
            fields=fields,
            stream=bool(request.stream) if stream is None else stream,
            wants_usage=bool(request.stream_options and request.stream_options.include_usage),
            max_tokens=request.max_completion_tokens or request.max_tokens or 0,
            choices=max(request.n or 1, 1),
            user=request.user or "",
            tools=bool(request.tools),
            json=request.response_format is not None and request.response_format.type != "text",
            metadata=scalars(request.metadata),
        )

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        also = _NO_FIELD if edits.ask_usage else _ASKS_USAGE
        body, dropped = edits.applied(request.fields, also)
        body["model"] = msgspec.Raw(_encoder.encode(edits.model))
        if edits.ask_usage and request.stream:
            body["stream_options"] = with_usage(body.get("stream_options"))
        if "messages" in body:
            body["messages"] = returned(body["messages"], edits)
        left_out = departed(body, edits.departures)
        return _encoder.encode(body), (*dropped, *left_out)

    def weigh(self, turns: bytes) -> Weight:
        return weigh(turns, _KINDS)

    def capped(self, request: ChatRequest, tokens: int, edits: Edits) -> ChatRequest:
        """In the one of the two words that the target takes."""
        return caps.with_cap(request, cap_name(edits), tokens, _CAPS)

    def read_answer(self, body: bytes) -> AnswerSign:
        try:
            completion = decoded(body)
        except UNREADABLE as error:
            raise UpstreamProtocolError(f"the answer is not a chat completion: {error}") from None
        told = told_error(completion, body)
        if told is not None:
            raise failed(told)
        if not completion.choices:
            raise UpstreamProtocolError("the answer has no choices")
        return AnswerSign(chunk_usage(completion), finish_reason(completion))

    def signs(self) -> Callable[[bytes], Sign]:
        return self.read_event

    def read_event(self, event: bytes) -> Sign:
        name, data = sse.parse(event)
        if data is None or not data.strip():
            return NOTHING
        if data.strip() == b"[DONE]":
            return Sign(end=True)
        try:
            chunk = decoded(data)
        except UNREADABLE as error:
            if name == b"error":
                return Sign(error=read_error(200, data))
            raise UpstreamProtocolError(f"an event of the stream is not a chat chunk: {error}") from None
        told = read_error(200, data) if name == b"error" else told_error(chunk, data)
        return _sign(chunk) if told is None else _sign_of_error(told, chunk)

    def may_matter(self, events: bytes) -> bool:
        return may_matter(events)

    def read_conversation(self, request: ChatRequest) -> Conversation:
        return read_conversation(request)

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return write_conversation(conversation, edits)

    def read_events(self, body: bytes) -> list[Event]:
        return read_events(body)

    def write_answer(self, answer: Answer, request: ChatRequest, created_s: int = 0) -> bytes:  # noqa: ARG002 - it is not told here
        return write_answer(answer, created_s)

    def decoder(self) -> StreamDecoder:
        return StreamDecoder()

    def encoder(self, request: ChatRequest, created_s: int = 0) -> StreamEncoder:
        return StreamEncoder(request, created_s)

    def write_models(self, names: Sequence[str], created_s: int) -> bytes:
        return write_models(names, created_s)

    def write_model(self, name: str, created_s: int) -> bytes:
        return write_model(name, created_s)

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return msgspec.structs.replace(read_error(status, body), plain=_is_plain(body))

    def write_error(self, report: ErrorReport) -> bytes:
        return write_error(report)

    def write_stream_error(self, report: ErrorReport) -> bytes:
        return sse.write(write_error(report))


def _sign(chunk: Chunk) -> Sign:
    choices = chunk.choices or []
    usage = chunk_usage(chunk)
    return Sign(
        content=any(has_content(choice) for choice in choices),
        finish=finish_reason(chunk),
        finished=tuple(_index(choice) for choice in choices if choice.finish_reason),
        usage=usage,
        usage_only=usage is not None and not choices,
    )


def _index(choice: Choice) -> int:
    return choice.index if isinstance(choice.index, int) else 0


def _sign_of_error(told: ProviderError, chunk: Chunk) -> Sign:
    return Sign(error=msgspec.structs.replace(told, plain=bool(chunk.error)), usage=chunk_usage(chunk))


def _is_plain(body: bytes) -> bool:
    try:
        return bool(decoded(body).error)
    except UNREADABLE:
        return False


openai_chat = OpenAIChat()
