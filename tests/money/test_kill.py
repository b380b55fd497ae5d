"""The gateway is killed at random instants under load: what a client has whole is booked, once."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from llmgw.adapters.sqlite.database import database
from tests.money.billing_upstream import BillingUpstream, Fate, asked, billing_upstream
from tests.server.process import ServerProcess, import_root, serving

CALLERS = 24
ALIVE_S = (0.02, 0.4)  # from the first answer to the end
FATES = {Fate.ANSWERED: 0.9, Fate.REFUSED: 0.05, Fate.BROKEN_OFF: 0.05}
CONFIG = """
providers: {{p: {{like: openai, base_url: "{url}/v1", auth: none}}}}
models: {{gpt: {{target: p/m, price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}}}}
keys: [{{name: caller, secret: sk-the-secret-of-a-caller, team: red}}]
limits: [{{name: per-key, each: key, requests: 1M/m, tokens: 1000M/m}}]
budgets: [{{name: team, each: key.team, per: month, limit_usd: 1000}}]
state: {{ledger: "sqlite:///books.db"}}
"""
SECRET = {"authorization": "Bearer sk-the-secret-of-a-caller"}


@dataclass
class Clients:
    """Who calls, and what they have got whole: by the id of the request, with what the upstream says it cost."""

    upstream: BillingUpstream
    whole: dict[str, int] = field(default_factory=dict)
    sent: int = 0

    async def call(self, session: aiohttp.ClientSession, url: str) -> None:
        """Again and again, until nobody answers any more."""
        while True:
            self.sent += 1
            marker, stream = f"{self.sent:0>12}", self.sent % 2 == 0
            body = asked(marker, stream=stream, max_tokens=200)
            async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                text = await response.text()
                if response.status == 200 and (text.endswith("data: [DONE]\n\n") if stream else json.loads(text)):
                    produced = self.upstream.produced[marker]
                    cost = produced.input_tokens * 1_000 + produced.output_tokens * 2_000
                    self.whole[response.headers["x-llmgw-request-id"]] = cost


@asynccontextmanager
async def calling(clients: Clients, url: str) -> AsyncIterator[None]:
    async def one(session: aiohttp.ClientSession) -> None:
        with suppress(aiohttp.ClientError, ConnectionError):
            await clients.call(session, url)

    async with aiohttp.ClientSession(headers=SECRET) as session, asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(one(session))
        yield


async def killed(server: ServerProcess, clients: Clients, dice: random.Random) -> None:
    """Once it has answered something, at any moment."""
    before = len(clients.whole)
    async with calling(clients, server.url):
        async with asyncio.timeout(20):
            while len(clients.whole) == before:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.001)
        await asyncio.sleep(dice.uniform(*ALIVE_S))
        server.process.kill()
        await server.process.wait()


async def usage_of(config: Path) -> list[dict[str, Any]]:
    """What `llmgw usage --requests` prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "llmgw", "usage", str(config), "--requests"),
        stdout=asyncio.subprocess.PIPE,
        cwd=config.parent,
        env={"PYTHONPATH": str(import_root())},
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize(
    "kills", [5, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])], ids=lambda kills: f"{kills}x"
)
async def test_what_a_client_has_whole_is_in_the_ledger(kills: int, tmp_path: Path) -> None:
    dice = random.Random(kills)
    async with billing_upstream(1, FATES, pause_s=0.002) as upstream:
        clients = Clients(upstream)
        config = CONFIG.format(url=upstream.url)
        for _ in range(kills):
            async with serving(config, tmp_path) as server:
                await killed(server, clients, dice)
        rows = await usage_of(tmp_path / "config.yaml")
    booked = {row["request_id"]: row for row in rows}
    with database(tmp_path / "books.db") as connection:
        (reserved,) = connection.execute("SELECT count(*) FROM reservation").fetchone()
        (counted,) = connection.execute("SELECT sum(nanousd) FROM spend").fetchone()

    assert clients.whole.keys() - booked.keys() == set()
    assert len(booked) == len(rows)
    assert {id_: booked[id_]["cost_nanousd"] for id_ in clients.whole} == clients.whole
    assert reserved == 0
    assert counted == sum(row["cost_nanousd"] for row in rows)
    lost = [row for row in rows if row["outcome"] == "process_died"]
    assert all(row["estimated"] and row["cost_nanousd"] > 0 for row in lost)
    print(f"{kills} kills, {len(clients.whole)} whole answers, {len(rows)} rows, {len(lost)} died with a gateway")
