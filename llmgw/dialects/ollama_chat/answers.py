"""An answer, line by line or at once: both are the same object, of which a stream sends many.

The last line says that it is done, why, and what it took. Calls come whole; an id is made up where there is none.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import count
from llmgw.chat.provider_bodies import UNREADABLE, decoded, failed
from llmgw.chat.usage import Usage
from llmgw.dialects.ollama_chat.errors import read_error
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import ndjson

_COUNTS = ("prompt_eval_count", "eval_count")
_NOTHING = (b"", b"null")
_FINISHES = {"stop": Finish.STOP, "length": Finish.LENGTH}


class _Function(msgspec.Struct):
    name: str = ""
    arguments: msgspec.Raw = msgspec.Raw()


class _Call(msgspec.Struct):
    function: _Function
    id: str | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_Call] | None = None


class Line(msgspec.Struct):
    """Any line. `message` is of /api/chat; `response`, with its own `thinking`, of /api/generate."""

    model: str | None = None
    created_at: str | None = None
    message: _Message | None = None
    response: str | None = None
    thinking: str | None = None
    done: bool | None = None
    done_reason: str | None = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(Line)


class OllamaDecoder:
    """Reads the lines of one answer."""

    def __init__(self) -> None:
        self.ended = False
        self._has_begun = False
        self._calls = 0

    def read(self, event: bytes) -> list[Event]:
        """What a line says. Raises UpstreamProtocolError if it is not of this dialect."""
        data = ndjson.parse(event)
        if self.ended or not data:
            return []
        try:
            line = decoded(_decoder, data)
            return [events.Failed(read_error(200, data))] if line.error is not None else list(self._read(line))
        except UNREADABLE as error:
            raise UpstreamProtocolError(f"a line of the answer is not Ollama's: {error}") from None

    def _read(self, line: Line) -> Iterator[Event]:
        if not self._has_begun:
            self._has_begun = True
            yield events.Started(model=line.model or "")
        message = line.message or _Message(line.response, line.thinking)
        if message.thinking:
            yield events.ReasoningDelta(message.thinking)
        if message.content:
            yield events.TextDelta(message.content)
        for call in message.tool_calls or ():
            yield from self._call(call)
        if line.done:
            yield from self._end(line)

    def _call(self, call: _Call) -> Iterator[Event]:
        index, self._calls = self._calls, self._calls + 1
        arguments = _arguments(call.function.arguments)
        yield events.ToolStarted(index, call.id or "", call.function.name)
        yield events.ToolDelta(index, arguments)

    def _end(self, line: Line) -> Iterator[Event]:
        self.ended = True
        told = {name: getattr(line, name) for name in _COUNTS}
        if any(value is not None for value in told.values()):
            yield events.UsageTold(Usage(count(told, _COUNTS[0]), count(told, _COUNTS[1])))
        usual = Finish.TOOL_USE if self._calls else Finish.STOP  # a call ends with `stop` too
        yield events.finished_by(line.done_reason or "", _FINISHES, usual)


def read_events(body: bytes) -> list[Event]:
    """An answer at once. Raises UpstreamProtocolError if it is none, or an error: then with its class."""
    decoder = OllamaDecoder()
    told = decoder.read(body)
    for event in told:
        if isinstance(event, events.Failed):
            raise failed(event.error)
    if not decoder.ended:
        raise UpstreamProtocolError("the answer does not say that it is done")
    return told


def _arguments(raw: msgspec.Raw) -> str:
    """The object as JSON text; text that has it inside is taken as it is."""
    data = bytes(raw)
    if data in _NOTHING:
        return "{}"
    if data.startswith(b'"'):
        return str(msgspec.json.decode(data))
    return data.decode(errors="replace")
