"""Who may come in without keys: programs of this machine, and nobody who only looks like one."""

import pytest

from llmgw.config.model import ServerSection
from llmgw.errors import ForbiddenOriginError
from llmgw.server.door import Door
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client
from tests.served import Served, served
from tests.server.calls import CHAT, chat, chat_body
from tests.server.routes import chain

CLOSED = Door(ServerSection())
REMEDY = "server: {open: true}"
LOCAL = {"Host": "127.0.0.1:4000"}


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:4000",
        "127.9.8.7",
        "localhost",
        "LOCALHOST:80",
        "localhost.",
        "[::1]",
        "[::1]:4000",
        "a.localhost",
    ],
)
def test_hosts_of_this_machine(host: str) -> None:
    CLOSED.check({"Host": host}, "127.0.0.1")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1:4000",
        "[::2]",
        "2130706433",
        "0.0.0.0",
        "evil.example#localhost",
        "\udcff",
    ],
)
def test_hosts_of_others(host: str) -> None:
    with pytest.raises(ForbiddenOriginError, match="is not this machine"):
        CLOSED.check({"Host": host}, "127.0.0.1")


@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.0.1", "::2", ""])
def test_callers_of_other_machines_whatever_host_they_name(peer: str) -> None:
    with pytest.raises(ForbiddenOriginError, match=r"the caller .* is not this machine"):
        CLOSED.check(LOCAL, peer)


def test_a_trusted_proxy_may_be_another_machine() -> None:
    Door(ServerSection(trusted_proxies=("10.0.0.0/8",))).check(LOCAL, "10.0.0.1")


def test_the_host_that_it_listens_on_is_ours() -> None:
    Door(ServerSection(host="llm.lan")).check({"Host": "llm.lan:4000"}, "127.0.0.1")


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"])
def test_what_was_forwarded_may_come_from_anywhere(name: str) -> None:
    with pytest.raises(ForbiddenOriginError, match="trusted_proxies"):
        CLOSED.check({**LOCAL, name.lower(): "203.0.113.7"}, "127.0.0.1")


def test_a_trusted_proxy_may_forward() -> None:
    Door(ServerSection(trusted_proxies=("127.0.0.0/8",))).check({**LOCAL, "via": "1.1 front"}, "127.0.0.1")


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:8080", "http://app.localhost"]
)
def test_pages_of_this_machine(origin: str) -> None:
    CLOSED.check({**LOCAL, "Origin": origin}, "127.0.0.1")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "file://",
        "\udcff",
    ],
)
def test_pages_of_others(origin: str) -> None:
    with pytest.raises(ForbiddenOriginError, match=r"server\.cors"):
        CLOSED.check({**LOCAL, "Origin": origin}, "127.0.0.1")


@pytest.mark.parametrize("cors", ["https://chat.example", "*"])
def test_pages_that_the_file_names(cors: str) -> None:
    door = Door(ServerSection(cors=(cors,)))
    given = {**LOCAL, "Origin": "https://chat.example"}
    door.check(given, "127.0.0.1")

    assert door.cors_headers(given)["access-control-allow-origin"] == "https://chat.example"


def test_an_open_door_is_open() -> None:
    given = {"Host": "evil.example", "Origin": "https://evil.example", "via": "1.1 x"}
    door = Door(ServerSection(open=True))
    door.check(given, "203.0.113.7")

    assert door.cors_headers(given) == {}


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ([], "10.0.0.1"),
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 10.0.0.2", "10.0.0.3"], "203.0.113.7"),
        (["10.0.0.2,10.0.0.3"], "10.0.0.1"),
        ([" , ,", ""], "10.0.0.1"),
    ],
)
def test_the_address_of_the_caller_behind_trusted_proxies(forwarded: list[str], expected: str) -> None:
    door = Door(ServerSection(trusted_proxies=("10.0.0.0/8",)))

    assert expected == door.client_ip(forwarded, "10.0.0.1")


@pytest.mark.parametrize("peer", ["127.0.0.1", "not an address", ""])
def test_without_trusted_proxies_the_peer_is_the_caller(peer: str) -> None:
    assert peer == CLOSED.client_ip(["203.0.113.7"], peer)


# Through the server.


async def send(gateway: Served, method: str, path: str, headers: dict[str, str]) -> RawAnswer:
    async with raw_client(gateway.url) as client:
        await client.post(path, chat_body() if method == "POST" else b"", {**headers, "connection": "close"}, method)
        return await client.read_answer()


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-for": "203.0.113.7"},
        {"origin": "https://evil.example"},
        {"host": "gr\xfcn"},
        {"origin": "http://\xff\xfe"},
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/readyz", "/nowhere", "/"])
async def test_strangers_are_turned_away_with_the_remedy(
    upstream: FaultUpstream, headers: dict[str, str], path: str
) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(chain(upstream.url)) as gateway:
        answer = await send(gateway, "POST" if path == CHAT else "GET", path, headers)
        afterwards = await chat(gateway.url)

    assert (answer.status, answer.json["error"]["code"]) == (403, "forbidden_origin")
    assert REMEDY in answer.json["error"]["message"]
    assert "access-control-allow-origin" not in answer.headers
    assert (afterwards.status, len(upstream.requests)) == (200, 1)
    assert [(line["event"], line["level"]) for line in gateway.log.lines] == [("refused", "info"), ("request", "info")]


async def test_whether_it_is_alive_anybody_may_ask(upstream: FaultUpstream) -> None:
    async with served(chain(upstream.url)) as gateway:
        answer = await send(gateway, "GET", "/healthz", {"host": "pod-7.cluster.example", "via": "1.1 probe"})

    assert (answer.status, answer.json) == (200, {"status": "ok"})


PAGE = "https://chat.example"
CORS = f'server: {{cors: ["{PAGE}"]}}'


@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/v1/models/chat", "/chat/completions"])
async def test_a_browser_asks_first(upstream: FaultUpstream, path: str) -> None:
    asked = {
        "origin": PAGE,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, x-stainless-os",
    }
    async with served(chain(upstream.url, more=CORS)) as gateway:
        answer = await send(gateway, "OPTIONS", path, asked)

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-headers"] == "authorization, x-stainless-os"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["chat", "nobody"])
async def test_a_page_may_read_the_answer(upstream: FaultUpstream, model: str, stream: bool) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(chain(upstream.url, more=CORS)) as gateway:
        answer = await chat(gateway.url, model, stream=stream, headers={"origin": PAGE})

    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "x-llmgw-request-id" in answer.headers["access-control-expose-headers"]


async def test_a_browser_that_may_not_is_told_so_at_once(upstream: FaultUpstream) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    async with served(chain(upstream.url, more=CORS)) as gateway:
        answer = await send(gateway, "OPTIONS", CHAT, asked)

    assert answer.status == 403


async def test_odd_bytes_in_what_a_browser_asks_come_back_harmless(upstream: FaultUpstream) -> None:
    asked = {"origin": "http://localhost:3000", "access-control-request-headers": "x-\xff\xfe, b"}
    async with served(chain(upstream.url)) as gateway:
        answer = await send(gateway, "OPTIONS", CHAT, asked)

    assert answer.status == 204
    assert not gateway.log.lines


async def test_conditions_see_the_address_behind_the_proxy(
    upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    for each in (upstream, second_upstream):
        each.script(json_answer(chat_answer()))
    config = chain(upstream.url, second_upstream.url, more='server: {trusted_proxies: ["127.0.0.0/8"]}')
    config = config.replace("routes:", "routes:\n  near: {when: [{if: 'ip == \"203.0.113.7\"', use: two}, {use: one}]}")
    async with served(config) as gateway:
        answer = await chat(gateway.url, "near", headers={"x-forwarded-for": "198.51.100.1, 203.0.113.7"})
        of_two_lines = {"x-forwarded-for": "198.51.100.1", "X-Forwarded-For": "203.0.113.7"}
        second = await chat(gateway.url, "near", headers=of_two_lines)

    assert (answer.status, answer.headers["x-llmgw-target"]) == (200, "two")
    assert (second.status, second.headers["x-llmgw-target"]) == (200, "two")
