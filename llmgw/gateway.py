"""The straight path of one request, forward only.

    authorize → resolve → walk → plan → attempt, attempt, … → record

Before the commit point a failed attempt leads to the next one; after it nobody switches any more, and a broken
stream ends with the dialect's own error event. The gateway carries values between ports: it decides nothing that
`routing` has not decided, and knows no technology.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from llmgw import replies
from llmgw.attempt import Attempt
from llmgw.call import MODEL_CHARS_MAX, Call
from llmgw.counting import ESTIMATED, Counting
from llmgw.errors import (
    ClientGoneError,
    FailureClass,
    GatewayError,
    MissingCredentialError,
    OverloadedError,
    StreamCutError,
    UnknownModelError,
    UpstreamError,
)
from llmgw.graph.model import Target
from llmgw.policy import access
from llmgw.ports import Client, Clock, Journal, Upstream
from llmgw.preparing import Preparing
from llmgw.routing import facts
from llmgw.routing.dice import Dice, seed_of
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.routing.facts import Facts
from llmgw.routing.health import ALL_WELL
from llmgw.routing.plan import AttemptPlan, Try
from llmgw.routing.walk import Itinerary, walk
from llmgw.transcript import OK, STOPPED, AttemptRecord, Transcript
from llmgw.wire import sse

RETRY_AFTER_S = 1.0  # of whoever is turned away for our sake
STOPPING = "the gateway is stopping"


class Gateway:
    """Answers calls. One for the whole process; of calls it only keeps which are under way."""

    def __init__(self, upstream: Upstream, clock: Clock, journal: Journal) -> None:
        self._upstream = upstream
        self._clock = clock
        self._journal = journal
        self._under_way: dict[asyncio.Timeout, Transcript] = {}
        self._stopping = False

    def stop(self) -> None:
        """End all calls, and whoever still comes, by an error that says so; only answers that are whole still leave."""
        self._stopping = True
        for scope, transcript in self._under_way.items():
            if transcript.stream or not transcript.committed:
                scope.reschedule(0)

    async def answer(self, call: Call, client: Client, transcript: Transcript) -> None:
        """Answer on `client`; the transcript is recorded exactly once, also when the client goes away.

        Raises GatewayError if nothing has been sent: whoever called says so then, in the caller's dialect.
        """
        try:
            async with self._stoppable(transcript), _kept_awake(client, call.early_keepalive_s, transcript):
                await self._attempts(call, client, transcript)
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

    async def _attempts(self, call: Call, client: Client, transcript: Transcript) -> None:
        """Attempt after attempt, as the plan says, until one has answered."""
        dice = Dice(seed_of(call.request_id))
        itinerary = self._itinerary(call, dice)
        counting = Counting(call.request, call.counter) if call.counter else None
        preparing = counting or Preparing(call.request, call.dialect, int(self._clock.now_s()), call.forwarded)

        def unfit(target: Target) -> str | None:
            return _lacks_own(target, call) or preparing.unfit(target)

        plan = AttemptPlan(itinerary, dice.draw, unfit)
        failures: list[tuple[str, UpstreamError]] = []
        step = plan.start()
        while isinstance(step, Try):
            target_id = step.candidate.target.id
            transcript.attempts.append(AttemptRecord(target_id, step.candidate.path, step.delay_s))
            attempt = Attempt(step, call, preparing.ready(step.candidate.target), client, transcript, self._clock)
            try:
                return await attempt.run(self._upstream, itinerary.deadline_s)
            except UpstreamError as error:
                if transcript.committed:
                    raise
                failures.append((target_id, error.with_traceback(None)))  # which would hold this frame, and so itself
                elapsed_s = self._clock.elapsed_s() - transcript.started_s
                step = plan.failed(error.failure, elapsed_s, error.retry_after_s)
        wanting = [candidate.target for candidate in step.dropped if _lacks_own(candidate.target, call)]
        if wanting and not failures:
            raise MissingCredentialError(replies.missing_credential(wanting[0], call))
        if counting is not None and all(error.failure is FailureClass.NOT_FOUND for _, error in failures):
            return await self._estimate(counting, call, client, transcript)
        raise RouteExhaustedError(failures, step.why, step.dropped)

    async def _estimate(self, counting: Counting, call: Call, client: Client, transcript: Transcript) -> None:
        """No target counts tokens, or only such as have no call for it: about so many."""
        body = counting.estimate()
        transcript.status, transcript.committed = 200, True
        transcript.keep_body(body)
        await client.answer(200, {**replies.of_ours(transcript, call), **ESTIMATED}, body)
        transcript.outcome = OK

    def _itinerary(self, call: Call, dice: Dice) -> Itinerary:
        """From a name to references: the only place where a name is looked up."""
        name = call.request.model
        access.check_model(call.principal, name, call.graph)
        resolved = call.graph.resolve(name) if len(name) <= MODEL_CHARS_MAX else None
        if resolved is None:
            raise UnknownModelError(replies.unknown_model(call.graph, name, call.principal), param="model")
        itinerary = walk(resolved, self._facts(call), ALL_WELL, dice)
        if call.timeout_s is None:
            return itinerary
        return replace(itinerary, deadline_s=min(call.timeout_s, itinerary.deadline_s))

    def _facts(self, call: Call) -> Facts:
        return facts.of_request(
            call.request,
            endpoint=call.endpoint,
            ip=call.ip,
            metadata=call.metadata,
            headers=call.headers,
            principal=call.principal,
            moment=lambda: datetime.fromtimestamp(self._clock.now_s(), ZoneInfo(call.graph.timezone)),
        )


def _lacks_own(target: Target, call: Call) -> str | None:
    """Why a target that is called with the caller's own credential cannot be."""
    if target.client_auth is None or call.own:
        return None
    return "it is called with the caller's own credential, and none came"


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
        await client.write(sse.comment(b"waiting"))
        await asyncio.sleep(every_s)
