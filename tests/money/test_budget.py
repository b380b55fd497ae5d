"""A budget holds to the nano-dollar: at every instant, whatever happens to the requests that draw on it.

It has room for a number of requests at their worst. Ten times as many at once draw on it, wave after wave, until
nothing is admitted any more; they are streamed or not, use what they use, fail, break off, and lose patience.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from llmgw.adapters.counters import BucketStanding
from llmgw.adapters.ledger import ledger_to_read
from llmgw.adapters.sqlite.reading import requests as request_rows
from llmgw.adapters.sqlite.reading import spend
from llmgw.policy.usage import UsageQuery
from tests.money.billing_upstream import BillingUpstream, Fate, Produced, asked, billing_upstream
from tests.served import Served, served
from tests.server.calls import eventually

MAX_TOKENS = 300
WAVES_MAX = 30
INPUT_NANOUSD, OUTPUT_NANOUSD = 1_000, 2_000  # a token
FATES = {Fate.ANSWERED: 0.7, Fate.REFUSED: 0.1, Fate.BROKEN_OFF: 0.1, Fate.SLOW: 0.1}
CONFIG = """
providers: {{p: {{like: openai, base_url: "{url}/v1", auth: none}}}}
defaults: {{retry: {{attempts: 1}}}}
server: {{max_in_flight: 5000}}
models: {{gpt: {{target: p/m, price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}}}}
budgets: [{{name: all, per: month, limit_usd: {usd}}}]
"""


@dataclass
class Books:
    """What was seen of the budget while it was drawn on."""

    gateway: Served
    highest: int = 0
    looks: int = 0
    faults: list[BucketStanding] = field(default_factory=list)

    def standing(self) -> BucketStanding:
        (one,) = self.gateway.running.books.quota.standings()
        return one

    async def watch(self) -> None:
        """At every turn of the loop."""
        while True:
            for one in self.gateway.running.books.quota.standings():
                taken = one.spent_nanousd + one.reserved_nanousd
                self.looks += 1
                self.highest = max(self.highest, taken)
                if taken > (one.limit_nanousd or 0):
                    self.faults.append(one)
            await asyncio.sleep(0)


@asynccontextmanager
async def watched(gateway: Served) -> AsyncIterator[Books]:
    books = Books(gateway)
    async with asyncio.TaskGroup() as group:
        watcher = group.create_task(books.watch())
        yield books
        watcher.cancel()


async def worst_case_nanousd(upstream: BillingUpstream, session: aiohttp.ClientSession) -> int:
    """What one request reserves, as an observer sees it."""
    config = CONFIG.format(url=upstream.url, usd=1)
    async with served(config) as gateway, watched(gateway) as books:
        await one(gateway, session, "probe", stream=True)
    return books.highest


def patience_s(marker: str) -> float:
    """One in six leaves early."""
    dice = random.Random(marker)
    return dice.uniform(0.02, 1.0) if dice.random() < 1 / 6 else 60.0


async def one(gateway: Served, session: aiohttp.ClientSession, marker: str, *, stream: bool) -> tuple[int, bool]:
    """Its status, and whether the client got all of it; those who have no patience leave."""
    patience = aiohttp.ClientTimeout(total=patience_s(marker))
    body = asked(marker, stream=stream, max_tokens=MAX_TOKENS)
    named = {"x-request-id": marker}
    status = 0
    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.post(
            f"{gateway.url}/v1/chat/completions", json=body, headers=named, timeout=patience
        ) as response:
            status = response.status
            text = await response.text()
            return status, status == 200 and (not stream or text.endswith("data: [DONE]\n\n"))
    return status, False


def read(ledger: Path) -> tuple[dict[str, Mapping[str, Any]], int]:
    """The requests by their markers, and what the budget's own counter says."""
    with ledger_to_read(ledger, print) as connection:
        rows = {row["client_request_id"]: row for row in request_rows(connection, UsageQuery())}
        budgets = [budget for (budget,) in connection.execute("SELECT DISTINCT budget FROM spend")]
        return rows, sum(one.nanousd for one in spend(connection, budgets))


def faults_of(row: Mapping[str, Any], produced: Produced | None, worst_nanousd: int) -> str:
    """What is wrong with the bill of a request."""
    cost, is_estimated = row["cost_nanousd"], row.get("estimated", False)
    if produced is None:
        return "" if cost == 0 else f"costs {cost}, and nobody was asked"
    if row["outcome"] == "client_closed" and is_estimated:  # nobody knows how far the upstream had come
        return "" if 0 < cost <= worst_nanousd else f"was left, and costs {cost}"
    if produced.fate is Fate.REFUSED:
        return "" if cost == 0 else f"costs {cost}, and nobody has answered"
    exact = produced.input_tokens * INPUT_NANOUSD + produced.output_tokens * OUTPUT_NANOUSD
    if row["outcome"] == "ok":
        return "" if (cost, is_estimated) == (exact, False) else f"costs {cost}, and the upstream bills {exact}"
    if cost == exact:  # all of it had come when the client left
        return ""
    return "" if is_estimated and 0 < cost <= worst_nanousd else f"broke off, and costs {cost}"


@pytest.mark.parametrize(
    ("seed", "room"),
    [(1, 25), *(pytest.param(seed, 100, marks=[pytest.mark.slow, pytest.mark.timeout(600)]) for seed in (2, 3, 4))],
)
async def test_not_a_nano_dollar_over(seed: int, room: int, tmp_path: Path) -> None:
    ledger = tmp_path / "llmgw.db"
    clients: dict[str, tuple[int, bool]] = {}
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        billing_upstream(seed, FATES, pause_s=0.002) as upstream,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        worst_nanousd = await worst_case_nanousd(upstream, session)
        limit_nanousd = room * worst_nanousd
        config = CONFIG.format(url=upstream.url, usd=limit_nanousd / 10**9)
        async with served(config, ledger=ledger) as gateway, watched(gateway) as books:
            for wave in range(WAVES_MAX):
                markers = [f"{wave:0>4}x{n:0>7}" for n in range(10 * room)]
                waiting = [one(gateway, session, marker, stream=n % 2 == 0) for n, marker in enumerate(markers)]
                ended = await asyncio.gather(*waiting)
                clients.update(zip(markers, ended, strict=True))
                if all(status == 402 for status, _ in ended if status):
                    break
            await eventually(lambda: not gateway.running.in_flight)
            standing = books.standing()
        rows, booked = read(ledger)

    assert not books.faults, "more was spent and reserved than there is"
    assert standing.limit_nanousd == limit_nanousd
    assert (standing.reserved_nanousd, standing.in_flight) == (0, 0)
    assert limit_nanousd - standing.spent_nanousd < worst_nanousd  # nothing was left for another one
    assert sum(row["cost_nanousd"] for row in rows.values()) == booked == standing.spent_nanousd
    faults = {marker: faults_of(row, upstream.produced.get(marker), worst_nanousd) for marker, row in rows.items()}
    assert {marker: fault for marker, fault in faults.items() if fault} == {}
    whole = {marker for marker, (_, is_whole) in clients.items() if is_whole}
    assert whole <= {marker for marker, row in rows.items() if row["outcome"] == "ok"}
    fates = Counter(produced.fate.value for produced in upstream.produced.values())
    print(f"{books.looks} looks, at most {books.highest} of {limit_nanousd}; {len(whole)} whole answers; {dict(fates)}")


async def test_a_provider_that_is_not_reached_bills_nothing(unanswering: str, tmp_path: Path) -> None:
    """Whoever loses patience while it is being connected to has used nothing, and what was held for him is free."""
    ledger = tmp_path / "llmgw.db"
    config = CONFIG.format(url=unanswering, usd=1)
    patience = aiohttp.ClientTimeout(total=0.3)
    async with served(config, ledger=ledger) as gateway, watched(gateway) as books, aiohttp.ClientSession() as session:

        async def impatient(number: int) -> None:
            body = asked(f"{number}", stream=False, max_tokens=MAX_TOKENS)
            with suppress(TimeoutError):
                async with session.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=patience):
                    pass

        await asyncio.gather(*[impatient(number) for number in range(10)])
        await eventually(lambda: len(gateway.log.requests) == 10)
        standing = books.standing()
    with ledger_to_read(ledger, print) as connection:
        rows = [*request_rows(connection, UsageQuery())]

    assert books.highest > 0, "nothing was ever held for them"
    assert (standing.spent_nanousd, standing.reserved_nanousd, standing.in_flight) == (0, 0, 0)
    assert [(row["outcome"], row["cost_nanousd"], row.get("estimated", False)) for row in rows] == [
        ("client_closed", 0, False)
    ] * 10
