"""Frames are read as they were written, and a broken one is seen to be broken."""

import pytest

from tests.partners.aws_frames import read_frames
from tests.partners.event_stream import event, exception


def test_what_is_written_is_read_again() -> None:
    written = [event("messageStart", role="König"), exception("throttlingException", "slow")]
    frames = list(read_frames(b"".join(written)))

    assert written == [frame.raw for frame in frames]
    assert [next(iter(frame.headers)) for frame in frames] == [":event-type", ":exception-type"]
    assert [frame.json for frame in frames] == [{"role": "König", "p": "abcdef"}, {"message": "slow"}]


@pytest.mark.parametrize("place", [0, 5, 9, 20, -1])
def test_a_broken_byte_is_seen(place: int) -> None:
    frame = bytearray(event("messageStop"))
    frame[place] ^= 1

    with pytest.raises(ValueError, match="broken"):
        list(read_frames(bytes(frame)))
