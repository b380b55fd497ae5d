"""Questions in other words, end to end: an embeddings provider over a real socket, and what comes of what it says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from llmgw.adapters.cache_stock import Wanted
from llmgw.adapters.sqlite import reading
from llmgw.policy.usage import UsageQuery
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.embeddings_upstream import EmbeddingsUpstream, embedding
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client
from tests.served import Served, served
from tests.server.calls import CHAT

FRANCE = "What is the capital of France?"
FRANCE_TOO = "Please, what is the capital of France?"
SPAIN = "What is the capital of Spain?"
PRICES = "{input_usd_per_mtok: 1, output_usd_per_mtok: 2}"


def config(chat_url: str, embed_url: str, *, store: str = "memory") -> str:
    return f"""
providers:
  p: {{like: openai, base_url: "{chat_url}/v1", auth: none}}
  e: {{like: openai, base_url: "{embed_url}/v1", api_key: sk-of-the-embedder-0123456789}}
models:
  chat: {{target: p/m, price: {PRICES}}}
  vectors: {{target: e/small, price: {{input_usd_per_mtok: 0.1}}, expose: false}}
budgets: [{{name: all, per: day, limit_usd: 10}}]
cache:
  store: {store}
  rules: [{{name: help, mode: semantic, ttl: 1h, scope: everyone, embed: vectors, threshold: 0.8}}]
"""


@asynccontextmanager
async def asked_about(
    upstream: FaultUpstream, ledger: Path | None = None, store: str = "memory"
) -> AsyncIterator[tuple[Served, EmbeddingsUpstream]]:
    upstream.script(json_answer(chat_answer("Paris")))
    async with (
        embedding() as embedder,
        served(config(upstream.url, embedder.url, store=store), ledger=ledger) as gateway,
    ):
        yield gateway, embedder


async def ask(gateway: Served, question: str, **beside: Any) -> RawAnswer:
    messages = [*beside.pop("before", []), {"role": "user", "content": question}]
    async with raw_client(gateway.url) as client:
        await client.post(CHAT, {"model": "chat", "messages": messages, **beside})
        return await client.read_answer()


def how(answer: RawAnswer) -> str:
    assert answer.status == 200, answer.body
    return answer.headers["x-llmgw-cache"]


async def test_the_same_question_in_other_words(upstream: FaultUpstream) -> None:
    async with asked_about(upstream) as (gateway, _):
        first, alike, same = [await ask(gateway, it) for it in (FRANCE, FRANCE_TOO, FRANCE)]

        stats = await gateway.running.memory.store.stats()

    assert [how(it) for it in (first, alike, same)] == ["miss", "semantic", "hit"]
    assert (stats.hits, stats.misses, stats.rules["help"].hits) == (2, 1, 2)
    assert (alike.body, len(upstream.requests)) == (first.body, 1)
    assert 0.8 < float(alike.headers["x-llmgw-similarity"]) < 1
    assert gateway.log.requests[1]["saved_nanousd"] > 0


async def test_what_is_not_the_same_is_asked_and_the_log_says_why(upstream: FaultUpstream) -> None:
    async with asked_about(upstream) as (gateway, _):
        answers = [await ask(gateway, question) for question in (FRANCE, SPAIN)]

    assert [how(it) for it in answers] == ["miss", "miss"]
    told = gateway.log.requests[1]
    assert (told["cache_why"], told["similarity"] > 0.8) == ("france / spain", True)


@pytest.mark.parametrize(
    "beside",
    [
        {"before": [{"role": "system", "content": "You are a pirate."}]},
        {"before": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {"temperature": 0},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"x_vendor": True},
    ],
)
async def test_another_context_is_another_question(upstream: FaultUpstream, beside: dict[str, Any]) -> None:
    async with asked_about(upstream) as (gateway, _):
        answers = [await ask(gateway, FRANCE), await ask(gateway, FRANCE_TOO, **beside)]

    assert [how(it) for it in answers] == ["miss", "miss"]


async def test_an_embedder_that_fails_or_is_slow_costs_an_answer_but_no_call(upstream: FaultUpstream) -> None:
    async with asked_about(upstream) as (gateway, embedder):
        await ask(gateway, FRANCE)
        embedder.status, embedder.answer = 500, {"error": {"message": "no"}}
        failed = await ask(gateway, FRANCE_TOO)
        embedder.status, embedder.answer, embedder.delay_s = 200, None, 0.5
        slow = await ask(gateway, "What is the capital of France, please?")

    assert (how(failed), how(slow)) == ("miss", "miss")
    assert all(line["cache_why"].startswith("no vector") for line in gateway.log.requests[1:])
    assert "sk-of-the-embedder" not in str(gateway.log.lines)


async def test_many_who_ask_the_same_at_once_cost_one_vector_and_one_answer(upstream: FaultUpstream) -> None:
    async with asked_about(upstream) as (gateway, embedder):
        answers = await asyncio.gather(*(ask(gateway, FRANCE) for _ in range(50)))

    assert (len(embedder.requests), len(upstream.requests)) == (1, 1)
    assert sorted({how(it) for it in answers} - {"hit"}) == ["coalesced", "miss"]


async def test_a_vector_is_paid_for_and_booked_on_its_own(upstream: FaultUpstream, tmp_path: Path) -> None:
    async with asked_about(upstream, tmp_path / "ledger.db") as (gateway, _):
        await ask(gateway, FRANCE)
        await ask(gateway, FRANCE_TOO)
        ledger = gateway.running.books.ledger
        assert ledger is not None
        select = "SELECT endpoint, target, outcome, input_tokens, cost_nanousd, cached FROM entry ORDER BY request_id"
        rows = await ledger.ask(lambda connection: connection.execute(select).fetchall())
        (standing,) = gateway.running.books.quota.standings()

    embeddings = [row for row in rows if row[0] == "embeddings"]
    assert embeddings == [("embeddings", "vectors", "ok", 6, 600, ""), ("embeddings", "vectors", "ok", 7, 700, "")]
    assert [row[5] for row in rows if row[0] == "chat"] == ["", "semantic"]
    assert (standing.spent_nanousd, standing.reserved_nanousd) == (sum(row[4] for row in rows), 0)


async def test_a_vector_that_nobody_gave_is_no_error_of_a_caller(upstream: FaultUpstream, tmp_path: Path) -> None:
    async with asked_about(upstream, tmp_path / "ledger.db") as (gateway, embedder):
        embedder.status, embedder.answer = 500, {"error": {"message": "no"}}
        await ask(gateway, FRANCE)
        embedder.status, embedder.answer = 200, None
        await ask(gateway, SPAIN)
        ledger = gateway.running.books.ledger
        assert ledger is not None
        (row,) = await ledger.ask(lambda connection: reading.usage(connection, UsageQuery()))
        lines = await ledger.ask(lambda connection: [*reading.requests(connection, UsageQuery())])

    assert (row.counts.requests, row.counts.attempts, row.counts.errors) == (2, 4, 0)
    assert [(line["endpoint"], line["outcome"]) for line in lines] == [("chat", "ok"), ("chat", "ok")]
    assert sum(line["cost_nanousd"] for line in lines) == row.counts.cost_nanousd


async def test_what_was_asked_is_known_after_a_restart(upstream: FaultUpstream, tmp_path: Path) -> None:
    upstream.script(json_answer(chat_answer("Paris")))
    async with embedding() as embedder:
        file = config(upstream.url, embedder.url, store=f"sqlite:///{tmp_path / 'cache.db'}")
        async with served(file) as gateway:
            first = await ask(gateway, FRANCE)
        async with served(file) as gateway:
            await asyncio.sleep(0.3)  # while the index is made
            alike = await ask(gateway, FRANCE_TOO)

    assert (how(alike), alike.body, len(upstream.requests)) == ("semantic", first.body, 1)


async def test_after_its_file_is_deleted_nothing_is_alike(upstream: FaultUpstream, tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    async with asked_about(upstream, store=f"sqlite:///{path}") as (gateway, _):
        await ask(gateway, FRANCE)
        before = how(await ask(gateway, FRANCE_TOO))
        await gateway.running.memory.store.stats()
        path.unlink()
        await gateway.running.memory.store.stats()
        index = gateway.running.memory._index
        left = None if index is None else len(index)  # type: ignore[arg-type]
        alike = await ask(gateway, FRANCE_TOO)

    assert (before, left, how(alike), len(upstream.requests)) == ("semantic", 0, "miss", 2)


async def test_after_a_purge_nothing_is_alike(upstream: FaultUpstream) -> None:
    async with asked_about(upstream) as (gateway, _):
        await ask(gateway, FRANCE)
        await gateway.running.memory.store.purge(Wanted())
        alike = await ask(gateway, FRANCE_TOO)

    assert (how(alike), len(upstream.requests)) == ("miss", 2)
