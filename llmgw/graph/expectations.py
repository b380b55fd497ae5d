"""The file's own tests, before they are run: a test about a name that does not exist would prove nothing."""

from collections.abc import Collection, Iterable
from datetime import datetime

from llmgw.config.load import Loaded
from llmgw.config.model import ConfigFile, TestEntry
from llmgw.config.problems import KeyPath, quoted
from llmgw.errors import (
    NO_TARGET,
    ROUTE_EXHAUSTED,
    BudgetExceededError,
    FailureClass,
    ForbiddenEndpointError,
    ForbiddenModelError,
    RateLimitedError,
    UnauthorizedError,
    UnboundedCostError,
    UnknownModelError,
)
from llmgw.graph.exposure import exposed
from llmgw.graph.patterns import STAR, by_precedence, closest
from llmgw.graph.report import Report, did_you_mean

_OF_KEYS = frozenset({UnauthorizedError.code, ForbiddenModelError.code, ForbiddenEndpointError.code})

# How a request can end without an answer, as far as a test of the file can tell.
ERROR_CODES = frozenset(
    {
        NO_TARGET,
        ROUTE_EXHAUSTED,
        UnknownModelError.code,
        FailureClass.RATE_LIMITED.value,
        FailureClass.OVERLOADED.value,
        FailureClass.TIMEOUT.value,
        FailureClass.INVALID_REQUEST.value,
        FailureClass.CONTEXT_LENGTH.value,
        FailureClass.CONTENT_FILTER.value,
        UnauthorizedError.code,
        ForbiddenModelError.code,
        ForbiddenEndpointError.code,
        BudgetExceededError.code,
        UnboundedCostError.code,
        RateLimitedError.code,
    }
)


class Expectations:
    """Checks the tests of a file. `targets` are the ids of all targets, broken and absent ones too."""

    def __init__(self, loaded: Loaded, targets: Iterable[str], report: Report) -> None:
        config: ConfigFile = loaded.config
        self._tests = config.tests
        self._keys = [entry.name for entry in config.keys]
        self._some_keys_are_unknown = any(path[:1] == ("keys",) and len(path) <= 2 for path in loaded.broken)
        self._budgets = [entry.name for entry in config.budgets]
        self._some_budgets_are_unknown = any(path[:1] == ("budgets",) and len(path) <= 2 for path in loaded.broken)
        self._routes = config.routes
        self._report = report
        broken = [path for path in loaded.broken if len(path) <= 2 and path[:1] in ((), ("models",), ("routes",))]
        self._is_known = not any(len(path) < 2 for path in broken)  # else any name might be among what was set aside
        set_aside = [str(path[1]) for path in broken if len(path) == 2]
        self._targets = [*config.models, *targets, *set_aside]
        self._pools = [name for name, route in config.routes.items() if route.pool is not None]
        self._public = [*(public_name for public_name, _, _ in exposed(config)), *set_aside]

    def check(self) -> None:
        """Every test, each fault at its place."""
        for index, test in enumerate(self._tests):
            place: KeyPath = ("tests", index)
            self._at(test, place)
            self._shown(test, place)
            self._spent(test, place)
            if self._is_known:
                self._asked(test, place)
                self._failing(test, place)
                self._expected(test, place)
            if isinstance(test.expect, str) and test.expect not in ERROR_CODES:
                hint = did_you_mean(test.expect, ERROR_CODES) or f"targets are written as a list: [{test.expect}]"
                self._report.error((*place, "expect"), f"{quoted(test.expect)} is not an error code", hint)

    def _at(self, test: TestEntry, place: KeyPath) -> None:
        at = test.at or "2027-01-31"
        try:
            datetime.fromisoformat(at)
        except ValueError:
            self._report.error((*place, "at"), f"{quoted(at)} is not a time", "as in 2027-01-31T14:30")

    def _shown(self, test: TestEntry, place: KeyPath) -> None:
        """The key, by its name; without one nothing of what keys may do is asked."""
        key = test.request.key
        if key is None:
            if test.expect in _OF_KEYS:
                message = f"{quoted(str(test.expect))} needs a key: without one access is not checked"
                self._report.error((*place, "expect"), message, "request: {model: NAME, key: NAME}")
        elif key not in self._keys and not self._some_keys_are_unknown:
            hint = did_you_mean(key, self._keys) or "as it stands under `keys`"
            self._report.error((*place, "request", "key"), f"{quoted(key)} is not a key", hint)

    def _spent(self, test: TestEntry, place: KeyPath) -> None:
        for name in test.spent:
            if name not in self._budgets and not self._some_budgets_are_unknown:
                hint = did_you_mean(name, self._budgets) or "as it stands under `budgets`"
                self._report.error((*place, "spent", name), f"{quoted(name)} is not a budget", hint, at_key=True)

    def _asked(self, test: TestEntry, place: KeyPath) -> None:
        asked = test.request.model
        if not _is_named(asked, self._public) and test.expect != UnknownModelError.code:
            hint = did_you_mean(asked, self._public) or f"or expect: {UnknownModelError.code}"
            self._report.error((*place, "request", "model"), f"no model or route {quoted(asked)}", hint)

    def _failing(self, test: TestEntry, place: KeyPath) -> None:
        for name in test.fail:
            if not _is_named(name, self._targets):
                hint = self._instead(name, self._targets)
                self._report.error((*place, "fail", name), f"{quoted(name)} is not a target", hint, at_key=True)

    def _expected(self, test: TestEntry, place: KeyPath) -> None:
        expected = test.expect if isinstance(test.expect, tuple) else ()
        known = [*self._targets, *self._pools]
        for index, name in enumerate(expected):
            if not _is_named(name, known):
                hint = self._instead(name, known)
                self._report.error((*place, "expect", index), f"{quoted(name)} is not a target or pool", hint)

    def _instead(self, name: str, known: Collection[str]) -> str | None:
        if name in self._routes:
            return f"{quoted(name)} is a route: name the targets that it leads to"
        return did_you_mean(name, known)


def _is_named(name: str, names: Collection[str]) -> bool:
    return name in names or closest(by_precedence(known for known in names if STAR in known), name) is not None
