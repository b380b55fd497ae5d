"""`llmgw serve`: a file, flags or what is found becomes a running server."""

import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from llmgw.adapters.config_files import Built, Text
from llmgw.adapters.ledger import CannotOpenLedgerError
from llmgw.adapters.ledger_lock import LedgerInUseError
from llmgw.cli.discover import Found, config_text, discover
from llmgw.cli.env_file import environment
from llmgw.cli.file_tests import run_file_tests
from llmgw.cli.paste import callable_urls, long_lines, short_lines
from llmgw.cli.render import Line, problem_lines, problems_of, show
from llmgw.cli.sources import chain_lines, chain_text, check_providers, named, sources
from llmgw.errors import ConfigError
from llmgw.server.run import CannotBindError, NotOpenError, Ready, ServeOptions, run

CANNOT_BIND = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The flags of the command."""

    model: str | None = None
    fallbacks: tuple[str, ...] = ()
    host: str | None = None
    port: int | None = None
    open: bool = False
    watch: bool = False
    env_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the config comes from: files, else the flags, else what this machine offers."""

    sources: tuple[Path | Text, ...]
    files: tuple[str, ...] = ()
    found: tuple[Found, ...] = ()


def serve(configs: Sequence[str], flags: Flags) -> int:
    """Serve until told to stop. Raises ConfigError for files."""
    origin = _origin(configs, flags, environment(flags.env_file))
    options = ServeOptions(
        sources=origin.sources,
        env=partial(environment, flags.env_file),
        host=flags.host,
        port=flags.port,
        open=flags.open,
        watch=flags.watch,
        ready=partial(_tell, origin, flags.env_file),
    )
    try:
        return run(options)
    except (CannotBindError, CannotOpenLedgerError, LedgerInUseError) as error:
        show([(("cannot serve: ", "bold red"), str(error))], sys.stderr)
        return CANNOT_BIND
    except NotOpenError as error:
        message = f"{error}; leave it out for this machine only, write `keys` into the file, or add --open"
        raise typer.BadParameter(message, param_hint="--host") from None
    except ConfigError as error:
        if flags.model is None or origin.files:
            raise
        show(chain_lines(problems_of(error), flags.model, flags.fallbacks), sys.stderr)
        return 1


def _origin(configs: Sequence[str], flags: Flags, env: Mapping[str, str]) -> Origin:
    if flags.model is not None:
        check_providers((flags.model,), "--model")
        check_providers(flags.fallbacks, "--fallbacks")
        return Origin((chain_text(flags.model, flags.fallbacks),))
    files = named(configs)
    if files:
        return Origin(sources(files), files)
    found = discover(env)
    return Origin((Text("<found>", config_text(found)),), found=found)


def _tell(origin: Origin, env_file: Path | None, ready: Ready) -> None:
    """Once the port is open. A server with a file in a pipe is in production: one line is enough there."""
    show(problem_lines(ready.warnings, sys.stderr), sys.stderr)
    show(_failing(ready.built, origin.files, environment(env_file)), sys.stderr)
    urls = callable_urls(ready.urls, socket.gethostname())
    if origin.files and not sys.stderr.isatty():
        show(short_lines(urls, ready.built.graph, origin.files), sys.stderr)
    else:
        show(long_lines(urls, ready.built.graph, origin.files, origin.found), sys.stderr)
    sys.stderr.flush()


def _failing(built: Built, files: Sequence[str], env: Mapping[str, str]) -> Iterator[Line]:
    """One line where the file does not do what it expects of itself: it serves, but somebody should look."""
    results = run_file_tests(built, env)
    failed = sum(not result.passed for result in results)
    if failed:
        told = f"{failed} of {len(results)} {'fails' if failed == 1 else 'fail'}"
        yield (("tests: ", "yellow"), told, f" (see: llmgw validate {' '.join(files)})")
