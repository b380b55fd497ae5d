"""From sources to a serving process and back, in this process; tests/server/test_process.py does it with a real one."""

import asyncio
import os
import signal
import socket
import ssl
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.journal import make_logger
from llmgw.config.model import ServerSection, Tls
from llmgw.errors import ConfigError
from llmgw.server.run import CannotBindError, NotOpenError, Ready, ServeOptions, listening, provisioned, run
from llmgw.server.running import Running
from tests.partners.certificate import make_certificate
from tests.served import LogLines, served
from tests.server.calls import get
from tests.server.routes import chain

NOWHERE = chain("http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a ledger may be left behind."""
    monkeypatch.chdir(tmp_path)


def options(config: str = NOWHERE, **others: object) -> ServeOptions:
    fields = {"port": 0, "host": "127.0.0.1", "env": dict, **others}
    return ServeOptions((Text("config.yaml", config),), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[Ready] = []

    def ready(state: Ready) -> None:
        told.append(state)
        os.kill(os.getpid(), number)

    assert run(options(ready=ready, watch=True)) == 0
    assert told[0].urls[0].startswith("http://127.0.0.1:")
    events = [msgspec.json.decode(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events == ["ready", "draining", "stopped"]


def test_a_reload_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    def ready(_state: Ready) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        asyncio.get_running_loop().call_later(0.3, os.kill, os.getpid(), signal.SIGTERM)

    run(options(ready=ready))
    lines = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]

    assert [line["event"] for line in lines] == ["ready", "reloaded", "draining", "stopped"]
    assert lines[0]["config"] == lines[1]["config"] == lines[1]["before"]


def test_a_fault_of_ours_in_a_reload_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    environments = iter([dict[str, str]()])  # asked a second time it raises

    def ready(_state: Ready) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        asyncio.get_running_loop().call_later(0.3, os.kill, os.getpid(), signal.SIGTERM)

    assert run(options(ready=ready, env=lambda: next(environments))) == 0
    events = [msgspec.json.decode(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events == ["ready", "reload_failed", "draining", "stopped"]


def test_a_bad_file_does_not_start() -> None:
    with pytest.raises(ConfigError, match="modles"):
        run(options("modles: {}"))


def test_a_taken_port_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotBindError, match=f"^port {port} is in use: `make serve PORT={port + 1}`, or"):
            run(options(port=port))


@pytest.mark.parametrize("host", ["203.0.113.7", "nobody.invalid"])
def test_an_address_that_is_not_ours_is_named(host: str) -> None:
    config = NOWHERE + "\nserver: {open: true}"
    with pytest.raises(CannotBindError, match=rf"cannot listen on {host}:0: [\w ]+$"):
        run(options(config, host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "203.0.113.7"])
def test_the_command_line_opens_no_door_that_the_file_could_not(host: str) -> None:
    with pytest.raises(NotOpenError, match="is open to other machines"):
        run(options(host=host))


def test_the_command_line_may_say_that_it_is_meant() -> None:
    with pytest.raises(CannotBindError, match=r"cannot listen on 203\.0\.113\.7:"):
        run(options(host="203.0.113.7", open=True))


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    config = NOWHERE + f"\nserver: {{tls: {{cert: {tmp_path}/none.pem, key: {tmp_path}/none.pem}}}}"
    with pytest.raises(CannotBindError, match=r"server\.tls: the certificate cannot be used"):
        run(options(config))


async def urls_of(settings: ServerSection) -> tuple[str, ...]:
    async with served(NOWHERE) as gateway:
        running: Running = gateway.running
        running.settings = settings
        async with listening(running) as urls:
            return urls


async def test_without_a_host_it_listens_on_both_loopbacks_with_one_port() -> None:
    urls = await urls_of(ServerSection(port=0))

    assert urls[0].startswith("http://127.0.0.1:")
    assert {url.rpartition(":")[2] for url in urls} == {urls[0].rpartition(":")[2]}
    assert all(url.startswith("http://[::1]:") for url in urls[1:])


async def test_one_loopback_is_enough() -> None:
    with closing(socket.create_server(("::1", 0), family=socket.AF_INET6)) as taken:
        port = taken.getsockname()[1]

        assert await urls_of(ServerSection(port=port)) == (f"http://127.0.0.1:{port}",)


async def test_it_speaks_tls(tmp_path: Path) -> None:
    made = make_certificate(tmp_path)
    async with served(NOWHERE) as gateway:
        tls = Tls(cert=str(made.cert), key=str(made.key))
        gateway.running.settings = ServerSection(port=0, host="127.0.0.1", tls=tls)
        async with listening(gateway.running) as (url,):
            port = int(url.rpartition(":")[2])
            context = ssl.create_default_context(cafile=made.cert)
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()

    assert (url[:8], answer[:15]) == ("https://", b"HTTP/1.1 200 OK")


async def test_leaving_closes_the_port_and_the_connections() -> None:
    async with served(NOWHERE) as gateway:
        await get(gateway.url, "/healthz")
        url = gateway.url
    with pytest.raises(ConnectionRefusedError):
        await get(url, "/healthz")


async def test_what_was_opened_is_closed_again() -> None:
    built = build([Text("config.yaml", NOWHERE)], {}, need_secrets=True)
    logger = make_logger(LogLines(), pretty=False, level="info")
    async with provisioned(built, ServerSection(), logger) as (running, _upstreams):
        assert running.graph is built.graph
