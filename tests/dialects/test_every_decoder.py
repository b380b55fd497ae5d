"""Whatever a provider sends, in every dialect: events or an error of ours, and never without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.events import Event
from llmgw.errors import UpstreamProtocolError
from llmgw.providers.catalog import DIALECTS, dialect
from llmgw.wire.framing import EVENT_BYTES_MAX, BrokenFrameError, EventTooLargeError

EACH = pytest.mark.parametrize("name", sorted(DIALECTS))
WORDS = [
    b"data: ",
    b"event: error",
    b"\n\n",
    b"\r\n",
    b'{"type":',
    b'"choices":[',
    b"{}",
    b"[",
    b"]",
    b"null",
    b'"',
    b",",
    b"\x00",
]
BYTES = st.lists(st.sampled_from(WORDS) | st.binary(max_size=9), max_size=24).map(b"".join)
CHUNK_BYTES = 64 * 1024
TEN_MB = 10_000_000


def heard(spoken: ProviderDialect, *chunks: bytes) -> list[Event]:
    """What the frames and the decoder make of it, as a relay has it."""
    frames, decoder = spoken.framing.frames(), spoken.decoder()
    told: list[Event] = []
    for chunk in chunks:
        for event in spoken.framing.split(frames.feed(chunk)):
            told += decoder.read(event)
    rest = spoken.framing.complete(frames.rest())
    return [*told, *(decoder.read(rest) if rest else [])]


@EACH
@given(BYTES)
def test_any_bytes_are_events_or_an_error_of_ours(name: str, sent: bytes) -> None:
    try:
        heard(dialect(name), sent)
        heard(dialect(name), *(sent[place : place + 1] for place in range(len(sent))))
    except (UpstreamProtocolError, BrokenFrameError, EventTooLargeError):
        return


@EACH
@given(BYTES)
def test_any_body_is_an_answer_or_an_error_of_ours(name: str, sent: bytes) -> None:
    spoken = dialect(name)
    assert spoken.read_error(400, sent).message is not None
    try:
        spoken.read_events(sent)
    except UpstreamProtocolError:
        return


@EACH
def test_an_event_of_ten_megabytes_is_read_or_refused(name: str) -> None:
    """Piece by piece: as much as one may have, and then too much."""
    spoken = dialect(name)
    for size in (TEN_MB, EVENT_BYTES_MAX + 4 * CHUNK_BYTES):
        letters = b"x" * (size - 16)
        sent = b'data: {"a":"' + letters + b'"}\n\n'
        chunks = [sent[place : place + CHUNK_BYTES] for place in range(0, len(sent), CHUNK_BYTES)]
        try:
            told = heard(spoken, *chunks)
        except (UpstreamProtocolError, BrokenFrameError, EventTooLargeError):
            continue
        assert size == TEN_MB
        assert len(told) <= 2
