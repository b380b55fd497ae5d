"""The server as a process: it starts, reloads, drains and ends as operators expect, and says so in its log."""

import asyncio
import signal
import socket
import sys
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import pytest

from tests.partners.behaviours import STALL_BEFORE_HEADERS, event_stream, json_answer, stall_after
from tests.partners.bodies import DONE, chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error, openai_error_answer
from tests.partners.raw_client import RawClient, raw_client
from tests.partners.steps import Gate
from tests.server.calls import CHAT, chat, chat_body, eventually, get, is_whole
from tests.server.process import serving, started

EVENTS = chat_events("one two three")


def config_of(url: str, *, model: str = "partner-1", more: str = "") -> str:
    return (
        "defaults: {retry: {attempts: 1}}\n"
        f"providers: {{p: {{like: openai, base_url: {url}/v1, auth: none}}}}\n"
        f"models: {{chat: p/{model}}}\n{more}\n"
    )


async def begin_stream(client: RawClient, upstream: FaultUpstream) -> bytes:
    """A stream that has begun: the head and the first event are here, the rest waits at the gate."""
    number = len(upstream.exchanges)
    await client.post(CHAT, chat_body(stream=True))
    await upstream.exchange(number)
    return await client.read_until(b"one ")


# The end.


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_a_signal_lets_streams_finish_and_takes_nobody_new(
    tmp_path: Path, upstream: FaultUpstream, number: signal.Signals
) -> None:
    gate = Gate(released=2)
    upstream.script(event_stream(EVENTS, gate=gate))
    async with serving(config_of(upstream.url), tmp_path) as server, raw_client(server.url) as client:
        await begin_stream(client, upstream)
        server.send(number)
        draining = await server.line("draining")
        new = await chat(server.url)
        gate.open()
        rest = await client.read_until(b"0\r\n\r\n")
        code = await server.exit_code()

    assert DONE in rest
    assert code == 0
    assert (draining["in_flight"], draining["limit_s"]) == (1, 30.0)
    assert (new.status, new.json["error"]["code"], new.headers["connection"]) == (503, "draining", "close")
    assert new.headers["retry-after"] == "1"
    assert [line["event"] for line in server.lines] == ["ready", "draining", "refused", "request", "stopped"]
    assert server.of("request")[0]["outcome"] == "ok"
    assert len(upstream.requests) == 1


async def test_with_nothing_in_flight_a_signal_ends_it_at_once(tmp_path: Path, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with serving(config_of(upstream.url), tmp_path) as server, raw_client(server.url) as client:
        await client.post(CHAT, chat_body())
        await client.read_answer()
        server.send(signal.SIGTERM)
        code = await server.exit_code(2)

    assert code == 0


async def test_while_it_drains_whoever_asks_hears_so_and_is_let_go(tmp_path: Path, upstream: FaultUpstream) -> None:
    """A balancer sees 503, on a connection of its pool or on a new one; a caller is told to call elsewhere."""
    gate = Gate(released=2)
    upstream.script(event_stream(EVENTS, gate=gate), json_answer(chat_answer()))
    async with (
        serving(config_of(upstream.url), tmp_path) as server,
        raw_client(server.url) as client,
        raw_client(server.url) as prober,
        raw_client(server.url) as caller,
    ):
        await begin_stream(client, upstream)
        await prober.post("/readyz", b"", method="GET")
        before = await prober.read_answer()
        server.send(signal.SIGTERM)
        await server.line("draining")
        await prober.post("/readyz", b"", method="GET")
        after = await prober.read_answer()
        newly = await get(server.url, "/readyz")
        await caller.post(CHAT, chat_body())
        late = await caller.read_answer()
        end_of_late = await caller.read_to_end(2)
        gate.open()

    assert (before.status, before.json["status"]) == (200, "ready")
    assert [(answer.status, answer.json["status"]) for answer in (after, newly)] == [(503, "draining")] * 2
    assert (late.status, late.json["error"]["code"]) == (503, "draining")
    assert [answer.headers.get("connection") for answer in (before, after, late)] == [None, "close", "close"]
    assert end_of_late == b""


async def test_a_reload_while_it_drains_harms_nobody(tmp_path: Path, upstream: FaultUpstream) -> None:
    gate = Gate(released=2)
    upstream.script(event_stream(EVENTS, gate=gate))
    async with serving(config_of(upstream.url), tmp_path) as server, raw_client(server.url) as client:
        await begin_stream(client, upstream)
        server.send(signal.SIGTERM)
        await server.line("draining")
        server.send(signal.SIGHUP)
        await asyncio.sleep(0.2)
        gate.open()
        rest = await client.read_until(b"0\r\n\r\n")
        code = await server.exit_code()

    assert DONE in rest
    assert code == 0


async def test_a_stream_that_lasts_longer_than_drain_is_ended_and_its_caller_told(
    tmp_path: Path, upstream: FaultUpstream
) -> None:
    upstream.script(stall_after(EVENTS[:2]))
    config = config_of(upstream.url, more="server: {drain: 300ms}")
    async with serving(config, tmp_path) as server, raw_client(server.url) as client:
        await begin_stream(client, upstream)
        server.send(signal.SIGTERM)
        draining = await server.line("draining")
        rest = await client.read_to_end()
        code = await server.exit_code(5)
        await upstream.exchanges[0].wait_hung_up()
        stopped = await server.line("stopped")

    assert DONE not in rest
    assert (b'"code":"stream_cut"' in rest, b"the gateway is stopping" in rest) == (True, True)
    assert rest.endswith(b"0\r\n\r\n")
    assert code == 0
    assert [(line["outcome"], line["status"], line["level"]) for line in server.of("request")] == [
        ("stopped", 200, "warning")
    ]
    assert seconds_between(draining, stopped) >= 0.3


async def test_a_call_without_an_answer_at_the_end_of_drain_gets_an_error(
    tmp_path: Path, upstream: FaultUpstream
) -> None:
    upstream.script(STALL_BEFORE_HEADERS)
    config = config_of(upstream.url, more="server: {drain: 300ms}")
    async with serving(config, tmp_path) as server, raw_client(server.url) as client:
        await client.post(CHAT, chat_body())
        exchange = await upstream.exchange(0)
        server.send(signal.SIGTERM)
        answer = await client.read_answer()
        code = await server.exit_code(5)
        await exchange.wait_hung_up()

    assert (answer.status, answer.json["error"]["code"], answer.headers["retry-after"]) == (503, "stopped", "1")
    assert code == 0
    assert [(line["outcome"], line["status"], line["level"]) for line in server.of("request")] == [
        ("stopped", 503, "warning")
    ]


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_a_caller_that_does_not_read_holds_nobody_up_for_long(
    tmp_path: Path, upstream: FaultUpstream, *, stream: bool
) -> None:
    long_stream = event_stream([*EVENTS[:2], *chat_events("x" * 1000)[1:2] * 20_000])
    upstream.script(long_stream if stream else json_answer(chat_answer("x" * 20_000_000)))
    config = config_of(upstream.url, more="server: {drain: 300ms}")
    async with (
        serving(config, tmp_path) as server,
        raw_client(server.url, receive_buffer_bytes=4096) as client,
    ):
        await client.post(CHAT, chat_body(stream=stream))
        await upstream.exchange(0)
        await asyncio.sleep(0.5)
        server.send(signal.SIGTERM)
        draining = await server.line("draining")
        code = await server.exit_code(5)
        stopped = await server.line("stopped")

    assert code == 0
    assert [line["outcome"] for line in server.of("request")] == ["stopped"]
    assert seconds_between(draining, stopped) >= 0.3


def seconds_between(earlier: dict[str, str], later: dict[str, str]) -> float:
    first, second = (datetime.fromisoformat(line["timestamp"]) for line in (earlier, later))
    return (second - first).total_seconds()


async def test_a_call_whose_body_is_still_on_its_way_is_told_too(tmp_path: Path, upstream: FaultUpstream) -> None:
    config = config_of(upstream.url, more="server: {drain: 200ms}")
    async with serving(config, tmp_path) as server, raw_client(server.url) as client:
        await client.send(f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{{".encode())
        async with asyncio.timeout(5):
            while (await get(server.url, "/readyz")).json["in_flight"] != 1:  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.01)
        server.send(signal.SIGTERM)
        answer = await client.read_answer()

    assert (answer.status, answer.json["error"]["code"]) == (503, "stopped")
    assert [line["code"] for line in server.of("refused")] == ["stopped"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_a_second_signal_does_not_wait_and_callers_are_told(
    tmp_path: Path, upstream: FaultUpstream, number: signal.Signals
) -> None:
    upstream.script(stall_after(EVENTS[:2]))
    async with serving(config_of(upstream.url), tmp_path) as server, raw_client(server.url) as client:
        await begin_stream(client, upstream)
        server.send(number)
        await server.line("draining")
        server.send(number)
        rest = await client.read_to_end(3)
        code = await server.exit_code(3)

    assert code == 0
    assert b"the gateway is stopping" in rest
    assert [line["outcome"] for line in server.of("request")] == ["stopped"]


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for the signal: field SigCgt of proc(5)."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="NOT TESTED: /proc tells which signals are caught")
async def test_a_third_signal_ends_the_process(tmp_path: Path, upstream: FaultUpstream) -> None:
    upstream.script(event_stream([*EVENTS[:2], *chat_events("x" * 1000)[1:2] * 20_000]))
    async with (
        serving(config_of(upstream.url), tmp_path) as server,
        raw_client(server.url, receive_buffer_bytes=4096) as client,
    ):
        await client.post(CHAT, chat_body(stream=True))  # which nobody reads: it has to be waited for
        await upstream.exchange(0)
        await asyncio.sleep(0.5)
        server.send(signal.SIGTERM)
        await server.line("draining")
        server.send(signal.SIGTERM)
        await eventually(lambda: not catches(server.process.pid, signal.SIGTERM))
        server.send(signal.SIGTERM)
        code = await server.exit_code(3)

    assert code == -signal.SIGTERM


# The beginning.


async def test_a_taken_port_is_exit_3_and_names_it(tmp_path: Path, upstream: FaultUpstream) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(config_of(upstream.url))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with started(config, "--port", str(port)) as server:
            code = await server.exit_code()

    assert code == 3
    assert str(port) in "".join(server.complained)
    assert "Traceback" not in "".join(server.complained)
    assert server.printed == []


async def test_a_bad_file_is_exit_1_with_every_problem(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("models: {a: nobody/x}\nroutes: {r: {fallback: [b]}}\nserver: {prot: 1}\n")
    async with started(config) as server:
        code = await server.exit_code()
    complaint = "".join(server.complained)

    assert code == 1
    assert all(word in complaint for word in ("nobody", '"b"', "prot"))
    assert "Traceback" not in complaint
    assert server.printed == []


# Reloads.


async def test_a_reload_reaches_new_requests_and_those_in_flight_keep_their_graph(
    tmp_path: Path, upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    gate = Gate(released=2)
    upstream.script(event_stream(EVENTS, gate=gate))
    second_upstream.script(json_answer(chat_answer("From the new file")))
    async with serving(config_of(upstream.url), tmp_path) as server, raw_client(server.url) as client:
        await begin_stream(client, upstream)
        await server.reload(config_of(second_upstream.url, model="partner-2"))
        reloaded = await server.line("reloaded")
        new = await chat(server.url)
        gate.open()
        rest = await client.read_until(b"0\r\n\r\n")
        digest = (await get(server.url, "/readyz")).json["config"]

    assert DONE in rest
    assert new.json["choices"][0]["message"]["content"] == "From the new file"
    assert [request.json["model"] for request in second_upstream.requests] == ["partner-2"]
    assert len(upstream.requests) == 1
    assert digest == reloaded["config"] != reloaded["before"]


async def test_a_retry_after_a_reload_still_follows_the_old_graph(
    tmp_path: Path, upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    old = (
        f"providers: {{p: {{like: openai, base_url: {upstream.url}/v1, auth: none}}}}\n"
        "models: {a: p/old-a, b: p/old-b}\nroutes: {chat: {fallback: [a, b]}}\ndefaults: {retry: {attempts: 1}}\n"
    )
    gate = Gate()
    upstream.script(event_stream([b"data: {\n\n"], gate=gate), event_stream(EVENTS))
    async with serving(old, tmp_path) as server, asyncio.TaskGroup() as group:
        call = group.create_task(chat(server.url, stream=True))
        await upstream.exchange(0)
        await server.reload(config_of(second_upstream.url))
        await server.line("reloaded")
        gate.open()

    assert is_whole(call.result())
    assert [request.json["model"] for request in upstream.requests] == ["old-a", "old-b"]
    assert second_upstream.requests == []


BAD_FILES = {
    "wrong": b"models: {a: nobody/x}\nroutes: {r: {fallback: [b]}}\n",
    "empty": b"",
    "not YAML": b"models: {a: [\n",
    "not text": bytes(range(256)) * 4,
    "nested": b"[" * 100_000,
    "a bomb": b"a: &a [x, x, x, x, x, x, x, x, x]\n"
    + b"".join(b"%c: &%c [%b]\n" % (n, n, b", ".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 108)),
}


async def test_a_bad_file_leaves_the_old_graph_in_force_and_the_log_says_every_problem(
    tmp_path: Path, upstream: FaultUpstream
) -> None:
    upstream.script(json_answer(chat_answer()))
    async with serving(config_of(upstream.url), tmp_path) as server:
        before = (await get(server.url, "/readyz")).json["config"]
        refused = {}
        for number, (name, text) in enumerate(BAD_FILES.items()):
            server.config.write_bytes(text)
            server.send(signal.SIGHUP)
            refused[name] = (await server.line("reload_refused", number))["problems"]
        server.config.unlink()
        server.send(signal.SIGHUP)
        gone = await server.line("reload_refused", len(BAD_FILES))
        answer = await chat(server.url)
        after = (await get(server.url, "/readyz")).json["config"]
        await server.reload(config_of(upstream.url, model="partner-2"))
        await server.line("reloaded")

    assert is_whole(answer)
    assert before == after
    assert all(refused.values())
    assert len(refused["wrong"]) == 2
    assert all(word in "".join(refused["wrong"]) for word in ("config.yaml:1:", "nobody", "config.yaml:2:", '"b"'))
    assert "cannot be read" in gone["problems"][0]


async def test_watch_sees_a_changed_file(tmp_path: Path, upstream: FaultUpstream) -> None:
    async with serving(config_of(upstream.url), tmp_path, "--watch") as server:
        server.config.write_text("models: [")
        await server.line("reload_refused")
        replacement = tmp_path / "new.yaml"  # as editors and Kubernetes do it
        replacement.write_text(config_of(upstream.url, model="partner-2"))
        replacement.rename(server.config)
        reloaded = await server.line("reloaded")

    assert reloaded["config"] != reloaded["before"]


async def test_pools_that_no_target_uses_close_and_a_stream_keeps_its_own(
    tmp_path: Path, upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    """The pool is another one when the way of connecting is: here the number of connections."""
    gate = Gate(released=2)
    upstream.script(json_answer(chat_answer()), event_stream(EVENTS, gate=gate))
    second_upstream.script(json_answer(chat_answer()))
    old = config_of(upstream.url).replace("auth: none", "auth: none, max_connections: 7")
    async with serving(old, tmp_path) as server, raw_client(server.url) as client:
        await chat(server.url)
        await begin_stream(client, upstream)
        await server.reload(config_of(second_upstream.url))
        await server.line("reloaded")
        await chat(server.url)
        while_streaming = upstream.connections_open
        gate.open()
        await client.read_until(DONE)
        await upstream.until(lambda: upstream.connections_open == 0)

    assert while_streaming == 1


async def load_until(stopped: asyncio.Event, url: str, faults: list[str], *, stream: bool) -> int:
    """Call after call, on a connection each; what goes wrong is noted. How many there were."""
    calls = 0
    while not stopped.is_set():
        answer = await chat(url, stream=stream)
        calls += 1
        if not is_whole(answer):
            faults.append(f"{answer.status} {answer.whole} {answer.body[:300]!r}")
    return calls


async def test_fifty_reloads_under_load_fail_no_request(
    tmp_path: Path, upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    for each in (upstream, second_upstream):
        each.script(
            lambda request: (
                event_stream(EVENTS, pause_s=0.002) if request.json["stream"] else json_answer(chat_answer())
            )
        )
    urls = (upstream.url, second_upstream.url)
    stopped, faults = asyncio.Event(), list[str]()
    async with serving(config_of(urls[1]), tmp_path) as server, asyncio.TaskGroup() as group:
        loads = [
            group.create_task(load_until(stopped, server.url, faults, stream=bool(number % 2))) for number in range(6)
        ]
        for number in range(50):
            # Another host and another pool each time: old pools close while streams are in them.
            config = config_of(urls[number % 2]).replace("none", f"none, max_connections: {100 + number}")
            await server.reload(config)
            await server.line("reloaded", number)
        stopped.set()
    calls = sum(load.result() for load in loads)
    requests = server.of("request")

    assert faults == []
    assert calls == len(requests) > 50
    assert {"ok"} == {line["outcome"] for line in requests}
    assert {"ok"} == {attempt["class"] for line in requests for attempt in line["attempts"]}
    assert upstream.requests
    assert second_upstream.requests
    assert server.of("reload_refused") == []


# What it says.


async def test_log_lines_are_json_in_a_pipe_and_each_says_when_and_what(
    tmp_path: Path, upstream: FaultUpstream
) -> None:
    upstream.script(json_answer(chat_answer()), openai_error_answer(500))
    async with serving(config_of(upstream.url), tmp_path) as server:
        await chat(server.url)
        await chat(server.url)
        await server.line("request", 1)

    assert all({"event", "level", "timestamp"} <= set(line) for line in server.lines)
    assert [line["level"] for line in server.of("request")] == ["info", "warning"]


PLANTED = {
    "API_KEY": "sk-planted-api-key",
    "HEADER": "planted-header",
    "PROXY": "http://user:planted-proxy@127.0.0.1:9",
}
FROM_THE_CALLER = {
    "authorization": "Bearer planted-bearer",
    "x-api-key": "planted-x-api-key",
    "cookie": "session=planted-cookie",
    "x-llmgw-key": "planted-llmgw-key",
}


async def test_secrets_are_in_no_line_and_no_answer(tmp_path: Path, upstream: FaultUpstream, refused: str) -> None:
    echo = openai_error(f"Incorrect API key provided: {PLANTED['API_KEY']}.")  # as some providers do
    upstream.script(json_answer(chat_answer()), json_answer(echo, 401), json_answer(echo, 400), stall_after([]))
    config = (
        "defaults: {retry: {attempts: 1}, timeout: {first_token: 200ms}}\n"
        "providers:\n"
        f"  p: {{like: openai, base_url: {upstream.url}/v1, api_key: '${{API_KEY}}', headers: {{x: '${{HEADER}}'}}}}\n"
        f"  dead: {{like: openai, base_url: {refused}/v1, api_key: '${{API_KEY}}'}}\n"
        f"  proxied: {{like: openai, base_url: {upstream.url}/v1, api_key: '${{API_KEY}}', proxy: '${{PROXY}}'}}\n"
        "models: {chat: p/m, dead: dead/m, proxied: proxied/m}\ntelemetry: {logs: {level: debug}}\n"
    )
    async with serving(config, tmp_path, env=PLANTED) as server, AsyncExitStack() as stack:
        answers = [await chat(server.url, headers=FROM_THE_CALLER) for _ in range(3)]
        answers.append(await chat(server.url, stream=True, headers=FROM_THE_CALLER))
        answers += [await chat(server.url, model, headers=FROM_THE_CALLER) for model in ("dead", "proxied", "none")]
        answers += [
            await get(server.url, f"{path}?key=planted-query") for path in ("/readyz", "/v1/models", "/nowhere")
        ]
        client = await stack.enter_async_context(raw_client(server.url))
        await client.post(f"{CHAT}?key=planted-query", b"{", FROM_THE_CALLER)
        answers.append(await client.read_answer())
        await server.reload(config.replace("chat: p/m", "chat: nobody/m"))
        await server.line("reload_refused")
    said = "".join([*server.printed, *server.complained])
    told = repr([(answer.headers, answer.body) for answer in answers])

    assert "planted" not in said
    assert "planted" not in told
    assert {200, 400, 404, 502, 504} <= {answer.status for answer in answers}
    assert upstream.requests[0].header("authorization") == "Bearer sk-planted-api-key"
