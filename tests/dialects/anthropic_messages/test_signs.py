"""What each event means to the gateway, and what nobody needs to look at."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.dialect import FINISH_CONTENT_FILTER, NOTHING, Sign
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.signs import Signs, may_matter
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.anthropic_messages.wire import (
    CALL,
    ERROR,
    PING,
    STOP,
    TEXT,
    closed,
    delta,
    ending,
    event,
    opened,
    start,
)


def test_the_usage_of_the_end_stands_for_that_of_the_start() -> None:
    signs = Signs()

    assert Sign(usage=Usage(17, 1, 5, 0, 2)) == signs(start())
    assert Sign(finish="end_turn", finished=(0,), usage=Usage(17, 7, 5, 0, 2)) == signs(ending())
    assert Sign(end=True) == signs(STOP)


def test_two_streams_do_not_share_their_counts() -> None:
    Signs()(start())

    assert Signs()(ending()).usage == Usage(0, 7)


def test_a_refusal_is_a_filtered_answer() -> None:
    assert Signs()(ending("refusal")).finish == FINISH_CONTENT_FILTER


@pytest.mark.parametrize(
    "told",
    [
        delta(0, "text", text="a"),
        delta(0, "thinking", thinking="a"),
        delta(0, "signature", signature="a"),
        delta(0, "input_json", partial_json="{"),
        delta(0, "citations", citation={"type": "char_location"}),
        opened(0, type="text", text="a"),
        opened(0, type="tool_use", id="1", name="f", input={}),
        opened(0, type="redacted_thinking", data="x"),
        opened(0, type="server_tool_use", id="1", name="web_search", input={}),
        opened(0, type="of_tomorrow"),
    ],
)
def test_content(told: bytes) -> None:
    assert Signs()(told) == Sign(content=True)


@pytest.mark.parametrize(
    "told",
    [
        PING,
        opened(0, type="text", text=""),
        opened(0, type="thinking", thinking="", signature=""),
        delta(0, "text", text=""),
        delta(0, "input_json", partial_json=""),
        delta(0, "of_tomorrow", says="a"),
        event("content_block_delta", index=0),
        closed(0),
        event("of_tomorrow", says={"a": [1]}),
        event("message_start"),
        event("message_delta"),
        event("message_delta", delta={"stop_reason": None}),
        b": comment\n\n",
        b"data: [DONE]\n\n",
        b"event: ping\n\n",
    ],
)
def test_no_content(told: bytes) -> None:
    assert Signs()(told) == NOTHING


@pytest.mark.parametrize(
    "told", [b'data: {"type":"message_stop"      }\r\n\r\n', b'data:{ "type" : "message_stop" }\n\n']
)
def test_spaces_say_nothing(told: bytes) -> None:
    assert Signs()(told) == Sign(end=True)


@pytest.mark.parametrize(
    "told", [ERROR, ERROR.removeprefix(b"event: error\n"), b'event: error\ndata: {"type":"error","error":{}}\n\n']
)
def test_an_error(told: bytes) -> None:
    error = Signs()(told).error

    assert error is not None
    assert error.failure is (FailureClass.OVERLOADED if b"overloaded" in told else None)


def test_an_error_that_is_no_json_is_an_error_too() -> None:
    error = Signs()(b"event: error\ndata: upstream went away\n\n").error

    assert error is not None
    assert error.message == "upstream went away"


@pytest.mark.parametrize("data", [b"{", b"[]", b"5", b"{}", b'{"type":5}', b"\xff", b"[" * 100_000])
def test_what_is_no_event_of_a_message(data: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        Signs()(b"data: " + data + b"\n\n")


def test_only_what_could_carry_usage_an_error_or_the_end_is_looked_at() -> None:
    assert not may_matter(b"".join([*TEXT, *CALL, PING]))
    assert all(map(may_matter, [start(), ending(), STOP, ERROR, b"event: error\ndata: x\n\n"]))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_a_sign_or_a_typed_error(data: bytes) -> None:
    with suppress(UpstreamProtocolError):
        Signs()(b"data: " + data)
