"""Limits at five times the allowed rate: as many are admitted as allowed, and never more at once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import aiohttp
import pytest

from tests.money.billing_upstream import BillingUpstream, Fate, asked, billing_upstream
from tests.served import served

CONFIG = """
providers: {{p: {{like: openai, base_url: "{url}/v1", auth: none}}}}
models: {{gpt: {{target: p/m, price: free}}}}
limits: [{{name: all, {limit}}}]
"""
END = 0.97  # of the time: on a busy machine the last ones would be of the next window
MINUTE = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass
class Load:
    """So many requests a second, one after the other, whatever becomes of those before."""

    url: str
    per_s: float
    for_s: float
    max_tokens: int = 400
    statuses: Counter[int] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for number in range(int(self.per_s * self.for_s)):
                await asyncio.sleep(began_s + number / self.per_s - loop.time())
                if loop.time() - began_s > END * self.for_s:
                    break
                group.create_task(self._one(session, number))

    async def _one(self, session: aiohttp.ClientSession, number: int) -> None:
        body = asked(f"{number}", stream=number % 2 == 0, max_tokens=self.max_tokens)
        async with session.post(f"{self.url}/v1/chat/completions", json=body) as response:
            await response.read()
            self.statuses[response.status] += 1
            self.headers.append({name.lower(): value for name, value in response.headers.items()})


async def loaded(limit: str, upstream: BillingUpstream, load: Load) -> Load:
    async with served(CONFIG.format(url=upstream.url, limit=limit)) as gateway:
        load.url = gateway.url
        await load.run()
    return load


def tokens(upstream: BillingUpstream) -> int:
    return sum(produced.input_tokens + produced.output_tokens for produced in upstream.produced.values())


@pytest.mark.parametrize(
    ("limit", "allowed", "load"),
    [
        ("requests: 40/s", 120, Load("", 200, 3)),
        pytest.param("requests: 600/m", 600, Load("", 50, 60), marks=MINUTE),
    ],
    ids=["40/s", "600/m"],
)
async def test_as_many_requests_are_admitted_as_are_allowed(limit: str, allowed: int, load: Load) -> None:
    async with billing_upstream(1, {Fate.ANSWERED: 1.0}, pause_s=0.005) as upstream:
        await loaded(limit, upstream, load)

    print(f"{load.statuses[200]} of {allowed} allowed requests were admitted, {load.statuses[429]} were not")
    assert set(load.statuses) == {200, 429}
    assert load.statuses[200] == len(upstream.produced)
    assert load.statuses[200] == pytest.approx(allowed, rel=0.01)
    refused = [told for told in load.headers if "retry-after" in told]
    assert len(refused) == load.statuses[429]
    assert {told["x-ratelimit-remaining-requests"] for told in refused} == {"0"}


@pytest.mark.parametrize(
    ("limit", "allowed", "load"),
    [
        ("tokens: 6k/s", 18_000, Load("", 150, 3)),
        pytest.param("tokens: 60k/m", 60_000, Load("", 25, 60), marks=MINUTE),
    ],
    ids=["6k/s", "60k/m"],
)
async def test_settled_tokens_stay_within_five_percent(limit: str, allowed: int, load: Load) -> None:
    """Nobody knows beforehand how much an answer uses: what was reserved is corrected when it is known."""
    async with billing_upstream(1, {Fate.ANSWERED: 1.0}, pause_s=0.005) as upstream:
        await loaded(limit, upstream, load)

    print(f"{tokens(upstream)} of {allowed} allowed tokens were settled, by {load.statuses[200]} requests")
    assert set(load.statuses) == {200, 429}
    assert tokens(upstream) == pytest.approx(allowed, rel=0.05)


async def test_never_more_at_once() -> None:
    """A stream holds its place to its end, and what ended leaves it."""

    async def one(session: aiohttp.ClientSession, url: str, number: int) -> int:
        body = asked(f"{number}", stream=number % 2 == 0, max_tokens=8)
        async with session.post(f"{url}/v1/chat/completions", json=body) as response:
            await response.read()
            return response.status

    async with (
        billing_upstream(1, {Fate.ANSWERED: 1.0}, pause_s=0.01) as upstream,
        served(CONFIG.format(url=upstream.url, limit="concurrent: 7")) as gateway,
        aiohttp.ClientSession() as session,
    ):
        many = Counter(await asyncio.gather(*[one(session, gateway.url, number) for number in range(300)]))
        few = Counter(await asyncio.gather(*[one(session, gateway.url, number) for number in range(300, 307)]))

    assert set(many) == {200, 429}
    assert upstream.most_at_once == 7
    assert few == {200: 7}
