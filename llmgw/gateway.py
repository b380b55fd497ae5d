"""The straight path of one request, forward only.

    authorize → resolve → walk → recall → plan → (admit → attempt → settle), … → record

Before the commit point a failed attempt leads to the next one; after it nobody switches any more, and a broken
stream ends with the dialect's own error event. The gateway carries values between ports: it decides nothing that
`routing` has not decided, and knows no technology.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial

from llmgw import replies, sharing
from llmgw.asking import Asking
from llmgw.attempt import Attempt
from llmgw.bookkeeping import Bill, Books
from llmgw.call import Call
from llmgw.counting import ESTIMATED, Counting
from llmgw.errors import (
    ClientGoneError,
    FailureClass,
    GatewayError,
    LedgerUnavailableError,
    OverloadedError,
    StreamCutError,
    UpstreamError,
)
from llmgw.ports import Client, Clock, Journal, Upstream
from llmgw.routing.health_board import HealthBoard
from llmgw.routing.plan import AttemptPlan, Refusal, Try
from llmgw.routing.walk import Itinerary
from llmgw.sharing import Sharing
from llmgw.transcript import OK, STOPPED, AttemptRecord, Transcript
from llmgw.visit import Visit
from llmgw.wire import sse

RETRY_AFTER_S = 1.0  # of whoever is turned away for our sake
STOPPING = "the gateway is stopping"


class Gateway:
    """Answers calls. One for the whole process; of calls it only keeps which are under way."""

    def __init__(
        self,
        upstream: Upstream,
        clock: Clock,
        journal: Journal,
        books: Books,
        sharing: Sharing | None = None,
        health: HealthBoard | None = None,
    ) -> None:
        """`sharing` None: nothing is kept. `health` None: nothing is known of the targets yet."""
        self._upstream = upstream
        self._clock = clock
        self._journal = journal
        self._books = books
        self._sharing = sharing
        self.health = HealthBoard() if health is None else health
        self._under_way: dict[asyncio.Timeout, Transcript] = {}
        self._stopping = False

    def stop(self) -> None:
        """End all calls, and whoever still comes, by an error that says so; only answers that are whole still leave."""
        self._stopping = True
        for scope, transcript in self._under_way.items():
            if transcript.stream or not transcript.committed:
                scope.reschedule(0)

    def _is_stopping(self) -> bool:
        return self._stopping

    async def answer(self, call: Call, client: Client, transcript: Transcript) -> None:
        """Answer on `client`; the transcript is recorded exactly once, also when the client goes away.

        Raises GatewayError if nothing has been sent: whoever called says so then, in the caller's dialect.
        """
        asking = Asking(call, self._books.quota, self._clock, self.health)
        bill = Bill(asking.account, self._books, self._clock, call, transcript)
        try:
            async with self._stoppable(transcript), _kept_awake(client, call.early_keepalive_s, transcript):
                self._books.ledger.check()
                await self._answer(asking, bill, client, transcript)
        except ClientGoneError:
            transcript.note_client_gone()
        except GatewayError as error:
            replies.note_failure(transcript, error, started=client.started)
            if not client.started:
                raise
            with suppress(ClientGoneError):
                await client.write(call.dialect.write_stream_error(replies.report(error)))
        except asyncio.CancelledError:
            if not self._stopping:
                transcript.note_client_gone()
            raise
        finally:
            if self._stopping:
                transcript.note_stopped()
            transcript.total_s = self._clock.elapsed_s() - transcript.started_s
            await self._close(bill, transcript)

    async def _close(self, bill: Bill, transcript: Transcript) -> None:
        """Whatever it came to is booked and written down. What cannot be booked now stands there as it was reserved."""
        try:
            await bill.close()
        except LedgerUnavailableError as error:
            transcript.error = transcript.error or error.message
        finally:
            self._journal.record(transcript)

    @asynccontextmanager
    async def _stoppable(self, transcript: Transcript) -> AsyncIterator[None]:
        """What `stop` ends. It is no time limit, but it ends a call just as cleanly."""
        scope = asyncio.timeout(0 if self._stopping else None)
        try:
            async with scope:
                self._under_way[scope] = transcript
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            if transcript.ending:
                transcript.note_whole()
            if transcript.outcome != OK:
                raise _stopped(transcript) from None
        finally:
            self._under_way.pop(scope, None)

    def _answer(self, asking: Asking, bill: Bill, client: Client, transcript: Transcript) -> Awaitable[None]:
        """From what is known already, if a rule says so and something is; else by asking a provider.

        No coroutine of its own: a stream would pay for one more with every event.
        """
        itinerary = asking.itinerary()
        decision = None if self._sharing is None else asking.remembered(itinerary)
        if self._sharing is None or decision is None:
            return self._attempts(asking, itinerary, asking.call, bill, transcript, client)
        call = sharing.in_full(asking.call) if decision.keep else asking.call
        attempts = partial(self._attempts, asking, itinerary, call, bill, transcript)
        visit = Visit(asking, decision, itinerary.deadline_s, bill, client, transcript, attempts, self._is_stopping)
        return self._sharing.answer(visit)

    async def _attempts(
        self, asking: Asking, itinerary: Itinerary, call: Call, bill: Bill, transcript: Transcript, client: Client
    ) -> None:
        """Attempt after attempt, as the plan says, until one has answered."""
        clock = self._clock
        plan = AttemptPlan(itinerary, asking.dice.draw, asking.unfit)
        failures: list[tuple[str, UpstreamError]] = []
        step = plan.start()
        while isinstance(step, Try):
            if step.delay_s:
                await self._pause(step.delay_s, transcript)
            admitted = await asking.admitted(step, bill)
            if isinstance(admitted, Refusal):
                step = plan.refused(admitted, clock.elapsed_s() - transcript.started_s)
                continue
            target_id = transcript.clean(step.candidate.target.id)
            path = transcript.clean(step.candidate.path)
            transcript.attempts.append(AttemptRecord(target_id, path, step.delay_s))
            attempt = Attempt(step, call, admitted, client, transcript, clock)
            try:
                return await attempt.run(self._upstream, itinerary.deadline_s)
            except UpstreamError as error:
                if transcript.committed:
                    raise
                failures.append((target_id, error.with_traceback(None)))  # which would hold this frame, and so itself
                elapsed_s = clock.elapsed_s() - transcript.started_s
                chance = asking.chance(step.candidate.target)
                step = plan.failed(error.failure, elapsed_s, error.retry_after_s, chance)
        if asking.counting is not None and all(error.failure is FailureClass.NOT_FOUND for _, error in failures):
            return await self._estimate(asking.counting, client, transcript)
        raise asking.exhausted(step, failures)

    async def _pause(self, delay_s: float, transcript: Transcript) -> None:
        """Before a retry: time that is the upstream's, not ours."""
        began_s = self._clock.elapsed_s()
        try:
            await self._clock.sleep(delay_s)
        finally:
            transcript.waited_s += self._clock.elapsed_s() - began_s

    async def _estimate(self, counting: Counting, client: Client, transcript: Transcript) -> None:
        """No target counts tokens, or only such as have no call for it: about so many."""
        body = counting.estimate()
        transcript.status, transcript.committed = 200, True
        transcript.keep_body(body)
        await client.answer(200, {**replies.of_ours(transcript), **ESTIMATED}, body)
        transcript.outcome = OK


def _stopped(transcript: Transcript) -> GatewayError:
    if transcript.committed:
        return StreamCutError(STOPPING)
    return OverloadedError(STOPPING, code=STOPPED, retry_after_s=RETRY_AFTER_S)


def _kept_awake(client: Client, every_s: float | None, transcript: Transcript) -> AbstractAsyncContextManager[None]:
    """With `early_keepalive`: begin the stream early and send comments for as long as no content has come."""
    return nullcontext() if every_s is None else _ticking(client, every_s, transcript)


@asynccontextmanager
async def _ticking(client: Client, every_s: float, transcript: Transcript) -> AsyncIterator[None]:
    try:
        async with asyncio.TaskGroup() as group:
            ticker = group.create_task(_tick(client, every_s, transcript))
            yield
            ticker.cancel()
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _tick(client: Client, every_s: float, transcript: Transcript) -> None:
    await asyncio.sleep(every_s)
    while not transcript.committed:
        await client.start({})
        await client.write(sse.WAITING)
        await asyncio.sleep(every_s)
