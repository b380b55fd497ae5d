"""`llmgw serve`: a file, flags or what is found becomes a running server."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from llmgw.adapters.config_files import Text
from llmgw.cli.discover import Found, config_text, discover
from llmgw.cli.env_file import environment
from llmgw.cli.paste import long_lines, short_lines
from llmgw.cli.render import problem_lines, show
from llmgw.cli.sources import chain_text, sources
from llmgw.server.run import CannotBindError, Ready, ServeOptions, run

CANNOT_BIND = 3
USUAL_FILE = Path("llmgw.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The flags of the command."""

    model: str | None = None
    fallbacks: tuple[str, ...] = ()
    host: str | None = None
    port: int | None = None
    watch: bool = False
    env_file: Path | None = None


def serve(configs: Sequence[str], flags: Flags) -> int:
    """Serve until told to stop. Raises ConfigError."""
    what, found = _sources(configs, flags, environment(flags.env_file))
    options = ServeOptions(
        sources=what,
        env=partial(environment, flags.env_file),
        host=flags.host,
        port=flags.port,
        watch=flags.watch,
        ready=partial(_tell, found, from_file=bool(configs)),
    )
    try:
        return run(options)
    except CannotBindError as error:
        show([(("cannot serve: ", "bold red"), str(error))], sys.stderr)
        show([("choose another port: ", ("llmgw serve … --port 4001", "bold"))], sys.stderr)
        return CANNOT_BIND


def _sources(
    configs: Sequence[str], flags: Flags, env: Mapping[str, str]
) -> tuple[tuple[Path | Text, ...], tuple[Found, ...]]:
    """The files, or the chain of the flags, or what this machine offers."""
    if configs:
        return sources(configs), ()
    if flags.model is not None:
        return (chain_text(flags.model, flags.fallbacks),), ()
    if USUAL_FILE.exists():
        show([(f"there is a {USUAL_FILE} here; to serve it: ", (f"llmgw serve {USUAL_FILE}", "bold"))], sys.stderr)
    found = discover(env)
    return (Text("<found>", config_text(found)),), found


def _tell(found: Sequence[Found], ready: Ready, *, from_file: bool) -> None:
    """Once the port is open. A server with a file in a pipe is in production: one line is enough there."""
    show(problem_lines(ready.warnings, sys.stderr), sys.stderr)
    if from_file and not sys.stderr.isatty():
        show(short_lines(ready.urls, ready.graph), sys.stderr)
    else:
        show(long_lines(ready.urls, ready.graph, found), sys.stderr)
    sys.stderr.flush()
