"""Calls to a running gateway, as short as a test likes to write them."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.partners.bodies import DONE
from tests.partners.raw_client import RawAnswer, raw_client

CHAT = "/v1/chat/completions"


def chat_body(model: str = "chat", *, stream: bool = False, text: str = "Say hello") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}


async def chat(
    url: str, model: str = "chat", *, stream: bool = False, headers: Mapping[str, str] | None = None
) -> RawAnswer:
    """One call on a connection of its own."""
    async with raw_client(url) as client:
        await client.post(CHAT, chat_body(model, stream=stream), headers)
        return await client.read_answer()


async def get(url: str, path: str) -> RawAnswer:
    async with raw_client(url) as client:
        await client.post(path, b"", method="GET")
        return await client.read_answer()


def is_whole(answer: RawAnswer) -> bool:
    """A success that lacks nothing: of a stream, its end mark."""
    if answer.status != 200 or not answer.whole:
        return False
    return not answer.headers["content-type"].startswith("text/event-stream") or answer.body.endswith(DONE)


def told_to_be_broken(answer: RawAnswer) -> bool:
    """A stream that did not end well and says so: by an error event, or by a body that lacks its end."""
    return not answer.body.endswith(DONE) and (not answer.whole or b'"error"' in answer.body)


async def eventually(is_true: Any, within_s: float = 5.0) -> None:
    """For what nobody announces: file descriptors, closed sockets, counters of another task."""
    async with asyncio.timeout(within_s):
        while not is_true():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
