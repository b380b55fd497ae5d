"""What a command reads: files as they are named, `-` for standard input, or a text made from flags."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

import typer

from llmgw.adapters.config_files import FILE_BYTES_MAX, Text
from llmgw.cli.render import Line
from llmgw.cli.yaml_text import quoted
from llmgw.config.problems import Problem
from llmgw.providers.catalog import LIKENESS_MIN, catalog

STDIN = "-"
USUAL_FILE = "llmgw.yaml"
_CHAIN = ("routes:\n", '  "*":\n', "    fallback:\n")  # below them each target on a line of its own
_ATTEMPTS_MIN = 6  # what a file has by default; of a longer chain each target has its turn
_KEYLESS = "simulator/x"


def named(configs: Sequence[str] | None) -> tuple[str, ...]:
    """The files of the command line; without any, `llmgw.yaml` where it lies here."""
    return tuple(configs or ([USUAL_FILE] if Path(USUAL_FILE).exists() else []))


def needed(configs: Sequence[str] | None) -> tuple[str, ...]:
    """The same for a command that is about a file. Raises BadParameter."""
    files = named(configs)
    if not files:
        message = f"name a file: there is no {USUAL_FILE} here, `llmgw init` writes one"
        raise typer.BadParameter(message, param_hint="CONFIG")
    return files


def sources(configs: Sequence[str]) -> tuple[Path | Text, ...]:
    """The files in the order given; they are merged."""
    return tuple(Text("<stdin>", stdin_text()) if config == STDIN else Path(config) for config in configs)


def stdin_text() -> str:
    """Standard input, bounded; a byte that is not UTF-8 is left for the reader to name."""
    return sys.stdin.buffer.read(FILE_BYTES_MAX + 1).decode("utf-8", "surrogateescape")


def chain_text(model: str, fallbacks: Sequence[str]) -> Text:
    """`--model M --fallbacks A,B` as a file: any name that a client asks for goes to this chain."""
    targets = _targets(model, fallbacks)
    lines = [f"      - {quoted(target)}\n" for target in targets]
    return Text("<flags>", "".join([*_CHAIN, *lines, f"    max_attempts: {max(len(targets), _ATTEMPTS_MIN)}\n"]))


def chain_lines(problems: Iterable[Problem], model: str, fallbacks: Sequence[str]) -> Iterator[Line]:
    """What is wrong with such a chain, by its flags: there is no file to look into."""
    targets = _targets(model, fallbacks)
    for problem in problems:
        index = problem.mark.line - len(_CHAIN) - 1
        name = f"--fallbacks {targets[index]}" if 0 < index < len(targets) else f"--model {model}"
        hint = problem.hint or ""
        if "optional" in hint:  # nobody can mark a provider that has no entry
            hint = f"{hint.partition(', or ')[0]}, or try it without keys: --model {_KEYLESS}"
        yield ((name, "bold"), f": {problem.message}", f" ({hint})" if hint else "")


def check_providers(targets: Iterable[str], flag: str) -> None:
    """Raises BadParameter: without a file there are the providers of the catalogue and no others."""
    for target in targets:
        provider = target.partition("/")[0]
        if provider not in catalog():
            close = get_close_matches(provider, catalog(), n=1, cutoff=LIKENESS_MIN)
            instead = f"did you mean {close[0]}?" if close else "`llmgw providers` lists them"
            raise typer.BadParameter(f"{target}: {provider} is not a provider; {instead}", param_hint=flag)


def _targets(model: str, fallbacks: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((model, *fallbacks)))
