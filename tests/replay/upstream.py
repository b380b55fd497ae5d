"""A recording as the behaviour of a fault upstream: status, headers and body as they were, in any pieces.

Recordings do not tell where a network cut their bytes. These cuts are those that hurt: inside a character, between CR
and LF, inside a frame and its checksum, after every single byte.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random

from tests.conformance.traffic import Recording
from tests.partners.behaviours import CHUNKS_END, LAST_CHUNK, body_answer, chunk, head
from tests.partners.steps import Behaviour, Pause, Step
from tests.replay.wires import body_of, frames

CONTENT_TYPES = {
    "sse": "text/event-stream; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "eventstream": "application/vnd.amazon.eventstream",
}
PIECES_MAX = 6000  # byte by byte only what is small
PAUSES_MAX = 40
PAUSE_S = 0.001

Cut = Callable[[Recording], Sequence[bytes]]


def headers_of(recording: Recording) -> dict[str, str]:
    """As recorded; the body is plain, and its length is told by whoever sends it."""
    dropped = {"content-encoding", "content-length", "transfer-encoding", "connection"}
    told = {name: value for name, value in (recording.get("response_headers") or {}).items() if name not in dropped}
    if recording["status"] != 200:
        return told
    usual = CONTENT_TYPES[recording["stream_format"]] if recording.get("streaming") else "application/json"
    return {"content-type": usual, **told}


def replayed(recording: Recording, cut: Cut | None = None) -> Behaviour:
    """The whole of it, a stream in the given pieces."""
    if recording["status"] != 200 or not recording["streaming"]:
        return body_answer(recording["status"], body_of(recording), headers_of(recording))
    pieces = (cut or in_events)(recording)
    return streamed(recording, pieces, pause_s=PAUSE_S if len(pieces) <= PAUSES_MAX else 0.0)


def streamed(
    recording: Recording, pieces: Sequence[bytes], then: Behaviour = CHUNKS_END, *, pause_s: float = 0.0
) -> Behaviour:
    """A chunk per piece; with pauses between them the reader sees every cut."""
    start = head(200, {**headers_of(recording), "transfer-encoding": "chunked"})
    pauses: list[Step] = [Pause(pause_s)] if pause_s else []
    steps: list[Step] = [step for piece in pieces[:-1] for step in (chunk(piece), *pauses)]
    last = chunk(pieces[-1]) if pieces else b""
    return (start, *steps, last + LAST_CHUNK) if then == CHUNKS_END else (start, *steps, last, *then)


# Cuts.


def at_once(recording: Recording) -> Sequence[bytes]:
    return [body_of(recording)]


def in_events(recording: Recording) -> Sequence[bytes]:
    return [frame.raw for frame in frames(recording)]


def in_bytes(recording: Recording) -> Sequence[bytes]:
    """Of a long one, the first and the last part."""
    body = body_of(recording)
    singles = PIECES_MAX // 2
    middle = [body[singles:-singles]] if len(body) > PIECES_MAX else []
    return [*_singles(body[:singles]), *middle, *_singles(body[max(singles, len(body) - singles) :])]


def where_it_hurts(recording: Recording) -> Sequence[bytes]:
    """Inside characters, between CR and LF, inside an event's end; inside lengths, headers and checksums of frames."""
    body = body_of(recording)
    places = sorted({place for place in _sore_places(recording, body) if 0 < place < len(body)})
    return _cut(body, Random(len(body)).sample(places, min(len(places), PAUSES_MAX - 1)))


def anywhere(recording: Recording) -> Sequence[bytes]:
    body = body_of(recording)
    dice = Random(recording["id"])
    return _cut(body, [dice.randrange(1, len(body)) for _ in range(PAUSES_MAX - 1)])


CUTS: Mapping[str, Cut] = {
    cut.__name__: cut for cut in (at_once, in_events, in_bytes, where_it_hurts, anywhere)
}  # fmt: skip


def _singles(body: bytes) -> list[bytes]:
    return [body[place : place + 1] for place in range(len(body))]


def _cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    return [body[start:end] for start, end in pairwise((0, *sorted(set(places)), len(body)))]


def _sore_places(recording: Recording, body: bytes) -> Iterator[int]:
    place = 0
    for frame in frames(recording):
        end = place + len(frame.raw)
        if recording["stream_format"] == "eventstream":
            yield from (place + 2, place + 6, place + 10, place + 20, end - 2)
        else:
            yield from (place + 3, end - 1, end - 2, end - 3)
        place = end
    for number in range(len(body)):
        if body[number] & 0xC0 == 0x80 or body[number - 1 : number + 1] == b"\r\n":
            yield number
