"""Pools over real sockets: what a server learns of its targets decides where the next request goes."""

import asyncio
from collections import Counter
from itertools import chain

from tests.partners.raw_client import RawClient, raw_client
from tests.served import served
from tests.server.calls import CHAT, chat_body

CONFIG = (
    "providers:\n"
    "  quick: {like: simulator, simulate: {latency: 2ms}}\n"
    "  usual: {like: simulator, simulate: {latency: 150ms}}\n"
    "  slow: {like: simulator, simulate: {latency: 300ms}}\n"
    "models: {quick: quick/sim, usual: usual/sim, slow: slow/sim}\n"
    "routes:\n"
    "  fast: {pool: [slow, usual, quick], by: latency}\n"
    "  same: {pool: [slow, usual, quick], sticky: conversation}\n"
)


async def target(client: RawClient, model: str, text: str = "Say hello", *, stream: bool = False) -> str:
    await client.post(CHAT, chat_body(model, text=text, stream=stream))
    return (await client.read_answer()).headers["x-llmgw-target"]


async def calls(url: str, number: int) -> list[str]:
    async with raw_client(url) as client:
        return [await target(client, "fast") for _ in range(number)]


async def test_by_latency_the_quickest_of_three_gets_most_and_the_slowest_next_to_nothing() -> None:
    """Of the two that are drawn the quickest is one for two thirds: of 120 that is never less than half."""
    async with served(CONFIG) as gateway:
        found = Counter(chain.from_iterable(await asyncio.gather(*(calls(gateway.url, 30) for _ in range(4)))))

    assert found.most_common(1)[0][0] == "quick"
    assert found["slow"] <= 12


async def test_a_conversation_keeps_to_its_target_and_others_have_theirs() -> None:
    async with served(CONFIG) as gateway, raw_client(gateway.url) as client:
        found = [{await target(client, "same", f"question {number}") for _ in range(2)} for number in range(8)]

    assert {len(targets) for targets in found} == {1}
    assert len(set.union(*found)) > 1
