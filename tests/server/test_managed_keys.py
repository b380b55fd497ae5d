"""Managed keys and alerts in production: a process of its own, commands beside it, and whoever is told."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.machine import called
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.webhook_receiver import Receiver, hanging, receiving, status
from tests.served import served
from tests.server.calls import chat_body, eventually
from tests.server.process import ServerProcess, serving
from tests.server.routes import chain
from tests.server.test_access import send

SEEN_S_MAX = 2.0  # of a change; it is asked for every second
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def keys(server: ServerProcess, *args: str) -> Any:
    """What a command beside the server says."""
    ended = await asyncio.to_thread(called, "keys", *args, str(server.config), "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    return json.loads(ended.stdout)


async def answered(server: ServerProcess, secret: str) -> int:
    return (await send(server.url, chat_body("one"), {"x-api-key": secret})).status


async def turns(server: ServerProcess, secret: str, expected: int) -> float:
    """How long it took until calls were answered so."""
    began_s = time.monotonic()
    while await answered(server, secret) != expected:
        assert time.monotonic() - began_s < SEEN_S_MAX
        await asyncio.sleep(0.05)
    return time.monotonic() - began_s


async def test_a_key_lives_and_ends_beside_a_running_server(upstream: FaultUpstream, tmp_path: Path) -> None:
    upstream.script(otherwise=json_answer(chat_answer("hello")))
    config = chain(upstream.url)
    async with serving(config, tmp_path) as server:
        before = await answered(server, "anything")
        kept = (await keys(server, "create", "--name", "kept"))["secret"]
        await turns(server, "anything", 401)
        ended = (await keys(server, "create", "--name", "ended"))["secret"]
        await turns(server, ended, 200)
        await server.reload(config.replace("attempts: 2", "attempts: 3"))
        await server.line("reloaded")
        after_reload = [await answered(server, secret) for secret in (kept, ended)]
        await keys(server, "revoke", "ended")
        await turns(server, ended, 401)

        assert (before, after_reload, await answered(server, kept)) == (200, [200, 200], 200)
    async with serving(config, tmp_path) as server:
        assert [await answered(server, secret) for secret in (kept, ended, "anything")] == [200, 401, 401]


async def test_a_budget_that_runs_out_is_told_and_its_webhook_is_nowhere(
    upstream: FaultUpstream, tmp_path: Path
) -> None:
    upstream.script(otherwise=json_answer(chat_answer("hello")))
    async with receiving([status(503), status(200)]) as receiver:
        async with served(spending(upstream.url, receiver), ledger=tmp_path / "llmgw.db") as found:
            answers = [await send(found.url, chat_body("one")) for _ in range(3)]
            await eventually(lambda: receiver.received)

            assert [answer.status for answer in answers] == [200, 200, 200]
        bodies = [post.json for post in receiver.received]

        assert {(body["budget"], body["enforce"]) for body in bodies} == {("day", "shadow")}
        assert all(post.headers["webhook-signature"] for post in receiver.received)
        told = [*map(json.dumps, found.log.lines), *(f"{answer.headers} {answer.body!r}" for answer in answers)]
        kept = contents(tmp_path)
        for secret in ("the-secret-part-of-the-url", WEBHOOK_SECRET):
            assert [text for text in told if secret in text] == []
            assert [data for data in kept if secret.encode() in data] == []


@pytest.mark.parametrize("answer", [hanging, status(500)])
async def test_nobody_waits_for_who_is_told(upstream: FaultUpstream, tmp_path: Path, answer: Any) -> None:
    upstream.script(otherwise=json_answer(chat_answer("hello")))
    async with (
        receiving([answer]) as receiver,
        served(spending(upstream.url, receiver), ledger=tmp_path / "llmgw.db") as found,
    ):
        began_s = time.monotonic()
        answers = [await send(found.url, chat_body("one")) for _ in range(5)]
        took_s = time.monotonic() - began_s
        receiver.ending.set()

    assert [one.status for one in answers] == [200] * 5
    assert took_s < 2.0


def contents(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.rglob("*") if path.is_file()]


def spending(upstream: str, receiver: Receiver) -> str:
    """The first answer uses it up; nothing is refused."""
    alert = f'{{at: [0.5, 1.0], webhook: "{receiver.url}", secret: {WEBHOOK_SECRET}}}'
    return f"""
providers: {{p: {{like: openai, base_url: "{upstream}", auth: none}}}}
models: {{one: {{target: p/gpt-x, price: {{input_usd_per_mtok: 100, output_usd_per_mtok: 100}}}}}}
budgets: [{{name: day, limit_usd: 0.0001, per: day, enforce: shadow, alert: {alert}}}]
"""
