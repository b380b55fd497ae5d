"""Replicate's predictions (https://replicate.com/docs/reference/http#predictions.create), of its language models.

Whoever asks with `Prefer: wait` has the prediction at once, or what has become of it after a minute. So an answer
that is not finished is none, and a stream is the whole answer in one event; the address where it could be had piece
by piece is another. Inputs are each model's own: these are what most of them take.
"""

from typing import Any

import msgspec

from llmgw.chat import events, provider_errors
from llmgw.chat.conversation import Conversation
from llmgw.chat.dialect import Decoder, ProviderDialect
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import count
from llmgw.chat.prompts import settings, single_prompt, write_prompt_body
from llmgw.chat.provider_bodies import answer_of, failed
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import Edits
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.wire import sse
from llmgw.wire.framing import Framing

_WORDS = {name: name for name in ("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed")} | {
    "stop": "stop_sequences"
}
_SUCCEEDED = "succeeded"
_FAILED = frozenset({"failed", "canceled", "aborted"})


class _Prediction(msgspec.Struct):
    status: str
    id: str | None = None
    model: str | None = None
    output: Any = None
    error: Any = None
    metrics: Any = None


class _Done(msgspec.Struct):
    reason: str | None = None  # canceled, error; none if all went well


_decoder = msgspec.json.Decoder(_Prediction)
_done_decoder = msgspec.json.Decoder(_Done)


class _Framing(sse.ServerSentEvents):
    """A stream of events, or the whole prediction, which is one."""

    content_types: tuple[str, ...] = (*sse.ServerSentEvents.content_types, "application/json")


class ReplicatePredictions:
    """Upstream only."""

    name = "replicate_predictions"
    framing: Framing = _Framing()

    def write_conversation(self, conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """`cap_field` is what the model calls the limit: most `max_tokens`, some `max_new_tokens`."""
        unsaid = list(conversation.beyond)
        prompt = single_prompt(conversation, unsaid.append)
        said = settings(conversation, {**_WORDS, "max_tokens": edits.cap_field}, edits, unsaid.append)
        if said.pop("stop_sequences", None) is not None:  # there they are one text, with commas between
            if any("," in sequence for sequence in conversation.stop):
                unsaid.append("stop")
            else:
                said["stop_sequences"] = ",".join(conversation.stop)
        return write_prompt_body({"version": edits.model, "input": {"prompt": prompt, **said}}, unsaid, edits)

    def read_events(self, body: bytes) -> list[Event]:
        prediction = answer_of(_decoder, body)
        if prediction.status in _FAILED:
            raise failed(_failure(prediction))
        if prediction.status != _SUCCEEDED:
            raise UpstreamProtocolError(f"the prediction has not finished: it is {prediction.status!r}")
        text = _text(prediction.output)
        said: list[Event] = [events.TextDelta(text)] if text else []
        started = events.Started(prediction.id or "", prediction.model or "")
        return [started, *said, *_usage(prediction.metrics), events.Finished(Finish.STOP)]

    def decoder(self) -> Decoder:
        return _Decoder()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return provider_errors.read_error(status, body)


class _Decoder:
    """Text as it is, a word that it is done; or the whole prediction."""

    def __init__(self) -> None:
        self.ended = False
        self._started = False

    def read(self, event: bytes) -> list[Event]:
        if event.lstrip().startswith(b"{"):
            return replicate_predictions.read_events(event)
        name, data = sse.parse(event)
        text = (data or b"").decode("utf-8", "replace")
        match name:
            case b"output":
                return self._said(text)
            case b"error":
                return [events.Failed(provider_errors.read_error(200, data or b""))]
            case b"done":
                self.ended = True
                return [_end(data or b"")]
            case _:
                return []

    def _said(self, text: str) -> list[Event]:
        said: list[Event] = [] if self._started else [events.Started()]
        self._started = True
        return [*said, events.TextDelta(text)] if text else said


def _text(output: Any) -> str:
    """Language models give their tokens, or a text."""
    pieces = output if isinstance(output, list) else [output]
    if not all(isinstance(piece, str) for piece in pieces if piece is not None):
        raise UpstreamProtocolError("the output of the prediction is no text")
    return "".join(piece for piece in pieces if piece is not None)


def _usage(metrics: Any) -> list[Event]:
    usage = Usage(count(metrics, "input_token_count"), count(metrics, "output_token_count"))
    return [events.UsageTold(usage)] if usage != Usage() else []


def _failure(prediction: _Prediction) -> ProviderError:
    """Its own words, if they say what it was; else the model is at fault."""
    told = provider_errors.read_error(200, msgspec.json.encode({"error": prediction.error}))
    message = f"the prediction {prediction.status}: {told.message}" if prediction.error else prediction.status
    return ProviderError(told.failure or FailureClass.SERVER_ERROR, message)


def _end(data: bytes) -> Event:
    try:
        reason = _done_decoder.decode(data).reason
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        reason = None
    if reason:
        return events.Failed(ProviderError(FailureClass.SERVER_ERROR, f"the prediction ended with {reason!r}"))
    return events.Finished(Finish.STOP)


replicate_predictions: ProviderDialect = ReplicatePredictions()
