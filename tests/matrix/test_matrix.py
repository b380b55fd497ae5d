"""Every client before every upstream, feature by feature: real SDKs in front, providers in their own shapes behind.

`make matrix` runs all cells; the quick suite a choice that has each client, upstream and feature, and every pair.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from tests.matrix.bench import CLIENTS, clients_before
from tests.matrix.columns import COLUMNS
from tests.matrix.features import FEATURES
from tests.matrix.gaps import Gap, Kind, gap_of, told_to
from tests.matrix.words import Ask, Got, Reply, Seen
from tests.partners.fault_upstream import FaultUpstream

SEED = 3
QUICK_FEATURES = 2  # of each pair

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # Google's SDK makes a class of its own of aiohttp's, who does not like that.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]


@dataclass
class Bench:
    """The gateway, before it all clients, behind it all upstreams."""

    clients: dict[str, Any]
    upstreams: dict[str, FaultUpstream]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        upstreams = {name: await stack.enter_async_context(FaultUpstream()) for name in COLUMNS}
        clients = await stack.enter_async_context(
            clients_before({name: COLUMNS[name].provider(upstream.url) for name, upstream in upstreams.items()})
        )
        yield Bench(clients, upstreams)


@dataclass
class Scripted:
    """A cell whose upstream is scripted."""

    client: str
    column: str
    bench: Bench
    first: int = field(init=False)

    def __post_init__(self) -> None:
        self._upstream = self.bench.upstreams[self.column]
        self.first = len(self._upstream.exchanges)

    async def ask(self, ask: Ask, reply: Reply) -> Seen:
        return await self._asked(ask, COLUMNS[self.column].answers(reply))

    async def ask_broken(self, ask: Ask, reply: Reply, message: str) -> Seen:
        return await self._asked(ask, COLUMNS[self.column].breaks(reply, message))

    async def ask_refused(self, ask: Ask, message: str) -> Seen:
        return await self._asked(ask, COLUMNS[self.column].refuses(message))

    async def _asked(self, ask: Ask, script: Any) -> Seen:
        self._upstream.script(script)
        seen: Seen = await self.bench.clients[self.client].ask(self.column, ask)
        return seen

    def got(self, number: int = -1) -> Got:
        request = self._upstream.exchanges[number].request
        return COLUMNS[self.column].speaks(request).read(request.json)

    def body(self) -> Any:
        return self._upstream.exchanges[-1].request.json

    @property
    def asked(self) -> int:
        return len(self._upstream.exchanges) - self.first


def cells() -> list[Any]:
    """Of each pair of client and upstream a few features are quick, by dice that fall the same every time."""
    dice = Random(SEED)
    told = []
    for client in CLIENTS:
        for column in COLUMNS:
            quick = dice.sample(list(FEATURES), QUICK_FEATURES)
            for feature in FEATURES:
                id_ = f"{client}-{column}-{feature.replace(' ', '_')}"
                marks = () if feature in quick else pytest.mark.slow
                told.append(pytest.param(client, column, feature, id=id_, marks=marks))
    return told


@pytest.mark.parametrize(("client", "column", "feature"), cells())
async def test_a_cell(bench: Bench, client: str, column: str, feature: str) -> None:
    cell = Scripted(client, column, bench)
    gap = gap_of(client, column, feature)
    if gap is None:
        await FEATURES[feature].holds(cell)
    elif gap.kind in (Kind.REFUSED, Kind.DROPPED):
        await is_a_gap(cell, gap, feature)


async def is_a_gap(cell: Scripted, gap: Gap, feature: str) -> None:
    """It is told, by name."""
    seen = await cell.ask(FEATURES[feature].ask, FEATURES[feature].reply)
    if gap.kind is Kind.REFUSED:
        assert seen.failure is not None
        assert (seen.failure.status, cell.asked) == (400, 0)
        assert [name for name in told_to(cell.client, gap.names) if name not in seen.failure.message] == []
    elif gap.kind is Kind.DROPPED:
        assert (None, FEATURES[feature].reply.text) == (seen.failure, seen.text)
        assert [name for name in told_to(cell.client, gap.names) if name not in seen.dropped.split(",")] == []
