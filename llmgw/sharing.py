"""One answer for all who ask the same: from what is kept, from what is under way for another, or anew and then kept.

Whoever finds neither leads a flight: his attempts write into it, and he reads from it as those do who follow. If he
hangs up it goes on for as long as anybody reads. If it fails before there was anything to read, a follower leads.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import TypeVar

import msgspec

from llmgw import keeping, replies, telling
from llmgw.call import Call
from llmgw.errors import GatewayError, NotKeptError, StreamCutError
from llmgw.flight import Flight, Reader, Room
from llmgw.policy.cache_keeping import ON_EXCEEDED
from llmgw.policy.claims import CAP_TOKENS_UNKNOWN
from llmgw.policy.kept import Form
from llmgw.ports import Clock
from llmgw.recall import COALESCED, Found, Recall
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.transcript import Transcript
from llmgw.visit import FOLLOWED_MAX, Visit

Came = TypeVar("Came")

FLIGHT_BYTES_MAX = 16 * 1024 * 1024  # of an answer that may still be joined, and kept
FLIGHTS_BYTES_MAX = 256 * 1024 * 1024  # of all of them


def _is_wanting(leader: Transcript) -> bool:
    """What his budget lets him have is less than others might get."""
    is_short = leader.output_cap is not None and leader.output_cap < CAP_TOKENS_UNKNOWN
    return is_short or ON_EXCEEDED in (leader.path or "")


def in_full(call: Call) -> Call:
    """The same with the usage in its stream, for whoever else may want it."""
    return replace(call, request=msgspec.structs.replace(call.request, wants_usage=True))


def _share_failure(visit: Visit) -> None:
    """Whoever has seen the same request fail often enough does not ask once more: that would be a herd."""
    failure, visit.failure = visit.failure, None
    if failure is None or visit.followed < FOLLOWED_MAX or not failure.failures:
        return
    try:
        raise failure
    finally:
        del failure  # it holds this frame, which must not hold it


async def _outlast(flight: Flight, visit: Visit) -> None:
    """Until it has ended, or nobody reads it. That a caller has hung up may be told more than once."""
    while True:
        try:
            return await flight.is_done()
        except asyncio.CancelledError:
            if visit.is_stopping():
                raise


class Sharing:
    """Of the whole process: it knows which answers are under way."""

    def __init__(self, recall: Recall, clock: Clock) -> None:
        self._recall = recall
        self._clock = clock
        self._flights: dict[bytes, Flight] = {}
        self._room = Room(FLIGHTS_BYTES_MAX)

    async def answer(self, visit: Visit) -> None:
        """Raises GatewayError, as attempts do."""
        decision, transcript = visit.decision, visit.transcript
        transcript.cache, transcript.cache_why = "miss" if decision.look else "bypass", decision.bypass
        if decision.look:
            if await self._is_known(visit):
                return
            self._recall.count(None)
            _share_failure(visit)
        if decision.only_if_cached:
            raise NotKeptError("nothing is kept for this request, and it takes nothing else (only-if-cached)")
        if decision.keep:
            await self._lead(visit)
        else:
            await visit.attempts(visit.client)

    async def _is_known(self, visit: Visit) -> bool:
        """Whether it could be answered from what is kept, or with what is under way. If not, whoever asked leads."""
        decision = visit.decision
        if await self._has_given(await self._recall.find(decision), visit) or await self._has_followed(visit):
            return True
        if not decision.question:
            return False
        await visit.asking.account.admit_kept()  # nobody is asked for a caller who may not call
        visit.vector = await self._recall.vector(decision, visit.asking, visit.transcript)
        if await self._has_given(await self._recall.find(decision), visit):  # kept while we waited
            return True
        alike = self._recall.find_alike(decision, visit.vector, visit.transcript, visit.can_have)
        return await self._has_given(await alike, visit) or await self._has_followed(visit)

    async def _has_given(self, found: Found | None, visit: Visit) -> bool:
        """What is kept: it takes a request of the limits, and nothing else. False: it cannot be told, or read."""
        pieces = None if found is None else await telling.pieces_of(found.kept, visit)
        if found is None or pieces is None:
            return False
        kept, transcript = found.kept, visit.transcript
        await visit.asking.account.admit_kept()
        self._recall.count(found)
        transcript.note_kept(found.how, kept.target, kept.path, kept.dropped)
        transcript.similarity, transcript.age_s = found.similarity, found.age_s
        telling.commit(visit, self._clock)
        headers = replies.of_kept(transcript, stream=visit.call.request.stream)
        await telling.give(pieces, kept.cost_nanousd, headers, visit)
        return True

    # What is under way.

    async def _has_followed(self, visit: Visit) -> bool:
        """With those who ask the same, if there are any; and if one of them gets an answer."""
        while (reader := self._joined(visit)) is not None:
            if await self._follow(reader, visit):
                return True
            visit.pass_over(reader.flight)
        return False

    def _joined(self, visit: Visit) -> Reader | None:
        """The flight of one who asks the same; None: there is none that could be followed.

        Nobody stands in a queue for ever: who has followed in vain a few times follows no more.
        """
        if not visit.decision.keep or visit.followed >= FOLLOWED_MAX:
            return None
        flight = self._flights.get(visit.decision.key)
        return None if flight is None or flight is visit.passed else flight.join()

    async def _follow(self, reader: Reader, visit: Visit) -> bool:
        """False: it failed before there was anything to read, took too long, or cannot be told as is wanted."""
        flight, transcript, request = reader.flight, visit.transcript, visit.call.request
        try:
            await visit.asking.account.admit_kept()
            if not await self._has_come(flight.begun(), visit) or _is_wanting(flight.leader):
                return False
            is_growing = flight.form is Form.STREAM and request.stream
            telling_all = None if is_growing else telling.pieces_under_way(flight, visit, self._recall.now_ms())
            pieces = None if telling_all is None else await self._has_come(telling_all, visit)
            if not is_growing and pieces is None:
                return False
            leader = flight.leader
            transcript.note_kept(COALESCED, leader.target or "", leader.path or "", leader.dropped)
            telling.commit(visit, self._clock, flight.status)
            headers = replies.of_kept(transcript, stream=request.stream)
            if pieces is None:
                await telling.give_growing(reader, headers, visit)
            else:
                await telling.give(pieces, leader.answer_nanousd, headers, visit)
        finally:
            reader.leave()
        return True

    async def _has_come(self, coming: Coroutine[None, None, Came], visit: Visit) -> Came | None:
        """What comes of waiting for others, which is not our time, nor longer than the caller has. None: nothing."""
        transcript, began_s = visit.transcript, self._clock.elapsed_s()
        try:
            async with asyncio.timeout(transcript.started_s + visit.deadline_s - began_s):
                return await coming
        except RouteExhaustedError as error:
            visit.failure = error.with_traceback(None)
            return None
        except (GatewayError, TimeoutError):
            return None
        finally:
            transcript.waited_s += self._clock.elapsed_s() - began_s

    # Those who lead.

    async def _lead(self, visit: Visit) -> None:
        """Attempts go on beside him who leads, and he stays until they have ended: they are his."""
        flight = Flight(
            visit.transcript, FLIGHT_BYTES_MAX, self._room, lambda flight: keeping.keep(flight, visit, self._recall)
        )
        self._announce(flight, visit)
        reader = flight.boarded()
        left: BaseException | None = None
        has_all = False
        try:
            async with asyncio.TaskGroup() as group:
                work = group.create_task(self._fly(flight, visit))
                try:
                    await flight.begun()
                    await self._read_own(reader, visit)
                    has_all = True
                    await asyncio.wait([work])  # in here: whoever hangs up now must not end it
                except (GatewayError, asyncio.CancelledError) as error:
                    left = error
                    visit.transcript.left = not has_all
                    reader.leave()
                    await _outlast(flight, visit)
                    if not flight.has_ended:
                        self._forget(flight, visit)  # before anybody joins what will come to nothing
                        work.cancel()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            reader.leave()
        if left is not None:
            if not has_all:
                visit.transcript.note_unread()
            try:
                raise left
            finally:
                left = None  # it holds this frame, which must not hold it

    def _announce(self, flight: Flight, visit: Visit) -> None:
        """Whoever asks the same now joins this one; unless another has nothing to read yet, for that began before."""
        under_way = self._flights.get(visit.decision.key)
        if under_way is None or under_way.form is not None:
            self._flights[visit.decision.key] = flight

    async def _fly(self, flight: Flight, visit: Visit) -> None:
        try:
            await visit.attempts(flight)
        except GatewayError as error:
            flight.fail(error)
        except BaseException:
            flight.fail(StreamCutError("whoever asked for it first has left"))
            raise
        finally:
            self._forget(flight, visit)

    def _forget(self, flight: Flight, visit: Visit) -> None:
        if self._flights.get(visit.decision.key) is flight:
            del self._flights[visit.decision.key]

    async def _read_own(self, reader: Reader, visit: Visit) -> None:
        flight = reader.flight
        if flight.form is Form.STREAM:
            await telling.give_growing(reader, flight.headers, visit)
        else:
            await telling.give([flight.body], None, flight.headers, visit)
