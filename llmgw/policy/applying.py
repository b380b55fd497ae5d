"""Which rules a request is under, and whose bucket it draws on in each. Pure: what is known of it comes in as facts."""

from collections.abc import Iterable
from typing import Any

from llmgw.graph import globs
from llmgw.graph.condition import Facts
from llmgw.graph.rules import BudgetRule, Drawn, LimitRule, Missing, Rule, Scope


class OfAttempt:
    """The facts of a request, and whom this attempt asks."""

    __slots__ = ("_facts", "_provider", "_target")

    def __init__(self, facts: Facts, target: str, provider: str) -> None:
        self._facts = facts
        self._target = target
        self._provider = provider

    def value(self, name: str) -> Any:
        if name == "target":
            return self._target
        return self._provider if name == "provider" else self._facts.value(name)


class MissingValueError(ValueError):
    """A rule wants a value that the request does not have (`missing: reject`)."""

    def __init__(self, rule: LimitRule | BudgetRule, name: str) -> None:
        super().__init__(name)
        self.rule = rule
        self.name = name


REMEMBERED_MAX = 1024  # sets of values: callers choose some of them


def drawing(drawn: Drawn[Rule], facts: Facts) -> list[tuple[Rule, tuple[str, ...]]]:
    """The same as `applying`, looked up for whoever has come before."""
    if drawn.names is None:
        return applying(drawn.rules, facts)
    value, known = facts.value, drawn.found
    values = tuple([value(name) for name in drawn.names])
    found = known.get(values)
    if found is None:
        found = applying(drawn.rules, facts)
        if len(known) >= REMEMBERED_MAX:
            known.clear()
        known[values] = found
    return found


def applying(rules: Iterable[Rule], facts: Facts) -> list[tuple[Rule, tuple[str, ...]]]:
    """Each rule that is about the request, and the values of its `each`. Raises MissingValueError."""
    found = []
    for rule in rules:
        scope = rule.scope
        if (scope.models is None and scope.match is None) or _is_about(scope, facts):
            values = tuple([_text(facts.value(name)) for name in scope.each])
            if all(values) or scope.missing is Missing.OWN:
                found.append((rule, values))
            elif scope.missing is Missing.REJECT:
                raise MissingValueError(rule, scope.each[values.index("")])
    return found


def _is_about(scope: Scope, facts: Facts) -> bool:
    if scope.models is not None and not any(globs.matches(glob, facts.value("model")) for glob in scope.models):
        return False
    return scope.match is None or scope.match.holds(facts)


def _text(value: Any) -> str:
    """As it can be written down: bytes of a header that are no UTF-8 come as half characters."""
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
