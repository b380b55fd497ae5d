"""Secrets are planted wherever a caller or an upstream can put them, and looked for wherever the gateway writes.

In the log and on standard error, in answers, in the ledger, its journals and whatever else lies beside it: while it
runs, after it has ended, and after it was killed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.server.process import ServerProcess, serving
from tests.server.test_access import send

CLIENT = "sk-planted-client-0123456789"
OTHER = "sk-planted-unknown-987654321"
PROVIDER = "sk-planted-provider-5556667"
ADMIN = "sk-planted-admin-1112223334"
WEBHOOK = "planted-webhook-path-44455566"
SIGNING = "planted-signing-secret-777888"
ENV = {"CLIENT": CLIENT, "PROVIDER": PROVIDER, "ADMIN": ADMIN, "SIGNING": SIGNING}
CONFIG = """
server: {{admin_key: "${{ADMIN}}"}}
providers: {{p: {{like: openai, base_url: "{url}/v1", api_key: "${{PROVIDER}}"}}}}
models:
  gpt: {{target: p/m, price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}}
  "any-*": {{target: p/*, price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}}
keys: [{{name: k, secret: "${{CLIENT}}", team: red}}]
limits:
  - {{name: by-user, each: [key, metadata.user, headers.x-tenant], requests: 1000/m, concurrent: 100}}
budgets:
  - name: by-user
    each: [request.user, metadata.user]
    per: day
    limit_usd: 0.02
    alert: {{at: [0.01], webhook: "{url}/{webhook}", secret: "${{SIGNING}}"}}
state: {{ledger: "sqlite:///books.db"}}
telemetry: {{logs: {{level: debug, bodies: true}}}}
"""


@dataclass
class Repeater:
    """A provider that says everything again that it is told, in errors above all."""

    url: str = ""
    alerts: list[Mapping[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        told = f"bad key {request.headers.get('Authorization')} of {json.dumps(asked)[:500]}"
        if asked.get("stream"):
            response = web.StreamResponse(headers={"content-type": "text/event-stream"})
            await response.prepare(request)
            chunk = {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": None}]}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
            await response.write(f"data: {json.dumps({'error': {'message': told}})}\n\n".encode())
            return response
        if "wait" in told:
            await asyncio.sleep(30)
        return web.json_response({"error": {"message": told, "type": "x", "code": "invalid_api_key"}}, status=401)

    async def alert(self, request: web.Request) -> web.Response:
        self.alerts.append(dict(request.headers))
        return web.Response(status=500, text=f"{request.path} {request.headers}")


@asynccontextmanager
async def repeater() -> AsyncIterator[Repeater]:
    it = Repeater()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", it.answer)
    app.router.add_post(f"/{WEBHOOK}", it.alert)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield it
    finally:
        await runner.cleanup()


def requests() -> Iterator[tuple[str, str, Mapping[str, str], object]]:
    """Method, path, headers and body, with the caller's key wherever it can be put."""
    bearer = {"authorization": f"Bearer {CLIENT}"}
    chat = {
        "model": "gpt",
        "messages": [{"role": "user", "content": f"my key is {CLIENT}"}],
        "user": CLIENT,
        "metadata": {"user": CLIENT, CLIENT[:40]: "x"},
    }
    path = "/v1/chat/completions"
    everywhere = {
        **bearer,
        "x-llmgw-metadata": json.dumps({"user": CLIENT}),
        "x-request-id": CLIENT,
        "x-tenant": CLIENT,
        "user-agent": CLIENT,
        "cookie": f"session={CLIENT}",
        "traceparent": CLIENT,
    }
    yield "POST", path, bearer, chat
    yield "POST", path, everywhere, chat
    yield "POST", path, everywhere, {**chat, "stream": True}
    yield "POST", path, everywhere, {**chat, "max_tokens": 100_000_000}  # over every budget
    yield "POST", path, bearer, {**chat, "model": f"any-{CLIENT}"}
    yield "POST", path, bearer, {**chat, "model": CLIENT}
    yield "POST", path, bearer, {**chat, "messages": CLIENT}
    yield "POST", f"{path}?key={CLIENT}", {}, chat
    yield "POST", f"{path}?key={OTHER}", {}, chat
    yield "POST", path, {"x-api-key": OTHER}, chat
    yield "POST", path, {"authorization": f"Bearer {ADMIN}"}, chat
    yield "POST", f"/v1/models/{CLIENT}:generateContent?key={CLIENT}", {}, chat
    yield "POST", "/v1/messages", {"x-api-key": CLIENT}, {**chat, "max_tokens": 5}
    yield "GET", f"/v1/models/{CLIENT}?key={CLIENT}", {}, b""
    yield "GET", f"/{CLIENT}?key={CLIENT}", bearer, b""
    for what in (
        "keys",
        "usage?by=key,model,request.user,metadata.user",
        "usage?requests=1",
        "budgets",
        f"keys/{CLIENT}",
    ):
        yield "GET", f"/admin/{what}", {"authorization": f"Bearer {ADMIN}"}, b""
        yield "GET", f"/admin/{what}", bearer, b""


async def asked(server: ServerProcess, answers: list[bytes]) -> None:
    for method, path, headers, body in requests():
        answer = await send(server.url, body, headers, path, method)
        answers.append(repr(answer.headers).encode() + answer.body)


async def hung_up(server: ServerProcess) -> None:
    """A call that is still waiting when its caller leaves."""
    body = {"model": "gpt", "messages": [{"role": "user", "content": "wait"}], "user": CLIENT}
    headers = {"authorization": f"Bearer {CLIENT}", "x-request-id": CLIENT}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.3)) as session:
        with suppress(TimeoutError, aiohttp.ClientError):
            await session.post(f"{server.url}/v1/chat/completions", json=body, headers=headers)


def found(directory: Path, server: ServerProcess, answers: list[bytes]) -> list[str]:
    """Where a secret stands that should not."""
    places = {f"answer {number}": body for number, body in enumerate(answers)}
    places["standard output"] = "".join(server.printed).encode()
    places["standard error"] = "".join(server.complained).encode()
    for file in directory.rglob("*"):
        if file.is_file() and file.name != "config.yaml":
            places[str(file.relative_to(directory))] = file.read_bytes()
    secrets = {"client": CLIENT, "other": OTHER, "provider": PROVIDER, "admin": ADMIN, "signing": SIGNING}
    secrets["webhook"] = WEBHOOK
    return [
        f"{name} in {place}: {body[max(body.find(text.encode()) - 150, 0) :][:300]!r}"
        for place, body in places.items()
        for name, text in secrets.items()
        if text.encode() in body
    ]


async def test_a_planted_secret_is_nowhere(tmp_path: Path) -> None:
    answers: list[bytes] = []
    async with repeater() as upstream:
        config = CONFIG.format(url=upstream.url, webhook=WEBHOOK)
        async with serving(config, tmp_path, env=ENV) as server:
            await asked(server, answers)
            await hung_up(server)
            await asyncio.sleep(0.3)
            running = found(tmp_path, server, answers)
            server.process.kill()  # and its journals are as they are
            await server.process.wait()
        killed = found(tmp_path, server, answers)
        async with serving(config, tmp_path, env=ENV) as server:
            await asked(server, answers)
        ended = found(tmp_path, server, answers)

    assert (running, killed, ended) == ([], [], [])
    assert len(answers) == 2 * len([*requests()])
    assert upstream.alerts, "no alert was sent, so none could tell"
    assert any(line["event"] == "request" for line in server.lines)
