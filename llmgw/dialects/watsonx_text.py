"""IBM watsonx.ai, text generation (https://cloud.ibm.com/apidocs/watsonx-ai#text-generation).

A text, and what comes after it; the project is named in the body, which the file says (`set: {project_id: …}`).
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from llmgw.chat import events, provider_errors
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import Decoder, ProviderDialect
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import FINISHES, count
from llmgw.chat.prompts import settings, single_prompt, write_prompt_body
from llmgw.chat.provider_bodies import UNREADABLE, answer_of, event_of, failed
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import Edits
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.wire import sse

_WORDS = {
    "max_tokens": "max_new_tokens",
    "stop": "stop_sequences",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "random_seed",
}
_SAMPLES = frozenset({"temperature", "top_p", "top_k", "random_seed"})
_NOT_FINISHED = "not_finished"
_FINISHES = {**FINISHES, "token_limit": Finish.LENGTH, "time_limit": Finish.LENGTH}
_FAILURES = frozenset({"error", "cancelled"})


class _Result(msgspec.Struct):
    generated_text: str = ""
    generated_token_count: Any = None
    input_token_count: Any = None
    stop_reason: str | None = None


class _Generation(msgspec.Struct):
    """An answer at once, or a piece of one: counts of the output grow, that of the input is told once."""

    model_id: str | None = None
    results: Sequence[_Result] = ()
    errors: Any = None


class _Problem(msgspec.Struct):
    errors: msgspec.Raw


_decoder = msgspec.json.Decoder(_Generation)
_problem_decoder = msgspec.json.Decoder(_Problem)


class WatsonxText:
    """Upstream only."""

    name = "watsonx_text"
    framing = sse.SERVER_SENT_EVENTS

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        unsaid = list(conversation.beyond)
        prompt = single_prompt(conversation, unsaid.append)
        said = settings(conversation, _WORDS, edits, unsaid.append)
        if said.get("temperature") != 0 and said.keys() & _SAMPLES:
            said["decoding_method"] = "sample"  # else what it should sample by is not looked at
        return write_prompt_body({"model_id": edits.model, "input": prompt, "parameters": said}, unsaid, edits)

    def read_events(self, body: bytes) -> list[Event]:
        told = answer_of(_decoder, body)
        if told.errors:
            raise failed(self.read_error(200, body))
        if not told.results:
            raise UpstreamProtocolError("the answer has no results")
        read = list(_Reading().read(told))
        failure = next((event for event in read if isinstance(event, events.Failed)), None)
        if failure is not None:
            raise failed(failure.error)
        return read

    def decoder(self) -> Decoder:
        return _Decoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        """A list of them."""
        with suppress(*UNREADABLE):
            body = bytes(_problem_decoder.decode(body).errors)
        return provider_errors.read_error(status, body)


class _Decoder:
    """There is no end mark but the piece that has the reason."""

    def __init__(self) -> None:
        self.ended = False
        self._reading = _Reading()

    def read(self, event: bytes) -> list[Event]:
        if sse.parse(event).name == b"error":
            return [events.Failed(watsonx_text.read_error(200, sse.parse(event).data or b""))]
        told = event_of(_decoder, event)
        if told is None:
            return []
        if told.errors:
            return [events.Failed(watsonx_text.read_error(200, sse.parse(event).data or b""))]
        return list(self._reading.read(told))


class _Reading:
    """The first result of each piece: there is no way to ask for more."""

    def __init__(self) -> None:
        self._started = False
        self._input_tokens = 0

    def read(self, told: _Generation) -> Iterator[Event]:
        if not self._started:
            self._started = True
            yield events.Started(model=told.model_id or "")
        for result in told.results[:1]:
            yield from self._result(result)

    def _result(self, result: _Result) -> Iterator[Event]:
        if result.generated_text:
            yield events.TextDelta(result.generated_text)
        counts = {"input": result.input_token_count, "output": result.generated_token_count}
        self._input_tokens = max(self._input_tokens, count(counts, "input"))
        reason = (result.stop_reason or _NOT_FINISHED).lower()
        if reason == _NOT_FINISHED:
            return
        if self._input_tokens or count(counts, "output"):
            yield events.UsageTold(Usage(self._input_tokens, count(counts, "output")))
        yield _end(reason)


def _end(reason: str) -> Event:
    if reason in _FAILURES:
        return events.Failed(ProviderError(FailureClass.SERVER_ERROR, f"the generation ended with {reason!r}"))
    return events.finished_by(reason, _FINISHES)


watsonx_text: ProviderDialect = WatsonxText()
