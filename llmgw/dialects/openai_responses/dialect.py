"""OpenAI Responses (https://platform.openai.com/docs/api-reference/responses), and those who speak it too.

A caller who asks for what is in a provider's store is forwarded to whoever speaks this dialect; we keep nothing, so
to all others what stands in the request is all that there is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import msgspec

from llmgw.chat import caps, openai_words
from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import AnswerSign, Decoder, Dialect, Encoder, ErrorReport, Sign
from llmgw.chat.events import Event
from llmgw.chat.measure import texts_of
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.weighing import Kinds, Weight, weigh
from llmgw.chat.wording import Words
from llmgw.dialects.openai_responses import answers, errors, facts, proofs, requests, signs
from llmgw.dialects.openai_responses.crossable import CROSSABLE
from llmgw.dialects.openai_responses.decoding import ResponsesDecoder
from llmgw.dialects.openai_responses.encoding import ResponsesEncoder
from llmgw.wire import sse

_encode = msgspec.json.Encoder().encode
_CAPS = frozenset({"max_tokens", "max_completion_tokens"})  # what Chat Completions calls the cap of the output
_CAP = "max_output_tokens"
_MEANING = """
text.format previous_response_id conversation background prompt
input.item_reference input.custom_tool_call input.custom_tool_call_output input.computer_call input.computer_call_output
"""
_WORDS: Words = {
    "messages": ("input",),
    "thinking": ("reasoning",),
    "reasoning_effort": ("reasoning",),
    "response_format": ("text.format",),
    "max_tokens": ("max_output_tokens",),
    "max_completion_tokens": ("max_output_tokens",),
    "logprobs": ("top_logprobs", "include"),
}


_TEXT = """
message input_text output_text text refusal reasoning reasoning_text summary_text compaction url_citation
function_call function_call_output custom_tool_call custom_tool_call_output apply_patch_call apply_patch_call_output
local_shell_call local_shell_call_output shell_call shell_call_output computer_call computer_call_output
"""
_KINDS = Kinds(
    text=frozenset(_TEXT.split()),
    images=frozenset({"input_image", "computer_screenshot", "image_generation_call"}),
    media=frozenset({"input_file", "input_audio"}),
    marks=(b'"id"',),  # alone it stands for what the provider keeps
)


class OpenAIResponses:
    """Responses in both directions."""

    name = "openai_responses"
    id_prefix = "resp_"
    said = texts_of("delta")
    framing = sse.SERVER_SENT_EVENTS
    meaning = frozenset(_MEANING.split())
    words = _WORDS
    crossable = CROSSABLE

    def read_request(self, body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
        return facts.read_request(body, model, stream=stream)

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """Usage comes unasked, so there is nothing to ask for."""
        body, dropped = _in_our_words(edits).applied(request.fields)
        body["model"] = msgspec.Raw(_encode(edits.model))
        if facts.TURNS in body:
            body[facts.TURNS] = proofs.without_sealed(body[facts.TURNS])
        return _encode(body), dropped

    def weigh(self, turns: bytes) -> Weight:
        return weigh(turns, _KINDS)

    def capped(self, request: ChatRequest, tokens: int, edits: Edits) -> ChatRequest:  # noqa: ARG002 - there is one word
        return caps.with_cap(request, _CAP, tokens)

    def read_answer(self, body: bytes) -> AnswerSign:
        return answers.read_answer(body)

    def signs(self) -> Callable[[bytes], Sign]:
        return signs.read_sign

    def may_matter(self, events: bytes) -> bool:
        return signs.may_matter(events)

    def read_conversation(self, request: ChatRequest) -> Conversation:
        return requests.read_conversation(request)

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return requests.write_conversation(conversation, _in_our_words(edits))

    def read_events(self, body: bytes) -> list[Event]:
        return answers.read_events(body)

    def write_answer(self, answer: Answer, request: ChatRequest, created_s: int = 0) -> bytes:
        return answers.write_answer(answer, request.fields, created_s)

    def decoder(self) -> Decoder:
        return ResponsesDecoder()

    def encoder(self, request: ChatRequest, created_s: int = 0) -> Encoder:
        return ResponsesEncoder(request, created_s)

    def write_models(self, names: Sequence[str], created_s: int) -> bytes:
        return openai_words.write_models(names, created_s)

    def write_model(self, name: str, created_s: int) -> bytes:
        return openai_words.write_model(name, created_s)

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)

    def write_error(self, report: ErrorReport) -> bytes:
        return openai_words.write_error(report)

    def write_stream_error(self, report: ErrorReport) -> bytes:
        return errors.write_stream_error(report)


def _in_our_words(edits: Edits) -> Edits:
    """The file sets things once for a target, which as a rule speaks Chat Completions too."""
    return replace(edits, set=_renamed(edits.set), default=_renamed(edits.default))


def _renamed(values: Mapping[str, msgspec.Raw]) -> Mapping[str, msgspec.Raw]:
    return {_CAP if name in _CAPS else name: value for name, value in values.items()}


openai_responses: Dialect = OpenAIResponses()
