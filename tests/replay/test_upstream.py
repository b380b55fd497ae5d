"""The replay upstream itself: however a recording is cut, its bytes are those that were recorded."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.conformance.traffic import Recording
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import raw_client
from tests.replay.frames import frames_of
from tests.replay.upstream import CUTS, PIECES_MAX, in_bytes, replayed, where_it_hurts
from tests.replay.wires import body_of, each, fold_of, frames, good, there, told_of
from tests.replay.wires import replayed as recorded

pytestmark = there

STREAMS = good(streaming=True)


@each(STREAMS)
def test_every_cut_is_of_the_same_bytes(recording: Recording) -> None:
    for cut in CUTS.values():
        pieces = cut(recording)

        assert body_of(recording) == b"".join(pieces)
        assert all(pieces)


@pytest.mark.parametrize(
    ("what", "is_cut"),
    [
        ("character", lambda before, after: after[:1] >= b"\x80" and after[0] & 0xC0 == 0x80),
        ("CRLF", lambda before, after: before.endswith(b"\r") and after.startswith(b"\n")),
        ("frame", lambda before, after: len(before) < 12 and before.startswith(b"\x00\x00")),
    ],
)
def test_it_cuts_where_it_hurts(what: str, is_cut: Callable[[bytes, bytes], bool]) -> None:
    cuts = [pieces for pieces in map(where_it_hurts, STREAMS) for pieces in pairwise(pieces)]

    assert [1 for before, after in cuts if is_cut(before, after)]


def test_small_ones_go_byte_by_byte() -> None:
    small = [one for one in STREAMS if len(body_of(one)) <= PIECES_MAX]

    assert small
    assert {len(piece) for one in small for piece in in_bytes(one)} == {1}


@each(STREAMS, per_wire=1)
async def test_it_serves_what_was_recorded(upstream: FaultUpstream, recording: Recording) -> None:
    upstream.script(replayed(recording, where_it_hurts))
    async with raw_client(upstream.url) as client:
        await client.post("/whatever", {})
        answer = await client.read_answer()

    assert (recording["status"], body_of(recording), True) == (answer.status, answer.body, answer.whole)
    assert (recording["response_headers"] or {}).items() <= answer.headers.items()


# The naive readings: all agree that there is something, or why there is nothing.


@each(recorded())
def test_every_recording_says_something(recording: Recording) -> None:
    if recording["status"] != 200:
        assert body_of(recording)
        return
    told = told_of(recording)

    assert told.says_something or told.error or told.is_opaque or told.finish or told.usage
    assert told.is_whole != bool(told.error)


@each(STREAMS)
def test_what_is_folded_of_a_part_is_a_part(recording: Recording) -> None:
    events = frames(recording)
    whole = told_of(recording)
    half = fold_of(recording).fold(events[: len(events) // 2])

    assert whole.text.startswith(half.text)
    assert frames_of(body_of(recording), recording["stream_format"]) == events
