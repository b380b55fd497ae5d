"""A caller gets an answer that was asked for by another, or by his own flight: kept, whole or as it grows.

The row of the call is in the ledger before the last bytes leave, as with any other answer.
"""

import asyncio
from collections.abc import Mapping, Sequence

from llmgw import replaying
from llmgw.chat.provider_bodies import UNREADABLE
from llmgw.errors import GatewayError
from llmgw.flight import Flight, Reader
from llmgw.policy.kept import Kept
from llmgw.ports import Clock
from llmgw.visit import Visit
from llmgw.wire import sse

LARGE_BYTES = 64 * 1024  # what takes longer to read than others should wait for


async def pieces_of(kept: Kept, visit: Visit) -> Sequence[bytes] | None:
    """All of it, in the form that is wanted. None: it cannot be told so, or not be read."""
    call = visit.call

    def told() -> list[bytes]:
        if call.request.stream:
            return [piece for piece in replaying.stream(kept, call.request, call.dialect) if piece]
        return [replaying.whole(kept, call.request, call.dialect)]

    if not visit.can_have(kept):
        return None
    is_slow = len(kept.body) > LARGE_BYTES and kept.form is not visit.form
    try:
        return await asyncio.to_thread(told) if is_slow else told()
    except (GatewayError, *UNREADABLE):
        return None


async def pieces_under_way(flight: Flight, visit: Visit, now_ms: int) -> Sequence[bytes] | None:
    """The same of an answer under way, when all of it is there: worked out once for all who want it so.

    None also if it is too large to be kept for that. Raises what the flight has failed with.
    """
    form, call = flight.form, visit.call
    if not await flight.ended() or form is None:
        return None
    wanted = (visit.form, call.request.wants_usage)
    async with flight.telling:
        if wanted not in flight.told:
            body = flight.body
            crosses = form is not visit.form and await asyncio.to_thread(
                replaying.crosses, form, body, call.request, call.dialect
            )
            kept = Kept(form=form, body=body, crosses=crosses, kept_ms=now_ms)
            flight.told[wanted] = await pieces_of(kept, visit)
        return flight.told[wanted]


def commit(visit: Visit, clock: Clock, status: int = 200) -> None:
    """From here on this is the answer."""
    transcript = visit.transcript
    transcript.committed, transcript.status = True, status
    transcript.standing = visit.asking.account.standing
    transcript.first_token_s = clock.elapsed_s() - transcript.started_s


async def give(pieces: Sequence[bytes], cost_nanousd: int | None, headers: Mapping[str, str], visit: Visit) -> None:
    """All of an answer that is there, for which somebody has paid so much; None: its price is not known."""
    client, transcript = visit.client, visit.transcript
    if not visit.call.request.stream:
        (body,) = pieces
        _log(body, visit)
        await visit.bill.save(cost_nanousd)
        await client.answer(transcript.status, headers, body)
        transcript.note_whole()
        return
    await client.start(headers)
    await visit.bill.save(cost_nanousd)
    transcript.ending = True
    for piece in pieces:
        _log(piece, visit)
        await client.write(piece)
    transcript.note_whole()
    await client.end()


async def give_growing(reader: Reader, headers: Mapping[str, str], visit: Visit) -> None:
    """A stream as it grows, to its end or its cut. Raises what it has failed with."""
    flight, call, transcript = reader.flight, visit.call, visit.transcript
    asked = replaying.AsAsked(call.request, call.dialect)
    await visit.client.start(headers)
    while events := await _next(reader, visit):
        await _note_ending(flight, visit)
        await _send(asked.feed(events), visit)
    await _note_ending(flight, visit)  # where an end has no bytes
    await _send(asked.finish(), visit)
    if flight.is_sound:
        transcript.note_whole()
    else:
        transcript.outcome, transcript.error = flight.leader.outcome, flight.leader.error
    await visit.client.end()


async def _next(reader: Reader, visit: Visit) -> bytes:
    """What is new, with a comment to the client now and then while nothing is."""
    while reader.is_waiting:
        try:
            async with asyncio.timeout(visit.call.ping_s):
                return await reader.next()
        except TimeoutError:
            await visit.client.write(sse.WAITING)
    return await reader.next()


async def _send(data: bytes, visit: Visit) -> None:
    if data:
        _log(data, visit)
        await visit.client.write(data)


async def _note_ending(flight: Flight, visit: Visit) -> None:
    """Before the last bytes leave, which may be on their way before the flight has ended."""
    if flight.is_ending:
        await visit.bill.save(flight.leader.answer_nanousd)
        visit.transcript.ending = True


def _log(data: bytes, visit: Visit) -> None:
    """What attempts write is in it already."""
    if visit.transcript.source is not None:
        visit.transcript.keep_body(data)
