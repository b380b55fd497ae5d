"""The plain proxy many would write first, for comparison: aiohttp in, aiohttp out, JSON decoded on both ways.

No routing, no retries, no limits, no log. It runs on uvloop without an access log, so what differs from a gateway is
the work per request and not the loop.
"""

import argparse
import contextlib
from collections.abc import AsyncIterator

import uvloop
from aiohttp import ClientSession, TCPConnector, web

SESSION = web.AppKey("session", ClientSession)
UPSTREAM_URL = web.AppKey("upstream_url", str)


async def chat(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    url = request.app[UPSTREAM_URL] + "/v1/chat/completions"
    async with request.app[SESSION].post(url, json=body) as answer:
        if not body.get("stream"):
            return web.json_response(await answer.json(), status=answer.status)
        response = web.StreamResponse(status=answer.status, headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async for data in answer.content.iter_any():
            await response.write(data)
        return response


async def ready(request: web.Request) -> web.Response:
    del request
    return web.Response(text="ready")


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        app[SESSION] = session
        yield


def proxy_of(upstream_url: str) -> web.Application:
    app = web.Application()
    app[UPSTREAM_URL] = upstream_url
    app.cleanup_ctx.append(_session)
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_get("/readyz", ready)
    return app


def main() -> None:
    parser = argparse.ArgumentParser(description="A plain aiohttp proxy on loopback.")
    parser.add_argument("--port", type=int, default=9903)
    parser.add_argument("--upstream", default="http://127.0.0.1:9901", metavar="URL")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        web.run_app(
            proxy_of(given.upstream),
            host="127.0.0.1",
            port=given.port,
            access_log=None,
            loop=uvloop.new_event_loop(),
        )


if __name__ == "__main__":
    main()
