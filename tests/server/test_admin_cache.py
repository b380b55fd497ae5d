"""`/admin/cache` on a real socket: figures, the list, and what is thrown away; only for whoever shows the admin key."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from llmgw.adapters.cache_stock import CacheStock
from llmgw.adapters.memory_cache import MemoryCache
from llmgw.config.secrets import Secret
from llmgw.server import admin_cache as module
from llmgw.server.admin import AdminDesk
from llmgw.server.admin_cache import CacheDesk
from llmgw.server.middlewares import identify, tell_errors
from llmgw.server.running import RUNNING
from tests.adapters.cached import MIB, asked, in_file, kept, key_of
from tests.fakes import FakeClock
from tests.served import LogLines, served
from tests.server.test_access import send

ADMIN = "sk-the-admin-key-of-a-test"
CONFIG = f"server: {{admin_key: {ADMIN}}}\nmodels: {{m: simulator/m}}\n"


@dataclass
class Desk:
    """A server that has nothing but this desk, and what it told."""

    url: str
    log: LogLines

    async def ask(self, method: str, path: str, key: str = ADMIN) -> tuple[int, Any]:
        answer = await send(self.url, b"", {"authorization": f"Bearer {key}"}, f"/admin/cache{path}", method)
        assert answer.status != 200 or answer.headers["cache-control"] == "no-store"
        return answer.status, json.loads(answer.body)


@asynccontextmanager
async def desk(stock: CacheStock | None) -> AsyncIterator[Desk]:
    async with served(CONFIG) as gateway:
        app = web.Application(middlewares=[identify, tell_errors])
        app[RUNNING] = gateway.running
        door = AdminDesk(Secret(ADMIN))
        app.on_cleanup.append(door.close)
        CacheDesk(door, lambda _request: stock).add_routes(app.router)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield Desk(f"http://127.0.0.1:{runner.addresses[0][1]}", gateway.log)
        finally:
            await runner.cleanup()


async def filled() -> MemoryCache:
    cache = MemoryCache(FakeClock(), MIB)
    for number in range(4):
        await cache.put(key_of(number), kept(rule="ab"[number % 2], question="why?"))
    await asked(cache, key_of(1))
    return cache


async def test_figures_are_those_of_the_store() -> None:
    async with desk(await filled()) as there:
        status, told = await there.ask("GET", "/stats")

    assert status == 200
    assert (told["store"], told["entries"], told["max_bytes"], told["hits"]) == ("memory", 4, MIB, 1)
    assert told["rules"]["b"]["hits"] == 1


async def test_the_list_takes_filters_and_a_limit() -> None:
    async with desk(await filled()) as there:
        _, everything = await there.ask("GET", "")
        _, some = await there.ask("GET", "?rule=a&limit=1")
        _, shaped = await there.ask("GET", "?model=ch*t")
        _, none = await there.ask("GET", "?model=ch*x")

    assert [one["key"] for one in everything["entries"]] == [key_of(number).hex() for number in (3, 2, 1, 0)]
    assert (len(shaped["entries"]), none["entries"]) == (4, [])
    assert [one["key"] for one in some["entries"]] == [key_of(2).hex()]
    assert {"rule": "a", "model": "chat", "question": "why?", "hits": 0}.items() <= some["entries"][0].items()


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/purge")])
async def test_what_is_thrown_away_is_told_and_written_down(method: str, path: str) -> None:
    cache = await filled()
    async with desk(cache) as there:
        some = await there.ask(method, f"{path}?rule=a&model=chat")
        one = await there.ask(method, f"{path}?key={key_of(1).hex()}")
        rest = await there.ask(method, f"{path}?all=1")
        lines = there.log.of("cache_purged")

    assert (some, one, rest) == ((200, {"purged": 2}), (200, {"purged": 1}), (200, {"purged": 1}))
    assert [line["match"] for line in lines] == [{"rule": "a", "model": "chat"}, {"key": key_of(1).hex()}, {}]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("DELETE", "", "say what (rule, scope, model, older_than, key), or all=1"),
        ("GET", "?limit=0", "limit: a whole number from 1 to 1000"),
        ("GET", "?limit=1001", "limit: a whole number"),
        ("GET", "?limit=%C2%B2", "limit: a whole number"),
        ("GET", "?rules=a", "there is no parameter 'rules'; there are: key, limit, model, older_than, rule, scope"),
        ("GET", "?rule=a&rule=b", "rule is said twice"),
        ("GET", "/stats?rule=a", "there is no parameter 'rule'; it takes none"),
        ("DELETE", "?older_than=1", "older_than: not a duration"),
        ("DELETE", "?key=xyz", "key: not the key of an entry: write the hex digits"),
        ("DELETE", "?all=1&rule=a", "all=1 is everything: leave it out, or the others"),
        ("DELETE", "?all=true&key=00000000", "all=1 is everything"),
        ("GET", "?key=00000000", "key: 4 entries have a key that begins so: write more of it"),
        ("DELETE", "?key=00000000", "key: 4 entries have a key that begins so: write more of it"),
    ],
)
async def test_a_wrong_question_says_what_is_wrong(method: str, path: str, expected: str) -> None:
    async with desk(await filled()) as there:
        status, told = await there.ask(method, path)

    assert status == 400
    assert expected in told["error"]["message"]


async def test_a_refused_question_throws_nothing_away() -> None:
    cache = await filled()
    async with desk(cache) as there:
        refused = [(await there.ask("DELETE", path))[0] for path in ("?all=1&rule=a", "?key=00000000")]

    assert (refused, (await cache.stats()).entries) == ([400, 400], 4)


@pytest.mark.parametrize("has_file", [False, True])
async def test_the_beginning_of_a_key_will_do(tmp_path: Path, *, has_file: bool) -> None:
    keys = [bytes.fromhex(start.ljust(64, "0")) for start in ("8e82631926f0", "8e82631926f1", "8e82631a", "aa")]
    async with in_file(tmp_path / "cache.db") as filed:
        cache = filed if has_file else MemoryCache(FakeClock(), MIB)
        for key in keys:
            await cache.put(key, kept())
        async with desk(cache) as there:
            listed = await there.ask("GET", "?key=8E82631926f0")
            none = await there.ask("GET", "?key=8e82631926f2")
            several = await there.ask("DELETE", "?key=8e82631926f")
            purged = [await there.ask("DELETE", f"?key={start}") for start in ("8e82631926f1", "8e82631926f1")]
            left = (await cache.stats()).entries

    assert [one["key"] for one in listed[1]["entries"]] == [keys[0].hex()]
    assert (none[1], several[0]) == ({"entries": []}, 400)
    assert "2 entries have a key that begins so" in several[1]["error"]["message"]
    assert (purged, left) == ([(200, {"purged": 1}), (200, {"purged": 0})], 3)


@pytest.mark.parametrize(("method", "path"), [("DELETE", "?all=1"), ("POST", "/purge?rule=a")])
async def test_a_body_is_never_passed_over(method: str, path: str) -> None:
    cache = await filled()
    async with desk(cache) as there:
        answer = await send(
            there.url, {"rule": "b"}, {"authorization": f"Bearer {ADMIN}"}, f"/admin/cache{path}", method
        )

    assert (answer.status, (await cache.stats()).entries) == (400, 4)
    assert "no body is read here: filters are query parameters, as in ?rule=faq" in answer.body.decode()


async def test_without_rules_there_is_nothing_to_tell() -> None:
    async with desk(None) as there:
        status, told = await there.ask("GET", "/stats")

    assert (status, told["error"]["message"]) == (400, "nothing is cached: there are no cache.rules")


@pytest.mark.parametrize(("method", "path"), [("GET", "/stats"), ("GET", ""), ("DELETE", "?all=1"), ("POST", "/purge")])
async def test_no_other_key_opens_it(method: str, path: str) -> None:
    cache = await filled()
    async with desk(cache) as there:
        status, _ = await there.ask(method, path, "sk-of-a-caller")

    assert (status, (await cache.stats()).entries) == (401, 4)


async def test_a_store_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> None:
        await asyncio.sleep(60)

    cache = await filled()
    monkeypatch.setattr(module, "TURN_S_MAX", 0.05)
    monkeypatch.setattr(cache, "stats", never)
    async with desk(cache) as there:
        status, told = await there.ask("GET", "/stats")

    assert (status, told["error"]["message"]) == (503, "the cache has not answered within 0.05 s")
