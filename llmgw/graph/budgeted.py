"""Which targets a budget may have to pay for: there a price that nobody knows is a fault, which elsewhere it is not.

What cannot be known before a request comes counts as yes.
"""

from collections.abc import Iterator, Mapping, Sequence

from llmgw.graph import globs
from llmgw.graph.cache_rules import CacheRule
from llmgw.graph.condition import Condition, compile_condition
from llmgw.graph.patterns import STAR
from llmgw.graph.route import Leaf, Node, Route, Target, children
from llmgw.graph.rules import BudgetRule
from llmgw.graph.vocabulary import CHOSEN, EVERY_NAME, references, split

Budgets = dict[str, list[str]]


def budgeted(budgets: tuple[BudgetRule, ...], public: Mapping[str, Route], cache: Sequence[CacheRule] = ()) -> Budgets:
    """The ids of all targets that a budget may see, and the names of these budgets. `public` can be asked for."""
    found: Budgets = {}
    for rule in budgets:
        seen = (*_seen(rule, budgets, public), *_embedding(rule, public, cache))
        for target_id in sorted({target.id for target in seen}):
            found.setdefault(target_id, []).append(rule.scope.name)
    return found


def writing(budgets: tuple[BudgetRule, ...], public: Mapping[str, Route]) -> Iterator[Target]:
    """What may be asked for an answer, and not only for a vector: behind a name, or when a budget is spent."""
    instead = (rule.on_exceeded for rule in budgets if rule.on_exceeded is not None)
    for route in (*public.values(), *instead):
        yield from _targets(route.node)


def _seen(rule: BudgetRule, budgets: tuple[BudgetRule, ...], public: Mapping[str, Route]) -> Iterator[Target]:
    """Behind the names that it is about, and behind what answers for any budget that is about one of them too."""
    names = {name for name in public if _is_about(rule.scope.models, name)}
    instead = [
        other.on_exceeded
        for other in budgets
        if other.on_exceeded is not None and any(_is_about(other.scope.models, name) for name in names)
    ]
    for route in [*(public[name] for name in names), *instead]:
        yield from (target for target in _targets(route.node) if _may_hold(rule.scope.match, target))


def _embedding(rule: BudgetRule, public: Mapping[str, Route], cache: Sequence[CacheRule]) -> Iterator[Target]:
    """What makes vectors of the questions that it is about: whoever asks pays for that."""
    names = [name for name in public if _is_about(rule.scope.models, name)]
    for kept in cache:
        target = None if kept.embedding is None else kept.embedding.target
        if target is not None and any(_is_about(kept.models, name) for name in names):
            yield from [target] if _may_hold(rule.scope.match, target) else []


def _is_about(models: Sequence[str] | None, name: str) -> bool:
    return models is None or any(globs.overlap(glob, name) for glob in models)


def _targets(node: Node) -> Iterator[Target]:
    if isinstance(node, Leaf):
        yield node.target
    for child in children(node):
        yield from _targets(child)


class _Attempt:
    """Facts of which only those of the target are known."""

    def __init__(self, target: Target) -> None:
        self._known = {"target": target.id, "provider": target.provider}

    def value(self, name: str) -> str:
        return self._known[name]


def _may_hold(match: Condition | None, target: Target) -> bool:
    """Of `provider == "openai" && request.stream` the first half is known, and if it is false, so is all of it."""
    if match is None:
        return True
    parts = [*split(match.source, ("&&", "||", "?"))]
    sources = [part for part, _ in parts] if all(mark in ("&&", "") for _, mark in parts) else [match.source]
    known = [source for source in sources if _is_known(source, target)]
    return all(compile_condition(source, EVERY_NAME).holds(_Attempt(target)) for source in known)


def _is_known(source: str, target: Target) -> bool:
    """A star in the target's name stands for one that is not known yet."""
    named = {reference.root for reference in references(source)}
    return bool(named) and named <= CHOSEN.keys() and not ("target" in named and STAR in target.id)
