"""Whatever anybody sends: a clear OpenAI-shaped error, nothing at error level in the log, and a server unharmed."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from llmgw.server.running import Patience
from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, RawClient, parse_head, raw_client, request_bytes
from tests.partners.steps import HOLD
from tests.served import Served, served
from tests.server.calls import CHAT, chat, chat_body, eventually, get
from tests.server.routes import chain

MEBIBYTE = 1024 * 1024


@asynccontextmanager
async def unharmed(upstream: FaultUpstream, more: str = "", patience: Patience | None = None) -> AsyncIterator[Served]:
    """A gateway that answers a good request afterwards, has logged no error, and has nothing left in flight."""
    upstream.script(otherwise=json_answer(chat_answer("still here")))
    async with served(chain(upstream.url, more=more), patience=patience) as gateway:
        yield gateway
        answer = await chat(gateway.url)
        assert (200, chat_answer("still here")) == (answer.status, answer.json)
        await eventually(lambda: gateway.running.in_flight == 0)
        assert not [line for line in gateway.log.lines if line["level"] in ("error", "warning")]


async def send(
    gateway: Served,
    body: object,
    *,
    path: str = CHAT,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> RawAnswer:
    async with raw_client(gateway.url) as client:
        await client.post(path, body, headers, method)
        return await client.read_answer()


def assert_told(answer: RawAnswer, status: int, code: str, *words: str) -> None:
    error: dict[str, Any] = answer.json["error"]
    assert (status, code) == (answer.status, error["code"]), error
    assert {"message", "type", "param", "code"} <= set(error)
    assert all(word in error["message"] for word in words), error["message"]
    assert "application/json" in answer.headers["content-type"]
    assert len(answer.headers["x-llmgw-request-id"]) == 28


MESSAGES = [{"role": "user", "content": "hi"}]
BAD_BODIES: dict[str, tuple[object, str]] = {
    "nothing": (b"", "not JSON"),
    "half a body": (b'{"model": "chat", "mess', "not JSON"),
    "no JSON": (b"model=chat&messages=hi", "not JSON"),
    "more than one value": (b'{"model":"chat","messages":[]} {}', "not JSON"),
    "a list": ([], "the body: Expected `object`"),
    "a number": (7, "the body: Expected `object`"),
    "null": (None, "the body: Expected `object`"),
    "an empty object": ({}, "messages: missing"),
    "no model": ({"messages": MESSAGES}, "model: missing"),
    "no messages": ({"model": "chat"}, "messages: missing"),
    "a model that is a number": ({"model": 3, "messages": MESSAGES}, "model: Expected `str"),
    "a model that is a list": ({"model": ["chat"], "messages": MESSAGES}, "model: Expected `str"),
    "messages that are text": ({"model": "chat", "messages": "hi"}, "messages: Expected `array`"),
    "messages that are an object": ({"model": "chat", "messages": {"0": "hi"}}, "messages: Expected `array`"),
    "a message that is text": ({"model": "chat", "messages": ["hi"]}, "messages[0]: Expected `object`"),
    "a message without a role": ({"model": "chat", "messages": [{"content": "hi"}]}, "messages[0].role: missing"),
    "a stream that is a word": ({"model": "chat", "messages": MESSAGES, "stream": "yes"}, "stream: Expected `bool"),
    "broken UTF-8": (b'{"model": "ch\xff\xfet", "messages": []}', "not JSON"),
    "a lone surrogate": (b'{"model": "\\ud800", "messages": [{"role": "user"}]}', "not JSON"),
    "a null byte": (b'{"model": "a\x00b", "messages": []}', "not JSON"),
    "deep lists": (b'{"model":"chat","messages":[],"deep":' + b"[" * 200_000, "nested too deeply"),
    "deep objects": (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested too deeply"),
    "a huge number": (b'{"model":"chat","messages":[],"max_tokens":1e999}', "max_tokens: Number out of range"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_a_body_that_is_none(upstream: FaultUpstream, name: str) -> None:
    body, words = BAD_BODIES[name]
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, body)

        assert_told(answer, 400, "invalid_request", words)
        assert [(line["event"], line["status"]) for line in gateway.log.lines] == [("refused", 400)]


async def test_the_place_of_a_fault_is_named_for_programs(upstream: FaultUpstream) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, {"model": "chat", "messages": ["hi"]})

    assert (answer.json["error"]["param"], answer.json["error"]["type"]) == ("messages[0]", "invalid_request_error")


@pytest.mark.parametrize(
    "body",
    [
        chat_body() | {"max_tokens": None, "stream_options": None, "user": None, "tools": None, "metadata": None},
        chat_body() | {"metadata": {"nested": {"deep": [1]}, "tier": "free"}, "temperature": None},
        {"model": "chat", "messages": []},
        {**chat_body(), "made_up": {"a": [[[[]]]]}},
    ],
)
async def test_what_is_odd_but_no_fault_of_the_form_goes_to_the_provider(
    upstream: FaultUpstream, body: dict[str, Any]
) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, body)

    assert answer.status == 200
    assert {**body, "model": "up-one"} == upstream.requests[0].json


# Models.


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("chta", "Did you mean 'chat'?"),
        ("gpt-4", "Names: chat, one."),
        ("", "no model ''"),
        ("x" * 100_000, "no model 'xxx"),
        ("Größe\r\nx-evil: 1", "no model"),
        ("../../etc/passwd", "no model"),
        ("chat\x00", "no model"),
    ],
)
async def test_a_model_that_does_not_exist(upstream: FaultUpstream, name: str, words: str) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, chat_body(name))

        assert_told(answer, 404, "model_not_found", words)
        assert answer.json["error"]["param"] == "model"
        assert "x-evil" not in answer.headers
        assert answer.headers["x-llmgw-attempts"] == "0"
        assert tuple(gateway.log.requests[0][field] for field in ("outcome", "status", "level")) == (
            "model_not_found",
            404,
            "info",
        )
        assert len(json.dumps(gateway.log.requests[0])) < 3000


ANY_NAME = """
providers: {{one: {{like: openai, base_url: "{url}/v1", auth: none}}}}
models: {{"any-*": one/up-*}}
"""


@pytest.mark.parametrize("star", ["a\r\nx-evil: 1", "grün", "日本語", "\x7f\x00\x1f", "a b", "%0d%0a", "x" * 200, "{}"])
async def test_a_name_made_by_the_caller_cannot_break_a_header(upstream: FaultUpstream, star: str) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(ANY_NAME.format(url=upstream.url)) as gateway:
        answer = await send(gateway, chat_body(f"any-{star}"))

    assert (200, f"up-{star}") == (answer.status, upstream.requests[0].json["model"])
    assert "x-evil" not in answer.headers
    assert all(32 <= ord(char) < 127 for char in answer.headers["x-llmgw-target"])


async def test_a_name_without_end_is_no_model_of_a_pattern(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(ANY_NAME.format(url=upstream.url)) as gateway:
        answer = await send(gateway, chat_body("any-" + "x" * 300))

    assert_told(answer, 404, "model_not_found")


# Paths and methods.


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CHAT, "POST"),
        ("PUT", CHAT, "POST"),
        ("DELETE", "/v1/models", "GET, HEAD"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("PATCH", "/", "GET, HEAD"),
    ],
)
async def test_a_method_that_is_not_for_the_path(upstream: FaultUpstream, method: str, path: str, allowed: str) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, chat_body(), method=method, path=path)

    assert_told(answer, 405, "method_not_allowed", f"{method} is not for {path}; it takes {allowed}")
    assert set(allowed.split(", ")) <= set(answer.headers["allow"].split(","))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completion",
        "/v2/models",
        "/v1",
        "/%ff%fe",
        "/" + "x" * 3000,
        "/v1/v1/chat/completions",
        "//",
        "/a?b=c",
    ],
)
async def test_a_path_that_does_not_exist(upstream: FaultUpstream, path: str) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, chat_body(), path=path)

        assert_told(answer, 404, "unknown_path", "POST /v1/chat/completions")
        assert len(json.dumps(gateway.log.lines)) < 3000


@pytest.mark.parametrize(
    "path", [CHAT + "/", "/chat/completions", "/openai/v1/chat/completions", CHAT + "?api-version=2024-10-21"]
)
async def test_a_path_by_another_name(upstream: FaultUpstream, path: str) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, chat_body(), path=path)

    assert answer.status == 200


@pytest.mark.parametrize("body", [{"messages": MESSAGES}, {**chat_body(), "model": "ignored"}])
async def test_at_azures_path_the_deployment_is_the_model(upstream: FaultUpstream, body: dict[str, Any]) -> None:
    async with unharmed(upstream) as gateway:
        path = "/openai/deployments/one/chat/completions?api-version=2024-10-21"
        answer = await send(gateway, body, path=path, headers={"api-key": "unused"})

    assert (answer.status, answer.headers["x-llmgw-target"]) == (200, "one")
    assert upstream.requests[0].json["model"] == "up-one"
    assert upstream.requests[0].header("api-key") is None


@pytest.mark.parametrize("name", ["nobody", "a%2Fb", "%ff", "a%0d%0ab", "gr%C3%BCn", "%252f"])
async def test_a_deployment_that_does_not_exist(upstream: FaultUpstream, name: str) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, chat_body(), path=f"/openai/deployments/{name}/chat/completions")

    assert_told(answer, 404, "model_not_found")


# Sizes.


async def test_a_body_that_says_it_is_too_large_is_refused_unread(upstream: FaultUpstream) -> None:
    async with unharmed(upstream) as gateway, raw_client(gateway.url) as client:
        await client.send(request_bytes("POST", CHAT, "127.0.0.1", b"", {"content-length": str(100 * MEBIBYTE)}))
        answer = await client.read_answer(within_s=2)

        assert_told(answer, 413, "request_too_large", "33554432 bytes (server.max_body)")
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_hundred_megabytes_are_refused_in_flat_memory(upstream: FaultUpstream, chunked: bool) -> None:
    async with unharmed(upstream, more="server: {max_body: 2MiB}") as gateway, raw_client(gateway.url) as client:
        tracemalloc.start()
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(hundred_megabytes(client, chunked=chunked))
                answer = await client.read_answer(within_s=5)
                sending.cancel()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert_told(answer, 413, "request_too_large", "2097152 bytes")
    assert peak < 24 * MEBIBYTE


async def hundred_megabytes(client: RawClient, *, chunked: bool) -> None:
    framing = {"transfer-encoding": "chunked"} if chunked else {"content-length": str(100 * MEBIBYTE)}
    lines = "\r\n".join(f"{name}: {value}" for name, value in {"host": "localhost", **framing}.items())
    with suppress(ConnectionError):
        await client.send(f"POST {CHAT} HTTP/1.1\r\n{lines}\r\n\r\n".encode())
        piece = b" " * 65_536
        for _ in range(1600):
            await client.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)


async def test_a_compressed_body_is_read(upstream: FaultUpstream) -> None:
    async with unharmed(upstream) as gateway:
        body = gzip.compress(json.dumps(chat_body()).encode())
        answer = await send(gateway, body, headers={"content-encoding": "gzip"})

    assert answer.status == 200
    assert upstream.requests[0].header("content-encoding") is None


async def test_a_compressed_bomb_is_defused(upstream: FaultUpstream) -> None:
    bomb = gzip.compress(b" " * (64 * MEBIBYTE), mtime=0)
    async with unharmed(upstream, more="server: {max_body: 2MiB}") as gateway:
        tracemalloc.start()
        try:
            answer = await send(gateway, bomb, headers={"content-encoding": "gzip"})
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert_told(answer, 413, "request_too_large")
    assert peak < 24 * MEBIBYTE


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_compressed_as_it_says(upstream: FaultUpstream, encoding: str) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, b"not compressed at all", headers={"content-encoding": encoding})

    assert_told(answer, 400, "invalid_request", "not encoded as its headers say")


# Bytes that are no HTTP.

HOST = b"host: localhost\r\n"
NO_HTTP = {
    "no request line": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 100,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a negative length": b"POST /v1/chat/completions HTTP/1.1\r\n" + HOST + b"content-length: -5\r\n\r\n",
    "a length that is a word": b"POST /v1/chat/completions HTTP/1.1\r\n" + HOST + b"content-length: five\r\n\r\n",
    "two lengths": b"POST /v1/chat/completions HTTP/1.1\r\n"
    + HOST
    + b"content-length: 5\r\ncontent-length: 6\r\n\r\naaaaaa",
    "length and chunks": b"POST /v1/chat/completions HTTP/1.1\r\n"
    + HOST
    + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a header with a null": b"GET / HTTP/1.1\r\n" + HOST + b"authorization: Bearer sk-planted-key\x00\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n" + HOST + b": value\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n c\r\n\r\n",
    "a header of 100 kB": b"GET / HTTP/1.1\r\n" + HOST + b"a: " + b"b" * 100_000 + b"\r\n\r\n",
    "a path of 100 kB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a thousand headers": b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"h%d: v\r\n" % n for n in range(1000)) + b"\r\n",
}


@pytest.mark.parametrize("name", NO_HTTP)
async def test_bytes_that_are_no_request(upstream: FaultUpstream, name: str) -> None:
    async with unharmed(upstream) as gateway:
        async with raw_client(gateway.url) as client:
            await client.send(NO_HTTP[name])
            answer = await client.read_answer()

        assert_told(answer, 400, "invalid_request", "this is not HTTP/1.1 as we read it")
        assert [(line["event"], line["level"]) for line in gateway.log.lines] == [("refused", "info")]
        assert "planted" not in repr(gateway.log.lines) + repr(answer)


async def test_chunks_that_are_none(upstream: FaultUpstream) -> None:
    start = b"POST /v1/chat/completions HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
    async with unharmed(upstream, patience=Patience(body_s=0.1)) as gateway:
        async with raw_client(gateway.url) as client:
            await client.send(start + b"not-a-size\r\n\r\n")
            at_once = await client.read_answer()
        async with raw_client(gateway.url) as client:
            await client.send(start)
            await eventually(lambda: gateway.running.in_flight == 1)
            await client.send(b"not-a-size\r\n\r\n")
            later = await client.read_answer()

        assert_told(at_once, 400, "invalid_request")
        assert_told(later, 408, "request_timeout")


async def test_expecting_miracles_does_no_harm(upstream: FaultUpstream) -> None:
    async with unharmed(upstream) as gateway:
        answer = await send(gateway, chat_body(), headers={"expect": "miracles"})

    assert answer.status == 200


async def test_one_hundred_continue(upstream: FaultUpstream) -> None:
    async with unharmed(upstream) as gateway, raw_client(gateway.url) as client:
        request = request_bytes("POST", CHAT, "localhost", json.dumps(chat_body()).encode(), {"expect": "100-continue"})
        head, _, body = request.partition(b"\r\n\r\n")
        await client.send(head + b"\r\n\r\n")
        assert parse_head(await client.read_until(b"\r\n\r\n")).status == 100
        await client.send(body)
        answer = await client.read_answer()

        assert answer.status == 200


async def test_nobody_is_told_to_continue_with_what_is_too_large(upstream: FaultUpstream) -> None:
    announced = {"expect": "100-continue", "content-length": str(100 * MEBIBYTE)}
    async with unharmed(upstream) as gateway, raw_client(gateway.url) as client:
        await client.send(request_bytes("POST", CHAT, "localhost", b"", announced))
        answer = await client.read_answer()

        assert_told(answer, 413, "request_too_large")


# Slowness.


async def test_a_body_that_does_not_arrive(upstream: FaultUpstream) -> None:
    async with unharmed(upstream, patience=Patience(body_s=0.1)) as gateway, raw_client(gateway.url) as client:
        await client.send(request_bytes("POST", CHAT, "localhost", b"{" * 100)[:-50])
        answer = await client.read_answer(within_s=2)

        assert_told(answer, 408, "request_timeout", "within 0.1 s")
        assert answer.headers["connection"] == "close"


async def test_a_head_that_does_not_end(upstream: FaultUpstream) -> None:
    async with unharmed(upstream, patience=Patience(head_s=0.3)) as gateway, raw_client(gateway.url) as client:
        for byte in b"GET / HTTP/1.1":
            await client.send(bytes([byte]))
            await asyncio.sleep(0.01)

        assert await client.read_to_end(within_s=2) == b""


async def test_a_connection_that_says_nothing_is_closed(upstream: FaultUpstream) -> None:
    async with unharmed(upstream, patience=Patience(head_s=0.1)) as gateway, raw_client(gateway.url) as client:
        assert await client.read_to_end(within_s=2) == b""


# Too many.


async def test_more_in_flight_than_allowed(upstream: FaultUpstream) -> None:
    async with unharmed(upstream, more="server: {max_in_flight: 2}") as gateway:
        upstream.script(HOLD, HOLD, otherwise=json_answer(chat_answer("still here")))
        async with raw_client(gateway.url) as first, raw_client(gateway.url) as second:
            for client in (first, second):
                await client.post(CHAT, chat_body())
            await upstream.exchange(1)
            answer = await chat(gateway.url)
            alive, ready = await get(gateway.url, "/healthz"), await get(gateway.url, "/readyz")

        assert_told(answer, 503, "too_many_in_flight", "2 requests are in flight (server.max_in_flight)")
        assert (answer.headers["retry-after"], alive.status, ready.json["in_flight"]) == ("1", 200, 2)


async def test_it_is_alive_under_load(upstream: FaultUpstream) -> None:
    async with unharmed(upstream) as gateway:
        upstream.script(otherwise=event_stream(chat_events("a b c d e f g h"), pause_s=0.005))
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(chat(gateway.url, stream=True)) for _ in range(50)]
            seen = [await get(gateway.url, "/healthz") for _ in range(10)]
        upstream.script(otherwise=json_answer(chat_answer("still here")))

        assert {200} == {answer.status for answer in seen} | {call.result().status for call in calls}


async def test_many_requests_at_once_on_one_connection(upstream: FaultUpstream) -> None:
    async with unharmed(upstream) as gateway, raw_client(gateway.url) as client:
        request = request_bytes("POST", CHAT, "localhost", json.dumps(chat_body()).encode())
        await client.send(request * 40 + request_bytes("GET", "/nowhere", "localhost", b""))
        answers = [await client.read_answer() for _ in range(41)]

        assert [*[200] * 40, 404] == [answer.status for answer in answers]
