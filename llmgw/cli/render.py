"""Lines for people on a terminal, the same lines as plain text in a pipe. rich is imported only where it paints.

A line is made once, of texts and styled texts; where it goes decides whether the styles are seen. What comes from
a file or a flag is never read as markup.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from llmgw.config.problems import Problem, Severity
from llmgw.errors import ConfigError

Piece = str | tuple[str, str]
"""A text, or a text and its style."""

Line = tuple[Piece, ...]

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def show(lines: Iterable[Line], out: TextIO) -> None:
    """Print the lines, in colours if someone is there to see them."""
    if out.isatty():
        _paint(lines, out)
        return
    out.writelines(f"{plain(line)}\n" for line in lines)


def plain(line: Line) -> str:
    """The line without its styles."""
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in line)


def show_json(value: Any, out: TextIO) -> None:
    """One JSON document, indented: for programs, and readable all the same."""
    json.dump(value, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _paint(lines: Iterable[Line], out: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*line), soft_wrap=True)


def show_table(heads: Sequence[str], rows: Iterable[Sequence[Piece]], out: TextIO) -> None:
    """Columns: fitted to a terminal; in a pipe as wide as they need to be, so that nothing is broken in two."""
    body = [*rows]
    if out.isatty():
        _paint_table(heads, body, out)
        return
    texts = [heads, *([plain((cell,)) for cell in row] for row in body)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    out.writelines("  ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in texts)


def _paint_table(heads: Sequence[str], rows: Iterable[Sequence[Piece]], out: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text.assemble(cell) for cell in row))
    Console(file=out, highlight=False).print(table)


def problems_of(error: ConfigError) -> tuple[Problem, ...]:
    """What the error carries."""
    return tuple(problem for problem in error.problems if isinstance(problem, Problem))


def problem_lines(problems: Sequence[Problem], out: TextIO) -> Iterator[Line]:
    """Every problem: one line each in a pipe (`file:line:col: path: message (hint)`), two on a terminal."""
    for problem in problems:
        if out.isatty():
            yield from _painted(problem)
        else:
            yield (str(problem),)


def _painted(problem: Problem) -> Iterator[Line]:
    colour = _COLOURS[problem.severity]
    path: tuple[Piece, ...] = ((problem.path, "cyan"), "  ") if problem.path else ()
    yield ((f"{problem.mark}", "bold"), "  ", (problem.severity.value, colour), "  ", *path, problem.message)
    if problem.hint:
        yield ("    ", (problem.hint, "green"))


def problem_json(problem: Problem) -> dict[str, Any]:
    """The stable shape of a problem for programs."""
    return {
        "file": problem.mark.file,
        "line": problem.mark.line,
        "column": problem.mark.column,
        "path": problem.path,
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
    }


def count(number: int, noun: str) -> str:
    """`1 error`, `3 errors`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def seconds(value_s: float) -> str:
    """A duration as the config spells it: `250ms`, `90s`, `10m`, `1h`."""
    for size_s, unit in ((3600, "h"), (60, "m"), (1, "s")):
        if value_s >= size_s and value_s % size_s == 0:
            return f"{value_s / size_s:g}{unit}"
    return f"{value_s * 1000:.0f}ms" if value_s < 1 else f"{value_s:.3g}s"
