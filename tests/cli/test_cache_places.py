"""Where `llmgw cache` asks: of a gateway over a real socket, in clear words when that is not possible."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.cached import key_of
from tests.cli.machine import Ended, called
from tests.server.test_admin_cache import ADMIN, Desk, desk, filled

CONFIG = (
    f"models: {{m: simulator/m}}\nserver: {{admin_key: {ADMIN}, port: 1}}\ncache: {{rules: [{{name: faq, ttl: 1d}}]}}\n"
)


@pytest.fixture
async def there() -> AsyncIterator[Desk]:
    async with desk(await filled()) as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "llmgw.yaml"
    file.write_text(CONFIG)
    return str(file)


async def asked(*args: str, **env: str) -> Ended:
    return await asyncio.to_thread(called, "cache", *args, env=env)


async def test_the_gateway_tells_what_it_has_in_memory(config: str, there: Desk) -> None:
    stats = await asked("stats", config, "--json", "--url", there.url)
    table = await asked("stats", config, "--url", f"{there.url}/")
    listed = await asked("ls", config, "--json", "--url", there.url, "--rule", "a", "--limit", "1")

    assert (json.loads(stats.stdout)["entries"], json.loads(stats.stdout)["hits"]) == (4, 1)
    assert "hits      1 of 1 (100.0%)\nkept      4\n" in table.stdout
    assert [one["key"] for one in json.loads(listed.stdout)] == [key_of(2).hex()]


async def test_the_gateway_throws_away_what_is_said(config: str, there: Desk) -> None:
    some = await asked("purge", config, "--url", there.url, "--rule", "a")
    rest = await asked("purge", config, "--url", there.url, "--all")

    assert (some.stdout, rest.stdout) == ("2 answers thrown away\n", "2 answers thrown away\n")


async def test_a_key_may_be_named_by_its_beginning_there_too(config: str, there: Desk) -> None:
    several = await asked("purge", config, "--url", there.url, "--key", "0" * 12)
    none = await asked("purge", config, "--url", there.url, "--key", "f" * 12)
    one = await asked("ls", config, "--url", there.url, "--json", "--rule", "b", "--key", key_of(3).hex()[:-1] + "3")

    assert (several.returncode, several.stdout) == (1, "")
    assert "4 entries have a key that begins so" in " ".join(several.stderr.split())
    assert none.stdout == "0 answers thrown away\n"
    assert [found["key"] for found in json.loads(one.stdout)] == [key_of(3).hex()]


async def test_a_rule_that_the_gateway_does_not_know_either_is_told(config: str, there: Desk) -> None:
    told = await asked("purge", config, "--url", there.url, "--rule", "zzz")

    assert (told.returncode, told.stdout) == (0, "0 answers thrown away\n")
    assert 'no rule is called "zzz"' in told.stderr


async def test_no_proxy_sees_the_key(config: str, there: Desk) -> None:
    nobody = "http://127.0.0.1:1"
    told = await asked("stats", config, "--url", there.url, http_proxy=nobody, HTTP_PROXY=nobody)

    assert told.returncode == 0


async def test_another_admin_key_is_refused_and_told(tmp_path: Path, there: Desk) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(CONFIG.replace(ADMIN, "sk-another-key-of-a-test"))
    told = await asked("stats", str(file), "--url", there.url)

    assert (told.returncode, told.stdout) == (1, "")
    assert "says 401: the admin key is wanted here" in told.stderr
    assert "sk-another" not in told.stderr


def test_one_that_does_not_run_is_told_with_what_to_do(config: str) -> None:
    told = called("cache", "stats", config)

    assert (told.returncode, told.stdout) == (1, "")
    assert "http://127.0.0.1:1 does not answer (Connection refused): is it running? --url says where" in told.stderr


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (f"server: {{admin_key: {ADMIN}}}", "http://127.0.0.1:1 does not answer (Connection refused): is it running?"),
        ("", "the gateway tells nobody without an admin key: set `server.admin_key`, or"),
    ],
)
def test_who_has_a_file_need_not_ask_the_gateway(tmp_path: Path, server: str, expected: str) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(f"models: {{m: simulator/m}}\n{server}\ncache: {{store: sqlite:///answers.db}}\n")
    told = " ".join(called("cache", "stats", str(file), "--url", "http://127.0.0.1:1").stderr.split())

    assert expected in told
    assert told.endswith("leave out --url, and the file of `cache.store` tells it without a gateway")
    assert "memory" not in told


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("", "tells it to nobody without an admin key: set `server.admin_key`, or `cache.store: sqlite:///cache.db`"),
        ('server: {admin_key: "${NOT_SET}"}', "the gateway wants its admin key: "),
    ],
)
def test_without_a_key_it_says_what_to_set(tmp_path: Path, server: str, expected: str) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(f"models: {{m: simulator/m}}\n{server}\n")
    told = called("cache", "stats", str(file))

    assert (told.returncode, told.stdout) == (1, "")
    assert expected in told.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:4000", "ftp://x", "http://", "http://x:99999", "http://[x"])
def test_what_is_no_address_is_wrong_usage(config: str, url: str) -> None:
    told = called("cache", "stats", config, "--url", url)

    assert told.returncode == 2
    assert "is no address, as in http://127.0.0.1:4000" in " ".join(told.stderr.split())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", "is no gateway that tells of its cache"),
        (
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "says 302: and no reason",
        ),
        (b"SSH-2.0\r\n", "does not answer ("),
        (b"", "does not answer ("),
    ],
)
async def test_who_is_no_gateway_is_told_as_such(config: str, answer: bytes, expected: str) -> None:
    async def told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(told, "127.0.0.1", 0, family=socket.AF_INET)
    async with server:
        ended = await asked("stats", config, "--url", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert expected in ended.stderr
