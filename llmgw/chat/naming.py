"""What a provider left without a name gets one that is made of the request's own: answers, their model and their calls.

Callers keep answers and calls by their ids, so no two may have the same; results must say to which call they belong.
"""

from collections.abc import Iterable, Iterator

import msgspec

from llmgw.chat.dialect import Encoder
from llmgw.chat.events import Event, Started, ToolStarted
from llmgw.chat.request import ChatRequest


class Naming:
    """Of one answer. `prefix` is what the ids of answers begin with in the caller's dialect."""

    def __init__(self, request: ChatRequest, prefix: str) -> None:
        self._call_prefix = f"call_{request.id}_"
        self._usual = Started(f"{prefix}{request.id}", request.model)
        self._has_started = False

    def named(self, told: Iterable[Event]) -> Iterator[Event]:
        """The same events; before the first of them the answer begins."""
        for event in told:
            if isinstance(event, Started):
                self._has_started = True
                yield Started(event.id or self._usual.id, event.model or self._usual.model)
                continue
            if not self._has_started:
                self._has_started = True
                yield self._usual
            if isinstance(event, ToolStarted) and not event.id:
                yield msgspec.structs.replace(event, id=f"{self._call_prefix}{event.index}")
            else:
                yield event


class NamingEncoder:
    """An encoder that is told names only."""

    def __init__(self, encoder: Encoder, naming: Naming) -> None:
        self._encoder = encoder
        self._naming = naming

    def write(self, events: Iterable[Event]) -> bytes:
        return self._encoder.write(self._naming.named(events))

    def end(self) -> bytes:
        return self._encoder.end()
