"""What the models of a file cost: by their own price, by `prices`, by likeness or by the table."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from llmgw.adapters.config_files import Built, build
from llmgw.cli.env_file import environment
from llmgw.cli.sources import sources
from llmgw.cli.tariffs import REQUEST, Charge, Priced, of_row
from llmgw.graph.model import Leaf, Node, Target, children
from llmgw.graph.price import Price
from llmgw.graph.price_list import OF_THE_TABLE, Corrections, Label, Offers
from llmgw.providers import prices as table
from llmgw.providers.catalog import catalog

_SMALL_PROMPT = 0


def priced(model: str, configs: Sequence[str], env_file: Path | None) -> list[Priced]:
    """Of a name of the file all that it leads to; of any other `provider/model` what the file and the table say."""
    built = build(sources(configs), environment(env_file), need_secrets=False)
    built.checked()
    resolved = built.graph.resolve(model)
    if resolved is None:
        return _bare(model, built)
    found = {target.id: target for target in _targets(resolved.route.node)}
    concrete = (target.concrete(resolved.star) if resolved.star else target for target in found.values())
    return [_priced(f"{one.id} ({one.provider}/{one.edits.model})", one.price, one.priced_by, one) for one in concrete]


def _bare(model: str, built: Built) -> list[Priced]:
    row = catalog().get(model.partition("/")[0])
    label = Label(model, row.seller if row is not None else "")
    offer = Offers(Corrections(built.loaded.config.prices), (label,)).of("")
    return [] if offer.price is None else [_priced(model, offer.price, offer.source, None, offer.context_window)]


def _priced(
    name: str, price: Price | None, source: str, target: Target | None, context_window: int | None = None
) -> Priced:
    window = target.context_window if target is not None else context_window
    if price is None:
        return Priced(name, "", None, window)
    if source.startswith(OF_THE_TABLE):
        seller, _, model = source.removeprefix(OF_THE_TABLE).partition("/")
        row = next(row for row in table.rows(seller) if row.model == model)
        return Priced(name, source, of_row(name, row).charges, window)
    return Priced(name, source, (_charge(price),), window)


def _charge(price: Price) -> Charge:
    """What a file says holds at any time. Of what costs as much as another class nothing is told."""
    rates = price.rates(_SMALL_PROMPT, 0.0)
    told = {"input": rates.input, "output": rates.output}
    for field in fields(rates):
        value = getattr(rates, field.name)
        if field.name == "request_nanousd":
            told |= {REQUEST: value} if value else {}
        elif value not in told.values():
            told[field.name] = value
    return Charge(told)


def _targets(node: Node) -> Iterator[Target]:
    if isinstance(node, Leaf):
        yield node.target
    for child in children(node):
        yield from _targets(child)
