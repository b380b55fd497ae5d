"""A stream of chunks: read from any provider, written as OpenAI would."""

from collections.abc import Iterable, Iterator

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import read_usage, write_usage
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import ChatRequest
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_completions.answers import OBJECT, UNNAMED, finish_word
from llmgw.dialects.openai_completions.chunks import END, Chunk, end_of, is_end, is_first, piece, text_of
from llmgw.wire import sse

_json = msgspec.json.Encoder().encode


class StreamDecoder:
    """`ended` is set by `[DONE]`. Nothing is read after it, nor after an error."""

    def __init__(self) -> None:
        self.ended = False
        self._failed = False
        self._started = False
        self._finished = False

    def read(self, event: bytes) -> list[Event]:
        if self.ended or self._failed:
            return []
        if is_end(event):
            self.ended = True
            return [] if self._finished or not self._started else [events.Finished(Finish.STOP)]
        chunk = piece(event)
        if isinstance(chunk, ProviderError):
            self._failed = True
            return [events.Failed(chunk)]
        return [] if chunk is None else list(self._read(chunk))

    def _read(self, chunk: Chunk) -> Iterator[Event]:
        if not self._started and (chunk.choices or text_of(chunk.id)):
            self._started = True
            yield events.Started(text_of(chunk.id), text_of(chunk.model))
        firsts = [choice for choice in chunk.choices or () if is_first(choice)]
        yield from (events.TextDelta(choice.text) for choice in firsts if text_of(choice.text))
        usage = read_usage(chunk.usage, chunk.service_tier)
        if usage is not None:
            yield events.UsageTold(usage)
        for choice in firsts:
            if choice.finish_reason and not self._finished:
                self._finished = True
                yield end_of(choice)


class StreamEncoder:
    """One id for all chunks; the finish reason comes with the last of them, usage in one of its own."""

    def __init__(self, request: ChatRequest, created_s: int = 0) -> None:
        self._created_s = created_s
        self._model = request.model
        self._wants_usage = request.wants_usage
        self._started = events.Started()
        self._finish: Finish | None = None
        self._usage: Usage | None = None
        self._ended = False

    def write(self, stream: Iterable[Event]) -> bytes:
        return b"".join(chunk for event in stream for chunk in self._chunks(event))

    def end(self) -> bytes:
        """Once; after that nothing."""
        if self._ended:
            return b""
        self._ended = True
        out = self._chunk("", finish_word(self._finish))
        if self._wants_usage and self._usage is not None:
            out += self._event([], write_usage(self._usage))
        return out + sse.write(END)

    def _chunks(self, event: Event) -> Iterator[bytes]:
        """Thoughts have no place here; calls there can be none, for there were no tools."""
        match event:
            case events.Started():
                self._started = event
            case events.UsageTold():
                self._usage = event.usage
            case events.Finished():
                self._finish = event.reason
            case events.TextDelta() | events.RefusalDelta():
                yield self._chunk(event.text)
            case _:
                return

    def _chunk(self, text: str, finish: str | None = None) -> bytes:
        return self._event([{"text": text, "index": 0, "logprobs": None, "finish_reason": finish}], None)

    def _event(self, choices: list[dict[str, object]], usage: dict[str, object] | None) -> bytes:
        chunk = {
            "id": self._started.id or UNNAMED,
            "object": OBJECT,
            "created": self._created_s,
            "choices": choices,
            "model": self._started.model or self._model,
            **({"usage": usage} if self._wants_usage else {}),
        }
        return sse.write(_json(chunk))
