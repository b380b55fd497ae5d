"""Anthropic's Text Completions (https://docs.claude.com/en/api/complete), the dialect of its first models.

A prompt is the whole conversation with `Human:` and `Assistant:` before the turns, and ends where the model goes on.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.chat import events, provider_errors
from llmgw.chat.conversation import Conversation, Message, Role, Text
from llmgw.chat.dialect import Decoder, ProviderDialect
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import FINISHES
from llmgw.chat.prompts import Drop, name_of, settings, write_prompt_body
from llmgw.chat.provider_bodies import answer_of, event_of, failed
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import Edits
from llmgw.chat.writing import to_answer, with_turn
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

HUMAN, ASSISTANT = "\n\nHuman:", "\n\nAssistant:"
MAX_TOKENS = 4096  # there must be a limit
_WORDS = {
    "max_tokens": "max_tokens_to_sample",
    "stop": "stop_sequences",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
}


class _Completion(msgspec.Struct):
    """An answer at once, or a piece of one."""

    completion: str | None = None
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    stop: str | None = None
    error: Any = None


_completion_decoder = msgspec.json.Decoder(_Completion)


class AnthropicComplete:
    """Upstream only."""

    name = "anthropic_complete"
    framing = sse.SERVER_SENT_EVENTS

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        unsaid = list(conversation.beyond)
        conversation = with_turn(conversation)
        to_answer(conversation.messages, unsaid)
        prompt = _prompt(conversation, unsaid.append)
        said = settings(conversation, _WORDS, edits, unsaid.append)
        fields: dict[str, object] = {"prompt": prompt, "max_tokens_to_sample": MAX_TOKENS, **said}
        if conversation.stream:
            fields["stream"] = True
        return write_prompt_body({**fields, "model": edits.model}, unsaid, edits)

    def read_events(self, body: bytes) -> list[Event]:
        told = answer_of(_completion_decoder, body)
        if told.error is not None:
            raise failed(self.read_error(200, body))
        if told.completion is None:
            raise UpstreamProtocolError("the answer has no completion")
        text = told.completion.removeprefix(" ")
        said: list[Event] = [events.TextDelta(text)] if text else []
        return [events.Started(told.id or "", told.model or ""), *said, *_end(told)]

    def decoder(self) -> Decoder:
        return _Decoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return provider_errors.read_error(status, body)


class _Decoder:
    """There is no end mark but the piece that has the reason."""

    def __init__(self) -> None:
        self.ended = False
        self._started = False
        self._has_text = False

    def read(self, event: bytes) -> list[Event]:
        told = event_of(_completion_decoder, event)
        if told is None:
            return []
        if told.error is not None:
            return [events.Failed(provider_errors.read_error(200, sse.parse(event).data or b""))]
        return [] if told.completion is None else list(self._read(told, told.completion))

    def _read(self, told: _Completion, text: str) -> Iterator[Event]:
        if not self._started:
            self._started = True
            yield events.Started(told.id or "", told.model or "")
        text = text if self._has_text else text.removeprefix(" ")
        if text:
            self._has_text = True
            yield events.TextDelta(text)
        yield from _end(told)


def _prompt(conversation: Conversation, drop: Drop) -> str:
    system = "\n\n".join(text.text for text in conversation.system)
    prompt = system + "".join(_turn(message, drop) for message in conversation.messages)
    goes_on = conversation.messages and conversation.messages[-1].role is Role.ASSISTANT
    return prompt if goes_on else prompt + ASSISTANT


def _turn(message: Message, drop: Drop) -> str:
    """Whoever is not the model speaks as the human."""
    if message.name:
        drop("messages.name")
    for part in message.parts:
        if not isinstance(part, Text):
            drop(name_of(part))
        elif part.citations:
            drop("messages.annotations")
    text = "\n\n".join(part.text for part in message.parts if isinstance(part, Text))
    return f"{ASSISTANT if message.role is Role.ASSISTANT else HUMAN} {text}"


def _end(told: _Completion) -> Iterator[Event]:
    """That the human would speak next is no sequence that a caller has asked for."""
    if told.stop_reason is None:
        return
    end = events.finished_by(told.stop_reason, FINISHES)
    if end.reason is Finish.STOP_SEQUENCE:
        is_usual = told.stop in (None, HUMAN)
        end = events.Finished(Finish.STOP) if is_usual else events.Finished(Finish.STOP_SEQUENCE, told.stop or "")
    yield end


anthropic_complete: ProviderDialect = AnthropicComplete()
