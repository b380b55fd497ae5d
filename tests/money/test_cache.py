"""What a cache saves: questions that are asked again and again, some far more often than others, by many at once.

What is spent and what is saved make together what it costs without a cache, to the nano-dollar.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from llmgw.adapters.ledger import ledger_to_read
from llmgw.adapters.sqlite.reading import requests as request_rows
from llmgw.policy.usage import UsageQuery
from tests.cli.machine import called
from tests.money.billing_upstream import BillingUpstream, Fate, asked, billing_upstream
from tests.served import served
from tests.server.calls import eventually
from tests.server.process import serving

QUESTIONS = 100
AT_ONCE = 10
MAX_TOKENS = 300
INPUT_NANOUSD, OUTPUT_NANOUSD = 1_000, 2_000  # a token
CONFIG = """
providers: {{p: {{like: openai, base_url: "{url}/v1", auth: none}}}}
defaults: {{retry: {{attempts: 1}}}}
models: {{gpt: {{target: p/m, price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}}}}
state: {{ledger: "sqlite:///llmgw.db"}}
server: {{timezone: UTC}}
"""
CACHE = "cache: {rules: [{name: all, ttl: 1h, scope: everyone}]}\n"


@dataclass(frozen=True)
class Spent:
    """What a workload has come to, by the ledger."""

    rows: Sequence[Mapping[str, Any]]
    upstream_calls: int
    billed_nanousd: int  # by the provider

    @property
    def cost_nanousd(self) -> int:
        return sum(row["cost_nanousd"] for row in self.rows)

    @property
    def saved_nanousd(self) -> int:
        return sum(row.get("saved_nanousd", 0) for row in self.rows)

    @property
    def by_cache(self) -> Mapping[str, int]:
        return Counter(row.get("cached", "") for row in self.rows)


def workload(count: int) -> Sequence[str]:
    """The n-th question is asked so often as its rank says: Zipf's law."""
    weights = [1 / rank for rank in range(1, QUESTIONS + 1)]
    numbers = random.Random(7).choices(range(QUESTIONS), weights, k=count)
    return [f"{number:0>12}" for number in numbers]


def billed(upstream: BillingUpstream, marker: str) -> int:
    produced = upstream.produced[marker]
    return produced.input_tokens * INPUT_NANOUSD + produced.output_tokens * OUTPUT_NANOUSD


def write(directory: Path, config: str) -> None:
    directory.mkdir()
    (directory / "llmgw.yaml").write_text(config)


async def spent(directory: Path, markers: Sequence[str], more: str) -> Spent:
    ledger, calls = directory / "llmgw.db", Counter[str]()
    async with billing_upstream(3, {Fate.ANSWERED: 1.0}, pause_s=0.001) as upstream:
        config = CONFIG.format(url=upstream.url) + more
        write(directory, config)
        async with served(config, ledger=ledger) as gateway, aiohttp.ClientSession() as session:
            await asked_by_many(gateway.url, session, markers)
            await eventually(lambda: len(gateway.log.requests) == len(markers))
            for line in gateway.log.requests:
                calls["attempts"] += len(line["attempts"])
        with ledger_to_read(ledger, print) as connection:
            rows = [*request_rows(connection, UsageQuery())]
        total_nanousd = sum(billed(upstream, marker) for marker in set(markers))
    return Spent(rows, calls["attempts"], total_nanousd)


async def asked_by_many(url: str, session: aiohttp.ClientSession, markers: Sequence[str]) -> None:
    waiting = iter(enumerate(markers))

    async def caller() -> None:
        for number, marker in waiting:
            body = asked(marker, stream=number % 2 == 0, max_tokens=MAX_TOKENS)
            async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                assert response.status == 200
                await response.read()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(caller())


@pytest.mark.parametrize("count", [300, pytest.param(3000, marks=[pytest.mark.slow, pytest.mark.timeout(300)])])
async def test_what_is_saved_and_what_is_spent_are_what_it_costs_without_a_cache(tmp_path: Path, count: int) -> None:
    markers = workload(count)
    without = await spent(tmp_path / "without", markers, "")
    cached = await spent(tmp_path / "with", markers, CACHE)

    rate = 1 - cached.upstream_calls / count
    print(
        f"{count} requests: {rate:.0%} from the cache {dict(cached.by_cache)}; "
        f"${cached.cost_nanousd / 1e9:.6f} spent, ${cached.saved_nanousd / 1e9:.6f} saved, "
        f"${without.cost_nanousd / 1e9:.6f} without"
    )
    assert (without.upstream_calls, cached.upstream_calls) == (count, len(set(markers)))
    assert cached.cost_nanousd == cached.billed_nanousd
    assert without.saved_nanousd == 0
    assert cached.cost_nanousd + cached.saved_nanousd == without.cost_nanousd
    assert cached.by_cache["hit"] + cached.by_cache["coalesced"] == count - len(set(markers))


async def test_usage_tells_what_was_saved(tmp_path: Path) -> None:
    markers = workload(50)
    cached = await spent(tmp_path / "with", markers, CACHE)
    told = called("usage", str(tmp_path / "with" / "llmgw.yaml"), "--by", "model")

    assert (told.returncode, told.stderr) == (0, "")
    assert f"{cached.saved_nanousd / 10**9:.9f}" in told.stdout
    assert f"{cached.cost_nanousd / 10**9:.9f}" in told.stdout


async def until_it_is_killed(url: str, session: aiohttp.ClientSession, markers: Iterator[str]) -> Mapping[str, str]:
    """The requests whose answers were whole, and how each of them came."""
    whole: dict[str, str] = {}
    with suppress(aiohttp.ClientError):
        for marker in markers:
            stream = len(whole) % 2 == 0
            body = asked(marker, stream=stream, max_tokens=MAX_TOKENS)
            async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                text = await response.text()
                if not stream or text.endswith("data: [DONE]\n\n"):
                    whole[response.headers["x-llmgw-request-id"]] = response.headers["x-llmgw-cache"]
    return whole


async def test_what_a_client_has_whole_is_in_the_book_however_the_gateway_ends(tmp_path: Path) -> None:
    markers = iter(workload(100_000))
    async with (
        billing_upstream(3, {Fate.ANSWERED: 1.0}, pause_s=0.002) as upstream,
        serving(CONFIG.format(url=upstream.url) + CACHE, tmp_path) as server,
        aiohttp.ClientSession() as session,
        asyncio.TaskGroup() as group,
    ):
        callers = [group.create_task(until_it_is_killed(server.url, session, markers)) for _ in range(AT_ONCE)]
        await asyncio.sleep(0.3)
        server.process.kill()
    told = called("usage", str(tmp_path / "config.yaml"), "--requests")
    rows = {row["request_id"]: row for row in map(json.loads, told.stdout.splitlines())}
    whole = {id_: cache for caller in callers for id_, cache in caller.result().items()}

    assert whole.keys() - rows.keys() == set()
    assert {id_: rows[id_].get("cached") or "miss" for id_ in whole} == whole
    assert {"hit", "miss"} <= {*whole.values()}
    assert all((row["saved_nanousd"] > 0) is (row["cost_nanousd"] == 0) for row in rows.values() if row.get("cached"))
