"""A connection whose bytes cannot be read; the many kinds of them are in test_bad_input.py."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from llmgw.server.connection import Connection
from llmgw.server.running import Running
from tests.partners.raw_client import raw_client
from tests.served import served
from tests.server.routes import chain

NOWHERE = chain("http://127.0.0.1:9")


async def test_what_cannot_be_read_is_answered_in_our_words_and_closes() -> None:
    async with served(NOWHERE) as gateway, raw_client(gateway.url) as client:
        await client.send(b"GET / HTTP/1.1\r\nx-key: sk-planted\x00\r\n\r\n")
        answer = await client.read_answer()
        assert await client.read_to_end() == b""

    error = answer.json["error"]
    assert (answer.status, error["type"], error["code"]) == (400, "invalid_request_error", "invalid_request")
    (line,) = gateway.log.lines
    assert (line["request_id"], line["error"]) == (answer.headers["x-llmgw-request-id"], error["message"])
    assert "planted" not in repr(line)


async def connection(running: Running) -> Connection:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    return Connection(runner, running)


async def test_an_answer_that_had_begun_is_cut() -> None:
    async with served(NOWHERE) as gateway:
        front = await connection(gateway.running)
        with pytest.raises(ConnectionResetError, match="does not look whole"):
            front.handle_error(make_mocked_request("GET", "/"), 500, ZeroDivisionError())


async def test_only_what_the_caller_was_told_already_is_not_logged_again() -> None:
    async with served(NOWHERE) as gateway:
        front = await connection(gateway.running)
        front.log_exception("Unhandled exception", exc_info=web.RequestPayloadError("broken"))
        front.log_exception("Unhandled exception", exc_info=ZeroDivisionError("a bug"))

    (line,) = gateway.log.lines
    assert (line["level"], "a bug" in line["exception"]) == ("error", True)
