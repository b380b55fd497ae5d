"""`llmgw usage`: what was used and what it cost, from the ledger. It does not matter whether a server runs."""

import csv
import json
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import typer

from llmgw.adapters.config_files import build
from llmgw.adapters.ledger import CannotOpenLedgerError, ledger_to_read
from llmgw.adapters.sqlite import reading
from llmgw.cli.env_file import environment
from llmgw.cli.render import count, show, show_json, show_table
from llmgw.cli.sources import sources
from llmgw.config.files import ledger_file
from llmgw.policy.cost import as_usd
from llmgw.policy.usage import METADATA, Counts, UsageQuery, UsageRow, WrongQueryError, answer, read_query, total

CSV = "csv"
JSON = "json"
REQUESTS = "requests"
TABLE = "table"

# Of the table, in order; money is told in dollars. What is nowhere anything is left out, but for the first ones.
_COLUMNS = {
    "requests": "requests",
    "errors": "errors",
    "input_tokens": "input",
    "output_tokens": "output",
    "cost_nanousd": "cost USD",
    "attempts": "attempts",
    "unpriced": "unpriced",
    "estimated": "estimated",
    "cached_input_tokens": "cached input",
    "reasoning_tokens": "reasoning",
    "from_cache": "from cache",
    "saved_nanousd": "saved USD",
}
_ALWAYS = 5
_ABSENT = "-"


@dataclass(frozen=True, slots=True)
class Asked:
    """The question as it stands on the command line, and what shall come of it."""

    by: str = ""
    where: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    shape: str = TABLE


def usage(configs: Sequence[str], env_file: Path | None, asked: Asked) -> int:
    """0, or 1 if there is no ledger that can be read. Raises ConfigError or BadParameter."""
    built = build(sources(configs), environment(env_file), need_secrets=False)
    built.checked()
    config = built.loaded.config
    query = _query(asked, config.server.timezone)
    file = ledger_file(config.state, built.loaded.source)
    if file is None:
        _complain("this file keeps no ledger (state.ledger: none)")
        return 1
    try:
        with ledger_to_read(Path(file), _complain) as connection:
            _tell(connection, query, asked.shape)
    except CannotOpenLedgerError as error:
        _complain(str(error))
        return 1
    return 0


def _query(asked: Asked, timezone: str) -> UsageQuery:
    written = {"since": asked.since, "until": asked.until}
    try:
        return read_query(by=asked.by, where=asked.where, **written, now_s=time.time(), timezone=timezone)
    except WrongQueryError as error:
        raise typer.BadParameter(str(error), param_hint=f"--{error.part}") from None


def _complain(message: str) -> None:
    show([((message, "yellow"),)], sys.stderr)


def _tell(connection: sqlite3.Connection, query: UsageQuery, shape: str) -> None:
    last_day = reading.last_summed_day(connection)
    if last_day is not None and (shape == REQUESTS or _wants_rows(query)):
        _complain(f"of the days up to {last_day} only sums are left: what else was asked for is not known of them")
    if shape == REQUESTS:
        with closing(reading.requests(connection, query)) as requests:  # a reader may have enough before the end
            _show_requests(requests, sys.stdout)
        return
    rows = reading.usage(connection, query)
    if shape == JSON:
        show_json(answer(query, rows), sys.stdout)
    elif shape == CSV:
        _show_csv(query, rows, sys.stdout)
    else:
        _show_table(query, rows, sys.stdout)
    unpriced = total(rows).unpriced
    if unpriced:
        _complain(
            f"the price of {count(unpriced, 'call')} is not known, and not in the sums: give the models a `price`, or "
            "name them under `prices` (`llmgw prices MODEL` tells what is known)"
        )


def _wants_rows(query: UsageQuery) -> bool:
    """Whether it is about what a sum of a day does not tell."""
    names = {*query.by, *(name for name, _ in query.where)}
    return any(name in ("hour", "request.user", "cached") or name.startswith(METADATA) for name in names)


def _show_requests(requests: Iterator[reading.Json], out: TextIO) -> None:
    out.writelines(json.dumps(request, ensure_ascii=False, separators=(",", ":")) + "\n" for request in requests)


def _show_csv(query: UsageQuery, rows: Sequence[UsageRow], out: TextIO) -> None:
    """Without the sum: who reads it adds up himself."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*query.by, *Counts().as_dict()])
    writer.writerows([*row.group, *row.counts.as_dict().values()] for row in rows)


def _show_table(query: UsageQuery, rows: Sequence[UsageRow], out: TextIO) -> None:
    everything = total(rows)
    lines = [(row.group, row.counts) for row in rows] if query.by else []
    shown = {
        name: [*(_cell(name, counts) for _, counts in lines), _cell(name, everything)]
        for index, name in enumerate(_COLUMNS)
        if index < _ALWAYS or _says_something(name, everything)
    }
    numbers = [_right([_COLUMNS[name], *cells]) for name, cells in shown.items()]
    last = ("total", *("" for _ in query.by[1:])) if query.by else ()
    groups = [*([value or _ABSENT for value in group] for group, _ in lines), last]
    body = ([*group, *cells] for group, *cells in zip(groups, *(column[1:] for column in numbers), strict=True))
    show_table([*query.by, *(column[0] for column in numbers)], body, out)


def _says_something(name: str, everything: Counts) -> bool:
    value = everything.as_dict()[name]
    return value != everything.requests if name == "attempts" else value > 0


def _cell(name: str, counts: Counts) -> str:
    value = counts.as_dict()[name]
    return as_usd(value) if name.endswith("_nanousd") else str(value)


def _right(cells: Sequence[str]) -> list[str]:
    width = max(map(len, cells))
    return [cell.rjust(width) for cell in cells]
