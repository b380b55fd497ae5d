"""A new file while calls are under way: build, then swap one reference, or keep the old graph and say why."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from llmgw.adapters.config_files import Built, Text, build
from llmgw.adapters.upstreams import Upstreams
from llmgw.config.problems import Severity
from llmgw.errors import ConfigError
from llmgw.server.running import Running

WATCH_S = 1.0

Stamps = list[tuple[int, int] | None]


class Reload:
    """Rebuilds from the same sources as at the start."""

    def __init__(
        self,
        running: Running,
        upstreams: Upstreams,
        sources: Sequence[Path | Text],
        env: Callable[[], Mapping[str, str]],
        seen: Stamps,
    ) -> None:
        self._running = running
        self._upstreams = upstreams
        self._sources = sources
        self._env = env
        self._seen = seen
        self._lock = asyncio.Lock()

    async def now(self) -> bool:
        """Whether the new file is in force; if not, the log has every problem and the old one goes on."""
        async with self._lock:
            try:
                # In a thread: compiling takes tens of milliseconds, which calls under way should not wait for.
                built = await asyncio.to_thread(build, self._sources, self._env(), need_secrets=True)
                graph = built.checked()
            except ConfigError as error:
                problems = [str(problem) for problem in error.problems]
                digest = self._running.graph.digest
                self._running.logger.error("reload_refused", problems=problems, config=digest)  # noqa: TRY400 - its problems say it
                return False
            before = self._running.graph
            self._running.graph = graph
            await self._upstreams.retire(target.transport for target in graph.targets.values())
            self._tell(built, before.digest)
            return True

    def _tell(self, built: Built, before: str) -> None:
        warnings = [str(problem) for problem in built.problems if problem.severity is Severity.WARNING]
        self._running.logger.info("reloaded", config=built.graph.digest, before=before, warnings=warnings)
        if built.loaded.config.server != self._running.written:
            self._running.logger.warning("server_settings_kept", reason="changes under `server` take effect on restart")

    async def watch(self, every_s: float = WATCH_S) -> None:
        """Reload whenever a file has changed; never ends by itself."""
        while True:
            await asyncio.sleep(every_s)
            found = stamps(self._sources)
            if found != self._seen:
                self._seen = found
                await self.now()


def stamps(sources: Sequence[Path | Text]) -> Stamps:
    """How the files look from outside. To be taken before they are read, so that no change is ever missed."""
    return [_stamp(source) for source in sources if isinstance(source, Path)]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None  # an editor may be replacing it
    return stat.st_mtime_ns, stat.st_size
