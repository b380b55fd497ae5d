"""Ready-made behaviours of an OpenAI-shaped upstream, good and bad, by name.

Each is a function from a few values to a tuple of steps; `steps.py` has what splits, slows and cuts them.
"""

import gzip
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from tests.partners.bodies import DONE, encode, sse_event
from tests.partners.steps import CLOSE, HOLD, RESET, Behaviour, Gate, Pause, Repeat, Step, Turn

LAST_CHUNK = b"0\r\n\r\n"
CHUNKS_END: Behaviour = (LAST_CHUNK,)
SSE = "text/event-stream; charset=utf-8"
PIECE_BYTES = 64 * 1024

RESET_BEFORE_HEADERS: Behaviour = RESET
CLOSED_BEFORE_HEADERS: Behaviour = CLOSE
STALL_BEFORE_HEADERS: Behaviour = HOLD


def head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_reason(status)}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body. An empty one would be the end, so it is nothing."""
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def body_answer(status: int, body: bytes, headers: Mapping[str, str]) -> Behaviour:
    length = {"content-length": str(len(body))}
    return (head(status, {**length, **headers}) + body,)


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Behaviour:
    return body_answer(status, encode(body), {"content-type": "application/json", **(headers or {})})


def event_stream(
    events: Iterable[bytes],
    *,
    gate: Gate | None = None,
    pause_s: float = 0.0,
    then: Behaviour = CHUNKS_END,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
) -> Behaviour:
    """A chunked event stream: one event per chunk and write, then its end or what comes instead of it."""
    steps: list[Step] = [head(status, {"content-type": SSE, "transfer-encoding": "chunked", **(headers or {})})]
    for event in events:
        if gate is not None:
            steps.append(Turn(gate))
        elif pause_s > 0:
            steps.append(Pause(pause_s))
        steps.append(chunk(event))
    return _with_end(steps, then)


def stream_until_close(events: Iterable[bytes]) -> Behaviour:
    """A stream without framing, as HTTP/1.0 had it: the end of the connection is the end of the body."""
    return (head(200, {"content-type": SSE, "connection": "close"}), *events, *CLOSE)


def stall_before_first_token() -> Behaviour:
    """The headers of a stream, and silence."""
    return event_stream([], then=HOLD)


def stall_after(events: Sequence[bytes]) -> Behaviour:
    """Some events of a stream, and silence."""
    return event_stream(events, then=HOLD)


def ends_without_end_mark(events: Sequence[bytes], keep: int) -> Behaviour:
    """The first events, then a clean end of the body: HTTP is content, the stream is not whole."""
    return event_stream(events[:keep])


def closed_after(events: Sequence[bytes], keep: int) -> Behaviour:
    """The first events, then FIN without the end of the chunked body."""
    return event_stream(events[:keep], then=CLOSE)


def reset_after(events: Sequence[bytes], keep: int) -> Behaviour:
    """The first events, then RST."""
    return event_stream(events[:keep], then=RESET)


def closed_inside_chunk(events: Sequence[bytes], keep: int) -> Behaviour:
    """The first events, then half of the next chunk and FIN."""
    following = chunk(events[keep])
    return event_stream(events[:keep], then=(following[: len(following) // 2], *CLOSE))


def comments_only(count: int, interval_s: float, then: Behaviour = CHUNKS_END) -> Behaviour:
    """SSE comments: signs of life that are no token, as OpenRouter sends them."""
    return event_stream([b": PARTNER IS THINKING\n\n"] * count, pause_s=interval_s, then=then)


def error_in_stream(before: Sequence[bytes], error: bytes, *, done: bool) -> Behaviour:
    """A stream that began with 200 and turns into an error, with or without an end mark after it."""
    return event_stream([*before, error, *([DONE] if done else [])])


def openrouter_error_event(code: int = 502, message: str = "Upstream went away") -> bytes:
    """OpenRouter: `error` beside `choices`; it sends [DONE] afterwards."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
    error = {"code": code, "message": message}
    return sse_event({"id": "gen-partner", "object": "chat.completion.chunk", "error": error, "choices": [choice]})


def groq_error_event(message: str = "The model called no tool") -> bytes:
    """Groq: a named event; the stream ends after it without [DONE]."""
    error = {"message": message, "type": "invalid_request_error", "code": "tool_use_failed", "status_code": 400}
    return sse_event({"error": {**error, "failed_generation": ""}}, name="error")


def garbage_json(status: int = 200) -> Behaviour:
    """Says it is JSON and is not."""
    return body_answer(status, b'{"id": "chatcmpl-partner", "choices": [{', {"content-type": "application/json"})


def garbage_in_stream(before: Sequence[bytes]) -> Behaviour:
    """A stream in which one event is not JSON."""
    return event_stream([*before, b'data: {"choices": [{\n\n', DONE])


def html_answer(status: int = 200) -> Behaviour:
    """A login page or a proxy's excuse, where an answer should be; on stream requests too."""
    return body_answer(status, b"<!doctype html><title>Welcome</title>", {"content-type": "text/html"})


def redirect(location: str, status: int = 302) -> Behaviour:
    return body_answer(status, b"", {"location": location})


def endless_headers(size_bytes: int = 16 * 1024 * 1024) -> Behaviour:
    """A head that does not end; "endless" is bounded here, far above what a client should take."""
    line = b"x-filler: " + b"a" * 1012 + b"\r\n"
    return (b"HTTP/1.1 200 OK\r\n", Repeat(line, size_bytes // len(line)), *HOLD)


def gigantic_body(size_bytes: int, status: int = 200) -> Behaviour:
    """A body larger than anybody wants, announced truthfully."""
    pieces, rest = divmod(size_bytes, PIECE_BYTES)
    headers = {"content-type": "application/json", "content-length": str(size_bytes)}
    return (head(status, headers), Repeat(b" " * PIECE_BYTES, pieces), b" " * rest)


def gigantic_event(size_bytes: int) -> Behaviour:
    """One event of a stream that does not end within `size_bytes`."""
    piece = chunk(b"a" * PIECE_BYTES)
    return event_stream([], then=(chunk(b"data: "), Repeat(piece, size_bytes // PIECE_BYTES), *CHUNKS_END))


def with_informational(behaviour: Behaviour, status: int = 103) -> Behaviour:
    """A 1xx before the answer."""
    return (head(status, {"link": "</style.css>; rel=preload"}), *behaviour)


def gzip_answer(body: object, status: int = 200) -> Behaviour:
    """Compressed, whether the client had asked for it or not."""
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    return body_answer(status, gzip.compress(encode(body), mtime=0), headers)


def bad_chunk_size(before: Sequence[bytes]) -> Behaviour:
    """A chunked body whose next chunk has no readable size."""
    return event_stream(before, then=(b"not-a-size\r\nabc\r\n", *CLOSE))


def not_http() -> Behaviour:
    """Something that is not HTTP answers on that port."""
    return (b"220 mail.example ESMTP\r\n", *CLOSE)


def _with_end(steps: list[Step], then: Behaviour) -> Behaviour:
    """The end of the body leaves with the last event: who closes on [DONE] has then hung up on nothing."""
    last = steps[-1]
    if then == CHUNKS_END and len(steps) > 1 and isinstance(last, bytes):
        return (*steps[:-1], last + LAST_CHUNK)
    return (*steps, *then)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
