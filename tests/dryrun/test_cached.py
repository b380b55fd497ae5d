"""What the dry run says of the cache is what the running server does with the same request."""

import asyncio
import contextlib
import io
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from llmgw.cli.pretended import Asked
from llmgw.cli.test_route import test_route as dry_run
from tests.served import Served, served

CONFIG = """\
models: {gpt: simulator/gpt, claude: simulator/claude, free: simulator/free, other: simulator/other}
routes: {chat: {fallback: [gpt, claude]}}
cache:
  rules:
    - {name: faq, models: [chat], match: 'metadata.tier != "free"', ttl: 1h}
    - {name: free, models: [free], ttl: 1h, variety: true, tool_calls: true, scope: everyone}
"""
SEARCH = {"type": "web_search"}
FUNCTION = {"type": "function", "function": {"name": "look"}}


@pytest.mark.parametrize(
    ("body", "control"),
    [
        ({}, ""),
        ({"stream": True}, ""),
        ({"model": "other"}, ""),
        ({"metadata": {"tier": "free"}}, ""),
        ({"metadata": {"tier": "paid"}}, ""),
        ({"n": 2}, ""),
        ({"temperature": 1.5}, ""),
        ({"temperature": 1}, ""),
        ({"model": "free", "temperature": 1.5}, ""),
        ({"tools": [SEARCH]}, ""),
        ({"tools": [FUNCTION]}, ""),
        ({"model": "free", "tools": [SEARCH]}, ""),
        ({}, "no-store"),
        ({}, "no-cache"),
        ({}, "no-cache, no-store"),
        ({}, "max-age=0"),
        ({}, "max-age=60"),
        ({}, "only-if-cached"),
        ({"model": "other"}, "only-if-cached"),
    ],
)
async def test_they_say_the_same(tmp_path: Path, body: dict[str, Any], control: str) -> None:
    file, written = tmp_path / "llmgw.yaml", tmp_path / "body.json"
    said = {"model": "chat", "messages": [{"role": "user", "content": "Hi"}], **body}
    file.write_text(CONFIG)
    written.write_text(json.dumps(said))
    headers = {"cache-control": control} if control else {}

    shown = await asyncio.to_thread(shown_by, file, written, [f"{name}={value}" for name, value in headers.items()])
    async with served(CONFIG) as gateway:
        first, after = [await asked(gateway, said, sent) for sent in (headers, {})]

    if shown["error"]:
        assert first == (shown["error"]["status"], "")
        return
    cache = shown["cache"]
    assert first == (200, "off" if cache is None else "miss" if cache["look"] else "bypass")
    assert (after[1] == "hit") == (cache is not None and cache["keep"])


async def asked(gateway: Served, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, str]:
    url = f"{gateway.url}/v1/chat/completions"
    async with aiohttp.ClientSession() as client, client.post(url, json=body, headers=headers) as answer:
        await answer.read()
    return answer.status, answer.headers["x-llmgw-cache"] if answer.status == 200 else ""


def shown_by(file: Path, body: Path, headers: list[str]) -> dict[str, Any]:
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()):
        dry_run([str(file)], None, Asked(body=str(body), headers=headers), as_json=True)
    shown: dict[str, Any] = json.loads(printed.getvalue())
    return shown
