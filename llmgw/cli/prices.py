"""`llmgw prices`: what a model costs, who says so, and from when on."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from llmgw.cli.render import Piece, show, show_json, show_table
from llmgw.cli.tariffs import OF_THE_TABLE, Priced, of_row, usd
from llmgw.providers import prices as table
from llmgw.providers.catalog import LIKENESS_MIN, catalog
from llmgw.providers.catalog import rows as rows_of_the_catalogue
from llmgw.providers.prices import PricedModel


def prices(model: str | None, configs: Sequence[str], env_file: Path | None, *, as_json: bool) -> int:
    """0 if prices are known of all that was asked for, else 1. Raises ConfigError."""
    if model is None:
        return _providers(as_json=as_json)
    if configs:
        from llmgw.cli import prices_of_file

        return _tell(prices_of_file.priced(model, configs, env_file), model, as_json=as_json)
    if (seller := _seller(model)) is not None:
        return _models(table.rows(seller), as_json=as_json)
    return _tell([of_row(name, row) for name, row in _found(model)], model, as_json=as_json)


def _seller(name: str) -> str | None:
    """Its name in the table, if that is a provider: of ours, or of the table."""
    row = catalog().get(name)
    seller = row.seller if row is not None else name
    return seller if seller in table.sellers() else None


def _found(model: str) -> Iterator[tuple[str, PricedModel]]:
    """Of `provider/model` one row; of a bare name that of everybody who sells it."""
    provider, _, rest = model.partition("/")
    if rest and (provider in catalog() or provider in table.sellers()):
        row = catalog().get(provider)
        if (found := table.listed(row.seller if row else provider, model)) is not None:
            yield model, found
        return
    for seller in table.sellers():
        if (found := table.find(seller, model)) is not None:
            yield f"{seller}/{model}", found


def _tell(found: Sequence[Priced], asked: str, *, as_json: bool) -> int:
    if as_json:
        show_json({**_source(), "models": [_json(one) for one in found]}, sys.stdout)
    else:
        for one in found:
            _show(one)
    if not found:
        show([((f"no price is known for {asked}", "bold red"), f": {_instead(asked)}")], sys.stderr)
    return 0 if found and all(one.charges is not None for one in found) else 1


def _show(one: Priced) -> None:
    window = f", window {one.context_window}" if one.context_window else ""
    by = f"{one.priced_by} ({table.source().source}, {table.source().date})" if _is_of_table(one) else one.priced_by
    show([((one.name, "bold"), f"  {by or 'no price is known'}{window}")], sys.stdout)
    if one.charges:
        names = [*dict.fromkeys(name for charge in one.charges for name in charge.nanousd)]
        heads = ("  USD per million tokens", *names)
        rows = ((f"  {one.when}", *(usd(one.nanousd.get(name)) for name in names)) for one in one.charges)
        show_table(heads, rows, sys.stdout)
    show([()], sys.stdout)


def _is_of_table(one: Priced) -> bool:
    return one.priced_by.startswith(OF_THE_TABLE)


def _instead(asked: str) -> str:
    provider, _, rest = asked.partition("/")
    row = catalog().get(provider)
    seller = row.seller if row else provider
    names: Iterable[str] = (f"{provider}/{one.model}" for one in table.rows(seller))
    if not rest or seller not in table.sellers():
        priced = (name for name, row in catalog().items() if row.seller in table.sellers())
        names = [*priced, *table.sellers(), *(one.model for each in table.sellers() for one in table.rows(each))]
    close = get_close_matches(asked[:200], [*names], n=1, cutoff=LIKENESS_MIN)
    return f"did you mean {close[0]}?" if close else "`llmgw prices` lists whose are"


def _providers(*, as_json: bool) -> int:
    counts = table.sellers()
    names = {seller: [row.name for row in rows_of_the_catalogue() if row.seller == seller] for seller in counts}
    if as_json:
        listed = [{"priced_as": seller, "names": names[seller], "models": count} for seller, count in counts.items()]
        show_json({**_source(), "providers": listed}, sys.stdout)
        return 0
    rows: list[Sequence[Piece]] = [
        ((seller, "bold"), ", ".join(names[seller]), str(count)) for seller, count in counts.items()
    ]
    show_table(("in the table", "providers here", "models"), rows, sys.stdout)
    show([((f"{table.source().source}, {table.source().date}", "dim"),)], sys.stdout)
    return 0


def _models(rows: Sequence[PricedModel], *, as_json: bool) -> int:
    found = [of_row(row.name, row) for row in rows]
    if as_json:
        show_json({**_source(), "models": [_json(one) for one in found]}, sys.stdout)
        return 0
    lines = ((one.name, usd(_last(one, "input")), usd(_last(one, "output"))) for one in found)
    show_table(("USD per million tokens", "input", "output"), lines, sys.stdout)
    return 0


def _last(one: Priced, name: str) -> int | None:
    """What the last day has brought, of small prompts, at any hour, in the usual tier."""
    usual = [charge for charge in one.charges or () if not (charge.above or charge.hours_utc or charge.service_tier)]
    return usual[-1].nanousd.get(name) if usual else None


def _source() -> dict[str, Any]:
    return {"source": table.source().source, "date": table.source().date}


def _json(one: Priced) -> dict[str, Any]:
    """The stable shape for programs; the command's help names its fields."""
    return {
        "name": one.name,
        "priced_by": one.priced_by or None,
        "context_window": one.context_window,
        "price": None if one.charges is None else [charge.json() for charge in one.charges],
    }
