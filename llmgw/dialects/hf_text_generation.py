"""Hugging Face's text generation: of its inference server, its API, and its containers on SageMaker.

https://huggingface.co/docs/text-generation-inference/reference/api_reference. A text, and what comes after it; those
who serve a chat speak OpenAI's dialect beside it.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.chat import events, provider_errors
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import Decoder, ProviderDialect
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import FINISHES, count
from llmgw.chat.prompts import settings, single_prompt, write_prompt_body
from llmgw.chat.provider_bodies import answer_of, event_of, failed
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import Edits
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.wire import sse

_WORDS = {
    "max_tokens": "max_new_tokens",
    "stop": "stop",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
}
_TOO_LONG = ("`max_new_tokens` must be <=", "`inputs` must have less than")
_FAILURES = {
    "overloaded": FailureClass.OVERLOADED,
    "generation": FailureClass.SERVER_ERROR,
    "incomplete_generation": FailureClass.SERVER_ERROR,
    "validation": FailureClass.INVALID_REQUEST,
}


class _Details(msgspec.Struct):
    finish_reason: str | None = None
    generated_tokens: Any = None
    input_length: Any = None
    prefill: Any = None


class _Token(msgspec.Struct):
    text: str = ""
    special: bool = False


class _Generated(msgspec.Struct):
    """An answer at once, or a token of one; its last token has the whole text again, and how it ended."""

    generated_text: str | None = None
    details: _Details | None = None
    token: _Token | None = None
    error: Any = None


class _Problem(msgspec.Struct):
    error_type: Any = None


_answer_decoder = msgspec.json.Decoder(_Generated | list[_Generated])
_event_decoder = msgspec.json.Decoder(_Generated)
_problem_decoder = msgspec.json.Decoder(_Problem)


class HfTextGeneration:
    """Upstream only."""

    name = "hf_text_generation"
    framing = sse.SERVER_SENT_EVENTS

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """The model is in the path, or the only one there."""
        unsaid = list(conversation.beyond)
        prompt = single_prompt(conversation, unsaid.append)
        said = settings(conversation, _WORDS, edits, unsaid.append)
        parameters = {name: value for name, value in said.items() if not _is_refused(name, value)}
        fields: dict[str, object] = {
            "inputs": prompt,
            "parameters": {**parameters, "return_full_text": False, "details": True},
        }
        if conversation.stream:
            fields["stream"] = True
        return write_prompt_body(fields, unsaid, edits)

    def read_events(self, body: bytes) -> list[Event]:
        told = answer_of(_answer_decoder, body)
        generated = (told[0] if told else _Generated()) if isinstance(told, list) else told
        if generated.error is not None:
            raise failed(self.read_error(200, body))
        if generated.generated_text is None:
            raise UpstreamProtocolError("the answer has no text")
        said: list[Event] = [events.TextDelta(generated.generated_text)] if generated.generated_text else []
        return [events.Started(), *said, *_end(generated.details)]

    def decoder(self) -> Decoder:
        return _Decoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        told = provider_errors.read_error(status, body)
        if any(phrase in told.message for phrase in _TOO_LONG):
            return msgspec.structs.replace(told, failure=FailureClass.CONTEXT_LENGTH)
        try:
            kind = _problem_decoder.decode(body).error_type
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return told
        return msgspec.structs.replace(told, failure=told.failure or _FAILURES.get(str(kind)))


class _Decoder:
    """There is no end mark but the token that has the whole text."""

    def __init__(self) -> None:
        self.ended = False
        self._started = False

    def read(self, event: bytes) -> list[Event]:
        told = event_of(_event_decoder, event)
        if told is None:
            return []
        if told.error is not None:
            return [events.Failed(hf_text_generation.read_error(200, sse.parse(event).data or b""))]
        return list(self._read(told))

    def _read(self, told: _Generated) -> Iterator[Event]:
        if not self._started:
            self._started = True
            yield events.Started()
        if told.token is not None and told.token.text and not told.token.special:
            yield events.TextDelta(told.token.text)
        if told.generated_text is not None:
            yield from _end(told.details)


def _is_refused(name: str, value: object) -> bool:
    """Zero heat and the whole mass are what it does anyway, and what it does not take."""
    if not isinstance(value, int | float):
        return False
    return (name == "temperature" and value <= 0) or (name == "top_p" and value >= 1)


def _end(details: _Details | None) -> Iterator[Event]:
    if details is None:
        yield events.Finished(Finish.STOP)
        return
    prefill = len(details.prefill) if isinstance(details.prefill, list) else 0
    fields = {"input": details.input_length, "output": details.generated_tokens}
    yield events.UsageTold(Usage(count(fields, "input") or prefill, count(fields, "output")))
    yield events.finished_by(details.finish_reason or "", FINISHES)


hf_text_generation: ProviderDialect = HfTextGeneration()
