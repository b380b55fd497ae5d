"""`llmgw serve` as a process of its own, as it runs in production: signals go in, log lines come out of a pipe."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.partners.steps import Signal

START_S_MAX = 20.0
STOP_S_MAX = 20.0
LINE_S_MAX = 10.0
PIPE_BYTES_MAX = 1024 * 1024


@dataclass
class ServerProcess:
    """A running server, and what it has printed so far."""

    process: asyncio.subprocess.Process
    config: Path
    printed: list[str] = field(default_factory=list)
    complained: list[str] = field(default_factory=list)
    heard: Signal = field(default_factory=Signal)
    url: str = ""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log. Whatever is not JSON on standard output is a fault, and raises."""
        return [json.loads(line) for line in self.printed]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    async def line(self, event: str, number: int = 0, within_s: float = LINE_S_MAX) -> dict[str, Any]:
        """The log line of that name, the first or a later one, as soon as it is there."""
        await self.heard.until(lambda: len(self.of(event)) > number, within_s)
        return self.of(event)[number]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def reload(self, config: str) -> None:
        """Change the file and say so; what came of it is in the log."""
        self.config.write_text(config)
        self.send(signal.SIGHUP)

    async def exit_code(self, within_s: float = STOP_S_MAX) -> int:
        async with asyncio.timeout(within_s):
            return await self.process.wait()


@asynccontextmanager
async def started(config: Path, *flags: str, env: Mapping[str, str] | None = None) -> AsyncIterator[ServerProcess]:
    """The process, whatever becomes of it. Afterwards it is gone, and all it printed has been read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "llmgw", "serve", str(config), "--port", "0", *flags),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=config.parent,
        env={**os.environ, "PYTHONPATH": str(import_root()), **(env or {})},
        limit=PIPE_BYTES_MAX,
    )
    server = ServerProcess(process, config)
    async with asyncio.TaskGroup() as group:
        group.create_task(_listen(process.stdout, server.printed, server.heard))
        group.create_task(_listen(process.stderr, server.complained, server.heard))
        group.create_task(_mourn(process, server.heard))
        try:
            yield server
        finally:
            await _stop(process)


@asynccontextmanager
async def serving(
    config: str, directory: Path, *flags: str, env: Mapping[str, str] | None = None
) -> AsyncIterator[ServerProcess]:
    """A server that is ready."""
    file = directory / "config.yaml"
    file.write_text(config)
    async with started(file, *flags, env=env) as server:
        await server.heard.until(lambda: bool(server.of("ready")) or process_has_ended(server), START_S_MAX)
        if not server.of("ready"):
            raise AssertionError(f"llmgw serve ended: {''.join(server.complained)}")
        server.url = server.of("ready")[0]["urls"][0]
        yield server


def process_has_ended(server: ServerProcess) -> bool:
    return server.process.returncode is not None


def import_root() -> Path:
    """Where this very llmgw is imported from: the process runs the same."""
    import llmgw

    return Path(llmgw.__file__).resolve().parents[1]


async def _listen(pipe: asyncio.StreamReader | None, lines: list[str], heard: Signal) -> None:
    assert pipe is not None
    async for line in pipe:
        lines.append(line.decode())
        heard.notify()


async def _mourn(process: asyncio.subprocess.Process, heard: Signal) -> None:
    await process.wait()
    heard.notify()


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
