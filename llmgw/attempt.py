"""One try of one target: open, wait for the commit point, relay to the end, settle.

Until the commit the caller has seen nothing and any failure is an UpstreamError that leads to another attempt.
Every wait has a limit, and the error says which one ran out. However it ends, it is settled: a whole answer before its
last bytes leave.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

from llmgw import refusal, replies
from llmgw.asking import Admitted
from llmgw.call import Call
from llmgw.chat.crossing import Relay
from llmgw.chat.dialect import FINISH_CONTENT_FILTER
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.usage import Usage
from llmgw.errors import (
    FailureClass,
    StreamCutError,
    TimeLimit,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamStatusError,
    UpstreamTimeoutError,
)
from llmgw.masking import Mask
from llmgw.policy import billing
from llmgw.policy.billing import Spent
from llmgw.ports import Client, Clock, Upstream, UpstreamCall, UpstreamStream
from llmgw.providers.auth import clients_headers
from llmgw.routing.plan import Try
from llmgw.routing.room import room
from llmgw.time_limits import Limit, tightest, within
from llmgw.transcript import Transcript
from llmgw.wire import sse

ANSWER_BYTES_MAX = 64 * 1024 * 1024
END_S_MAX = 0.25  # from the end mark to the end of the body: later than that the connection is not worth keeping


class Attempt:
    """Raises UpstreamError from `run`; `transcript.committed` says whether another attempt may follow."""

    def __init__(
        self,
        step: Try,
        call: Call,
        admitted: Admitted,
        client: Client,
        transcript: Transcript,
        clock: Clock,
    ) -> None:
        prepared = admitted.prepared
        self._candidate = step.candidate
        self._target = step.candidate.target
        self._call = call
        self._admission = admitted.admission
        self._prepared = prepared
        self._wire = prepared.wire
        self._secrets = (*self._target.secrets, *call.secrets)
        self._crossing = prepared.crossing
        self._client = client
        self._transcript = transcript
        self._record = transcript.attempts[-1]
        self._record.dialect = prepared.wire.dialect.name
        self._clock = clock
        self._ticket = admitted.ticket
        self._record.credential = admitted.ticket.credential
        self._bill = admitted.bill
        self._is_settled = False
        self._may_be_billed = False  # the provider may have begun to answer
        self._told: Usage | None = None  # by an answer at once
        self._relay: Relay | None = None
        self._began_s = clock.elapsed_s()
        self._writing_s = 0.0  # time that a slow client took from the upstream's limits

    async def run(self, upstream: Upstream, deadline_s: float) -> None:
        """`deadline_s` counts from the arrival of the request to the commit."""
        left_s = self._transcript.started_s + deadline_s - self._began_s
        is_callers = deadline_s == self._call.timeout_s
        deadline = Limit(TimeLimit.CALLER if is_callers else TimeLimit.DEADLINE, deadline_s, left_s)
        try:
            if self._call.request.stream:
                await self._stream(upstream, deadline)
            else:
                await self._whole(upstream, deadline)
            self._ticket.answered(self._clock.elapsed_s())
        except UpstreamError as error:
            self._note_failure(error)
            if not _is_ours(error):
                self._ticket.failed(error.failure, self._clock.elapsed_s(), error.retry_after_s)
            raise
        finally:
            self._ticket.left()
            self._record.elapsed_s = self._clock.elapsed_s() - self._began_s
            if not self._is_settled:
                await self._settle(self._broken_off(), whole=False)

    # An answer at once.

    async def _whole(self, upstream: Upstream, deadline: Limit) -> None:
        total_s = self._candidate.limits.total_s
        async with within(Limit(TimeLimit.TOTAL, total_s, total_s), deadline), self._open(upstream) as answer:
            told, body = self._crossing.answer(await self._body(answer), self._call.request)
        self._told = told.usage
        if told.finish == FINISH_CONTENT_FILTER:
            raise UpstreamStatusError(
                FailureClass.CONTENT_FILTER,
                "the provider filtered the answer",
                status=answer.status,
                headers=answer.headers,
                body=body,
            )
        self._commit(answer.status)
        self._transcript.keep_body(body)
        self._transcript.ended_unknown = told.ended_unknown
        await self._settle_whole(told.usage, billing.tokens_about(body))
        await self._client.answer(answer.status, replies.headers(self._transcript, answer.headers), body)
        self._transcript.note_whole()

    # A stream.

    async def _stream(self, upstream: Upstream, deadline: Limit) -> None:
        limits = self._candidate.limits
        first = Limit(TimeLimit.FIRST_TOKEN, limits.first_token_s, limits.first_token_s)
        total = Limit(TimeLimit.TOTAL, limits.total_s, limits.total_s)
        relay = self._relay = self._crossing.relay(self._call.request, self._target.edits)
        async with AsyncExitStack() as opened:
            async with within(first, total, deadline):
                answer = await opened.enter_async_context(self._open(upstream))
                held = await self._until_commit(answer, relay)
            self._commit(answer.status)
            await self._client.start(replies.headers(self._transcript, answer.headers))
            await self._pump(answer, relay, held)

    async def _until_commit(self, answer: UpstreamStream, relay: Relay) -> bytes:
        """Everything up to the first content, ready to be sent."""
        while True:
            with self._waiting():
                chunk = await answer.read()
            out = relay.feed(chunk) if chunk else relay.finish()
            if relay.whole and not relay.committed:
                out = relay.finish()  # nothing follows an end mark
            if relay.committed:
                return out

    async def _pump(self, answer: UpstreamStream, relay: Relay, held: bytes) -> None:
        """Whole events as they come, until the end mark, or the end of an upstream that has none."""
        if relay.is_over:
            await self._settle_stream(relay)
        await self._send(held)
        while not (relay.broken or relay.is_over):
            try:
                chunk = await self._read(answer)
            except (StreamCutError, UpstreamTimeoutError) as error:
                if not (relay.finished and _is_silence(error)):
                    raise
                chunk = b""  # all has been said: a bad end is an end
            out = relay.feed(chunk) if chunk else relay.finish()
            if relay.is_over:
                await self._settle_stream(relay)
            await self._send(out)
        if relay.broken:
            await self._end_broken(relay.broken, relay.last_event)
            return
        self._transcript.note_whole()
        await self._client.end()
        await self._let_end(answer)

    async def _end_broken(self, error: ProviderError, event: bytes) -> None:
        """The provider's own words, if the caller's SDK understands them and our key is not in them; else ours."""
        broken = StreamCutError(error.message)
        if not error.plain or self._mask().is_needed(event):
            raise broken
        self._note_failure(broken)
        self._transcript.outcome, self._transcript.error = broken.failure.value, broken.message
        await self._send(event)
        await self._client.end()

    async def _read(self, answer: UpstreamStream) -> bytes:
        """The next bytes, with a comment to the client now and then while there are none."""
        limits = self._candidate.limits
        total_left_s = self._began_s + self._writing_s + limits.total_s - self._clock.elapsed_s()
        limit = tightest(
            Limit(TimeLimit.IDLE, limits.idle_s, limits.idle_s),
            Limit(TimeLimit.TOTAL, limits.total_s, total_left_s),
        )
        left_s = limit.left_s
        while left_s > 0:
            wait_s = min(left_s, self._call.ping_s)
            try:
                async with asyncio.timeout(wait_s):
                    return await answer.read()
            except TimeoutError:
                left_s -= wait_s
            if left_s > 0:
                await self._client.write(sse.WAITING)
        raise limit.error()

    async def _send(self, data: bytes) -> None:
        if data:
            self._transcript.keep_body(data)
            began_s = self._clock.elapsed_s()
            await self._client.write(data)
            self._writing_s += self._clock.elapsed_s() - began_s

    async def _let_end(self, answer: UpstreamStream) -> None:
        """After the end mark the body ends too, as a rule at once: then its connection can be used again."""
        with suppress(TimeoutError, UpstreamError):
            async with asyncio.timeout(END_S_MAX):
                while await answer.read():
                    pass

    # The upstream.

    @asynccontextmanager
    async def _open(self, upstream: Upstream) -> AsyncIterator[UpstreamStream]:
        """The answer, if it is one: anything but a success of the right type is an error here."""
        self._transcript.dropped = tuple(map(self._transcript.clean, self._prepared.dropped))
        stream = self._call.request.stream
        call = UpstreamCall(
            self._target,
            self._url(),
            self._headers(),
            self._prepared.body,
            self._candidate.limits.connect_s,
            self._call.request_id,
            self._leaves,
        )
        async with AsyncExitStack() as stack:
            try:
                with self._waiting():
                    answer = await stack.enter_async_context(upstream.open(call))
            except UpstreamError:
                self._may_be_billed = False
                raise
            self._record.status = answer.status
            self._note_room(answer.headers)
            self._secrets = (*self._target.secrets, *answer.secrets, *self._call.secrets)
            if not 200 <= answer.status <= 299 or not refusal.is_expected(answer, self._wire.dialect, stream=stream):
                self._may_be_billed = False
                with self._waiting():
                    raise await self._refusal(answer)
            yield answer

    def _note_room(self, headers: Mapping[str, str]) -> None:
        """How much more the provider takes on this credential, where there are others to go to."""
        if self._ticket.use is not None:
            self._ticket.use.told(room(headers, self._clock.now_s()), self._clock.elapsed_s())

    def _leaves(self) -> None:
        self._may_be_billed = True

    def _url(self) -> str:
        """The caller's query goes on where his body does."""
        url = self._wire.stream_url if self._call.request.stream else self._wire.url
        if not self._call.query or self._wire.dialect is not self._call.dialect:
            return url
        return f"{url}{'&' if '?' in url else '?'}{self._call.query}"

    def _headers(self) -> dict[str, str]:
        """The target's win over the caller's, but for those that are only usual."""
        given = self._crossing.headers(self._call.forwarded)
        own = {name: value.reveal() for name, value in self._target.headers.items()}
        if self._ticket.use is not None:
            own |= {name: value.reveal() for name, value in self._ticket.use.key.headers.items()}
        return {
            **own,
            **{name: value for name, value in given.items() if name not in own.keys() - self._target.default_headers},
            **self._clients_own(),
        }

    def _clients_own(self) -> Mapping[str, str]:
        """The caller's credential, to a provider that is called with it, and to no other."""
        if self._target.client_auth is None:
            return {}
        is_native = self._wire.dialect is self._call.dialect
        return clients_headers(self._target.client_auth, self._call.own, is_native=is_native)

    async def _refusal(self, answer: UpstreamStream) -> UpstreamError:
        dialect = self._wire.dialect
        if 200 <= answer.status <= 299:
            return await refusal.of_type(answer, dialect, stream=self._call.request.stream)
        return await refusal.of_status(answer, dialect, self._mask(), self._clock.now_s())

    async def _body(self, answer: UpstreamStream) -> bytes:
        body = bytearray()
        with self._waiting():
            while chunk := await answer.read():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    raise UpstreamProtocolError(f"the answer is over {ANSWER_BYTES_MAX} bytes")
        return bytes(body)

    # The book.

    def _commit(self, status: int) -> None:
        """From here on the client may have seen content: this target has answered."""
        self._transcript.committed = True
        self._transcript.status = status
        now_s = self._clock.elapsed_s()
        self._transcript.first_token_s = now_s - self._transcript.started_s
        self._ticket.begun(now_s)

    def _settle_stream(self, relay: Relay) -> Awaitable[None]:
        """Nothing may follow what is still to be sent."""
        self._transcript.ending, self._transcript.ended_unknown = True, relay.ended_unknown
        return self._settle_whole(relay.usage, relay.output_tokens_about)

    def _settle_whole(self, told: Usage | None, output_tokens_about: int) -> Awaitable[None]:
        """Before the last bytes leave: what a client has whole is in the book. A count of tokens costs nothing."""
        if self._call.counter is not None:
            return self._settle(billing.NOTHING, whole=True)
        if told is not None:
            return self._settle(Spent(told), whole=True)
        return self._settle(billing.estimated(self._admission.input_tokens_about, output_tokens_about), whole=True)

    def _settle(self, spent: Spent, *, whole: bool) -> Awaitable[None]:
        self._is_settled = True
        return self._bill.settle(self._admission, spent, whole=whole)

    def _broken_off(self) -> Spent:
        """What is known of an attempt that did not come to its end."""
        if not self._may_be_billed or self._call.counter is not None:
            return billing.NOTHING
        if self._told is not None:
            return Spent(self._told)
        about = self._admission.input_tokens_about
        if self._relay is None:
            return billing.unknown(about)
        return billing.broken_off(self._relay.usage, about, self._relay.output_tokens_about)

    def _note_failure(self, error: UpstreamError) -> None:
        error.message, error.credential = self._mask().text(error.message), self._record.credential
        self._record.outcome, self._record.message = error.failure.value, error.message
        self._record.status = error.status or self._record.status

    def _mask(self) -> Mask:
        return Mask(value.reveal() for value in self._secrets)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Time that is the upstream's, not ours."""
        began_s = self._clock.elapsed_s()
        try:
            yield
        finally:
            self._transcript.waited_s += self._clock.elapsed_s() - began_s


def _is_ours(error: UpstreamError) -> bool:
    """The caller would wait no longer, or has waited for others before: that says nothing of this target."""
    return isinstance(error, UpstreamTimeoutError) and error.limit in (TimeLimit.CALLER, TimeLimit.DEADLINE)


def _is_silence(error: StreamCutError | UpstreamTimeoutError) -> bool:
    """The provider sends nothing any more, be it that the connection broke."""
    return isinstance(error, StreamCutError) or error.limit is TimeLimit.IDLE
