"""Limits and budgets as decisions see them: what of the file's rules can be decided at load is decided.

A rule says which requests it is about and whose bucket each of them draws on. One that asks for the target or its
provider can only be answered attempt by attempt; all others hold for a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Generic, TypeVar

from llmgw.config.secrets import Secret
from llmgw.graph.condition import Condition
from llmgw.graph.route import Route

Amount = TypeVar("Amount")

OTHERS = "*"  # of amounts by value: what holds for all that are not named


class Missing(StrEnum):
    """What becomes of a request in which a name of `each` has no value."""

    OWN = "own"  # all of these share a bucket of their own
    SKIP = "skip"  # the rule is not about it
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which requests a rule is about (`models` None: whatever name they ask for), and whose bucket they draw on."""

    name: str
    each: tuple[str, ...] = ()  # names of the vocabulary; none: one bucket for all
    models: tuple[str, ...] | None = None  # globs on the name asked for
    match: Condition | None = None
    missing: Missing = Missing.OWN
    per_attempt: bool = False  # it asks for the target or the provider


@dataclass(frozen=True, slots=True)
class Rate:
    """So many within so many seconds."""

    amount: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Amounts(Generic[Amount]):
    """One amount, or one by the value of the only name in `each`; None: the rule does not limit this one."""

    others: Amount | None
    by_value: Mapping[str, Amount] = field(default_factory=dict)

    def of(self, values: tuple[str, ...]) -> Amount | None:
        """The amount for the bucket of these values."""
        return self.by_value.get(values[0], self.others) if self.by_value and values else self.others


@dataclass(frozen=True, slots=True)
class LimitRule:
    """What is not limited is None."""

    scope: Scope
    requests: Amounts[Rate] | None = None
    tokens: Amounts[Rate] | None = None
    concurrent: Amounts[int] | None = None


class Unit(StrEnum):
    """Calendar windows."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # from Monday on
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Calendar:
    """From one turn of the calendar to the next, in that time zone (IANA name)."""

    unit: Unit
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Rolling:
    """The last so many seconds."""

    seconds: float


Window = Calendar | Rolling


@dataclass(frozen=True, slots=True)
class Alert:
    """A word to somebody when so much of the limit (fractions, ascending) has been used. `secret` signs it."""

    at: tuple[float, ...]
    webhook: Secret
    secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """`id` stays the same for as long as name, each, models, match and window do: by it the ledger knows it again."""

    id: str
    scope: Scope
    limit_nanousd: Amounts[int]
    window: Window
    on_exceeded: Route | None = None  # None: refuse
    is_hard: bool = True  # else it counts and reports, and never refuses
    allows_unbounded: bool = False
    alert: Alert | None = None


Rule = TypeVar("Rule", bound=LimitRule | BudgetRule)


class Drawn(Generic[Rule]):
    """Some rules, and what has been found of whose buckets are drawn on in them, for callers who come again.

    It is the same for all whose `names` have the same values. None: a condition may look at anything.
    """

    __slots__ = ("found", "names", "rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        scopes: list[Scope] = [rule.scope for rule in rules]
        names = [name for scope in scopes for name in (*scope.each, *(() if scope.models is None else ("model",)))]
        self.rules: tuple[Rule, ...] = rules
        self.names = None if any(scope.match is not None for scope in scopes) else tuple(dict.fromkeys(names))
        self.found: dict[tuple[str, ...], list[tuple[Rule, tuple[str, ...]]]] = {}


@dataclass(frozen=True)
class Rules:
    """All of a file, in its order."""

    limits: tuple[LimitRule, ...] = ()
    budgets: tuple[BudgetRule, ...] = ()

    @cached_property
    def of_requests(self) -> Drawn[LimitRule]:
        """The limits that hold for a request, whoever answers it."""
        return Drawn(tuple(rule for rule in self.limits if not rule.scope.per_attempt))

    @cached_property
    def of_attempts(self) -> Drawn[LimitRule]:
        """The others."""
        return Drawn(tuple(rule for rule in self.limits if rule.scope.per_attempt))

    @cached_property
    def of_money(self) -> Drawn[BudgetRule]:
        """The budgets: each attempt is paid for."""
        return Drawn(self.budgets)

    @cached_property
    def need_bounds(self) -> bool:
        """Whether it has to be known beforehand how much a request may use."""
        return bool(self.budgets) or any(rule.tokens is not None for rule in self.limits)

    @cached_property
    def ask_for_target(self) -> bool:
        """Whether it matters to any of them which target is asked."""
        return bool(self.of_attempts.rules) or any(rule.scope.per_attempt for rule in self.budgets)


NO_RULES = Rules()
