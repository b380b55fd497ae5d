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
QUICKSTART = (Path(__file__).resolve().parents[2] / "configs" / "quickstart.yaml").read_text()


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


def faulty() -> dict[str, str]:
    raise ZeroDivisionError("a fault of ours")


async def test_a_fault_of_ours_leaves_everything_as_it_is_with_its_traceback_in_the_log(tmp_path: Path) -> None:
    file = written(tmp_path / "config.yaml")
    async with served(NOWHERE) as gateway:
        before = gateway.running.graph
        reload = Reload(gateway.running, gateway.upstreams, [file], faulty, stamps([file]))

        assert not await reload.now()
        assert gateway.running.graph is before
    (line,) = gateway.log.lines
    assert (line["event"], line["level"], line["config"]) == ("reload_failed", "error", before.digest)
    assert "ZeroDivisionError" in line["exception"]


async def test_a_watch_outlives_a_fault_of_ours(tmp_path: Path) -> None:
    file = written(tmp_path / "config.yaml")
    async with served(NOWHERE) as gateway, asyncio.TaskGroup() as group:
        watching = group.create_task(Reload(gateway.running, gateway.upstreams, [file], faulty, []).watch(every_s=0.01))
        await eventually(lambda: gateway.log.of("reload_failed"))
        file.write_text(chain("http://127.0.0.1:10"))
        await eventually(lambda: len(gateway.log.of("reload_failed")) == 2)
        watching.cancel()


async def test_settings_of_the_server_are_kept_and_the_log_says_so(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        await reload.now()
        assert not gateway.log.of("server_settings_kept")

        file.write_text(NOWHERE + "\nserver: {port: 5000}")
        await reload.now()
        assert len(gateway.log.of("server_settings_kept")) == 1


async def test_the_time_zone_is_not_kept_for_it_is_the_graphs(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        file.write_text(NOWHERE + "\nserver: {timezone: Europe/Berlin}")
        await reload.now()

    assert gateway.running.graph.timezone == "Europe/Berlin"
    assert [line["event"] for line in gateway.log.lines] == ["reloaded"]


async def test_bodies_are_logged_no_longer_as_soon_as_the_file_says_so(tmp_path: Path, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        for bodies in ("true", "false"):
            file.write_text(chain(upstream.url, more=f"telemetry: {{logs: {{bodies: {bodies}}}}}"))
            await reload.now()
            await chat(gateway.url)

    assert ["request_body" in line for line in gateway.log.requests] == [True, False]
    assert not gateway.log.of("log_settings_kept")


@pytest.mark.parametrize("setting", ["format: pretty", "level: warning"])
async def test_how_the_log_looks_is_kept_and_the_log_says_so(tmp_path: Path, setting: str) -> None:
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        file.write_text(f"{NOWHERE}\ntelemetry: {{logs: {{{setting}}}}}")
        await reload.now()

    assert [line["event"] for line in gateway.log.lines] == ["reloaded", "log_settings_kept"]


TESTS = """
tests:
  - {name: right, request: {model: chat}, expect: [one]}
  - {name: wrong, request: {model: chat}, expect: [two]}
"""


async def test_tests_of_the_file_that_fail_are_told_and_stop_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        file.write_text(chain("http://127.0.0.1:9", "http://127.0.0.1:10") + TESTS)

        assert await reload.now()
    (line,) = gateway.log.of("tests_failed")
    assert (line["level"], line["tests"], len(line["problems"])) == ("warning", 2, 1)
    assert "'wrong' expects [two], but one answers" in line["problems"][0]


async def test_tests_of_what_has_no_key_here_do_not_fail(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    optional = NOWHERE.replace("providers:", "providers:\n  gone: {like: openai, optional: true}", 1)
    optional = optional.replace("models:", "models:\n  left: gone/x", 1)
    async with reloading(file) as (gateway, reload):
        file.write_text(optional + "\ntests: [{name: a, request: {model: left}, expect: [left]}]")

        assert await reload.now()
    assert not gateway.log.of("tests_failed")


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


async def test_the_quickstart_with_its_simulated_providers_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    async with reloading(file) as (gateway, reload):
        file.write_text(QUICKSTART)

        assert await reload.now()
        assert await reload.now()
        assert (await chat(gateway.url, model="sim")).status == 200
    assert len(gateway.log.of("reloaded")) == 2
