"""Answers as tests keep them, and stores to keep them in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from llmgw.adapters.sqlite_cache import SqliteCache
from llmgw.policy.kept import Form, Kept
from llmgw.ports import Cache, Clock
from tests.fakes import FakeClock

NOW_S = 1_700_000_000.0
NOW_MS = 1_700_000_000_000
MIB = 1024 * 1024


def key_of(number: int) -> bytes:
    return number.to_bytes(32, "big")


def kept(body: bytes = b'{"id":"1"}', *, ttl_s: float = 3600.0, kept_ms: int = NOW_MS, **fields: object) -> Kept:
    told: dict[str, object] = {"model": "chat", "target": "gpt", "rule": "faq", "scope": "key=search", **fields}
    return Kept(form=Form.WHOLE, body=body, kept_ms=kept_ms, ends_ms=kept_ms + int(ttl_s * 1000), **told)  # type: ignore[arg-type]


async def asked(cache: Cache, key: bytes) -> Kept | None:
    """As by a request, which says what came of it."""
    found = await cache.get(key)
    cache.count(None if found is None else key)
    return found


def noise(size_bytes: int, seed: int = 1) -> bytes:
    """What cannot be packed."""
    return Random(seed).randbytes(size_bytes)


def full() -> Kept:
    """With something in every field."""
    return Kept(
        form=Form.STREAM,
        body=b'data: {"choices":[]}\n\n' * 500,
        model="chat-\u00e9",
        target="gpt",
        path="chat/fallback[0]=gpt",
        rule="faq",
        scope="key.team=search",
        cost_nanousd=12_345_678_901,
        dropped=("logit_bias", "seed"),
        kept_ms=NOW_MS,
        ends_ms=NOW_MS + 1,
        question="What is \U0001f600?",
        context=bytes(range(32)),
        vector=noise(1536),
    )


@asynccontextmanager
async def in_file(path: Path, clock: Clock | None = None, max_bytes: int = 64 * MIB) -> AsyncIterator[SqliteCache]:
    """A store over a file that nobody writes but by `flush`; whatever it tells is in `told`."""
    cache = SqliteCache(path, clock or FakeClock(), max_bytes, lambda _: None, look_s=10.0)
    try:
        yield cache
    finally:
        await cache.close()
