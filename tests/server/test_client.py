"""The caller behind the port, where the end-to-end tests do not reach: misuse, and hanging up at odd moments."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from llmgw.errors import ClientGoneError
from llmgw.server.client import HttpClient
from llmgw.server.running import RUNNING
from tests.partners.raw_client import raw_client
from tests.served import served
from tests.server.calls import eventually, get
from tests.server.routes import chain

Handler = Callable[[HttpClient], Awaitable[None]]


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[str]:
    """A server that hands each request to the test as a client."""

    async def handle(request: web.Request) -> web.StreamResponse:
        client = HttpClient(request, {"x-own": "1"})
        await handler(client)
        await client.end()
        return client.response

    async with served(chain("http://127.0.0.1:9")) as gateway:
        app = web.Application()
        app[RUNNING] = gateway.running
        app.router.add_get("/", handle)
        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_an_answer_at_once() -> None:
    async def handler(client: HttpClient) -> None:
        await client.answer(201, {"x-more": "2"}, b"body")
        assert not client.started

    async with answering(handler) as url:
        answer = await get(url, "/")

    assert (answer.status, answer.body, answer.headers["x-own"], answer.headers["x-more"]) == (201, b"body", "1", "2")


async def test_a_stream_is_begun_once() -> None:
    async def handler(client: HttpClient) -> None:
        await client.start({"x-more": "2"})
        await client.start({"x-more": "too late"})
        assert client.started
        await client.write(b"a")
        await client.write(b"b")

    async with answering(handler) as url:
        answer = await get(url, "/")

    assert (answer.body, answer.headers["x-more"], answer.headers["content-type"]) == (b"ab", "2", "text/event-stream")


@pytest.mark.parametrize("how", ["write", "end"])
async def test_before_it_has_begun_nothing_can_be_written_or_ended(how: str) -> None:
    caught: list[str] = []

    async def handler(client: HttpClient) -> None:
        with pytest.raises(ClientGoneError) as error:
            await (client.write(b"a") if how == "write" else client.end())
        caught.append(str(error.value))
        await client.answer(200, {}, b"")

    async with answering(handler) as url:
        await get(url, "/")

    assert caught == ["the client hung up before there was an answer"]


async def test_writing_to_a_caller_that_has_gone() -> None:
    caught: list[str] = []

    async def handler(client: HttpClient) -> None:
        await client.start({})
        transport = client._request.transport
        assert transport is not None
        transport.abort()
        for write in (client.write(b"a"), client.end()):
            with pytest.raises(ClientGoneError) as error:
                await write
            caught.append(str(error.value))

    async with answering(handler) as url, raw_client(url) as client:
        await client.post("/", b"", method="GET")
        await eventually(lambda: len(caught) == 2)

    assert {"the client hung up"} == set(caught)
