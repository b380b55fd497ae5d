"""The program: parse, call, end. A command imports only what it needs, so that `--help` is there at once.

Exit codes: 0 fine, 1 the file or the route is not, 2 wrong usage, 3 `serve` cannot bind; 130 after Ctrl-C, 141 when
the reader of our output has gone.
"""

import inspect
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer
from typer.core import TyperCommand

from llmgw.cli import flags
from llmgw.cli.commands import COMMANDS, GROUPS
from llmgw.errors import ConfigError

INTERRUPTED = 130
READER_GONE = 141
_EXAMPLES = "For example:"


def run() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a name that cannot be shown is told
    make_app(on_terminal=sys.stdout.isatty() and sys.stderr.isatty())(prog_name="llmgw")


def make_app(*, on_terminal: bool) -> typer.Typer:
    """The commands, with rich help on a terminal and plain text in a pipe."""
    app = typer.Typer(
        rich_markup_mode="rich" if on_terminal else None,
        pretty_exceptions_enable=False,
        add_completion=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help=_help(_root))(_root)
    for name, command in COMMANDS.items():
        app.command(name, help=_help(command), cls=_Command)(_ending(command))
    for name, (told, commands) in GROUPS.items():
        group = typer.Typer(no_args_is_help=True, help=told)
        for second, command in commands.items():
            group.command(second, help=_help(command))(_ending(command))
        app.add_typer(group, name=name)
    return app


class _Command(TyperCommand):
    """Where a flag may stand without its value, it gets the first of those that it takes: typer knows no such flags."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        flag, values = "--graph", flags.NOTATIONS
        if flag in args[: args.index("--") if "--" in args else None]:
            place = args.index(flag)
            value = next((word for word in args[place + 1 : place + 2] if word in values), None)
            args = [*args[:place], f"{flag}={value or values[0]}", *args[place + (2 if value else 1) :]]
        return super().parse_args(ctx, args)


def _help(command: Callable[..., object]) -> str:
    """The docstring, a paragraph to a line; its examples keep their lines."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(f"\b\n{text}" if text.startswith(_EXAMPLES) else " ".join(text.split()) for text in paragraphs)


def _ending(command: Callable[..., int]) -> Callable[..., None]:
    """How every command ends: with its exit code, a bad file with its problems, an interruption quietly."""

    @wraps(command)
    def ended(**given: Any) -> None:
        try:
            code = command(**given)
            sys.stdout.flush()
        except ConfigError as error:
            code = _problems_shown(error)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the last flush would complain
            code = READER_GONE
        raise typer.Exit(code)

    return ended


def _problems_shown(error: ConfigError) -> int:
    from llmgw.cli.render import problem_lines, problems_of, show

    show(problem_lines(problems_of(error), sys.stderr), sys.stderr)
    return 1


def _root(*, _version: flags.Version = False) -> None:
    """An AI gateway: one YAML file becomes a routing graph behind an OpenAI-compatible proxy.

    For example:
      llmgw serve                         finds provider keys and a local Ollama, and serves them
      llmgw init                          writes that as llmgw.yaml, which all commands then take
      llmgw validate                      finds every mistake of the file, with its place
      llmgw test-route -m chat --fail gpt=overloaded
      llmgw doctor                        calls every target once, for real
    """
