"""`/admin/usage` tells what `llmgw usage` tells, of the same ledger."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from multidict import MultiDict

from llmgw.adapters import usage_lines as lines_module
from llmgw.errors import InvalidRequestError
from llmgw.server import admin_usage as module
from llmgw.server.admin_usage import read_query
from llmgw.server.running import Patience
from tests.adapters.ledger_records import settled
from tests.cli.machine import called
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import raw_client, request_bytes
from tests.served import Served
from tests.server.calls import chat_body
from tests.server.test_access import send
from tests.server.test_admin import BEARER, ask, gateway, made


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    (tmp_path / "a.yaml").write_text("models: {gpt: simulator/gpt}\n")
    return tmp_path / "llmgw.db"


async def booked(found: Served, count: int, **fields: Any) -> None:
    ledger = found.running.books.ledger
    assert ledger is not None
    now_ms = int(time.time() * 1000)
    for number in range(1, count + 1):
        await ledger.append(settled(number, **{"at_ms": now_ms, **fields}))


async def commands(ledger: Path, *flags: str) -> str:
    ended = await asyncio.to_thread(called, "usage", str(ledger.with_name("a.yaml")), *flags)
    assert ended.returncode == 0
    return ended.stdout


def decoded(body: bytes) -> list[Any]:
    return [json.loads(line) for line in body.splitlines()]


@pytest.mark.parametrize(
    ("query", "flags"),
    [
        ("", ()),
        ("?by=team,model", ("--by", "team,model")),
        ("?by=day&since=2023-11-14&until=2023-11", ("--by", "day", "--since", "2023-11-14", "--until", "2023-11")),
        ("?where=team=a&where=model=m", ("--where", "team=a", "--where", "model=m")),
        ("?by=cached", ("--by", "cached")),
        ("?where=cached=true", ("--where", "cached=true")),
    ],
)
async def test_it_is_what_the_command_tells(
    upstream: FaultUpstream, ledger: Path, query: str, flags: Sequence[str]
) -> None:
    async with gateway(upstream, ledger) as found:
        await booked(found, 3)
        await booked(found, 2, team="a", at_ms=1_700_000_000_000)
        await booked(found, 1, cached="semantic", at_ms=1_700_000_000_001)
        answer = await ask(found, "GET", f"usage{query}")
        expected = json.loads(await commands(ledger, *flags, "--json"))

        assert answer.status == 200
        assert answer.json == expected
        assert answer.json["total"]["requests"] > 0


async def test_requests_are_the_commands_lines(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        await booked(found, 3)
        answer = await ask(found, "GET", "usage?requests=1")
        expected = decoded((await commands(ledger, "--requests")).encode())

        assert answer.headers["content-type"] == "application/x-ndjson"
        assert decoded(answer.body) == expected
        assert [line["cost_nanousd"] for line in expected] == [1, 2, 3]


async def test_what_was_answered_a_moment_ago_is_in_it(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        secret = (await made(found, team="t"))["secret"]
        answer = await send(found.url, chat_body("one"), {"x-api-key": secret})
        (row,) = (await ask(found, "GET", "usage?by=key,team")).json["rows"]
        (line,) = decoded((await ask(found, "GET", "usage?requests=1&where=key=k")).body)

        assert (row["key"], row["team"], row["requests"]) == ("k", "t", 1)
        assert (line["request_id"], line["key"]) == (answer.headers["x-llmgw-request-id"], "k")


async def test_no_requests_are_no_lines(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        answer = await ask(found, "GET", "usage?requests=1")

        assert (answer.status, answer.body) == (200, b"")


async def test_many_come_as_they_are_read(
    upstream: FaultUpstream, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_module, "LINES_PER_CHUNK", 7)
    async with gateway(upstream, ledger) as found:
        await booked(found, 100)
        answer = await ask(found, "GET", "usage?requests=1")

        assert [line["cost_nanousd"] for line in decoded(answer.body)] == [*range(1, 101)]
        assert answer.headers["transfer-encoding"] == "chunked"


async def test_who_does_not_read_is_cut_and_the_answer_lacks_its_end(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        found.running.patience = Patience(stall_s=0.2)
        await booked(found, 20_000)
        async with raw_client(found.url, receive_buffer_bytes=4096) as client:
            await client.send(request_bytes("GET", "/admin/usage?requests=1", "127.0.0.1", b"", BEARER))
            await client.read_until(b"\r\n\r\n")
            await asyncio.sleep(1.0)
            rest = b""
            with suppress(ConnectionError):
                while piece := await client.read_some():
                    rest += piece

        assert (b"cost_nanousd" in rest, rest.endswith(b"0\r\n\r\n")) == (True, False)
        assert found.log.of("internal_error") == []


async def test_only_so_many_are_told_at_once(
    upstream: FaultUpstream, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STREAMS", 0)
    monkeypatch.setattr(module, "LINES_S_MAX", 0.05)
    async with gateway(upstream, ledger) as found:
        answer = await ask(found, "GET", "usage?requests=1")

        assert (answer.status, answer.json["error"]["code"]) == (503, "ledger_unavailable")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("by=vendor", "it is called provider here"),
        ("where=team", "is not NAME=VALUE"),
        ("since=yesterday", "since: 'yesterday' is no time"),
        ("until=30", "until: '30' is no time"),
        ("group=team", "no parameter 'group'; there are: by, requests, since, until, where"),
    ],
)
async def test_what_cannot_be_asked_is_told(upstream: FaultUpstream, ledger: Path, query: str, words: str) -> None:
    async with gateway(upstream, ledger) as found:
        answer = await ask(found, "GET", f"usage?{query}")

        assert answer.status == 400
        assert words in answer.json["error"]["message"]


def test_a_question_is_read_in_the_time_zone_of_the_file() -> None:
    query = read_query(MultiDict([("since", "2026-11-01"), ("where", "key=a"), ("where", "model=b")]), 0, "Asia/Tokyo")

    assert (query.since_ms, query.timezone) == (1_793_458_800_000, "Asia/Tokyo")
    assert query.where == (("key", "a"), ("model", "b"))
    with pytest.raises(InvalidRequestError):
        read_query(MultiDict(since="then"), 0, "UTC")
