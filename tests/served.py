"""The real server in this process, on a real socket: what end-to-end tests drive."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.journal import make_logger
from llmgw.adapters.upstreams import Upstreams
from llmgw.server.run import listening, provisioned
from llmgw.server.running import Patience, Running


class LogLines:
    """Collects log lines as decoded JSON."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, text: str) -> None:
        if text.strip():
            self.lines.append(json.loads(text))

    def flush(self) -> None:
        pass

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self.of("request")


@dataclass
class Served:
    """A serving gateway: `url` without `/v1`."""

    url: str
    running: Running
    upstreams: Upstreams
    log: LogLines = field(default_factory=LogLines)


@asynccontextmanager
async def served(
    config: str, env: Mapping[str, str] | None = None, patience: Patience | None = None, ledger: Path | None = None
) -> AsyncIterator[Served]:
    """Serve a config text on a free port; leaves nothing behind but what it wrote into the `ledger`, if it has one."""
    built = build([Text("config.yaml", config)], env or {}, need_secrets=True)
    built.checked()
    log = LogLines()
    logger = make_logger(log, pretty=False, level="debug")
    settings = msgspec.structs.replace(built.loaded.config.server, port=0, host="127.0.0.1")
    async with provisioned(built, settings, logger, ledger) as (running, upstreams):
        running.patience = patience or running.patience
        async with listening(running) as urls:
            yield Served(urls[0], running, upstreams, log)
