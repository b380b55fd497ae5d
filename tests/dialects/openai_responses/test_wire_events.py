"""Any event of a stream."""

import pytest

from llmgw.chat.provider_errors import ProviderError
from llmgw.dialects.openai_responses.wire_events import WireEvent, index_of, parse
from llmgw.errors import UpstreamProtocolError


def test_an_event() -> None:
    told = parse(b'event: response.output_text.delta\ndata: {"type": "response.output_text.delta", "delta": "a"}\n\n')

    assert isinstance(told, WireEvent)
    assert (told.type, told.delta, told.output_index) == ("response.output_text.delta", "a", None)


def test_its_name_may_stand_only_outside() -> None:
    told = parse(b'event: response.created\ndata: {"response": {}}\n\n')

    assert isinstance(told, WireEvent)
    assert told.type == "response.created"


@pytest.mark.parametrize("event", [b": ping\n\n", b"event: ping\n\n", b"data: [DONE]\n\n", b"data:\n\n"])
def test_nothing_for_us(event: bytes) -> None:
    assert parse(event) is None


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"type": "error", "message": "m"}\n\n',
        b'event: error\ndata: {"message": "m"}\n\n',
        b"event: error\ndata: m\n\n",
        b'data: {"error": "m"}\n\n',
    ],
)
def test_errors(event: bytes) -> None:
    told = parse(event)

    assert isinstance(told, ProviderError)
    assert told.message == "m"


def test_an_error_that_is_no_json_is_none_that_an_sdk_would_understand() -> None:
    told = parse(b"event: error\ndata: m\n\n")

    assert isinstance(told, ProviderError)
    assert not told.plain


def test_an_error_of_a_tool_is_none_of_the_stream() -> None:
    assert isinstance(parse(b'data: {"type": "response.mcp_call.failed", "error": "m"}\n\n'), WireEvent)


@pytest.mark.parametrize("data", [b"{", b"5", b'{"type": 5}', b'{"delta": "a"}', b"\xff"])
def test_what_is_no_event(data: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        parse(b"data: " + data + b"\n\n")


@pytest.mark.parametrize(("value", "index"), [(3, 3), (None, 0), ("1", 0)])
def test_a_place_that_is_not_told_is_the_first(value: object, index: int) -> None:
    assert index_of(value) == index
