"""Embeddings of our own, for tests: a bag of hashed words, over real sockets, in whichever wire format is asked for.

Questions of the same words are alike, whatever their order; that is all that it knows, and enough to be fooled.
"""

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SIZE = 64
KEY = "sk-embeddings-0123456789"


def vector_of(text: str, size: int = SIZE) -> list[float]:
    """Of length 1. The same words, the same vector."""
    values = [0.0] * size
    for word in re.findall(r"\w+", text.lower()) or ["nothing"]:
        digest = hashlib.sha256(word.encode()).digest()
        values[int.from_bytes(digest[:4], "big") % size] += 1.0 if digest[4] % 2 else -1.0
    length = math.hypot(*values) or 1.0
    return [value / length for value in values]


@dataclass
class EmbeddingsUpstream:
    """`requests` are path, headers in lower case, and body of what came. It takes `delay_s` for each."""

    url: str = ""
    delay_s: float = 0.0
    status: int = 200
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    answer: Any = None  # instead of the right one

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.path_qs, headers, body))
        await asyncio.sleep(self.delay_s)
        if isinstance(self.answer, bytes):
            return web.Response(body=self.answer, status=self.status, content_type="application/json")
        return web.json_response(self.answer or written(body), status=self.status)


def written(body: Any) -> Any:
    """The answer in the format of the request."""
    if "content" in body:
        text = body["content"]["parts"][0]["text"]
        return {"embedding": {"values": vector_of(text)}, "usageMetadata": {"promptTokenCount": counted(text)}}
    if "texts" in body:
        told = {"billed_units": {"input_tokens": sum(map(counted, body["texts"]))}}
        return {"id": "1", "embeddings": {"float": [*map(vector_of, body["texts"])]}, "meta": told}
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    data = [{"object": "embedding", "index": i, "embedding": vector_of(text)} for i, text in enumerate(texts)]
    tokens = sum(map(counted, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def counted(text: str) -> int:
    return len(text.split())


@asynccontextmanager
async def embedding() -> AsyncIterator[EmbeddingsUpstream]:
    """On a free port of loopback."""
    upstream = EmbeddingsUpstream()
    app = web.Application()
    app.router.add_route("POST", "/{path:.*}", upstream.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    upstream.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield upstream
    finally:
        await runner.cleanup()
