"""From sources to a serving process and back: build, provision, bind, serve, drain.

The composition root: only here do the graph, the gateway and the adapters meet.
"""

import asyncio
import errno
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from llmgw.adapters.config_files import Built, Text, build
from llmgw.adapters.journal import Logger, LogJournal, make_logger
from llmgw.adapters.log_writer import LogWriter
from llmgw.adapters.system import SystemClock
from llmgw.adapters.upstreams import Upstreams
from llmgw.config.files import ledger_file
from llmgw.config.model import Logs, ServerSection
from llmgw.config.problems import Problem, Severity
from llmgw.errors import GatewayError
from llmgw.gateway import Gateway
from llmgw.graph import checks
from llmgw.graph.report import Report
from llmgw.server.app import make_app
from llmgw.server.books import open_books
from llmgw.server.connection import Connection
from llmgw.server.door import Door
from llmgw.server.garbage import set_aside
from llmgw.server.memory import open_memory
from llmgw.server.reload import Reload, Stamps, stamps
from llmgw.server.running import Running

BACKLOG = 4096
LET_GO_S = 0.1  # when all calls have ended: for what is left of connections; aiohttp takes it twice
LOOPBACK = ("127.0.0.1", "::1")
PORT_MAX = 65535


class CannotBindError(GatewayError):
    """The port is taken, the address is not ours, or the certificate cannot be used."""


class NotOpenError(GatewayError):
    """The command line's host is for other machines too, and neither it nor the file says `open`."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a started server tells the one who started it."""

    urls: tuple[str, ...]
    built: Built
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Sources and what the command line overrides. `env` is asked again at each reload."""

    sources: tuple[Path | Text, ...]
    env: Callable[[], Mapping[str, str]]
    host: str | None = None
    port: int | None = None
    open: bool = False
    watch: bool = False
    ready: Callable[[Ready], None] = lambda _ready: None


def run(options: ServeOptions) -> int:
    """Serve until SIGTERM or SIGINT. Raises ConfigError (a bad file), NotOpenError or CannotBindError."""
    seen = stamps(options.sources)
    built = build(options.sources, options.env(), need_secrets=True)
    built.checked()
    settings = _overridden(built, options)
    with _logging(built.loaded.config.telemetry.logs) as logger, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            runner.run(_serve(options, built, settings, seen, logger))
        except ExceptionGroup as failures:  # from the task group; what is in it is what happened
            raise failures.exceptions[0] from None
    return 0


def _overridden(built: Built, options: ServeOptions) -> ServerSection:
    """What the command line says wins, under the rules that hold for the file."""
    written = built.loaded.config.server
    settings = msgspec.structs.replace(
        written,
        host=written.host if options.host is None else options.host,
        port=written.port if options.port is None else options.port,
        open=written.open or options.open,
    )
    report = Report(built.loaded)
    checks.server(settings, report, has_keys=bool(built.graph.principals))
    errors = [problem.message for problem in report.problems if problem.severity is Severity.ERROR]
    if errors:
        raise NotOpenError(errors[0])
    return settings


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on this platform
        return None
    return uvloop.new_event_loop


async def _serve(options: ServeOptions, built: Built, settings: ServerSection, seen: Stamps, logger: Logger) -> None:
    file = ledger_file(built.loaded.config.state, built.loaded.source)
    ledger = None if file is None else Path(file)
    async with provisioned(built, settings, logger, ledger) as (running, upstreams):
        reload = Reload(running, upstreams, options.sources, options.env, seen)
        async with listening(running) as urls:
            set_aside()
            async with _until_stopped(running, reload, watch=options.watch):
                logger.info(
                    "ready", urls=list(urls), config=built.graph.digest, models=len(built.graph.names_and_patterns())
                )
                warnings = tuple(problem for problem in built.problems if problem.severity is Severity.WARNING)
                options.ready(Ready(urls, built, warnings))
            logger.info("draining", in_flight=running.in_flight, limit_s=float(settings.drain))
        logger.info("stopped")


@asynccontextmanager
async def _until_stopped(running: Running, reload: Reload, *, watch: bool) -> AsyncIterator[None]:
    """Leaving waits for SIGTERM or SIGINT; SIGHUP reloads. A second signal ends the drain, a third the process."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        watcher = group.create_task(reload.watch()) if watch else None
        handlers: dict[int, Callable[[], object]] = {
            signal.SIGTERM: stop.set,
            signal.SIGINT: stop.set,
            signal.SIGHUP: lambda: group.create_task(reload.now()),
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        yield
        await stop.wait()
        running.draining = True
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _hurry, running)
        # Who leaves has nothing to reload; the default would end the process, and all that is in it.
        loop.add_signal_handler(signal.SIGHUP, lambda: None)
        if watcher is not None:
            watcher.cancel()


def _hurry(running: Running) -> None:
    running.hurry()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


@asynccontextmanager
async def provisioned(
    built: Built, settings: ServerSection, logger: Logger, ledger: Path | None = None
) -> AsyncIterator[tuple[Running, Upstreams]]:
    """Everything a graph needs to serve, opened; closed again at the end. `ledger` None: nothing is kept.

    Raises LedgerInUseError or CannotOpenLedgerError.
    """
    clock, config = SystemClock(), built.loaded.config
    upstreams = Upstreams(clock)
    try:
        async with (
            open_books(built.graph, config.state, ledger, clock, logger) as opened,
            open_memory(built.graph, opened.books, upstreams, clock, logger) as memory,
        ):
            running = Running(
                graph=built.graph,
                gateway=Gateway(upstreams, clock, LogJournal(logger), opened.books, memory.sharing),
                door=Door(settings),
                settings=settings,
                written=config.server,
                logs=config.telemetry.logs,
                state=config.state,
                books=opened,
                memory=memory,
                clock=clock,
                logger=logger,
                started_at_s=clock.now_s(),
            )
            yield running, upstreams
    finally:
        await upstreams.close()


@contextmanager
def _logging(logs: Logs) -> Iterator[Logger]:
    """To standard output: pretty for people, JSON for programs, unless the file says which."""
    pretty = sys.stdout.isatty() if logs.format is None else logs.format == "pretty"
    writer = LogWriter(sys.stdout)
    try:
        yield make_logger(writer, pretty=pretty, level=logs.level)
    finally:
        writer.close()


@asynccontextmanager
async def listening(running: Running) -> AsyncIterator[tuple[str, ...]]:
    """The door is open; leaving lets calls in flight end within `server.drain`.

    Until then it stays open, for balancers to ask whether we are ready, and for calls to hear that we are not.
    """
    settings = running.settings
    tls = _tls(settings)
    sockets = _bind(settings)
    runner = web.AppRunner(make_app(running), handler_cancellation=True, shutdown_timeout=LET_GO_S)
    await runner.setup()
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(lambda: Connection(runner, running), sock=sock, ssl=tls, backlog=BACKLOG)
        for sock in sockets
    ]
    try:
        yield tuple(_url(sock, tls=tls is not None) for sock in sockets)
    finally:
        await running.drain()
        for server in servers:
            server.close()
        await runner.cleanup()


def _bind(settings: ServerSection) -> list[socket.socket]:
    """One socket per address; without a host both loopbacks, the second only where the machine has it."""
    hosts = LOOPBACK if settings.host is None else (settings.host,)
    sockets: list[socket.socket] = []
    port = settings.port
    for host in hosts:
        try:
            sock = socket.create_server(
                (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
            )
        except OSError as error:
            if host == LOOPBACK[1] and sockets:
                continue  # no IPv6 here, or the port is taken there: 127.0.0.1 is enough
            for other in sockets:
                other.close()
            raise CannotBindError(_why_not(host, port, error)) from None
        sockets.append(sock)
        port = sock.getsockname()[1]  # with port 0 both get the same one
    return sockets


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < PORT_MAX else port - 1
        return f"port {port} is in use: `make serve PORT={other}`, or `llmgw serve FILE --port {other}`"
    # asyncio's and socket's own words go on to repeat the address.
    return f"cannot listen on {host}:{port}: {str(error.strerror or error).partition(' (while ')[0]}"


def _url(sock: socket.socket, *, tls: bool) -> str:
    host, port = sock.getsockname()[:2]
    return f"http{'s' if tls else ''}://{f'[{host}]' if ':' in host else host}:{port}"


def _tls(settings: ServerSection) -> ssl.SSLContext | None:
    if settings.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls.cert, settings.tls.key)
    except OSError as error:
        raise CannotBindError(f"server.tls: the certificate cannot be used: {error}") from None
    return context
