"""The few counters that every request touches."""

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from llmgw.config.model import Duration
from llmgw.errors import OverloadedError
from llmgw.server.running import CUT_S, Running
from tests.served import served
from tests.server.routes import chain


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    async with served(chain("http://127.0.0.1:9", more="server: {max_in_flight: 2}")) as gateway:
        yield gateway.running


async def test_there_is_room_for_so_many(running: Running) -> None:
    running.begin()
    running.begin()
    with pytest.raises(OverloadedError, match="2 requests are in flight") as caught:
        running.begin()
    assert (caught.value.code, caught.value.retry_after_s, running.in_flight) == ("too_many_in_flight", 1.0, 2)

    running.end()
    running.begin()
    for _ in range(2):
        running.end()
    assert running.in_flight == 0


async def test_whoever_drains_takes_no_more(running: Running) -> None:
    running.draining = True
    with pytest.raises(OverloadedError, match="the gateway is stopping") as caught:
        running.begin()

    assert (caught.value.code, caught.value.retry_after_s, running.in_flight) == ("draining", 1.0, 0)


async def test_draining_waits_for_the_last_call(running: Running) -> None:
    running.begin()
    running.begin()
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(running.drain())
        for _ in range(2):
            await asyncio.sleep(0.01)
            assert not draining.done()
            running.end()

    assert running.draining


async def test_draining_an_idle_server_takes_no_time(running: Running) -> None:
    async with asyncio.timeout(0.5):
        await running.drain()

    assert running.draining


async def test_draining_has_a_limit(running: Running) -> None:
    running.settings = msgspec.structs.replace(running.settings, drain=Duration(0.05))
    running.begin()
    began_s = time.monotonic()
    await running.drain()

    assert time.monotonic() - began_s >= 0.05 + CUT_S
    running.end()


async def test_in_a_hurry_nobody_drains(running: Running) -> None:
    running.begin()
    began_s = time.monotonic()
    async with asyncio.TaskGroup() as group:
        group.create_task(running.drain())
        await asyncio.sleep(0.01)
        running.hurry()

    assert time.monotonic() - began_s < CUT_S + 0.4
    running.end()
