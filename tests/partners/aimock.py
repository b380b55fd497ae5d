"""The independent provider mock (`@copilotkit/aimock`): its process, and its controls while it runs.

It answers by fixtures, keeps a journal of what reached it, and fails on request: the check on what the gateway *sends*.
It is no oracle for shapes; recordings are.
"""

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

import aiohttp
import msgspec

from tests.partners.node import MODULES_DIR, install, node_executable

CLI = MODULES_DIR / "@copilotkit" / "aimock" / "dist" / "cli.js"
FIXTURES = Path(__file__).with_name("aimock_fixtures.json")
START_S_MAX = 20.0
STOP_S_MAX = 5.0
CALL_S_MAX = 10.0
POLL_S = 0.02
LOG_BYTES_MAX = 64 * 1024

Fixture = Mapping[str, Any]


class Chaos(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How often which fault replaces an answer (0 to 1), and a delay before every answer."""

    drop_rate: float = 0.0
    malformed_rate: float = 0.0
    rate_limit_rate: float = 0.0
    disconnect_rate: float = 0.0
    latency_ms: int = 0


class JournalAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """What the mock did about a request."""

    status: int
    interrupted: bool = False
    interrupt_reason: str = ""
    chaos_action: str = ""


class JournalEntry(msgspec.Struct, frozen=True):
    """One request as it arrived. Header names are in lower case; values of credentials are redacted."""

    id: str
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    response: JournalAnswer


class AimockControls:
    """The controls of a running mock."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def journal(self, path: str = "/chat/completions") -> list[JournalEntry]:
        """What arrived at paths that contain `path`, oldest first."""
        async with self._session.get(f"{self.url}/__aimock/journal", params={"path": path}) as answer:
            answer.raise_for_status()
            entries = msgspec.json.decode(await answer.read(), type=list[JournalEntry])
        for entry in entries:
            if isinstance(entry.body, dict):
                entry.body.pop("_endpointType", None)  # the mock's own note, not the sender's
        return entries

    async def clear_journal(self) -> None:
        await self._call("POST", "reset/journal")

    async def set_chaos(self, chaos: Chaos) -> None:
        await self._call("POST", "chaos", msgspec.to_builtins(chaos))

    async def clear_chaos(self) -> None:
        await self._call("DELETE", "chaos")

    async def fail_next(self, status: int, message: str = "Injected", code: str | None = None) -> None:
        """The next request fails once with this status."""
        body = {"message": message, **({} if code is None else {"code": code})}
        await self._call("POST", "error", {"status": status, "body": body})

    async def add_fixtures(self, fixtures: Sequence[Fixture]) -> None:
        """Behind those there are: the first match wins."""
        await self._call("POST", "fixtures", {"fixtures": list(fixtures)})

    async def use_fixtures(self, fixtures: Sequence[Fixture]) -> None:
        """Instead of those there are."""
        await self._call("DELETE", "fixtures")
        await self.add_fixtures(fixtures)

    async def reset(self) -> None:
        """As it was when it started: our fixtures, no chaos, an empty journal."""
        await self._call("POST", "reset")
        await self.clear_chaos()
        await self.add_fixtures(read_fixtures())

    async def _call(self, method: str, control: str, body: object = None) -> None:
        async with self._session.request(method, f"{self.url}/__aimock/{control}", json=body) as answer:
            if answer.status != 200:
                raise AssertionError(f"aimock: {method} {control}: {answer.status} {await answer.text()}")


def read_fixtures(path: Path = FIXTURES) -> list[Fixture]:
    fixtures: list[Fixture] = json.loads(path.read_bytes())["fixtures"]
    return fixtures


@asynccontextmanager
async def aimock_controls(url: str) -> AsyncIterator[AimockControls]:
    timeout = aiohttp.ClientTimeout(total=CALL_S_MAX)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield AimockControls(url, session)


@contextmanager
def running_aimock(
    fixtures: Path = FIXTURES, *, latency_ms: int = 20, chunk_chars: int = 8, port: int = 0
) -> Iterator[str]:
    """A mock in a process of its own, ready; its base URL (without /v1). Port 0 is any free one."""
    install()
    command = [str(node_executable()), str(CLI), "-h", "127.0.0.1", "-p", str(port), "-f", str(fixtures)]
    pace = ["-l", str(latency_ms), "-c", str(chunk_chars), "--journal-max", "10000"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([*command, *pace], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield _wait_for_url(process, log)
        finally:
            _stop(process)


def _wait_for_url(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    """It prints its address when it listens."""
    deadline_s = time.monotonic() + START_S_MAX
    while time.monotonic() < deadline_s and process.poll() is None:
        if found := re.search(rb"listening on (http://\S+)", _text_of(log)):
            return found.group(1).decode()
        time.sleep(POLL_S)
    raise AssertionError(f"aimock did not start: {_text_of(log).decode(errors='replace')}")


def _text_of(log: IO[bytes]) -> bytes:
    """The child writes at an offset that it shares with us: read without moving it."""
    return os.pread(log.fileno(), LOG_BYTES_MAX, 0)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S_MAX)
