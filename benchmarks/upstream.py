"""A fast pretended provider: one prebuilt chat answer of 740 bytes, or a stream of N events at a set pace.

The request says what it wants, in its text ("50 events, 20 ms"; 0 ms: as fast as the reader reads), so any proxy
carries the wish through. It has no other logic: what it costs must stay far below what a proxy costs.
"""

import argparse
import asyncio
import contextlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import cast

import uvloop

from benchmarks.http1 import BrokenHttpError, Request, RequestReader

ANSWER_BYTES = 740
EVENTS_MAX = 100_000
EVENTS_PER_WRITE = 64

_STREAM = re.compile(rb'"stream":\s*true')
_USAGE = re.compile(rb'"include_usage":\s*true')
_PACE = re.compile(rb"(\d{1,6}) events, (\d{1,5}) ms")

_ANSWER_HEAD = (
    b'{"id":"chatcmpl-bench-0001","object":"chat.completion","created":1700000000,"model":"bench-1","choices":'
    b'[{"index":0,"message":{"role":"assistant","content":"'
)
_ANSWER_TAIL = (
    b'","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":'
    b'64,"total_tokens":88,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":'
    b'{"reasoning_tokens":0}},"system_fingerprint":"fp_bench"}'
)
_TEXT_BYTES = ANSWER_BYTES - len(_ANSWER_HEAD) - len(_ANSWER_TAIL)
ANSWER = _ANSWER_HEAD + (b"so many words " * 64)[:_TEXT_BYTES] + _ANSWER_TAIL

_CHUNK = (
    b'data: {"id":"chatcmpl-bench-0001","object":"chat.completion.chunk","created":1700000000,"model":"bench-1",'
    b'"service_tier":"default","system_fingerprint":"fp_bench","choices":[%b]%b}\n\n'
)
_CHOICE = b'{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}'
_NUMBERS = b'{"prompt_tokens":24,"completion_tokens":64,"total_tokens":88}'
_FIRST = _CHUNK % (_CHOICE % (b'{"role":"assistant","content":"so"}', b"null"), b"")
_NEXT = _CHUNK % (_CHOICE % (b'{"content":" many words"}', b"null"), b"")
_LAST = _CHUNK % (_CHOICE % (b"{}", b'"stop"'), b"")
_USAGE_EVENT = _CHUNK % (b"", b',"usage":' + _NUMBERS)
_DONE = b"data: [DONE]\n\n"


def _whole(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def _as_chunk(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


_READY = _whole(b"200 OK", b"{}")
_OK = _whole(b"200 OK", ANSWER)
_FAILED = _whole(b"500 Internal Server Error", b'{"error":{"message":"asked to fail","type":"server_error"}}')
_NOT_FOUND = _whole(b"404 Not Found", b'{"error":{"message":"POST /v1/chat/completions","type":"not_found"}}')
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@lru_cache(maxsize=16)
def stream_frames(events: int, *, usage: bool) -> tuple[bytes, ...]:
    """One frame per event, each a chunk of its own; the end marks ride on the last."""
    frames = [_FIRST, *[_NEXT] * (events - 2), _LAST][:events]
    end = (_as_chunk(_USAGE_EVENT) if usage else b"") + _as_chunk(_DONE) + b"0\r\n\r\n"
    chunks = [_as_chunk(frame) for frame in frames]
    return (*chunks[:-1], chunks[-1] + end)


class Script:
    """Shared by all connections of one upstream: how many requests came, and which of them must fail."""

    __slots__ = ("fail_every", "requests")

    def __init__(self, fail_every: int = 0) -> None:
        self.fail_every = fail_every
        self.requests = 0

    def next_fails(self) -> bool:
        self.requests += 1
        return bool(self.fail_every) and self.requests % self.fail_every == 0


class PacedStream:
    """The frames of one answer and where it is: `due` says up to which frame the clock has come."""

    __slots__ = ("frames", "interval_s", "sent", "started_s")

    def __init__(self, body: bytes, now_s: float) -> None:
        pace = _PACE.search(body)
        events = min(max(1, int(pace[1])), EVENTS_MAX) if pace else 1
        self.interval_s = int(pace[2]) / 1000 if pace else 0.0
        self.frames = stream_frames(events, usage=_USAGE.search(body) is not None)
        self.sent = 0
        self.started_s = now_s

    def due(self, now_s: float) -> int:
        if not self.interval_s:
            return len(self.frames)
        # Half a millisecond of grace: a timer of the loop may come that much early.
        return min(len(self.frames), 1 + int((now_s - self.started_s + 0.0005) / self.interval_s))

    def next_at_s(self) -> float:
        return self.started_s + self.sent * self.interval_s

    def take(self, due: int) -> bytes:
        end = min(due, self.sent + EVENTS_PER_WRITE)
        data = b"".join(self.frames[self.sent : end])
        self.sent = end
        return data

    def is_over(self) -> bool:
        return self.sent == len(self.frames)


class ChatUpstream(asyncio.Protocol):
    """One connection. Answers in the order of the requests: while a stream runs, the next request waits."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._loop = asyncio.get_running_loop()
        self._requests = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._stream: PacedStream | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._stream = None
        if self._timer:
            self._timer.cancel()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._go_on()

    def data_received(self, data: bytes) -> None:
        try:
            self._requests.feed(data)
            self._answer_waiting()
        except BrokenHttpError:
            if self._transport:
                self._transport.abort()

    def _answer_waiting(self) -> None:
        while self._transport and not self._stream and not self._paused and (request := self._requests.next_request()):
            self._answer(request, self._transport)

    def _answer(self, request: Request, transport: asyncio.Transport) -> None:
        if request.line.startswith(b"GET /readyz "):
            transport.write(_READY)
        elif not request.line.startswith(b"POST /v1/chat/completions "):
            transport.write(_NOT_FOUND)
        elif self._script.next_fails():
            transport.write(_FAILED)
        elif _STREAM.search(request.body):
            transport.write(_STREAM_HEAD)
            self._stream = PacedStream(request.body, self._loop.time())
            self._pump()
        else:
            transport.write(_OK)

    def _pump(self) -> None:
        """Writes what is due and no more than the reader takes; a timer or `resume_writing` goes on."""
        stream, transport = self._stream, self._transport
        if not stream or not transport:
            return
        due = stream.due(self._loop.time())
        while stream.sent < due and not self._paused:
            transport.write(stream.take(due))
        if stream.is_over():
            self._stream = None
        elif not self._paused:
            if self._timer:
                self._timer.cancel()
            self._timer = self._loop.call_at(stream.next_at_s(), self._go_on)

    def _go_on(self) -> None:
        self._pump()
        self._answer_waiting()


def connections_of(script: Script) -> Callable[[], ChatUpstream]:
    return lambda: ChatUpstream(script)


async def serve(port: int, script: Script) -> None:
    server = await asyncio.get_running_loop().create_server(connections_of(script), "127.0.0.1", port, backlog=4096)
    async with server:
        print(f"upstream on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="A fast pretended OpenAI upstream on loopback.")
    parser.add_argument("--port", type=int, default=9901, help="0: any free one, printed")
    parser.add_argument("--fail-every", type=int, default=0, metavar="N", help="every Nth request gets a 500")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(arguments.port, Script(arguments.fail_every)))


if __name__ == "__main__":
    main()
