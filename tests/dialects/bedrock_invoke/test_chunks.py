"""Out of AWS's frames come the events as their vendor would send them himself."""

import json
from base64 import b64encode
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.dialects.bedrock_invoke.chunks import CHUNKS
from llmgw.wire import event_stream, sse
from llmgw.wire.framing import BrokenFrameError
from tests.partners.event_stream import chunk, event, exception, frame

STREAM = chunk(type="message_start", message={"é": 1}) + chunk(outputText="x") + chunk(type="message_stop")
EVENTS = (
    b'event: message_start\ndata: {"type": "message_start", "message": {"\\u00e9": 1}}\n\n'
    b'data: {"outputText": "x"}\n\n'
    b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
)


@given(places=st.lists(st.integers(0, len(STREAM))))
def test_the_same_events_come_however_the_bytes_were_cut(places: list[int]) -> None:
    frames = CHUNKS.frames()
    out = [frames.feed(STREAM[start:end]) for start, end in pairwise([0, *sorted(places), len(STREAM)])]

    assert b"".join(out) == EVENTS
    assert frames.rest() == b""


def test_they_are_split_and_completed_as_such_events_are() -> None:
    assert CHUNKS.split(EVENTS) == sse.split(EVENTS)
    assert CHUNKS.complete(b"data: x") == b"data: x\n\n"
    assert CHUNKS.content_types == (event_stream.CONTENT_TYPE,)


def test_an_exception_is_an_error_in_anthropics_words() -> None:
    out = CHUNKS.frames().feed(exception("throttlingException", "slow") + exception("validationException", "no"))
    told = [sse.parse(part) for part in sse.split(out)]

    assert [part.name for part in told] == [b"error", b"error"]
    assert [json.loads(part.data or b"")["error"] for part in told] == [
        {"type": "rate_limit_error", "message": "throttlingException: slow"},
        {"type": "invalid_request_error", "message": "validationException: no"},
    ]


def test_a_guardrails_trace_stays_behind() -> None:
    out = CHUNKS.frames().feed(chunk(**{"type": "x", "amazon-bedrock-trace": {"modelOutput": ["Rome"]}}))

    assert out == b'event: x\ndata: {"type":"x"}\n\n'


def test_json_over_several_lines_is_one_line() -> None:
    packed = b64encode(b'{\n  "type": "x"\r\n}').decode()

    assert CHUNKS.frames().feed(event("chunk", bytes=packed)) == b'event: x\ndata: {"type":"x"}\n\n'


def test_events_may_come_without_base64() -> None:
    assert CHUNKS.frames().feed(frame({":event-type": "chunk"}, b'{"type":"x"}')) == b'event: x\ndata: {"type":"x"}\n\n'


@pytest.mark.parametrize(
    "payload",
    [b"no", b"[]", b'{"bytes":"!"}', '{"bytes":"é"}'.encode(), b'{"bytes":"bm8="}', b'{"bytes":5}', b'{"type":5}'],
)
def test_what_is_no_chunk_is_told(payload: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        CHUNKS.frames().feed(frame({":event-type": "chunk"}, payload))


def test_what_came_before_a_broken_one_is_told_before_it() -> None:
    frames = CHUNKS.frames()
    out = frames.feed(chunk(outputText="x") + frame({":event-type": "chunk"}, b"no") + chunk(outputText="y"))

    assert out == b'data: {"outputText": "x"}\n\n'
    for _ in range(2):
        with pytest.raises(BrokenFrameError):
            frames.feed(b"")
