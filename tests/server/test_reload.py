"""A new file while calls are under way."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from llmgw.server.reload import Reload, stamps
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.served import Served, served
from tests.server.calls import chat, eventually
from tests.server.routes import chain

NOWHERE = chain("http://127.0.0.1:9")


def written(file: Path) -> Path:
    file.write_text(NOWHERE)
    return file


@asynccontextmanager
async def reloading(file: Path) -> AsyncIterator[tuple[Served, Reload]]:
    seen = stamps([written(file)])
    async with served(NOWHERE) as gateway:
        yield gateway, Reload(gateway.running, gateway.upstreams, [file], dict, seen)


async def test_a_good_file_is_in_force_at_once(tmp_path: Path, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        before = gateway.running.graph.digest
        file.write_text(chain(upstream.url))

        assert await reload.now()
        assert (await chat(gateway.url)).status == 200
    (line,) = gateway.log.of("reloaded")
    assert (line["before"], line["config"]) == (before, gateway.running.graph.digest)


@pytest.mark.parametrize("text", ["modles: {}", "models: [", "models: {a: openai/gpt-4o}", None])
async def test_a_bad_file_leaves_everything_as_it_is(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        before = gateway.running.graph
        if text is None:
            file.unlink()
        else:
            file.write_text(text)

        assert not await reload.now()
        assert gateway.running.graph is before
    (line,) = gateway.log.of("reload_refused")
    assert ("error", before.digest) == (line["level"], line["config"])
    assert str(file) in line["problems"][0]


async def test_settings_of_the_server_are_kept_and_the_log_says_so(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        await reload.now()
        assert not gateway.log.of("server_settings_kept")

        file.write_text(NOWHERE + "\nserver: {port: 5000}")
        await reload.now()
        assert len(gateway.log.of("server_settings_kept")) == 1


async def test_a_watched_file_is_read_when_it_changes_and_only_then(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload), asyncio.TaskGroup() as group:
        watching = group.create_task(reload.watch(every_s=0.01))
        await asyncio.sleep(0.1)
        assert gateway.log.lines == []

        file.write_text(chain("http://127.0.0.1:10"))
        await eventually(lambda: gateway.log.of("reloaded"))
        file.unlink()
        await eventually(lambda: gateway.log.of("reload_refused"))
        watching.cancel()


def test_a_stamp_tells_a_change(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("a")
    before = stamps([file])
    os.utime(file, (1, 1))

    assert stamps([file]) != before
    assert stamps([tmp_path / "none"]) == [None]
