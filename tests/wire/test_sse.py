"""Events are the same however their bytes were cut, and every byte is looked at once."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.wire import framing, sse
from llmgw.wire.framing import EventTooLargeError

LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
WORDS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8).map(str.encode)
FIELDS = st.one_of(
    st.builds(bytes.__add__, st.sampled_from([b"data:", b"data: ", b"event: ", b": ", b":", b"id: "]), WORDS),
    st.just(b"data"),
    st.just(b""),  # a blank line too many
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Well-formed and not so well-formed streams, with every kind of line end."""
    parts = []
    for lines in draw(st.lists(st.lists(FIELDS, max_size=3), max_size=6)):
        end = draw(LINE_ENDS)
        parts += [line + (end if draw(st.booleans()) else draw(LINE_ENDS)) for line in [*lines, b""]]
    return b"".join(parts) + draw(WORDS)


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    places = draw(st.lists(st.integers(0, len(data)), max_size=12).map(sorted))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True) if start < end]


def fed(pieces: Iterable[bytes]) -> tuple[bytes, list[sse.ServerSentEvent]]:
    """All the bytes that come out, and what the events among them say."""
    frames = sse.Frames()
    out = [frames.feed(piece) for piece in pieces]
    return b"".join([*out, frames.rest()]), [event for whole in out for event in said(whole)]


def said(whole: bytes) -> list[sse.ServerSentEvent]:
    return [event for event in map(sse.parse, sse.split(whole)) if event.data is not None]


@given(st.data())
def test_any_split_of_the_same_bytes_gives_the_same_events(data: st.DataObject) -> None:
    stream = data.draw(streams())
    pieces = data.draw(cuts(stream))

    assert fed([stream]) == fed(pieces)
    assert stream == fed(pieces)[0]


@given(streams())
def test_byte_by_byte_gives_the_same_events_too(stream: bytes) -> None:
    assert fed([stream]) == fed(bytes([byte]) for byte in stream)


@given(streams())
def test_split_and_joined_again_are_the_same_bytes(stream: bytes) -> None:
    assert stream == b"".join(sse.split(stream))


@given(st.binary(max_size=60))
def test_no_bytes_are_too_odd(stream: bytes) -> None:
    whole, _ = fed(stream[place : place + 7] for place in range(0, len(stream), 7))

    assert stream == whole


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_each_of_three_ways(end: bytes) -> None:
    stream = end.join([b"event: a", b"data: 1", b"", b": only a comment", b"", b"data:2", b"data: 3", b"", b""])
    events = sse.split(sse.Frames().feed(stream))

    assert [sse.parse(event) for event in events] == [(b"a", b"1"), (None, None), (None, b"2\n3")]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (b"data: x\n\n", (None, b"x")),
        (b"data:x\n\n", (None, b"x")),
        (b"data:  x\n\n", (None, b" x")),
        (b"data\n\n", (None, b"")),
        (b"data:\n\n", (None, b"")),
        (b"data: a\r\ndata: b\rdata: c\n\n", (None, b"a\nb\nc")),
        (b"id: 7\nretry: 10\nevent:error\ndata: {}\n\n", (b"error", b"{}")),
        (b": PROCESSING\n\n", (None, None)),
        (b"database: x\n\n", (None, None)),
        (b"event: alone\n\n", (b"alone", None)),
        (b"\xef\xbb\xbfdata: after a byte order mark\n\n", (None, b"after a byte order mark")),
        (b'data: {"a":\xff}\n\n', (None, b'{"a":\xff}')),
        (b"", (None, None)),
    ],
)
def test_an_event_says_its_name_and_its_data(event: bytes, expected: sse.ServerSentEvent) -> None:
    assert expected == sse.parse(event)


def test_a_read_of_whole_events_is_passed_on_without_a_copy() -> None:
    chunk = b"data: 1\n\ndata: 2\n\n"

    assert sse.Frames().feed(chunk) is chunk


def test_an_event_is_given_as_soon_as_it_is_whole() -> None:
    frames = sse.Frames()
    pieces = [b"data: 1\r\n\r", b"\n", b"data: 2\r\n\r\nda", b"ta: 3\r", b"\r"]

    assert [frames.feed(p) for p in pieces] == [b"data: 1\r\n\r", b"\n", b"data: 2\r\n\r\n", b"", b"data: 3\r\r"]
    assert frames.rest() == b""


def test_half_an_event_waits_and_is_the_rest() -> None:
    frames = sse.Frames()

    assert frames.feed(b"data: 1\n\ndata: half") == b"data: 1\n\n"
    assert frames.rest() == b"data: half"


class Counting(bytearray):
    """Counts how many bytes are searched."""

    searched = 0

    def rfind(self, sub: bytes, start: int, *_: object) -> int:  # type: ignore[override]
        self.searched += len(self) - start
        return super().rfind(sub, start)


def test_every_byte_of_a_large_event_is_looked_at_once_for_each_kind_of_border() -> None:
    frames = sse.Frames()
    frames._partial = counting = Counting()
    event = b"data: " + b"x" * 320_000 + b"\n\n"
    pieces = [event[place : place + 64] for place in range(0, len(event), 64)]
    frames.feed(b"data: ")  # from here on there is a partial event
    out = [frames.feed(piece) for piece in pieces]
    border_kinds = 3

    assert b"data: " + event == b"".join(out)
    assert len([whole for whole in out if whole]) == 1
    assert counting.searched <= border_kinds * (len(event) + len(pieces))


def test_a_small_read_of_a_large_event_copies_nothing_of_what_waits() -> None:
    frames = sse.Frames()
    frames.feed(b"data: " + b"x" * 320_000)
    waiting = frames._partial
    frames.feed(b"more")

    assert frames._partial is waiting


def test_an_event_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "EVENT_BYTES_MAX", 100)
    frames = sse.Frames()
    frames.feed(b"data: 1\n\n" * 50)  # many events are no large event
    frames.feed(b"x" * 100)

    with pytest.raises(EventTooLargeError, match="more than 100 bytes"):
        frames.feed(b"x")


def test_written_events_read_back() -> None:
    assert sse.parse(sse.write(b"{}")) == (None, b"{}")
    assert sse.parse(sse.write(b"{}", b"error")) == (b"error", b"{}")
    assert sse.parse(sse.comment(b"waiting")) == (None, None)
    assert [len(sse.split(e)) for e in (sse.write(b"{}"), sse.write(b"{}", b"e"), sse.comment(b"w"))] == [1, 1, 1]
