"""Runs the real OpenAI SDK for Node against a base URL, in a process of its own, and gives back what it saw."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from tests.partners.node import NODE_DIR, install, node_executable

SCRIPT = NODE_DIR / "openai_chat.mjs"
RUN_S_MAX = 60.0

ChatKind = Literal["chat", "stream", "tools", "toolsStream", "jsonSchema"]
ResponseKind = Literal["response", "responseStream", "responseTools"]
Kind = ChatKind | ResponseKind | Literal["models"]


class Scenario(msgspec.Struct, frozen=True):
    """One use of the SDK, by a name that its outcome is found under."""

    name: str
    kind: Kind
    prompt: str = "Say hello"
    model: str = "partner-1"


class NodeError(msgspec.Struct, frozen=True, rename="camel"):
    """What the SDK raised, as its user catches it."""

    class_name: str = msgspec.field(name="class")
    message: str
    is_api_error: bool
    status: int | None = None
    code: str | int | None = None
    type: str | None = None
    param: str | None = None
    headers: dict[str, str] = {}


class Call(msgspec.Struct, frozen=True):
    """A tool call as the SDK gives it; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


class Outcome(msgspec.Struct, frozen=True, rename="camel"):
    """What came of a scenario. Which fields are set depends on its kind; `error` may be set in any."""

    requests: int
    elapsed_ms: int
    content: str | None = None
    finish_reason: str | None = None
    model: str | None = None
    usage: dict[str, Any] | None = None
    headers: dict[str, str] = {}
    chunks: int = 0
    ended: bool = False
    calls: tuple[Call, ...] = ()
    ids: tuple[str, ...] = ()
    error: NodeError | None = None


class Report(msgspec.Struct, frozen=True):
    """The versions of what ran, and the outcomes by scenario name."""

    sdk: str
    node: str
    results: Mapping[str, Outcome]


async def run_openai_node(
    base_url: str,
    scenarios: Sequence[Scenario],
    *,
    api_key: str = "sk-partner",
    max_retries: int = 0,
    timeout_s: float = 20.0,
) -> Report:
    """Play the scenarios one after the other. `base_url` ends in /v1, as the SDK wants it."""
    await asyncio.to_thread(install)
    settings = {
        "baseURL": base_url,
        "apiKey": api_key,
        "maxRetries": max_retries,
        "timeoutMs": round(timeout_s * 1000),
        "scenarios": scenarios,
    }
    printed = await _run_node(str(SCRIPT), msgspec.json.encode(settings).decode())
    return msgspec.json.decode(printed, type=Report)


async def _run_node(*arguments: str) -> bytes:
    """What it printed. A process that does not end in time is killed."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        str(node_executable()), *arguments, cwd=NODE_DIR, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(RUN_S_MAX):
            printed, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise AssertionError(f"node {arguments[0]} failed: {complaints.decode(errors='replace')}")
    return printed
