"""The gateway in front of replay upstreams: the first speaks the dialect of the recording, the second OpenAI's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from llmgw.providers.catalog import Provider, catalog
from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.rows import known_too
from tests.partners.steps import Behaviour
from tests.replay.wires import row_for
from tests.served import Served, served

SECOND_SAYS = "The second target answers"
SECOND_ANSWER: Behaviour = json_answer(chat_answer(SECOND_SAYS))
SECOND_STREAM: Behaviour = event_stream(chat_events(SECOND_SAYS, include_usage=True))


@asynccontextmanager
async def gateway_before(dialect: str, caller: str, *upstreams: FaultUpstream, more: str = "") -> AsyncIterator[Served]:
    """`m` is the first upstream alone, or the chain of both; one try each. `more` is added to the file."""
    spoken = (row_for(dialect, caller), row_for("openai_chat", caller))
    rows = [(row, upstream.url) for row, upstream in zip(spoken, upstreams, strict=False)]
    with known_too(*(row for row, _ in rows if row.name not in catalog())):
        async with served(f"{_config(rows)}\n{more}") as gateway:
            yield gateway


def _config(rows: list[tuple[Provider, str]]) -> str:
    names = [f"t{number}" for number in range(len(rows))]
    lines = [
        "defaults: {retry: {attempts: 1}}",
        "providers:",
        *(
            f'  {name}: {{like: {row.name}, base_url: "{url}", auth: none{_spoken(row)}}}'
            for name, (row, url) in zip(names, rows, strict=True)
        ),
        "models:",
        *(f"  {name}: {name}/up" for name in names),
        f"routes: {{m: {{fallback: [{', '.join(names)}]}}}}",
    ]
    return "\n".join(lines)


def _spoken(row: Provider) -> str:
    """All that the row speaks, though it is at another host."""
    return f", speaks: [{', '.join(row.also)}]" if row.also else ""
