"""The limits and budgets of the file become rules: whom each is about, in whose bucket, and how much.

Amounts are whole from here on: money in nano-dollars, rounded down, so that nobody gets more than is written.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from llmgw.config.load import Loaded
from llmgw.config.model import AlertEntry, BudgetEntry, ConfigFile, LimitEntry, OnExceeded
from llmgw.config.problems import KeyPath, quoted
from llmgw.config.units import LONGEST, LONGEST_S, duration_s, rate
from llmgw.graph import checks, globs
from llmgw.graph.condition import Condition, ConditionError, compile_condition
from llmgw.graph.price import NANOUSD_PER_USD
from llmgw.graph.report import Report, did_you_mean
from llmgw.graph.route import Route
from llmgw.graph.rules import (
    OTHERS,
    Alert,
    Amounts,
    BudgetRule,
    Calendar,
    LimitRule,
    Missing,
    Rate,
    Rolling,
    Rules,
    Scope,
    Unit,
    Window,
)
from llmgw.graph.vocabulary import CHOSEN, OPEN_ROOTS, RULE_NAMES, TEXTS
from llmgw.wire.webhook_signature import secret_fault

Entry = LimitEntry | BudgetEntry
Amount = TypeVar("Amount")
AMOUNTS = ("requests", "tokens", "concurrent")  # of a limit

# What others call a name of the vocabulary, and what is none.
EACH_WORDS = {
    **dict.fromkeys(("team", "team_id", "group", "organization"), "write key.team"),
    **dict.fromkeys(("user_id", "owner"), "write key.user"),
    **dict.fromkeys(("user", "end_user", "customer"), "write key.user, or request.user for the `user` of the body"),
    **dict.fromkeys(("api_key", "virtual_key", "keys", "key.name"), "write key"),
    **dict.fromkeys(("endpoint", "path"), "write request.endpoint"),
    **dict.fromkeys(("models", "route", "name"), "write model (the name asked for) or target (the one that answers)"),
    **dict.fromkeys(("client", "address", "request.ip"), "write ip"),
    **dict.fromkeys(("all", "global", "everyone", "none", "*"), "leave `each` out: then all share one"),
    **{root: f"name one of them, as in {root}.project" for root in ("metadata", "headers")},
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules refer to: `lead` gives the route behind an `on_exceeded`, `known` the values that a name may have."""

    lead: Callable[[str, str], Route | None]  # what is used, and the path by which it is reached
    known: Mapping[str, Collection[str]]


def uses(config: ConfigFile) -> Iterator[tuple[KeyPath, str]]:
    """What answers in place of what a budget refuses, and where the file says so."""
    for index, entry in enumerate(config.budgets):
        if isinstance(entry.on_exceeded, OnExceeded):
            yield ("budgets", index, "on_exceeded", "use"), entry.on_exceeded.use


def rules(loaded: Loaded, around: Surroundings, report: Report) -> Rules:
    """All of the file; what is wrong with them is told."""
    compiler = _Compiler(loaded, around, report)
    return Rules(
        limits=tuple(compiler.limit(entry, ("limits", at)) for at, entry in enumerate(loaded.config.limits)),
        budgets=tuple(compiler.budget(entry, ("budgets", at)) for at, entry in enumerate(loaded.config.budgets)),
    )


class _Compiler:
    """Knows the names that were given."""

    def __init__(self, loaded: Loaded, around: Surroundings, report: Report) -> None:
        self._config = loaded.config
        self._around = around
        self._report = report
        self._names: set[tuple[str, str]] = set()

    def limit(self, entry: LimitEntry, place: KeyPath) -> LimitRule:
        scope = self._scope(entry, place)
        told = [getattr(entry, what) for what in AMOUNTS]
        if told == [None, None, None] and not any(self._report.is_broken((*place, what)) for what in AMOUNTS):
            hint = "write requests: 60/m, tokens: 200k/m or concurrent: 20"
            self._report.error(place, f"the limit {quoted(entry.name)} limits nothing", hint)
        return LimitRule(
            scope,
            requests=self._amounts(entry, entry.requests, (*place, "requests"), _rate),
            tokens=self._amounts(entry, entry.tokens, (*place, "tokens"), _rate),
            concurrent=self._amounts(entry, entry.concurrent, (*place, "concurrent"), int),
        )

    def budget(self, entry: BudgetEntry, place: KeyPath) -> BudgetRule:
        scope = self._scope(entry, place)
        window = self._window(entry, place)
        limit = self._amounts(entry, entry.limit_usd, (*place, "limit_usd"), _nanousd)
        self._check_shadow(entry, place)
        return BudgetRule(
            id=_id(entry, window),
            scope=scope,
            limit_nanousd=limit or Amounts(None),
            window=window,
            on_exceeded=self._route(entry),
            is_hard=entry.enforce == "hard",
            allows_unbounded=entry.unbounded == "allow",
            alert=self._alert(entry.alert, (*place, "alert")),
        )

    def _scope(self, entry: Entry, place: KeyPath) -> Scope:
        self._check_name(entry.name, place)
        match = self._condition(entry.match, (*place, "match"))
        each = tuple(name for at, name in enumerate(entry.each) if self._is_name(entry, at, place))
        named = {*each, *(reference.root for reference in (match.references if match else ()))}
        return Scope(
            name=entry.name,
            each=each,
            models=entry.models,
            match=match,
            missing=Missing(entry.missing),
            per_attempt=bool(named & CHOSEN.keys()),
        )

    def _check_name(self, name: str, place: KeyPath) -> None:
        section = str(place[0])
        if (section, name) in self._names:
            message = f"{quoted(name)} is the name of another {section.removesuffix('s')}"
            self._report.error((*place, "name"), message, "choose another")
        self._names.add((section, name))

    def _condition(self, source: str | None, place: KeyPath) -> Condition | None:
        if source is None:
            return None
        try:
            return compile_condition(source, RULE_NAMES)
        except ConditionError as error:
            self._report.error(place, str(error))
            return None

    def _is_name(self, entry: Entry, at: int, place: KeyPath) -> bool:
        name, where = entry.each[at], (*place, "each", at)
        root, _, member = name.partition(".")
        if name in entry.each[:at]:
            self._report.error(where, f"{quoted(name)} is named before", "take it out")
        elif name in TEXTS or (root in OPEN_ROOTS and member):
            return True
        else:
            meant = EACH_WORDS.get(name.lower()) or did_you_mean(name, TEXTS)
            hint = meant or f"names: {', '.join(TEXTS)}, metadata.X, headers.X"
            self._report.error(where, f"{quoted(name)} is not a name that `each` takes", hint)
        return False

    def _amounts(
        self, entry: Entry, told: Any, place: KeyPath, read: Callable[[Any], Amount]
    ) -> Amounts[Amount] | None:
        if told is None:
            return None
        if not isinstance(told, dict):
            return Amounts(read(told))
        self._check_values(entry, told, place)
        by_value = {value: read(amount) for value, amount in told.items()}
        others = by_value.pop(OTHERS, None)
        return Amounts(others, MappingProxyType(by_value))

    def _check_values(self, entry: Entry, told: Mapping[str, object], place: KeyPath) -> None:
        """One amount for each value is of use where one name has the values, and where those are among them."""
        if len(entry.each) != 1:
            if not self._report.is_broken((*place[:2], "each")):
                hint = "write each: key.team, or one amount for all"
                self._report.error(place, "amounts by value need `each` with one name, whose values they are", hint)
            return
        (name,) = entry.each
        if OTHERS not in told:
            hint = f'write "{OTHERS}": … for all others'
            self._report.warning(place, f"all values of `{name}` that are not named here are not limited", hint)
        for value in told.keys() - {OTHERS}:
            self._check_value(name, value, (*place, value))

    def _check_value(self, name: str, value: str, place: KeyPath) -> None:
        """Whether there is such a value, where the file says which there are."""
        known = self._around.known.get(name)
        if known is not None and not any(globs.matches(one, value) for one in known):
            self._report.warning(place, f"no {name} is called {quoted(value)}", did_you_mean(value, known), at_key=True)

    def _window(self, entry: BudgetEntry, place: KeyPath) -> Window:
        zone = entry.timezone or self._config.server.timezone
        if entry.timezone is not None:
            checks.timezone(entry.timezone, (*place, "timezone"), self._report)
        if entry.per in list(Unit):
            return Calendar(Unit(entry.per), zone)
        if entry.timezone is not None:
            message = f"is of no use: the last {entry.per} are the same everywhere"
            self._report.warning((*place, "timezone"), message, "take it out", at_key=True)
        seconds = duration_s(entry.per)
        if seconds > LONGEST_S:
            self._report.error((*place, "per"), "no budget is for so long", f"write {LONGEST} at the most")
        return Rolling(min(seconds, LONGEST_S))

    def _check_shadow(self, entry: BudgetEntry, place: KeyPath) -> None:
        """A budget that never refuses needs no word on what happens then."""
        if entry.enforce == "shadow":
            for key, usual in (("on_exceeded", "reject"), ("unbounded", "refuse")):
                if getattr(entry, key) != usual:
                    message = "is of no use: a shadow budget never refuses"
                    self._report.warning((*place, key), message, "take it out, or write enforce: hard", at_key=True)

    def _route(self, entry: BudgetEntry) -> Route | None:
        if not isinstance(entry.on_exceeded, OnExceeded):
            return None
        use = entry.on_exceeded.use
        return self._around.lead(use, f"budget:{entry.name}/on_exceeded={use}")

    def _alert(self, entry: AlertEntry | None, place: KeyPath) -> Alert | None:
        if entry is None:
            return None
        ascending = sorted(set(entry.at))
        if list(entry.at) != ascending:
            told = ", ".join(f"{fraction:g}" for fraction in ascending)
            self._report.error((*place, "at"), "the fractions must ascend", f"write [{told}]")
        if entry.secret is not None and (fault := secret_fault(entry.secret.reveal())):
            self._report.error((*place, "secret"), f"the secret {fault}", "copy it again, whole")
        return Alert(tuple(ascending), entry.webhook, entry.secret)


def _rate(text: str) -> Rate:
    return Rate(*rate(text))


def _nanousd(usd: float) -> int:
    """Exact for what was written (the shortest decimal of the number, not its binary neighbour); never more."""
    return int((Decimal(repr(usd)) * NANOUSD_PER_USD).to_integral_value(rounding=ROUND_FLOOR))


def _id(entry: BudgetEntry, window: Window) -> str:
    """The same for as long as it counts the same spending."""
    counts = [entry.name, entry.each, entry.models, entry.match, msgspec.to_builtins(window)]
    return sha256(msgspec.json.encode(counts)).hexdigest()[:16]
