"""What models a provider says it has: asked only by `llmgw doctor`, when it does not know the one that was meant.

Most have a list beside their chat path. Whoever has none, or none that can be read, has said nothing.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import msgspec

from llmgw.adapters.http_upstream import make_session
from llmgw.errors import UpstreamConnectError
from llmgw.graph.model import Target

NAMES_S_MAX = 5.0
NAMES_BYTES_MAX = 4 * 1024 * 1024


async def model_names(url: str, target: Target) -> tuple[str, ...]:
    """The names in the list at `url`, asked for with the headers of the target."""
    headers = {name: value.reveal() for name, value in target.headers.items()}
    proxy = target.transport.proxy
    try:
        async with (
            asyncio.timeout(NAMES_S_MAX),
            make_session(target.transport) as session,
            session.get(
                url, headers=headers, proxy=proxy.reveal() if proxy is not None else None, allow_redirects=False
            ) as answer,
        ):
            return tuple(_names(msgspec.json.decode(await answer.content.read(NAMES_BYTES_MAX))))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, UpstreamConnectError):
        return ()


def _names(told: Any) -> Iterator[str]:
    """OpenAI and its kin have `data` with `id`, Google, Ollama and Cohere `models` with `name`."""
    listed = told.get("data") or told.get("models") if isinstance(told, dict) else told
    for entry in listed if isinstance(listed, list) else []:
        name = entry.get("id") or entry.get("name") if isinstance(entry, dict) else entry
        if isinstance(name, str):
            yield name.removeprefix("models/")
