"""A stream of chunks: read from any provider, written as OpenAI would."""

from collections.abc import Iterable, Iterator
from typing import assert_never

import msgspec

from llmgw.chat import events
from llmgw.chat.conversation import Reasoning, ToolUse
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import write_usage
from llmgw.chat.provider_bodies import UNREADABLE
from llmgw.chat.provider_errors import read_error
from llmgw.chat.request import ChatRequest
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.answers import UNNAMED, annotation, finish_word, tool_call
from llmgw.dialects.openai_chat.chunks import chunk_usage, fully_decoded, is_first, told_error
from llmgw.dialects.openai_chat.deltas import Saying
from llmgw.dialects.openai_chat.reasoning import write_call_proofs, write_details
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

_END = b"data: [DONE]\n\n"
_json = msgspec.json.Encoder().encode


class StreamDecoder:
    """`ended` is set by `[DONE]`. Nothing is read after it, nor after an error."""

    def __init__(self) -> None:
        self.ended = False
        self._failed = False
        self._saying = Saying()

    def read(self, event: bytes) -> list[Event]:
        name, data = sse.parse(event)
        if self.ended or self._failed or data is None or not data.strip():
            return []
        if data.strip() == b"[DONE]":
            self.ended = True
            return list(self._saying.end()) if self._saying.speaks else []
        try:
            news = list(self._read(name, data))
        except UNREADABLE as error:
            if name != b"error":
                raise UpstreamProtocolError(f"an event of the stream is not a chat chunk: {error}") from None
            news = [events.Failed(read_error(200, data))]
        self._failed = any(isinstance(new, events.Failed) for new in news)
        return news

    def _read(self, name: bytes | None, data: bytes) -> Iterator[Event]:
        chunk = fully_decoded(data)
        told = read_error(200, data) if name == b"error" else told_error(chunk, data)
        if told is not None:
            yield from self._saying.tell(chunk_usage(chunk))
            yield events.Failed(told)
            return
        yield from self._saying.start(chunk)
        firsts = [choice for choice in chunk.choices or () if is_first(choice)]
        for choice in firsts:
            yield from self._saying.say_delta(choice)
        yield from self._saying.tell(chunk_usage(chunk))
        for choice in firsts:
            if choice.finish_reason:
                yield from self._saying.end(choice.finish_reason, choice.stop_reason)


class StreamEncoder:
    """One id for all chunks, the role first, the id and name of a call before its arguments, finish and usage last."""

    def __init__(self, request: ChatRequest, created_s: int = 0) -> None:
        self._created_s = created_s
        self._model = request.model
        self._wants_usage = request.wants_usage
        self._head = self._tail = b""
        self._thoughts = self._citations = 0
        self._thinks = False  # a thought is open
        self._calls: dict[int, bool] = {}  # whether it has arguments
        self._refused = False
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
        out = [*self._preamble(), *self._without_arguments()]
        finish = finish_word(self._finish, calls=bool(self._calls), refused=self._refused)
        out.append(self._chunk({}, finish))
        if self._wants_usage and self._usage is not None:
            top = self._head.partition(b'"choices"')[0]
            out.append(top + b'"choices":[],"usage":' + _json(write_usage(self._usage)) + b"}\n\n")
        return b"".join([*out, _END])

    def _chunks(self, event: Event) -> Iterator[bytes]:
        match event:
            case events.Started():
                yield from self._preamble(event)
            case events.UsageTold():
                self._usage = event.usage
            case events.Finished():
                self._finish = event.reason
            case events.Failed():
                pass  # who reads the stream tells it
            case _:
                yield from self._preamble()
                yield from map(self._chunk, self._deltas(event))

    def _preamble(self, started: events.Started = events.Started()) -> Iterator[bytes]:  # noqa: B008 - frozen
        if self._head:
            return
        top = _json(
            {
                "id": started.id or UNNAMED,
                "object": "chat.completion.chunk",
                "created": self._created_s,
                "model": started.model or self._model,
            }
        )
        self._head = b"data: " + top[:-1] + b',"choices":[{"index":0,"delta":'
        self._tail = b"}]" + (b',"usage":null' if self._wants_usage else b"") + b"}\n\n"
        yield self._chunk({"role": "assistant", "content": ""})

    def _chunk(self, delta: dict[str, object], finish: str | None = None) -> bytes:
        return self._head + _json(delta) + b',"logprobs":null,"finish_reason":' + _json(finish) + self._tail

    def _deltas(
        self,
        event: events.TextDelta
        | events.RefusalDelta
        | events.ReasoningDelta
        | events.ToolStarted
        | events.ToolDelta
        | events.Cited,
    ) -> Iterator[dict[str, object]]:
        if self._thinks and not isinstance(event, events.ReasoningDelta):
            self._thinks = False  # nobody has signed it
            self._thoughts += 1
        match event:
            case events.TextDelta():
                yield {"content": event.text}
            case events.RefusalDelta():
                self._refused = True
                yield {"refusal": event.text}
            case events.ReasoningDelta():
                yield from self._thought(event)
            case events.ToolStarted():
                self._calls[event.index] = False
                call = ToolUse(event.id, event.name, "", event.signature, event.issuer)
                proofs = list(write_call_proofs([call]))
                yield {
                    **({"reasoning_details": proofs} if proofs else {}),
                    "tool_calls": [{"index": event.index, **tool_call(call)}],
                }
            case events.ToolDelta():
                self._calls[event.index] = self._calls.get(event.index, False) or bool(event.arguments.strip())
                yield {"tool_calls": [{"index": event.index, "function": {"arguments": event.arguments}}]}
            case events.Cited():
                told = annotation(event.citation)
                if told is not None:
                    yield {"annotations": [{"index": self._citations, **told}]}
                    self._citations += 1
            case _:
                assert_never(event)

    def _thought(self, event: events.ReasoningDelta) -> Iterator[dict[str, object]]:
        thought = Reasoning(event.text, event.signature, event.redacted, event.issuer)
        details = list(write_details(thought, self._thoughts))
        if not details:
            return
        self._thinks = not (event.signature or event.redacted)
        self._thoughts += not self._thinks
        yield {**({"reasoning_content": event.text} if event.text else {}), "reasoning_details": details}

    def _without_arguments(self) -> Iterator[bytes]:
        """OpenAI's calls without arguments have an empty object, and clients parse it."""
        for index, has_any in self._calls.items():
            if not has_any:
                yield self._chunk({"tool_calls": [{"index": index, "function": {"arguments": "{}"}}]})
