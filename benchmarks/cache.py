"""What an answer from the cache costs, in ratio to a bare `/healthz` of the same gateway in the same run.

One connection, one call at a time, everything in one process on loopback: what is compared does the same waiting. The
look among many questions is that of the index alone, of vectors of 384 numbers in one context.
"""

import argparse
import statistics
import time
from collections.abc import Awaitable, Callable

import aiohttp
import numpy as np
import uvloop

from llmgw.adapters.semantic_index import MatrixIndex
from llmgw.policy.kept import Form, Kept
from tests.served import served

CONFIG = """
providers: {sim: {like: simulator}}
models: {chat: sim/chat}
cache: {rules: [{name: all, ttl: 1h, scope: everyone}]}
"""
SIZE = 384
SEED = 20
CONTEXT = bytes(32)

Ask = Callable[[], Awaitable[object]]


async def p50_us(ask: Ask, times: int) -> float:
    took: list[float] = []
    for _ in range(times):
        began_s = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began_s) * 1e6)
    return statistics.median(took)


async def measured(entries: int, times: int, rounds: int) -> dict[str, list[float]]:
    """By name, the medians of each round."""
    index, questions = filled(entries)
    async with served(CONFIG) as gateway, aiohttp.ClientSession(gateway.url) as session:

        async def healthz() -> None:
            async with session.get("/healthz") as answer:
                await answer.read()

        async def ask(expected: str, **headers: str) -> None:
            body = {"model": "chat", "messages": [{"role": "user", "content": "Say hello"}]}
            async with session.post("/v1/chat/completions", json=body, headers=headers) as answer:
                await answer.read()
                if answer.headers["x-llmgw-cache"] != expected:
                    raise SystemExit(f"{expected} expected, not {answer.headers['x-llmgw-cache']}")

        async def look() -> None:
            await index.nearest(CONTEXT, questions[time.perf_counter_ns() % len(questions)], 8)

        await ask("miss")
        asks: dict[str, Ask] = {
            "healthz": healthz,
            "hit": lambda: ask("hit"),
            "asked anew": lambda: ask("bypass", **{"cache-control": "no-cache"}),
            "look among questions": look,
        }
        found: dict[str, list[float]] = {name: [] for name in asks}
        for _ in range(rounds):
            for name, one in asks.items():
                found[name].append(await p50_us(one, times))
        return found


def filled(entries: int) -> tuple[MatrixIndex, list[bytes]]:
    """An index of so many questions, and some that are near to one of them each."""
    dice = np.random.default_rng(SEED)
    vectors = dice.standard_normal((entries, SIZE), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = MatrixIndex(entries_max=entries)
    for number, vector in enumerate(vectors):
        kept = Kept(form=Form.WHOLE, body=b"", question=f"{number}", context=CONTEXT, vector=vector.tobytes())
        index.add(number.to_bytes(32, "big"), kept)
    near = vectors[:: max(entries // 100, 1)] + 0.01 * dice.standard_normal(SIZE, dtype=np.float32)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    return index, [vector.tobytes() for vector in near]


def table(found: dict[str, list[float]]) -> str:
    bare = found["healthz"]
    lines = [f"{'':22}{'p50 us':>10}{'of healthz':>12}{'spread':>9}"]
    for name, medians in found.items():
        ratios = [one / other for one, other in zip(medians, bare, strict=True)]
        spread = (max(ratios) - min(ratios)) / 2
        lines.append(f"{name:22}{statistics.median(medians):>10.0f}{statistics.median(ratios):>12.2f}{spread:>9.2f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cache", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000, help="questions in the index")
    parser.add_argument("--times", type=int, default=300, help="calls of each kind in a round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(table(uvloop.run(measured(options.entries, options.times, options.rounds))))


if __name__ == "__main__":
    main()
