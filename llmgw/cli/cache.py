"""`llmgw cache`: what is kept, for people and for programs, and how it is thrown away."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import typer

from llmgw.adapters.cache_stock import CacheStats, Listed, WrongFilterError, read_wanted
from llmgw.cli.cache_places import CannotAskError, Filters, Place, place
from llmgw.cli.render import Line, count, show, show_json, show_table
from llmgw.cli.sources import needed
from llmgw.config.problems import quoted
from llmgw.graph.report import did_you_mean

_HEADS = ("key", "rule", "scope", "model", "target", "form", "bytes", "age", "ends in", "hits", "question")
_UNTOLD = "\u2013"
_KEY_CHARS = 12  # in a table: enough to tell them apart; --json has all of it
_QUESTION_CHARS = 60
_UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))
_TIMES = ((86_400, "d"), (3600, "h"), (60, "m"))


def run(configs: Sequence[str] | None, env_file: Path | None, url: str | None, action: Callable[[Place], int]) -> int:
    """The exit code of one command. Raises ConfigError, or BadParameter for a flag at fault."""
    try:
        return action(place(needed(configs), env_file, url))
    except CannotAskError as error:
        show([((str(error), "bold red"),)], sys.stderr)
        return 1


def filters(**given: str | None) -> Filters:
    """Those that were said. Raises BadParameter."""
    said = {name: text for name, text in given.items() if text is not None}
    try:
        read_wanted(said)
    except WrongFilterError as error:
        raise typer.BadParameter(str(error), param_hint=f"--{error.part.replace('_', '-')}") from None
    return said


def stats(there: Place, *, as_json: bool) -> int:
    found = there.stats()
    if as_json:
        show_json(msgspec.to_builtins(found), sys.stdout)
        return 0
    show(_lines(found), sys.stdout)
    if found.rules:
        show([()], sys.stdout)
        rows = [(name, str(of.entries), size(of.bytes), str(of.hits)) for name, of in sorted(found.rules.items())]
        show_table(("rule", "entries", "size", "hits"), rows, sys.stdout)
    return 0


def ls(there: Place, wanted: Filters, most: int, *, as_json: bool) -> int:
    found = there.entries(wanted, most)
    if not found:
        _tell_unknown(there, wanted)
    if as_json:
        show_json(msgspec.to_builtins(found), sys.stdout)
    elif found:
        show_table(_HEADS, map(_row, found), sys.stdout)
    else:
        show([("nothing of that is kept" if wanted else "nothing is kept",)], sys.stdout)
    return 0


def purge(there: Place, wanted: Filters, *, as_json: bool) -> int:
    purged = there.purge(wanted)
    if not purged:
        _tell_unknown(there, wanted)
    if as_json:
        show_json({"purged": purged}, sys.stdout)
    else:
        show([(f"{count(purged, 'answer')} thrown away",)], sys.stdout)
    return 0


def _tell_unknown(there: Place, wanted: Filters) -> None:
    """Of a rule that nobody knows, nothing is found for another reason than of one that has kept nothing."""
    rule = wanted.get("rule")
    if rule is None or rule in there.rules or rule in (kept := there.stats().rules):
        return
    meant = did_you_mean(rule, {*there.rules, *kept})
    message = f"no rule is called {quoted(rule)}, in the file or among what is kept"
    show([((f"{message} ({meant})" if meant else message, "yellow"),)], sys.stderr)


def size(size_bytes: int) -> str:
    """`1.5MiB`."""
    unit_bytes, unit = next(((one, name) for one, name in _UNITS if size_bytes >= one), (1, "B"))
    return f"{size_bytes / unit_bytes:.1f}".removesuffix(".0") + unit


def duration(whole_s: int) -> str:
    """`3h`: the largest unit of which there is at least one."""
    unit_s, unit = next(((one, name) for one, name in _TIMES if whole_s >= one), (1, "s"))
    return f"{whole_s // unit_s}{unit}"


def _lines(found: CacheStats) -> Iterator[Line]:
    full = f" ({100 * found.bytes / found.max_bytes:.0f}%)" if found.max_bytes else ""
    yield (("store     ", "dim"), found.store)
    yield (("entries   ", "dim"), str(found.entries))
    yield (("size      ", "dim"), f"{size(found.bytes)} of {size(found.max_bytes)}{full}")
    yield from _hits(found)
    for name in ("kept", "evicted", "expired", "rejected", "dropped"):
        if value := getattr(found, name):
            yield ((name.ljust(10), "dim"), str(value))
    if found.trouble:
        yield ((found.trouble, "yellow"),)


def _hits(found: CacheStats) -> Iterator[Line]:
    """And what else has happened, if that cannot be told, in the same line."""
    if found.hits is None or found.misses is None:
        yield (("hits      ", "dim"), f"{_UNTOLD} ", ("(the gateway that runs can tell: --url)", "dim"))
    elif looked := found.hits + found.misses:
        yield (("hits      ", "dim"), f"{found.hits} of {looked} ({100 * found.hits / looked:.1f}%)")


def _row(one: Listed) -> Sequence[str]:
    question = one.question if len(one.question) <= _QUESTION_CHARS else f"{one.question[:_QUESTION_CHARS]}…"
    return (
        one.key[:_KEY_CHARS],
        one.rule,
        one.scope,
        one.model,
        one.target,
        one.form,
        size(one.bytes),
        duration(one.age_s),
        duration(one.ends_in_s),
        str(one.hits),
        " ".join(question.split()),
    )
