"""Answers of the vendors that only complete a text, as events. Which vendor it is tells itself."""

from typing import Any

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.provider_bodies import UNREADABLE, decoded, failed
from llmgw.chat.provider_errors import read_error
from llmgw.dialects.bedrock_invoke import vendors
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse

_decoder = msgspec.json.Decoder(dict[str, Any])


class TextDecoder:
    """Reads one stream, once it is out of its frames."""

    def __init__(self) -> None:
        self.ended = False
        self._has_started = False

    def read(self, event: bytes) -> list[Event]:
        """Raises UpstreamProtocolError if it is in nobody's words whom we know."""
        data = sse.parse(event).data
        if data is None:
            return []
        told = _told(data)
        if told.get("type") == "error":
            return [events.Failed(read_error(200, data))]
        said: list[Event] = [] if self._has_started else [events.Started()]
        self._has_started = True
        return said + _read(told)


def read_events(body: bytes) -> list[Event]:
    """An answer at once. Raises UpstreamProtocolError if it is none, or an error: then with its class."""
    told = _told(body)
    if vendors.read(told) is None:
        raise failed(read_error(200, body))
    return [events.Started(), *_read(told)]


def _told(data: bytes) -> dict[str, Any]:
    try:
        return decoded(_decoder, data)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer is no JSON object: {error}") from None


def _read(told: dict[str, Any]) -> list[Event]:
    said, usage = vendors.read(told) or vendors.Said(), vendors.usage_of(told)
    read: list[Event] = [events.TextDelta(said.text)] if said.text else []
    if usage is not None:
        read.append(events.UsageTold(usage))
    if said.finish:
        read.append(said.end)
    return read
