"""What a serving process remembers: from its first request to its last, and beyond if the file says where."""

from collections.abc import AsyncIterator, Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import Event

import pytest

from llmgw.adapters import local_embedder
from llmgw.adapters.memory_cache import MemoryCache
from llmgw.providers import embedding_libraries
from tests.adapters.cached import noise
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.served import Served, served
from tests.server.calls import chat, eventually
from tests.server.reloads import taken
from tests.server.routes import chain

RULES = "rules: [{name: all, ttl: 1h, scope: everyone}]"


def kept_in(place: str = "", size: str = "1MiB") -> str:
    store = f"store: {place}, " if place else ""
    return f"cache: {{{store}max_size: {size}, {RULES}}}"


async def told(url: str, times: int = 1) -> list[str]:
    return [(await chat(url)).headers["x-llmgw-cache"] for _ in range(times)]


async def test_what_is_kept_in_memory_ends_with_the_process(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    for _ in range(2):
        async with served(chain(upstream.url, more=kept_in())) as gateway:
            assert await told(gateway.url, 2) == ["miss", "hit"]


async def test_what_is_kept_in_a_file_is_there_for_the_next_one(upstream: FaultUpstream, tmp_path: Path) -> None:
    upstream.script(json_answer(chat_answer()))
    config = chain(upstream.url, more=kept_in(f'"sqlite:///{tmp_path / "cache.db"}"'))
    answers = []
    for _ in range(2):
        async with served(config) as gateway:
            answers += await told(gateway.url, 2)

    assert answers == ["miss", "hit", "hit", "hit"]


async def test_a_file_that_is_none_is_told_in_the_log_and_calls_are_answered(
    upstream: FaultUpstream, tmp_path: Path
) -> None:
    upstream.script(json_answer(chat_answer()))
    file = tmp_path / "cache.db"
    file.write_bytes(b"no database at all" * 1000)
    async with served(chain(upstream.url, more=kept_in(f'"sqlite:///{file}"'))) as gateway:
        answer = await chat(gateway.url)

    assert answer.status == 200
    assert [line for line in gateway.log.lines if line["level"] == "warning"]


async def test_with_less_room_there_is_less_kept(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer(noise(8000).hex())))
    async with served(chain(upstream.url, more=kept_in())) as gateway:
        before = await told(gateway.url, 2)
        await taken(gateway.running, chain(upstream.url, more=kept_in(size="64KiB")))
        after = await told(gateway.url, 2)

    assert (before, after) == (["miss", "hit"], ["miss", "miss"])


def local(url: str, *names: str) -> str:
    rules = (f"{{name: {name}, mode: semantic, ttl: 1h, scope: everyone, embed: local/{name}}}" for name in names)
    return chain(url, more=f"cache: {{rules: [{', '.join(rules)}]}}")


async def test_an_embedder_may_leave_the_file_before_it_is_loaded(
    upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.script(json_answer(chat_answer()))
    going, loaded = Event(), list[str]()

    def load(name: str) -> local_embedder.Model:
        going.wait(5)
        loaded.append(name)
        return lambda _text: (b"\0" * 4, 1)

    stand_in(monkeypatch, load)
    async with served(local(upstream.url, "a", "b", "c")) as gateway:
        await eventually(lambda: gateway.running.memory._jobs.qsize() == 3)
        await taken(gateway.running, local(upstream.url, "a", "c"))
        going.set()
        await eventually(lambda: len(loaded) == 2)
        answer = await chat(gateway.url)

    assert (answer.status, loaded) == (200, ["local/a", "local/c"])
    assert warnings(gateway) == []


async def test_a_job_that_fails_is_told_once_and_the_next_one_is_done(
    upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(_store: object) -> AsyncIterator[None]:
        raise LookupError("nothing there")
        yield

    loaded: list[str] = []

    def load(name: str) -> local_embedder.Model:
        loaded.append(name)
        return lambda _text: (b"\0" * 4, 1)

    monkeypatch.setattr(MemoryCache, "remembered", failing)
    stand_in(monkeypatch, load)
    async with served(local(upstream.url, "a")) as gateway:
        await eventually(lambda: bool(warnings(gateway)))
        await taken(gateway.running, local(upstream.url, "b"))
        await eventually(lambda: len(loaded) == 2)

    assert warnings(gateway) == ["no questions will be alike: LookupError: nothing there"]


def stand_in(monkeypatch: pytest.MonkeyPatch, load: Callable[[str], local_embedder.Model]) -> None:
    """For the library, which need not be there."""
    monkeypatch.setattr(embedding_libraries, "find_spec", lambda name: ModuleSpec(name, None))
    monkeypatch.setattr(local_embedder, "_sentence_transformer", load)


def warnings(gateway: Served) -> list[str]:
    return [line["message"] for line in gateway.log.lines if line["level"] == "warning"]
