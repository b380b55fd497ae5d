"""The whole dialect: what is forwarded stays as it came, and it fits where a dialect is wanted."""

import json

import msgspec

from llmgw.chat.dialect import Dialect, ErrorReport
from llmgw.chat.request import Edits
from llmgw.dialects.anthropic_messages.dialect import AnthropicMessages, anthropic_messages
from llmgw.errors import FailureClass
from llmgw.wire import sse

BODY = b'{"model": "m", "of_tomorrow": {"a": 1.0e2}, "max_tokens": 9, "messages": [ ], "metadata": null}'


def test_it_is_a_dialect() -> None:
    dialect: Dialect = AnthropicMessages()

    assert dialect.name == anthropic_messages.name == "anthropic_messages"


def test_a_request_goes_on_as_it_came_but_for_the_edits() -> None:
    request = anthropic_messages.read_request(BODY)
    edits = Edits(
        "up", {"max_tokens": msgspec.Raw(b"5")}, {"top_k": msgspec.Raw(b"3")}, frozenset({"metadata"}), ask_usage=True
    )
    body, dropped = anthropic_messages.write_request(request, edits)

    assert body == b'{"top_k":3,"model":"up","of_tomorrow":{"a": 1.0e2},"max_tokens":5,"messages":[ ]}'
    assert dropped == ("metadata",)


def test_a_broken_stream_ends_in_an_event_of_its_name() -> None:
    event = anthropic_messages.write_stream_error(ErrorReport(502, "stream_cut", "the stream broke"))
    name, data = sse.parse(event)

    assert name == b"error"
    assert json.loads(data or b"")["error"] == {
        "type": "api_error",
        "message": "the stream broke",
        "code": "stream_cut",
    }
    assert anthropic_messages.signs()(event).error is not None


def test_a_stream_is_read_written_and_looked_at() -> None:
    request = anthropic_messages.read_request(BODY)
    encoder = anthropic_messages.encoder(request)
    stream = encoder.write(anthropic_messages.read_events(b'{"content":[]}')) + encoder.end()
    decoder = anthropic_messages.decoder()
    told = [event for part in sse.split(stream) for event in decoder.read(part)]

    assert decoder.ended
    assert told
    assert anthropic_messages.may_matter(stream)


def test_its_errors_are_read_as_they_are_written() -> None:
    body = anthropic_messages.write_error(ErrorReport(529, "overloaded", "no"))
    told = anthropic_messages.read_error(529, body)

    assert (told.failure, told.message, told.plain) == (FailureClass.OVERLOADED, "no", True)
