"""Many at once, and many that leave: everybody is answered, memory stays flat, and nothing is left behind."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.load import Address, StreamLoad, run_streams
from benchmarks.upstream import ChatUpstream, Script
from tests.partners.behaviours import STALL_BEFORE_HEADERS, json_answer, stall_after
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import raw_client
from tests.served import Served, served
from tests.server.calls import CHAT, chat, chat_body, eventually, get, is_whole
from tests.server.process import serving

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory and descriptors are read from /proc")

PAGE_BYTES = 4096
MIB = 1024 * 1024
ROUNDS = 3
HANG_UPS = 200


def rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def descriptors(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - names are all that is counted


@asynccontextmanager
async def paced_upstream() -> AsyncIterator[str]:
    """Thousands of paced streams at little cost."""
    script = Script()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ChatUpstream(script), "127.0.0.1", 0, backlog=4096)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def watch_health(url: str, stopped: asyncio.Event) -> tuple[float, int]:
    """The slowest answer of /healthz, for the reader, and the most calls in flight that /readyz told of."""
    loop = asyncio.get_running_loop()
    slowest_s, most = 0.0, 0
    while not stopped.is_set():
        began_s = loop.time()
        assert (await get(url, "/healthz")).status == 200
        slowest_s = max(slowest_s, loop.time() - began_s)
        most = max(most, (await get(url, "/readyz")).json["in_flight"])
        await asyncio.sleep(0.1)
    return slowest_s, most


@linux
@pytest.mark.parametrize(
    ("load", "growth_bytes_max"),
    [
        pytest.param(StreamLoad(streams=300, events=12, interval_ms=80), 4 * MIB, id="300"),
        pytest.param(StreamLoad(streams=2000, events=20, interval_ms=400), 12 * MIB, id="2000", marks=pytest.mark.slow),
    ],
)
async def test_concurrent_streams_complete_and_memory_stays_flat(
    tmp_path: Path, load: StreamLoad, growth_bytes_max: int
) -> None:
    """The first round fills pools and arenas; three more must not need noticeably more than it did."""
    stopped = asyncio.Event()
    async with paced_upstream() as url:
        config = f"providers: {{p: {{like: openai, base_url: {url}/v1, auth: none}}}}\nmodels: {{chat: p/bench}}\n"
        async with serving(config, tmp_path) as server, asyncio.TaskGroup() as group:
            address = Address(port=urlsplit(server.url).port or 0, model="chat")
            pid = server.process.pid
            health = group.create_task(watch_health(server.url, stopped))
            rounds, memory = [], []
            for _ in range(1 + ROUNDS):
                rounds.append(await run_streams(address, load))
                memory.append(rss_bytes(pid))
            stopped.set()
        slowest_s, most = health.result()

    print(f"memory {[round(bytes_ / MIB, 1) for bytes_ in memory]} MiB, healthz {slowest_s:.3f} s, in flight {most}")
    assert [(load.streams * load.events, 0)] * len(rounds) == [(each.count, each.errors) for each in rounds]
    assert most > load.streams * 0.9  # it is looked at ten times a second
    assert memory[-1] - memory[0] < growth_bytes_max
    requests = server.of("request")
    assert len(requests) == load.streams * (1 + ROUNDS)
    assert {"ok"} == {line["outcome"] for line in requests}
    assert server.of("log_lines_dropped") == []


async def hang_up(gateway: Served, upstream: FaultUpstream, number: int) -> None:
    """Ask, wait until it is under way, and leave: politely or not, from a stream or from an answer at once."""
    stream = number % 4 < 2
    async with raw_client(gateway.url) as client:
        await client.post(CHAT, chat_body(stream=stream, text=f"<{number}>"))
        if stream:
            await client.read_until(b"one ")
        else:
            await upstream.until(lambda: any(b"<%d>" % number in request.body for request in upstream.requests))
        if number % 2:
            client.reset()


@linux
async def test_hang_ups_leave_nothing_behind(upstream: FaultUpstream) -> None:
    stalled = stall_after(chat_events("one two three")[:3])
    upstream.script(json_answer(chat_answer()), lambda seen: stalled if seen.json["stream"] else STALL_BEFORE_HEADERS)
    config = f"providers: {{p: {{like: openai, base_url: {upstream.url}/v1, auth: none}}}}\nmodels: {{chat: p/m}}\n"
    async with served(config) as gateway:
        assert is_whole(await chat(gateway.url))  # what is made once is made
        await eventually(lambda: len(asyncio.all_tasks()) <= 5)
        tasks, open_files = len(asyncio.all_tasks()), descriptors()
        async with asyncio.TaskGroup() as group:
            for number in range(HANG_UPS):
                group.create_task(hang_up(gateway, upstream, number))
        await upstream.until(lambda: len(upstream.exchanges) == HANG_UPS + 1)
        await upstream.until(lambda: all(exchange.hung_up.is_set() for exchange in upstream.exchanges[1:]))
        await eventually(lambda: gateway.running.in_flight == 0)
        await eventually(lambda: descriptors() <= open_files)
        await eventually(lambda: len(asyncio.all_tasks()) <= tasks)
        upstream.script(json_answer(chat_answer()))
        afterwards = await chat(gateway.url)

    assert is_whole(afterwards)
    outcomes = [line["outcome"] for line in gateway.log.requests]
    assert ["ok", *["client_closed"] * HANG_UPS, "ok"] == outcomes
    assert [line for line in gateway.log.lines if line["level"] in {"warning", "error"}] == []


async def test_healthz_answers_while_the_door_is_full(upstream: FaultUpstream) -> None:
    upstream.script(stall_after(chat_events("one two three")[:3]))
    config = (
        "server: {max_in_flight: 20}\n"
        f"providers: {{p: {{like: openai, base_url: {upstream.url}/v1, auth: none}}}}\nmodels: {{chat: p/m}}\n"
    )
    async with served(config) as gateway, AsyncExitStack() as stack:
        for _ in range(20):
            client = await stack.enter_async_context(raw_client(gateway.url))
            await client.post(CHAT, chat_body(stream=True))
            await client.read_until(b"one ")
        turned_away = await chat(gateway.url)
        healthz, readyz = await get(gateway.url, "/healthz"), await get(gateway.url, "/readyz")

    assert (turned_away.status, turned_away.json["error"]["code"]) == (503, "too_many_in_flight")
    assert int(turned_away.headers["retry-after"]) >= 1
    assert "x-should-retry" not in turned_away.headers
    assert (healthz.status, readyz.status, readyz.json["in_flight"]) == (200, 200, 20)
