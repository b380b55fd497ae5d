"""What there is and how it is: models, health, and that somebody is here. Bad calls are in test_bad_input.py."""

import json
from pathlib import Path

import pytest

from llmgw.server.spoken import CHAT_PATHS, spoken_at
from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import raw_client
from tests.served import served
from tests.server.calls import chat, get
from tests.server.routes import chain


async def test_the_list_of_models(upstream: FaultUpstream) -> None:
    config = chain(upstream.url).replace("models:", 'models:\n  "any-*": one/up-*\n  team/a: one/x\n', 1)
    async with served(config) as gateway:
        for path in ("/v1/models", "/v1/models/", "/models", "/openai/v1/models"):
            answer = await get(gateway.url, path)

            assert (answer.status, answer.json["object"]) == (200, "list")
            assert [model["id"] for model in answer.json["data"]] == ["chat", "one", "team/a"]
            assert set(answer.json["data"][0]) == {"id", "object", "created", "owned_by"}


@pytest.mark.parametrize("name", ["chat", "one", "any-thing", "team/a", "team%2Fa", "any-a/b/c"])
async def test_a_model_by_its_name(upstream: FaultUpstream, name: str) -> None:
    config = chain(upstream.url).replace("models:", 'models:\n  "any-*": one/up-*\n  team/a: one/x\n', 1)
    async with served(config) as gateway:
        answer = await get(gateway.url, f"/v1/models/{name}")

    assert (200, name.replace("%2F", "/")) == (answer.status, answer.json["id"])


@pytest.mark.parametrize("name", ["nobody", "any-*", "%ff", "chat%00", "x" * 3000])
async def test_a_model_that_nobody_knows(upstream: FaultUpstream, name: str) -> None:
    async with served(chain(upstream.url)) as gateway:
        answer = await get(gateway.url, f"/v1/models/{name}")

    assert (answer.status, answer.json["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("HEAD", "/"), ("GET", "/"), ("HEAD", "/v1/models"), ("HEAD", "/healthz")]
)
async def test_somebody_is_here(upstream: FaultUpstream, method: str, path: str) -> None:
    async with served(chain(upstream.url)) as gateway, raw_client(gateway.url) as client:
        await client.post(path, b"", method=method)
        answer = await client.read_head()

        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "application/json")


async def test_the_root_tells_where_to_call(upstream: FaultUpstream) -> None:
    async with served(chain(upstream.url)) as gateway:
        told = (await get(gateway.url, "/")).json

    assert set(CHAT_PATHS) >= {path.replace("{model}", "{model:.+}") for path in told["endpoints"][:-1]}
    assert {CHAT_PATHS[path].name for path in CHAT_PATHS} == {
        spoken_at(path, {}).name for path in told["endpoints"][:-1]
    }
    assert told["endpoints"][-1] == "/v1/models"


async def test_a_method_of_google_that_is_not_here_yet(upstream: FaultUpstream) -> None:
    async with served(chain(upstream.url)) as gateway, raw_client(gateway.url) as client:
        await client.post("/v1beta/models/one:embedContent", b"{}")
        answer = await client.read_answer()

    assert (answer.status, answer.json["error"]["status"]) == (404, "NOT_FOUND")
    assert "embedContent is not in this version yet" in answer.json["error"]["message"]


async def test_what_it_says_of_itself(upstream: FaultUpstream) -> None:
    providers = "providers:\n  gone: {like: openai, optional: true}\n"
    config = chain(upstream.url).replace("providers:\n", providers).replace("models:", "models:\n  left: gone/x", 1)
    async with served(config) as gateway:
        ready = await get(gateway.url, "/readyz")
        answer = await chat(gateway.url, "left")

    assert (ready.status, ready.json["status"], ready.json["in_flight"]) == (200, "ready", 0)
    assert gateway.running.graph.digest == ready.json["config"]
    assert "OPENAI_API_KEY" in ready.json["absent"]["left"]
    assert (answer.status, answer.json["error"]["code"]) == (404, "model_not_found")
    assert "OPENAI_API_KEY" in answer.json["error"]["message"]


async def test_the_longest_times_that_a_file_may_say_are_served(upstream: FaultUpstream, tmp_path: Path) -> None:
    upstream.script(json_answer(chat_answer("Hello")))
    budget = "budgets: [{name: n, limit_usd: 1, per: 3660d, unbounded: allow, models: [nobody]}]\n"
    config = chain(upstream.url, more=f"state: {{keep: 3660d}}\n{budget}")
    async with served(config, ledger=tmp_path / "a.db") as gateway:
        answer = await chat(gateway.url)
        ledger = gateway.running.books.ledger
        assert ledger is not None
        is_booked = await ledger.flush()
        ready = await get(gateway.url, "/readyz")

    assert (answer.status, is_booked, ready.status, ready.json["ledger"]) == (200, True, 200, "ok")


RULES = "rules: [{name: faq, ttl: 1h}]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "off"),
        (f"cache: {{{RULES}}}", "ok"),
        (f'cache: {{store: "sqlite:///{{folder}}/cache.db", {RULES}}}', "ok"),
        (f'cache: {{store: "sqlite:///{{folder}}/no/cache.db", {RULES}}}', "memory only: its file cannot be used, and"),
    ],
)
async def test_whoever_is_ready_tells_how_the_cache_is(
    upstream: FaultUpstream, tmp_path: Path, text: str, expected: str
) -> None:
    upstream.script(json_answer(chat_answer("Hello")))
    (tmp_path / "no").write_text("")
    async with served(chain(upstream.url, more=text.replace("{folder}", str(tmp_path)) + "\n")) as gateway:
        answer = await chat(gateway.url)
        await gateway.running.memory.store.stats()
        ready = await get(gateway.url, "/readyz")

    assert (answer.status, ready.status) == (200, 200)
    assert ready.json["cache"].startswith(expected)
    assert str(tmp_path) not in ready.json["cache"]


async def test_a_cache_that_has_lost_its_file_is_not_called_well(upstream: FaultUpstream, tmp_path: Path) -> None:
    upstream.script(json_answer(chat_answer("Hello")))
    config = chain(upstream.url, more=f'cache: {{store: "sqlite:///{tmp_path}/cache.db", {RULES}}}\n')
    async with served(config) as gateway:
        store = gateway.running.memory.store
        await store.stats()
        (tmp_path / "cache.db").unlink()
        (tmp_path / "cache.db").mkdir()
        figures = await store.stats()
        ready = await get(gateway.url, "/readyz")

    assert ready.json["cache"].startswith("memory only")
    assert figures.trouble != ""
    assert next(line["message"] for line in gateway.log.of("cache")).endswith("a new one is begun")


async def test_whoever_drains_is_not_ready_and_lets_its_connections_go(upstream: FaultUpstream) -> None:
    async with served(chain(upstream.url)) as gateway:
        gateway.running.draining = True
        ready, answer = await get(gateway.url, "/readyz"), await chat(gateway.url)

    assert (ready.status, ready.json["status"]) == (503, "draining")
    assert (answer.status, answer.json["error"]["code"]) == (503, "draining")
    assert (answer.headers["connection"], ready.headers["connection"]) == ("close", "close")
    assert upstream.requests == []


@pytest.mark.parametrize("stream", [False, True])
async def test_bodies_are_logged_if_the_file_says_so(upstream: FaultUpstream, stream: bool) -> None:
    upstream.script(event_stream(chat_events("Hello")) if stream else json_answer(chat_answer("Hello")))
    async with served(chain(upstream.url, more="telemetry: {logs: {bodies: true}}")) as gateway:
        answer = await chat(gateway.url, stream=stream)

    (line,) = gateway.log.requests
    assert (json.loads(line["request_body"])["model"], line["response_body"]) == ("chat", answer.body.decode())


async def test_bodies_are_not_logged_otherwise(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer("Hello")))
    async with served(chain(upstream.url)) as gateway:
        await chat(gateway.url)

    assert not {"request_body", "response_body"} & set(gateway.log.requests[0])


async def test_conditions_see_metadata_and_headers(upstream: FaultUpstream, second_upstream: FaultUpstream) -> None:
    for each in (upstream, second_upstream):
        each.script(json_answer(chat_answer()))
    rule = '{when: [{if: \'metadata.tier == "free" && headers["x-team"] == "a"\', use: two}, {use: one}]}'
    config = chain(upstream.url, second_upstream.url).replace("routes:", f"routes:\n  tiered: {rule}")
    async with served(config) as gateway:
        plain = await chat(gateway.url, "tiered")
        free = await chat(gateway.url, "tiered", headers={"x-llmgw-metadata": '{"tier": "free"}', "X-Team": "a"})

    assert (plain.headers["x-llmgw-target"], free.headers["x-llmgw-target"]) == ("one", "two")
