"""One answer for all who ask the same: from what is kept, from what is under way for another, or anew and then kept.

Whoever finds neither leads a flight: his attempts write into it, and he reads from it as those do who follow. If he
hangs up it goes on for as long as anybody reads. If it fails before there was anything to read, a follower leads.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

import msgspec

from llmgw import replaying, replies
from llmgw.asking import Asking
from llmgw.bookkeeping import Bill
from llmgw.call import Call
from llmgw.errors import GatewayError, NotKeptError, StreamCutError
from llmgw.flight import Flight, Reader
from llmgw.policy import caching
from llmgw.policy.cache_keeping import ON_EXCEEDED
from llmgw.policy.caching import Decision
from llmgw.policy.claims import CAP_TOKENS_UNKNOWN
from llmgw.policy.kept import Form, Kept
from llmgw.ports import Client, Clock
from llmgw.recall import COALESCED, Found, Recall
from llmgw.transcript import Transcript
from llmgw.wire import sse

VECTORS_MAX = 1024  # that are remembered, of those that were asked for last
VECTOR_S = 3600.0
NO_VECTOR_S = 1.0  # after an embedder has failed
LARGE_BYTES = 64 * 1024  # what takes longer to read than others should wait for
FLIGHT_BYTES_MAX = 16 * 1024 * 1024  # of an answer that may still be joined, and kept

Attempts = Callable[[Client], Awaitable[None]]
"""Asks the providers, and gives what they answer to that client. Raises GatewayError."""


@dataclass(slots=True)
class Visit:
    """One call under a cache rule.

    `vector` is that of its question, as soon as there is one; `passed` the flight it has followed to no avail.
    """

    asking: Asking
    decision: Decision
    deadline_s: float
    bill: Bill
    client: Client
    transcript: Transcript
    attempts: Attempts
    vector: bytes = b""
    passed: Flight | None = None


def _is_wanting(leader: Transcript) -> bool:
    """What his budget lets him have is less than others might get."""
    is_short = leader.output_cap is not None and leader.output_cap < CAP_TOKENS_UNKNOWN
    return is_short or ON_EXCEEDED in (leader.path or "")


def in_full(call: Call) -> Call:
    """The same with the usage in its stream, for whoever else may want it."""
    return replace(call, request=msgspec.structs.replace(call.request, wants_usage=True))


class Sharing:
    """Of the whole process: it knows which answers are under way."""

    def __init__(self, recall: Recall, clock: Clock) -> None:
        self._recall = recall
        self._clock = clock
        self._flights: dict[bytes, Flight] = {}
        self._locks: WeakValueDictionary[tuple[bytes, str], asyncio.Lock] = WeakValueDictionary()
        self._vectors: dict[tuple[bytes, str], tuple[float, bytes]] = {}  # until when; the one used last is the last

    async def answer(self, visit: Visit) -> None:
        """Raises GatewayError, as attempts do."""
        decision, transcript = visit.decision, visit.transcript
        transcript.cache, transcript.cache_why = "miss" if decision.look else "bypass", decision.bypass
        if decision.look:
            if await self._is_known(visit):
                return
            self._recall.count(None)
        if decision.only_if_cached:
            raise NotKeptError("nothing is kept for this request, and it takes nothing else (only-if-cached)")
        if decision.keep:
            await self._lead(visit)
        else:
            await visit.attempts(visit.client)

    async def _is_known(self, visit: Visit) -> bool:
        """Whether it could be answered from what is kept, or with what is under way. If not, whoever asked leads.

        A vector is got by one at a time of those who ask the same: the others find what has come of it.
        """
        decision = visit.decision
        found = self._told(await self._recall.find(decision), visit)
        if found is None and await self._has_followed(visit):
            return True
        if found is None and decision.question:
            visit.vector = await self._vector(visit)
            found = self._told(await self._recall.find(decision), visit)  # kept while we waited
        if found is None and visit.vector:
            found = self._told(await self._recall.find_alike(decision, visit.vector, visit.transcript), visit)
        if found is not None and await self._has_given(found, visit):
            return True
        return await self._has_followed(visit)

    async def _vector(self, visit: Visit) -> bytes:
        """Of its question; none, if it cannot be had. What is asked for at once, or soon again, is asked for once."""
        await visit.asking.account.admit_kept()  # nobody is asked for a caller who may not call
        place = (visit.decision.context, visit.decision.question)
        async with self._locks.setdefault(place, asyncio.Lock()):
            ends_s, vector = self._vectors.pop(place, (0.0, b""))
            if ends_s < self._clock.elapsed_s():
                vector = await self._recall.vector(visit.decision, visit.asking, visit.transcript)
                ends_s = self._clock.elapsed_s() + (VECTOR_S if vector else NO_VECTOR_S)
            self._vectors[place] = ends_s, vector
            if len(self._vectors) > VECTORS_MAX:
                del self._vectors[next(iter(self._vectors))]
            return vector

    async def _has_followed(self, visit: Visit) -> bool:
        """With those who ask the same, if there are any; and if one of them gets an answer."""
        while visit.decision.keep and (reader := self._joined(visit)) is not None:
            if await self._follow(reader, visit):
                return True
            visit.passed = reader.flight
        return False

    # What is kept.

    def _told(self, found: Found | None, visit: Visit) -> Found | None:
        """Only what can be told in the form that is wanted."""
        form = replaying.form_of(visit.asking.call.request)
        return found if found is None or found.kept.crosses or found.kept.form is form else None

    async def _has_given(self, found: Found, visit: Visit) -> bool:
        """It takes a request of the limits, and nothing else. False: it cannot be read any more."""
        kept, transcript = found.kept, visit.transcript
        try:
            pieces = await self._pieces(kept, visit)
        except (GatewayError, msgspec.MsgspecError):
            return False
        await visit.asking.account.admit_kept()
        self._recall.count(found)
        transcript.note_kept(found.how, kept.target, kept.path, kept.dropped)
        transcript.similarity, transcript.age_s = found.similarity, found.age_s
        self._commit(visit)
        headers = replies.of_kept(transcript, stream=visit.asking.call.request.stream)
        await self._write(pieces, kept.cost_nanousd, headers, visit)
        return True

    async def _pieces(self, kept: Kept, visit: Visit) -> list[bytes]:
        """All of it, in the form that is wanted. Raises GatewayError if it cannot be read."""
        call = visit.asking.call

        def told() -> list[bytes]:
            if call.request.stream:
                return [piece for piece in replaying.stream(kept, call.request, call.dialect) if piece]
            return [replaying.whole(kept, call.request, call.dialect)]

        is_slow = len(kept.body) > LARGE_BYTES and kept.form is not replaying.form_of(call.request)
        return await asyncio.to_thread(told) if is_slow else told()

    async def _write(
        self, pieces: Sequence[bytes], cost_nanousd: int | None, headers: Mapping[str, str], visit: Visit
    ) -> None:
        call, client, transcript = visit.asking.call, visit.client, visit.transcript
        if not call.request.stream:
            (body,) = pieces
            self._log(body, transcript)
            await visit.bill.save(cost_nanousd)
            await client.answer(transcript.status, headers, body)
            transcript.note_whole()
            return
        await client.start(headers)
        await visit.bill.save(cost_nanousd)
        transcript.ending = True
        for piece in pieces:
            self._log(piece, transcript)
            await client.write(piece)
        transcript.note_whole()
        await client.end()

    # What is under way.

    def _joined(self, visit: Visit) -> Reader | None:
        """The flight of one who asks the same; None: there is none that could be followed."""
        flight = self._flights.get(visit.decision.key)
        return None if flight is None or flight is visit.passed else flight.join()

    async def _follow(self, reader: Reader, visit: Visit) -> bool:
        """False: it failed before there was anything to read, took too long, or cannot be told as is wanted."""
        flight, transcript, request = reader.flight, visit.transcript, visit.asking.call.request
        try:
            await visit.asking.account.admit_kept()
            if not await self._has_begun(flight, visit) or _is_wanting(flight.leader):
                return False
            is_growing = flight.form is Form.STREAM and request.stream
            pieces = None if is_growing else await self._all_told(reader, visit)
            if not is_growing and pieces is None:
                return False
            leader = flight.leader
            transcript.note_kept(COALESCED, leader.target or "", leader.path or "", leader.dropped)
            self._commit(visit, flight.status)
            headers = replies.of_kept(transcript, stream=request.stream)
            if pieces is None:
                await self._read_growing(reader, headers, visit)
            else:
                await self._write(pieces, leader.answer_nanousd, headers, visit)
        finally:
            reader.leave()
        return True

    async def _all_told(self, reader: Reader, visit: Visit) -> list[bytes] | None:
        """All of an answer under way, in the form that is wanted. None: it was cut, or cannot be told so."""
        form = replaying.form_of(visit.asking.call.request)
        try:
            kept = await self._all_of(reader, visit)
            return await self._pieces(kept, visit) if kept.crosses or kept.form is form else None
        except (GatewayError, msgspec.MsgspecError):
            return None

    async def _has_begun(self, flight: Flight, visit: Visit) -> bool:
        transcript, began_s = visit.transcript, self._clock.elapsed_s()
        try:
            async with asyncio.timeout(transcript.started_s + visit.deadline_s - began_s):
                await flight.begun()
        except (GatewayError, TimeoutError):
            return False
        finally:
            transcript.waited_s += self._clock.elapsed_s() - began_s
        return True

    async def _lead(self, visit: Visit) -> None:
        """Attempts go on beside him who leads, and he stays until they have ended: they are his."""
        flight = Flight(visit.transcript, FLIGHT_BYTES_MAX, lambda flight: self._keep(flight, visit))
        self._announce(flight, visit)
        reader = flight.boarded()
        left: BaseException | None = None
        has_all = False
        try:
            async with asyncio.TaskGroup() as group:
                work = group.create_task(self._fly(flight, visit))
                try:
                    await flight.begun()
                    if flight.form is Form.STREAM:
                        await self._read_growing(reader, flight.headers, visit)
                    else:
                        pieces = await self._pieces(await self._all_of(reader, visit), visit)
                        await self._write(pieces, None, flight.headers, visit)
                    has_all = True
                    await asyncio.wait([work])  # in here: whoever hangs up now must not end it
                except (GatewayError, asyncio.CancelledError) as error:
                    left = error
                    visit.transcript.left = not has_all
                    reader.leave()
                    await flight.is_done()
                    if not flight.has_ended:
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
        key = visit.decision.key
        try:
            await visit.attempts(flight)
        except GatewayError as error:
            flight.fail(error)
        except BaseException:
            flight.fail(StreamCutError("whoever asked for it first has left"))
            raise
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]

    async def _keep(self, flight: Flight, visit: Visit) -> None:
        """Before the flight is forgotten, so that nobody who asks the same falls between the two."""
        call, leader = visit.asking.call, flight.leader
        if not flight.is_sound or not flight.is_whole or flight.form is None:
            return
        form, body, path = flight.form, flight.body, leader.path or ""

        def read() -> tuple[str, bool]:
            told = replaying.told(form, body, call.request, call.dialect, flight.status, path)
            why = caching.why_not_kept(visit.decision, told)
            return why, not why and replaying.crosses(form, body, call.request, call.dialect)

        why, crosses = await asyncio.to_thread(read) if len(body) > LARGE_BYTES else read()
        leader.cache_why = why or leader.cache_why
        if not why:
            await self._recall.keep(visit.decision, self._kept(flight, body, visit, crosses=crosses))

    def _kept(self, flight: Flight, body: bytes, visit: Visit, *, crosses: bool) -> Kept:
        call, leader, decision, now_ms = visit.asking.call, flight.leader, visit.decision, self._recall.now_ms()
        return Kept(
            form=flight.form or Form.WHOLE,
            body=body,
            crosses=crosses,
            content_type=flight.headers.get("content-type", "application/json"),
            dialect=call.dialect.name,
            endpoint=call.endpoint,
            model=leader.model,
            target=leader.target or "",
            path=leader.path or "",
            rule=decision.rule.name,
            scope=decision.scope,
            cost_nanousd=leader.answer_nanousd,
            dropped=leader.dropped,
            kept_ms=now_ms,
            ends_ms=now_ms + int(decision.rule.ttl_s * 1000),
            question=decision.question if visit.vector else "",
            context=decision.context,
            vector=visit.vector,
        )

    # Reading.

    async def _all_of(self, reader: Reader, visit: Visit) -> Kept:
        """When it is there."""
        call, flight, pieces = visit.asking.call, reader.flight, []
        while piece := await reader.next():
            pieces.append(piece)
        form, body, now_ms = flight.form or Form.WHOLE, b"".join(pieces), self._recall.now_ms()
        is_same = flight.leader.stream == call.request.stream
        crosses = not is_same and replaying.crosses(form, body, call.request, call.dialect)
        return Kept(form=form, body=body, crosses=crosses, kept_ms=now_ms)

    async def _read_growing(self, reader: Reader, headers: Mapping[str, str], visit: Visit) -> None:
        flight, call, client, transcript = reader.flight, visit.asking.call, visit.client, visit.transcript
        asked = replaying.AsAsked(call.request, call.dialect)
        await client.start(headers)
        while events := await self._next(reader, visit):
            await self._note_ending(flight, visit)
            await self._send(asked.feed(events), visit)
        await self._note_ending(flight, visit)  # where an end has no bytes
        await self._send(asked.finish(), visit)
        if flight.is_sound:
            transcript.note_whole()
        else:
            transcript.outcome, transcript.error = flight.leader.outcome, flight.leader.error
        await client.end()

    async def _next(self, reader: Reader, visit: Visit) -> bytes:
        """What is new, with a comment to the client now and then while nothing is."""
        while reader.is_waiting:
            try:
                async with asyncio.timeout(visit.asking.call.ping_s):
                    return await reader.next()
            except TimeoutError:
                await visit.client.write(sse.comment(b"waiting"))
        return await reader.next()

    async def _send(self, data: bytes, visit: Visit) -> None:
        if data:
            self._log(data, visit.transcript)
            await visit.client.write(data)

    async def _note_ending(self, flight: Flight, visit: Visit) -> None:
        """Before the last bytes leave."""
        if flight.is_sound:
            await visit.bill.save(flight.leader.answer_nanousd)
            visit.transcript.ending = True

    def _log(self, data: bytes, transcript: Transcript) -> None:
        """What attempts write is in it already."""
        if transcript.source is not None:
            transcript.keep_body(data)

    def _commit(self, visit: Visit, status: int = 200) -> None:
        transcript = visit.transcript
        transcript.committed, transcript.status = True, status
        transcript.standing = visit.asking.account.standing
        transcript.first_token_s = self._clock.elapsed_s() - transcript.started_s
