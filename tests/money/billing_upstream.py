"""A provider that keeps books: it answers, fails, dawdles or breaks off by chance, and knows what it would bill.

What it does with a request is drawn from a word in the prompt, so that both sides of a test can speak of the same one.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web

from tests.partners.bodies import DONE, sse_event

WORDS_MAX = 8  # of an answer's text; what it is said to have used has nothing to do with it


class Fate(StrEnum):
    """What becomes of a request."""

    ANSWERED = "answered"
    REFUSED = "refused"  # 503: nothing is billed
    BROKEN_OFF = "broken off"  # the connection ends before the answer does
    SLOW = "slow"  # and whoever has no patience leaves


@dataclass
class Produced:
    """What a request came to."""

    fate: Fate
    input_tokens: int
    output_tokens: int
    whole: bool = False  # all of it has left


@dataclass
class BillingUpstream:
    """`produced` is by the marker of each request."""

    url: str = ""
    produced: dict[str, Produced] = field(default_factory=dict)
    seed: int = 0
    pause_s: float = 0.002
    fates: Mapping[Fate, float] = field(default_factory=lambda: {Fate.ANSWERED: 1.0})
    under_way: int = 0
    most_at_once: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked: dict[str, Any] = await request.json()
        produced = self._drawn(asked)
        self.produced[marker_of(asked)] = produced
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await asyncio.sleep(self.pause_s if produced.fate is not Fate.SLOW else 50 * self.pause_s)
            if produced.fate is Fate.REFUSED:
                return web.json_response({"error": {"message": "no room"}}, status=503)
            return await (self._stream if asked.get("stream") else self._whole)(request, produced)
        finally:
            self.under_way -= 1

    def _drawn(self, asked: dict[str, Any]) -> Produced:
        dice = random.Random(f"{self.seed} {marker_of(asked)}")
        fate = dice.choices([*self.fates], [*self.fates.values()])[0]
        cap = asked.get("max_completion_tokens") or asked.get("max_tokens") or 1
        return Produced(fate, dice.randint(1, 20), dice.randint(1, cap))

    async def _whole(self, request: web.Request, produced: Produced) -> web.StreamResponse:
        body = json.dumps(_answer(produced)).encode()
        if produced.fate is Fate.BROKEN_OFF:
            response = web.StreamResponse(
                headers={"content-type": "application/json", "content-length": str(len(body))}
            )
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
            _cut(request)
            return response
        produced.whole = True
        return web.Response(body=body, content_type="application/json")

    async def _stream(self, request: web.Request, produced: Produced) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for word in range(min(produced.output_tokens, WORDS_MAX)):
            await response.write(sse_event(_chunk({"content": f"w{word} "})))
            await asyncio.sleep(self.pause_s)
            if produced.fate is Fate.BROKEN_OFF:
                _cut(request)
                return response
        await response.write(sse_event(_chunk({}, "stop")))
        produced.whole = True
        await response.write(sse_event({**_chunk({}), "choices": [], "usage": _usage(produced)}) + DONE)
        return response


def marker_of(asked: dict[str, Any]) -> str:
    """The first word of the prompt."""
    return str(asked["messages"][-1]["content"]).partition(" ")[0]


def asked(marker: str, *, stream: bool, max_tokens: int | None = None, model: str = "gpt") -> dict[str, Any]:
    """A request of which the upstream's books can tell; all are of one length."""
    messages = [{"role": "user", "content": f"{marker:0>12} what does this cost?"}]
    cap = {} if max_tokens is None else {"max_tokens": max_tokens}
    return {"model": model, "stream": stream, "messages": messages, **cap}


@asynccontextmanager
async def billing_upstream(seed: int, fates: Mapping[Fate, float], pause_s: float) -> AsyncIterator[BillingUpstream]:
    upstream = BillingUpstream(seed=seed, fates=fates, pause_s=pause_s)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", upstream.answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    upstream.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield upstream
    finally:
        await runner.cleanup()


def _answer(produced: Produced) -> dict[str, Any]:
    message = {"role": "assistant", "content": "so much"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": _usage(produced)}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


def _usage(produced: Produced) -> dict[str, int]:
    total = produced.input_tokens + produced.output_tokens
    return {
        "prompt_tokens": produced.input_tokens,
        "completion_tokens": produced.output_tokens,
        "total_tokens": total,
    }


def _cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
