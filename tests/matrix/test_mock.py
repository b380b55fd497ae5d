"""The cells before the provider mock, which was written by others: what it takes and says is not our idea of it.

It is no oracle for shapes, and has none for some features (see the columns); those are only before scripted upstreams.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from tests.matrix.bench import CLIENTS, Client, clients_before
from tests.matrix.columns import COLUMNS, Column
from tests.matrix.features import FEATURES
from tests.matrix.gaps import gap_of
from tests.matrix.upstreams import openai_chat
from tests.matrix.words import INPUT_TOKENS, OUTPUT_TOKENS, Ask, Got, Reply, Seen
from tests.partners.aimock import AimockControls, aimock_controls

SEED = 5
QUICK = 30
USAGE = {
    "prompt_tokens": INPUT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:FUNCTION_CALL is not a valid FinishReason"),  # the mock's own
]


@dataclass
class Bench:
    """The gateway, before it all clients, behind it the mock, in all its dialects."""

    clients: dict[str, Client]
    mock: AimockControls


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(aimock_url: str) -> AsyncIterator[Bench]:
    mocked = {name: column.provider(aimock_url) for name, column in COLUMNS.items() if column.mocked}
    async with AsyncExitStack() as stack:
        controls = await stack.enter_async_context(aimock_controls(aimock_url))
        yield Bench(await stack.enter_async_context(clients_before(mocked)), controls)
        await controls.reset()


@dataclass
class Mocked:
    """A cell whose upstream is the mock: a fixture is the reply, its journal tells what came."""

    client: str
    column: str
    bench: Bench
    body: Any = None

    async def ask(self, ask: Ask, reply: Reply) -> Seen:
        calls = [{"id": call.id, "name": call.name, "arguments": dict(call.arguments)} for call in reply.calls]
        said: dict[str, Any] = {"content": reply.text} if reply.text else {}
        return await self._asked(ask, {**said, **({"toolCalls": calls} if calls else {}), "usage": USAGE})

    async def ask_refused(self, ask: Ask, message: str) -> Seen:
        error = {"message": message, "type": "requests", "code": "rate_limit_exceeded"}
        return await self._asked(ask, {"status": 429, "retryAfter": 1, "error": error})

    async def ask_broken(self, ask: Ask, reply: Reply, message: str) -> Seen:
        raise NotImplementedError("the mock has no errors inside of streams")

    async def _asked(self, ask: Ask, response: Any) -> Seen:
        await self.bench.mock.use_fixtures([{"match": {"userMessage": ask.prompt}, "response": response}])
        await self.bench.mock.clear_journal()
        seen = await self.bench.clients[self.client].ask(self.column, ask)
        entries = await self.bench.mock.journal("/")
        self.body = entries[-1].body if entries else None
        return seen

    def got(self, number: int = -1) -> Got:
        """The journal tells it in OpenAI's words, whatever came: as others have read it."""
        return openai_chat.read(self.body)


def is_asked_natively(client: str, column: Column) -> bool:
    """In a dialect beside the column's own: those have columns of their own."""
    return bool(column.beside) and client in ("openai_responses", "openai_completions")


def cells() -> list[Any]:
    told = [
        (client, name, feature)
        for client in CLIENTS
        for name, column in COLUMNS.items()
        for feature in FEATURES
        if feature in column.mocked and gap_of(client, name, feature) is None and not is_asked_natively(client, column)
    ]
    quick = set(Random(SEED).sample(told, min(QUICK, len(told))))
    return [
        pytest.param(*one, id="-".join(one).replace(" ", "_"), marks=() if one in quick else pytest.mark.slow)
        for one in told
    ]  # fmt: skip


@pytest.mark.parametrize(("client", "column", "feature"), cells())
async def test_a_cell(bench: Bench, client: str, column: str, feature: str) -> None:
    await FEATURES[feature].holds(Mocked(client, column, bench))
