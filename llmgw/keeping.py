"""What a flight has brought is kept, if a rule lets it be: then it answers whoever asks the same later."""

import asyncio
from dataclasses import replace

from llmgw import replaying
from llmgw.flight import Flight
from llmgw.policy import caching
from llmgw.policy.kept import Form, Kept
from llmgw.recall import Recall
from llmgw.replaying import Understood
from llmgw.telling import LARGE_BYTES
from llmgw.visit import Visit


async def keep(flight: Flight, visit: Visit, recall: Recall) -> None:
    """Before the flight is forgotten, so that nobody who asks the same falls between the two."""
    if not flight.is_sound or not flight.is_whole or flight.form is None:
        return
    call, leader, form, body = visit.call, flight.leader, flight.form, flight.body

    def understood() -> Understood:
        return replaying.understood(form, body, call.request, call.dialect, flight.status, leader.path or "")

    read = await asyncio.to_thread(understood) if len(body) > LARGE_BYTES else understood()
    told = replace(read.told, ended_unknown=read.told.ended_unknown or leader.ended_unknown)  # of what was translated
    why = caching.why_not_kept(visit.decision, told)
    leader.cache_why = why or leader.cache_why
    if not why:
        await recall.keep(visit.decision, _kept(flight, body, visit, recall.now_ms(), crosses=read.crosses))


def _kept(flight: Flight, body: bytes, visit: Visit, now_ms: int, *, crosses: bool) -> Kept:
    leader, decision = flight.leader, visit.decision
    return Kept(
        form=flight.form or Form.WHOLE,
        body=body,
        crosses=crosses,
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
