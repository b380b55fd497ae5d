"""A new file while calls are under way: build, then swap one reference, or keep the old graph and say why.

Whatever goes wrong here is logged and no more: it is not worth a single call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from llmgw.adapters.config_files import Built, Text, build
from llmgw.adapters.ledger import CannotOpenLedgerError
from llmgw.adapters.ledger_lock import LedgerInUseError
from llmgw.adapters.upstreams import Upstreams
from llmgw.config.model import ServerSection, StateSection
from llmgw.config.problems import Problem, Severity
from llmgw.errors import ConfigError
from llmgw.graph.compile import compile_graph
from llmgw.routing import filetests
from llmgw.server.dry_books import Policies
from llmgw.server.garbage import set_aside
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
        """Whether all went well; if not, the log says what did not, and which graph is in force."""
        async with self._lock:
            logger = self._running.logger
            try:
                # In a thread: compiling takes tens of milliseconds, which calls under way should not wait for.
                built, failures = await asyncio.to_thread(_rebuilt, self._sources, self._env())
                await self._running.books.take(built.graph, built.loaded.config.state)
                await self._running.memory.take(built.graph)
                self._swap(built, failures)
                await self._upstreams.retire(target.transport for target in built.graph.targets.values())
                set_aside()
            except (LedgerInUseError, CannotOpenLedgerError) as error:
                logger.error("reload_refused", problems=[str(error)], config=self._running.graph.digest)  # noqa: TRY400 - it says it all
                return False
            except ConfigError as error:
                problems = [str(problem) for problem in error.problems]
                logger.error("reload_refused", problems=problems, config=self._running.graph.digest)  # noqa: TRY400 - its problems say it
                return False
            except Exception:
                logger.exception("reload_failed", config=self._running.graph.digest)
                return False
            return True

    def _swap(self, built: Built, failures: Sequence[Problem]) -> None:
        before = self._running.graph.digest
        self._running.take(built.graph)
        logs = built.loaded.config.telemetry.logs
        self._running.logs = msgspec.structs.replace(self._running.logs, bodies=logs.bodies)
        warnings = [str(problem) for problem in built.problems if problem.severity is Severity.WARNING]
        logger = self._running.logger
        logger.info("reloaded", config=built.graph.digest, before=before, warnings=warnings)
        if failures:
            tests = len(built.loaded.config.tests)
            logger.warning("tests_failed", tests=tests, problems=[str(problem) for problem in failures])
        if _of_the_process(built.loaded.config.server) != _of_the_process(self._running.written):
            logger.warning("server_settings_kept", reason="changes under `server` take effect on restart")
        if _of_the_disk(built.loaded.config.state) != _of_the_disk(self._running.state):
            logger.warning("state_settings_kept", reason="`ledger` and `durability` take effect on restart")
        if built.graph.cache.store != self._running.memory.place:
            logger.warning("cache_settings_kept", reason="`cache.store` takes effect on restart")
        if self._running.logs != logs:
            logger.warning("log_settings_kept", reason="`format` and `level` of the log take effect on restart")

    async def watch(self, every_s: float = WATCH_S) -> None:
        """Reload whenever a file has changed; never ends by itself."""
        while True:
            await asyncio.sleep(every_s)
            found = stamps(self._sources)
            if found != self._seen:
                self._seen = found
                await self.now()


def _rebuilt(sources: Sequence[Path | Text], env: Mapping[str, str]) -> tuple[Built, list[Problem]]:
    """The new graph, and those of the file's own tests that fail on it. Raises ConfigError."""
    built = build(sources, env, need_secrets=True)
    graph = built.checked()
    tests = built.loaded.config.tests
    if tests and graph.absent:
        graph = compile_graph(built.loaded, env, whole=True).graph
    failures = [result.problem(built.loaded) for result in filetests.run(tests, graph, Policies())]
    return built, [problem for problem in failures if problem is not None]


def _of_the_process(settings: ServerSection) -> ServerSection:
    """All but what the graph takes with it."""
    return msgspec.structs.replace(settings, timezone=ServerSection().timezone)


def _of_the_disk(state: StateSection) -> StateSection:
    """All but what can be changed at any time."""
    return msgspec.structs.replace(state, keep=StateSection().keep)


def stamps(sources: Sequence[Path | Text]) -> Stamps:
    """How the files look from outside. To be taken before they are read, so that no change is ever missed."""
    return [_stamp(source) for source in sources if isinstance(source, Path)]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None  # an editor may be replacing it
    return stat.st_mtime_ns, stat.st_size
