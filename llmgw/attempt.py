"""One try of one target: prepare, open, wait for the commit point, relay to the end.

Until the commit the caller has seen nothing and any failure is an UpstreamError that leads to another attempt.
Every wait has a limit, and the error says which one ran out.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import NamedTuple

from llmgw import replies
from llmgw.call import Call
from llmgw.chat.dialect import FINISH_CONTENT_FILTER
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.usage import Usage
from llmgw.errors import (
    FailureClass,
    TimeLimit,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamStatusError,
    UpstreamTimeoutError,
)
from llmgw.policy.cost import cost_nanousd
from llmgw.ports import Client, Clock, Upstream, UpstreamCall, UpstreamStream
from llmgw.routing.outcome import class_of_status
from llmgw.routing.plan import Try
from llmgw.transcript import Transcript
from llmgw.wire import retry_after, sse

ANSWER_BYTES_MAX = 64 * 1024 * 1024
ERROR_BYTES_MAX = 256 * 1024
PING_S = 15.0  # after so much silence a comment keeps proxies from cutting the line


class Limit(NamedTuple):
    """How long something may take, and the name under which it fails."""

    which: TimeLimit
    seconds: float


class Attempt:
    """Raises UpstreamError from `run`; `transcript.committed` says whether another attempt may follow."""

    def __init__(self, step: Try, call: Call, client: Client, transcript: Transcript, clock: Clock) -> None:
        self._candidate = step.candidate
        self._target = step.candidate.target
        self._delay_s = step.delay_s
        self._call = call
        self._client = client
        self._transcript = transcript
        self._record = transcript.attempts[-1]
        self._clock = clock
        self._began_s = 0.0

    async def run(self, upstream: Upstream, deadline_s: float) -> None:
        """`deadline_s` counts from the arrival of the request to the commit."""
        with self._waiting():
            await self._clock.sleep(self._delay_s)
        self._began_s = self._clock.elapsed_s()
        left_s = self._transcript.started_s + deadline_s - self._began_s
        try:
            if self._call.request.stream:
                await self._stream(upstream, left_s)
            else:
                await self._whole(upstream, left_s)
        except UpstreamError as error:
            self._record.failure, self._record.message = error.failure, error.message
            self._record.status = error.status or self._record.status
            raise
        finally:
            self._record.elapsed_s = self._clock.elapsed_s() - self._began_s

    # An answer at once.

    async def _whole(self, upstream: Upstream, left_s: float) -> None:
        limit = _tightest((TimeLimit.TOTAL, self._candidate.limits.total_s), (TimeLimit.DEADLINE, left_s))
        async with _within(limit), self._open(upstream) as answer:
            body = await self._body(answer, ANSWER_BYTES_MAX)
            told = self._target.dialect.read_answer(body)
        if told.finish == FINISH_CONTENT_FILTER:
            raise UpstreamStatusError(
                FailureClass.CONTENT_FILTER,
                "the provider filtered the answer",
                status=answer.status,
                headers=answer.headers,
                body=body,
            )
        self._commit(answer.status)
        self._book(told.usage)
        self._transcript.keep_body(body)
        await self._client.answer(answer.status, replies.headers(self._transcript, self._call, answer.headers), body)

    # A stream.

    async def _stream(self, upstream: Upstream, left_s: float) -> None:
        limits = self._candidate.limits
        first = _tightest(
            (TimeLimit.FIRST_TOKEN, limits.first_token_s),
            (TimeLimit.TOTAL, limits.total_s),
            (TimeLimit.DEADLINE, left_s),
        )
        relay = ForwardingRelay(self._target.dialect, keep_usage=self._call.request.wants_usage)
        async with AsyncExitStack() as opened:
            async with _within(first):
                answer = await opened.enter_async_context(self._open(upstream))
                held = await self._until_commit(answer, relay)
            self._commit(answer.status)
            await self._client.start(replies.headers(self._transcript, self._call, answer.headers))
            try:
                await self._relay(answer, relay, held)
            finally:
                self._book(relay.usage)

    async def _until_commit(self, answer: UpstreamStream, relay: ForwardingRelay) -> bytes:
        """Everything up to the first content, ready to be sent."""
        while True:
            with self._waiting():
                chunk = await answer.read()
            out = relay.feed(chunk) if chunk else relay.finish()
            if relay.committed:
                return out

    async def _relay(self, answer: UpstreamStream, relay: ForwardingRelay, held: bytes) -> None:
        """Whole events as they come; an error of the provider's own ends the stream as well as a cut."""
        await self._send(held)
        while not relay.broken and not relay.ended:
            chunk = await self._read(answer)
            await self._send(relay.feed(chunk) if chunk else relay.finish())
        if relay.broken:
            self._record.failure, self._record.message = FailureClass.STREAM_CUT, relay.broken.message
            self._transcript.outcome = FailureClass.STREAM_CUT.value
            self._transcript.error = relay.broken.message

    async def _read(self, answer: UpstreamStream) -> bytes:
        """The next bytes, with a comment to the client now and then while there are none."""
        limits = self._candidate.limits
        total_left_s = self._began_s + limits.total_s - self._clock.elapsed_s()
        limit = _tightest((TimeLimit.IDLE, limits.idle_s), (TimeLimit.TOTAL, total_left_s))
        silent_s = 0.0
        while limit.seconds - silent_s > PING_S:
            try:
                async with asyncio.timeout(PING_S):
                    return await answer.read()
            except TimeoutError:
                silent_s += PING_S
                await self._client.write(sse.comment(b"waiting"))
        async with _within(Limit(limit.which, limit.seconds), limit.seconds - silent_s):
            return await answer.read()

    async def _send(self, data: bytes) -> None:
        if data:
            self._transcript.keep_body(data)
            await self._client.write(data)

    # The upstream.

    @asynccontextmanager
    async def _open(self, upstream: Upstream) -> AsyncIterator[UpstreamStream]:
        """The answer, if it is one: anything but a success of the right type is an error here."""
        body, dropped = self._target.dialect.write_request(self._call.request, self._target.edits)
        self._transcript.dropped = dropped
        headers = {**self._call.forwarded, **{name: value.reveal() for name, value in self._target.headers.items()}}
        call = UpstreamCall(self._target, headers, body, self._candidate.limits.connect_s, self._call.request_id)
        async with AsyncExitStack() as stack:
            with self._waiting():
                answer = await stack.enter_async_context(upstream.open(call))
            self._record.status = answer.status
            if not 200 <= answer.status <= 299:
                raise await self._refusal(answer)
            self._expect_type(answer)
            yield answer

    async def _refusal(self, answer: UpstreamStream) -> UpstreamStatusError:
        """The provider's error: its own words first, then its status."""
        body = await self._body(answer, ERROR_BYTES_MAX)
        told = self._target.dialect.read_error(answer.status, body)
        wait_s = retry_after.from_headers(answer.headers, self._clock.now_s())
        return UpstreamStatusError(
            told.failure or class_of_status(answer.status),
            told.message,
            status=answer.status,
            headers=answer.headers,
            body=body,
            retry_after_s=told.retry_after_s if wait_s is None else wait_s,
        )

    def _expect_type(self, answer: UpstreamStream) -> None:
        given = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = "text/event-stream" if self._call.request.stream else "json"
        if given and wanted not in given:
            raise UpstreamProtocolError(f"content type {given} instead of {wanted}")

    async def _body(self, answer: UpstreamStream, bytes_max: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            with self._waiting():
                chunk = await answer.read()
            if not chunk:
                return b"".join(parts)
            parts.append(chunk)
            size += len(chunk)
            if size > bytes_max:
                raise UpstreamProtocolError(f"the answer is over {bytes_max} bytes")

    # The book.

    def _commit(self, status: int) -> None:
        """From here on the client may have seen content: this target has answered."""
        self._transcript.committed = True
        self._transcript.status = status
        self._transcript.first_token_s = self._clock.elapsed_s() - self._transcript.started_s

    def _book(self, usage: Usage | None) -> None:
        self._transcript.usage = usage
        if usage is not None and self._target.price is not None:
            self._transcript.cost_nanousd = cost_nanousd(usage, self._target.price)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Time that is the upstream's, not ours."""
        began_s = self._clock.elapsed_s()
        try:
            yield
        finally:
            self._transcript.waited_s += self._clock.elapsed_s() - began_s


def _tightest(*limits: tuple[TimeLimit, float]) -> Limit:
    which, seconds = min(limits, key=lambda limit: limit[1])
    return Limit(which, max(seconds, 0.0))


@asynccontextmanager
async def _within(limit: Limit, left_s: float | None = None) -> AsyncIterator[None]:
    """Raises UpstreamTimeoutError with the name of the limit when it runs out."""
    scope = asyncio.timeout(limit.seconds if left_s is None else left_s)
    try:
        async with scope:
            yield
    except TimeoutError:
        if not scope.expired():
            raise
        raise UpstreamTimeoutError(limit.which, limit.seconds) from None
