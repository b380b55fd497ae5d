"""What is particular to HTTP: connections and their reuse, TLS, proxies, and errors that say what to do."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.http_upstream import HttpUpstream
from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass, TimeLimit, UpstreamConnectError, UpstreamError, UpstreamTimeoutError
from llmgw.graph.model import Transport
from llmgw.ports import UpstreamCall
from tests.partners.behaviours import json_answer, stall_before_first_token
from tests.partners.certificate import Certificate, make_certificate
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import CLOSE, HOLD, Pause, split_at, wire_bytes


def call_to(url: str, transport: Transport | None = None, connect_s: float = 1.0) -> UpstreamCall:
    config = f'{{providers: {{p: {{like: openai, base_url: "{url}", auth: none}}}}, models: {{one: p/m}}}}'
    target = build([Text("config.yaml", config)], {}, need_secrets=True).checked().targets["one"]
    headers = {"x-own": "ü"}
    target = replace(target, transport=transport or Transport())
    return UpstreamCall(target, target.wires[0].url, headers, b'{"a":1}', connect_s, "0" * 28)


@pytest.fixture
async def http() -> AsyncIterator[HttpUpstream]:
    upstream = HttpUpstream()
    yield upstream
    await upstream.close()


async def post(http: HttpUpstream, call: UpstreamCall) -> bytes:
    async with http.open(call) as answer:
        body = b""
        while chunk := await answer.read():
            body += chunk
        return body


async def message_of(http: HttpUpstream, call: UpstreamCall) -> str:
    with pytest.raises(UpstreamError) as caught:
        await post(http, call)
    return caught.value.message


async def test_what_goes_out_is_what_was_given(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}))
    await post(http, call_to(upstream.url))

    request = upstream.requests[0]
    assert (request.method, request.path, request.body) == ("POST", "/chat/completions", b'{"a":1}')
    assert request.header("content-type") == "application/json"
    assert "ü".encode().decode("latin-1") == request.header("x-own")
    assert request.header("cookie") is None


async def test_cookies_are_not_kept(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}, headers={"set-cookie": "a=b"}))
    for _ in range(2):
        await post(http, call_to(upstream.url))

    assert upstream.requests[1].header("cookie") is None


# Connections.


async def test_a_connection_that_was_read_to_the_end_is_used_again(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}))
    for _ in range(5):
        await post(http, call_to(upstream.url))

    assert upstream.connections_seen == 1


async def test_a_connection_that_was_left_early_is_closed(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script(stall_before_first_token())
    async with http.open(call_to(upstream.url)):
        pass
    await upstream.exchanges[0].wait_hung_up()

    await upstream.until(lambda: upstream.connections_open == 0)


async def test_a_connection_that_the_provider_closed_meanwhile_is_not_used(
    http: HttpUpstream, upstream: FaultUpstream
) -> None:
    upstream.script((*json_answer({}), *CLOSE))
    for _ in range(3):
        await post(http, call_to(upstream.url))
        await upstream.until(lambda: upstream.connections_open == 0)
        await asyncio.sleep(0.01)

    assert upstream.connections_seen == 3


async def test_a_connection_that_dies_in_the_hand_is_a_failed_connection(
    http: HttpUpstream, upstream: FaultUpstream
) -> None:
    upstream.script(json_answer({}), CLOSE)
    await post(http, call_to(upstream.url))
    with pytest.raises(UpstreamConnectError, match="closed the connection before answering"):
        await post(http, call_to(upstream.url))


async def test_more_connections_than_allowed_wait_for_their_turn(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script((Pause(0.05), *json_answer({})))
    call = call_to(upstream.url, Transport(max_connections=2))
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(post(http, call))

    assert (len(upstream.requests), upstream.connections_seen) == (6, 2)


async def test_a_reload_frees_no_connection(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script((Pause(0.1), *json_answer({})))
    call = call_to(upstream.url, Transport("p", max_connections=1))
    async with asyncio.TaskGroup() as group:
        group.create_task(post(http, call))
        await upstream.exchange(0)
        await http.retire([])
        group.create_task(post(http, call))
        await asyncio.sleep(0.03)
        under_way = len(upstream.requests)

    assert (under_way, len(upstream.requests)) == (1, 2)


async def test_waiting_for_a_turn_is_bounded_and_told_for_what_it_is(
    http: HttpUpstream, upstream: FaultUpstream
) -> None:
    upstream.script(HOLD)
    call = call_to(upstream.url, Transport("p", max_connections=1), connect_s=0.1)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(post(http, call))
        await upstream.exchange(0)
        with pytest.raises(UpstreamTimeoutError) as caught:
            await post(http, call)
        first.cancel()

    told = "all 1 connections of provider p are in use (max_connections)"
    assert (caught.value.failure, caught.value.limit) == (FailureClass.TIMEOUT, TimeLimit.CONNECT)
    assert caught.value.message == told


async def test_who_gives_up_waiting_takes_no_turn_from_the_others(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script((Pause(0.2), *json_answer({})))
    call = call_to(upstream.url, Transport("p", max_connections=1))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(post(http, call))
        await upstream.exchange(0)
        with pytest.raises(UpstreamTimeoutError):
            await post(http, replace(call, connect_s=0.01))
        last = group.create_task(post(http, call))

    assert [first.result(), last.result()] == [b"{}", b"{}"]


async def test_a_provider_that_hangs_leaves_the_connections_of_its_fallback_alone(
    http: HttpUpstream, upstream: FaultUpstream
) -> None:
    upstream.script(HOLD, otherwise=json_answer({}))
    entry = f'{{like: openai, base_url: "{upstream.url}", auth: none, max_connections: 1}}'
    config = f"{{providers: {{a: {entry}, b: {entry}}}, models: {{a: a/m, b: b/m}}}}"
    targets = build([Text("config.yaml", config)], {}, need_secrets=True).checked().targets
    calls = [UpstreamCall(targets[name], targets[name].wires[0].url, {}, b"{}", 0.2, "0" * 28) for name in ("a", "b")]
    async with asyncio.TaskGroup() as group:
        hanging = group.create_task(post(http, calls[0]))
        await upstream.exchange(0)

        assert await post(http, calls[1]) == b"{}"
        hanging.cancel()


async def test_only_connecting_is_bounded_by_the_connect_limit(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script((Pause(0.3), *json_answer({})))

    assert await post(http, call_to(upstream.url, connect_s=0.1)) == b"{}"


# After a reload.

OTHER = Transport(max_connections=7)


async def test_a_transport_that_is_kept_keeps_its_connections(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}))
    for transport in (Transport(), OTHER):
        await post(http, call_to(upstream.url, transport))
    await http.retire([OTHER])
    await upstream.until(lambda: upstream.connections_open == 1)
    await post(http, call_to(upstream.url, OTHER))

    assert upstream.connections_seen == 2


async def test_a_retired_transport_ends_with_its_last_answer(http: HttpUpstream, upstream: FaultUpstream) -> None:
    slow = json_answer({"a": 1})
    upstream.script(split_at(slow, len(wire_bytes(slow)) - 7, pause_s=0.1))
    async with http.open(call_to(upstream.url)) as first:
        async with http.open(call_to(upstream.url)) as second:
            await http.retire([])
            assert await second.read() == b'{"a":1}'
            assert upstream.connections_open == 2
        assert await first.read() == b'{"a":1}'
    await upstream.until(lambda: upstream.connections_open == 0)


async def test_a_call_that_began_before_a_reload_may_still_open(http: HttpUpstream, upstream: FaultUpstream) -> None:
    upstream.script(json_answer({}))
    await post(http, call_to(upstream.url))
    await http.retire([])

    assert await post(http, call_to(upstream.url)) == b"{}"


# What is said of errors.


async def test_refused(http: HttpUpstream, refused: str) -> None:
    message = await message_of(http, call_to(refused))

    assert message.startswith(f"{refused.removeprefix('http://')} cannot be reached: is it running?")
    assert message.endswith("(Connection refused)")


async def test_no_password_of_an_address_is_repeated(http: HttpUpstream, refused: str) -> None:
    call = call_to(refused)
    with_password = call.url.replace("//", "//user:planted@")

    assert "planted" not in await message_of(http, replace(call, url=with_password))


async def test_a_proxy_is_used_and_its_password_kept(http: HttpUpstream, upstream: FaultUpstream) -> None:
    proxy = Secret(upstream.url.replace("//", "//user:planted@"))
    upstream.script(json_answer({}), otherwise=json_answer({}, 407))

    assert await post(http, call_to("http://api.invalid/v1", Transport(proxy=proxy))) == b"{}"
    assert upstream.requests[0].path == "http://api.invalid/v1/chat/completions"
    assert upstream.requests[0].header("proxy-authorization") is not None
    message = await message_of(http, call_to("https://api.invalid/v1", Transport(proxy=proxy)))
    assert f"the proxy {upstream.url.removeprefix('http://')} does not connect to api.invalid (407 " in message
    assert "planted" not in message


@pytest.mark.parametrize("url", ["http://api.invalid/v1", "https://api.invalid/v1"])
async def test_a_proxy_that_is_not_there_is_told_by_its_name(http: HttpUpstream, refused: str, url: str) -> None:
    dead = call_to(url, Transport(proxy=Secret(refused.replace("//", "//user:planted@"))))
    unknown = call_to(url, Transport(proxy=Secret("http://user:planted@proxy.invalid:3128")))

    told = f"the proxy {refused.removeprefix('http://')} cannot be reached: is it running? (Connection refused)"
    assert await message_of(http, dead) == told
    assert (await message_of(http, unknown)).startswith("the proxy proxy.invalid:3128: no such host (")


# TLS.


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@asynccontextmanager
async def behind_tls(certificate: Certificate) -> AsyncIterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.cert, certificate.key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b'{"a":1}')
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_certificate_that_nobody_knows_is_refused(http: HttpUpstream, certificate: Certificate) -> None:
    async with behind_tls(certificate) as url:
        message = await message_of(http, call_to(url))

    assert "its certificate is not trusted" in message


@pytest.mark.parametrize("how", ["ca_file", "verify_tls"])
async def test_a_certificate_may_be_trusted(http: HttpUpstream, certificate: Certificate, how: str) -> None:
    by_file = Transport(ca_file=str(certificate.cert))
    transport = by_file if how == "ca_file" else Transport(verify_tls=False)
    async with behind_tls(certificate) as url:
        assert await post(http, call_to(url, transport)) == b"{}"


async def test_tls_to_a_port_that_speaks_none(http: HttpUpstream, upstream: FaultUpstream) -> None:
    message = await message_of(http, call_to(upstream.url.replace("http", "https"), connect_s=0.5))

    assert message


async def test_a_certificate_file_that_does_not_exist(http: HttpUpstream, tmp_path: Path) -> None:
    message = await message_of(http, call_to("https://127.0.0.1:1", Transport(ca_file=str(tmp_path / "none.pem"))))

    assert "none.pem" in message


async def test_nothing_leaves_without_a_connection(http: HttpUpstream, unanswering: str) -> None:
    left: list[bool] = []
    call = replace(call_to(unanswering, connect_s=0.2), leaves=lambda: left.append(True))
    with pytest.raises(UpstreamTimeoutError):
        await post(http, call)

    assert left == []
