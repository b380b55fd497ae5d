"""Lines of JSON: the same lines however the stream is cut, and never one without end."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.wire.framing import EVENT_BYTES_MAX, EventTooLargeError
from llmgw.wire.ndjson import NEWLINE_DELIMITED_JSON, Frames, parse

LINES = st.lists(st.sampled_from([b'{"a":1}\n', b'{"b":"\xc3\xa9"}\r\n', b"\n", b"\r\n", b'{"c":\r1}\n', b"[]\n"]))


def fed(pieces: list[bytes]) -> tuple[bytes, bytes]:
    frames = Frames()
    return b"".join(map(frames.feed, pieces)), frames.rest()


@given(LINES, st.sampled_from([b"", b'{"half":', b"{}"]), st.lists(st.integers(0, 100)))
def test_any_cut_gives_the_same_lines_and_the_same_rest(lines: list[bytes], rest: bytes, cuts: list[int]) -> None:
    stream = b"".join(lines) + rest
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(places)]

    assert (b"".join(lines), rest) == fed(pieces)


@given(LINES)
def test_lines_are_split_one_by_one_and_joined_again_the_same(lines: list[bytes]) -> None:
    assert lines == NEWLINE_DELIMITED_JSON.split(b"".join(lines))


def test_a_line_is_given_as_soon_as_it_is_whole() -> None:
    frames = Frames()
    given = [frames.feed(piece) for piece in (b'{"a"', b":1}", b'\n{"b"', b":2}\n", b"\n")]

    assert given == [b"", b"", b'{"a":1}\n', b'{"b":2}\n', b"\n"]


@pytest.mark.parametrize(
    ("line", "data"),
    [
        (b'{"a":1}\n', b'{"a":1}'),
        (b'  {"a":1} \r\n', b'{"a":1}'),
        (b'\xef\xbb\xbf{"a":1}\n', b'{"a":1}'),
        (b"\n", b""),
        (b" \r\n", b""),
    ],
)
def test_what_a_line_says_is_without_what_surrounds_it(line: bytes, data: bytes) -> None:
    assert data == parse(line)


@pytest.mark.parametrize(("rest", "whole"), [(b"{}", b"{}\n"), (b"{}\r", b"{}\n"), (b"", b""), (b" ", b"")])
def test_the_last_line_may_lack_its_end(rest: bytes, whole: bytes) -> None:
    assert whole == NEWLINE_DELIMITED_JSON.complete(rest)


def test_a_line_without_end_is_refused() -> None:
    frames = Frames()
    frames.feed(b"x" * EVENT_BYTES_MAX)
    with pytest.raises(EventTooLargeError):
        frames.feed(b"x")


def test_a_partial_line_is_not_copied_for_every_small_piece() -> None:
    """It grows where it is: what is allocated for a hundred more pieces is not a hundred times what is there."""
    frames = Frames()
    frames.feed(b"x" * 1_000_000)
    tracemalloc.start()
    try:
        for _ in range(100):
            frames.feed(b"x")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 2_000_000


def test_its_usual_name_is_the_first() -> None:
    assert NEWLINE_DELIMITED_JSON.content_types[0] == "application/x-ndjson"
    assert "application/json-lines" in NEWLINE_DELIMITED_JSON.content_types
