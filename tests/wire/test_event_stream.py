"""Frames are found however the bytes were cut, and what is broken is seen to be."""

import struct
from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.wire import event_stream
from llmgw.wire.event_stream import EVENT_STREAM, Frames, Value
from llmgw.wire.framing import EVENT_BYTES_MAX, BrokenFrameError, EventTooLargeError
from tests.partners.event_stream import event, frame, header, raw_frame, sized

STREAM = event("messageStart", role="assistant") + event("contentBlockDelta", delta={"text": "é"}) + frame({}, b"")


def test_a_frame_says_its_headers_and_its_payload() -> None:
    read = event_stream.parse(frame({":event-type": "messageStop", "näme": "ß"}, b"{}"))

    assert (read.headers, read.payload) == ({":event-type": "messageStop", "näme": "ß"}, b"{}")
    assert (read.text(":event-type"), read.text("x")) == ("messageStop", "")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (0, b"", True),
        (1, b"", False),
        (2, b"\xff", -1),
        (3, struct.pack(">h", -300), -300),
        (4, struct.pack(">i", 70000), 70000),
        (5, struct.pack(">q", 1 << 40), 1 << 40),
        (6, sized(b"\x00\xff"), b"\x00\xff"),
        (7, sized(b"text"), "text"),
        (8, struct.pack(">q", 1700000000000), 1700000000000),
        (9, bytes(range(16)), bytes(range(16))),
    ],
)
def test_a_header_has_a_type(kind: int, value: bytes, expected: Value) -> None:
    read = event_stream.parse(raw_frame(header("a", kind, value) + header("b", 7, sized(b"c")), b""))

    assert read.headers == {"a": expected, "b": "c"}
    assert read.text("a") == (expected if isinstance(expected, str) else "")


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05ab",
        b"\x01a",
        header("a", 10, b"xx"),
        header("a", 7, b"\x00"),
        header("a", 7, b"\x00\x09abc"),
        b"\x01\xff\x00",
    ],
)
def test_headers_that_cannot_be_read_are_told(headers: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        event_stream.parse(raw_frame(headers, b""))


@pytest.mark.parametrize("broken", [b"", b"short", frame({}, b"x")[:-1], frame({}, b"x") + b"y"])
def test_what_is_not_as_long_as_it_says_is_no_frame(broken: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        event_stream.parse(broken)


@given(places=st.lists(st.integers(0, len(STREAM))))
def test_the_same_frames_come_however_the_bytes_were_cut(places: list[int]) -> None:
    frames = Frames()
    out = [frames.feed(STREAM[start:end]) for start, end in pairwise([0, *sorted(places), len(STREAM)])]

    assert b"".join(out) == STREAM
    assert [part for piece in out for part in event_stream.split(piece)] == event_stream.split(STREAM)
    assert frames.rest() == b""


def test_a_frame_comes_with_its_last_byte() -> None:
    frames = Frames()

    assert frames.feed(STREAM[:-1]) == STREAM[:-16]
    assert frames.rest() == STREAM[-16:-1]
    assert EVENT_STREAM.complete(frames.rest()) == b""
    assert frames.feed(STREAM[-1:]) == STREAM[-16:]


@pytest.mark.parametrize("place", [0, 5, 9, 14, -1])
def test_a_wrong_byte_is_seen_once_the_sound_frames_before_it_are_out(place: int) -> None:
    frames = Frames()
    broken = bytearray(event("messageStop", stopReason="end_turn"))
    broken[place] ^= 1

    assert frames.feed(STREAM + broken) == STREAM
    with pytest.raises(BrokenFrameError):
        frames.feed(b"")


def test_a_frame_must_have_room_for_its_headers() -> None:
    lengths = struct.pack(">II", 20, 5)
    with pytest.raises(BrokenFrameError, match="shorter"):
        Frames().feed(lengths + struct.pack(">I", crc32(lengths)))


def test_a_frame_that_is_too_large_is_refused_before_it_comes() -> None:
    lengths = struct.pack(">II", EVENT_BYTES_MAX + 1, 0)
    with pytest.raises(EventTooLargeError):
        Frames().feed(lengths + struct.pack(">I", crc32(lengths)))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_frames_or_in_an_error(data: bytes) -> None:
    try:
        whole = Frames().feed(data)
    except (BrokenFrameError, EventTooLargeError):
        whole = b""

    assert data.startswith(whole)
    assert b"".join(event_stream.split(data)) == data


def test_it_is_told_by_its_content_type() -> None:
    assert EVENT_STREAM.content_types == ("application/vnd.amazon.eventstream",)
    assert EVENT_STREAM.frames().feed(STREAM) == STREAM
    assert EVENT_STREAM.split(STREAM) == event_stream.split(STREAM)
