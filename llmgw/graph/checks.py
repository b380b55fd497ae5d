"""What a schema cannot say: cycles, what can never fire, what nobody can reach, tests about nothing."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from llmgw.config import model as file
from llmgw.config.problems import KeyPath
from llmgw.errors import NO_TARGET, ROUTE_EXHAUSTED, FailureClass, UnknownModelError
from llmgw.graph.model import STAR, Fallback, Leaf, Node, Pool, Route, When
from llmgw.graph.report import Report, did_you_mean
from llmgw.graph.targets import RESERVED_FIELDS

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
    }
)


def entries(name: str, route: file.RouteEntry) -> Iterator[tuple[KeyPath, str]]:
    """The place and the name of every entry of a route."""
    groups: dict[str, Sequence[file.FallbackEntry | file.PoolEntry | file.WhenEntry] | None]
    groups = {"fallback": route.fallback, "pool": route.pool, "when": route.when}
    for kind, group in groups.items():
        for index, entry in enumerate(group or ()):
            yield ("routes", name, kind, index), entry.use


def cycles(config: file.ConfigFile, report: Report) -> frozenset[str]:
    """Report each cycle with its path; gives the routes that are part of one."""
    uses = {
        name: {use for _, use in entries(name, route) if use in config.routes} for name, route in config.routes.items()
    }
    inside: set[str] = set()
    while True:
        remaining = {name: targets - inside for name, targets in uses.items() if name not in inside}
        try:
            TopologicalSorter(remaining).prepare()
        except CycleError as error:
            cycle = list(reversed(error.args[1]))
            first = min(cycle, key=list(config.routes).index)
            start = cycle.index(first)
            path = [*cycle[start:-1], *cycle[:start], first]
            report.error(
                ("routes", first), f"cyclic: {' → '.join(path)}", "a route cannot lead back to itself", at_key=True
            )
            inside.update(cycle)
        else:
            return frozenset(inside)


def only_absent(name: str, config: file.ConfigFile, absent: Mapping[str, str]) -> bool:
    """Whether a route has no target left for no other reason than missing keys."""
    route = config.routes.get(name)
    if route is None:
        return False
    return all(use in absent or only_absent(use, config, absent) for _, use in entries(name, route) if use != name)


def rules(config: file.ConfigFile, report: Report) -> None:
    """Faults inside single routes, and names that clash."""
    for name, route in config.routes.items():
        place: KeyPath = ("routes", name)
        if name in config.models:
            report.error(place, f"'{name}' is also a model", "models and routes share one namespace", at_key=True)
        _fallback(place, route.fallback or (), report)
        _pool(place, route.pool or (), report)
        _when(place, route.when or (), report)
        _retry((*place, "retry"), route.retry, report)
    for section, names in (("models", config.models), ("routes", config.routes)):
        for name in names:
            if name.count(STAR) > 1:
                report.error((section, name), f"'{name}' has more than one star", "a name may hold one", at_key=True)
    _retry(("defaults", "retry"), config.defaults.retry, report)


def _fallback(place: KeyPath, group: tuple[file.FallbackEntry, ...], report: Report) -> None:
    seen: set[str] = set()
    for index, entry in enumerate(group):
        at = (*place, "fallback", index)
        failures = entry.on_failure
        if failures is not None and index == 0:
            report.error((*at, "on_failure"), "can never fire: nothing has failed before the first entry", "remove it")
        elif failures is not None:
            _failures((*at, "on_failure"), failures, report)
        if entry.use in seen:
            report.warning(at, f"'{entry.use}' is listed before; a target that failed is not tried again")
        seen.add(entry.use)


def _failures(place: KeyPath, failures: tuple[FailureClass, ...], report: Report) -> None:
    if FailureClass.INVALID_REQUEST in failures:
        report.error(place, "'invalid_request' can never fire: the caller's own fault never falls back", "remove it")
    if set(failures) == {FailureClass.BLOCKED}:
        report.error(place, "'blocked' can never fire: guardrails are not in this version yet", "remove it")


def _pool(place: KeyPath, group: tuple[file.PoolEntry, ...], report: Report) -> None:
    if group and sum(entry.weight for entry in group) == 0:
        report.error((*place, "pool"), "the weights sum to zero: nothing would ever be chosen", "give one a weight")
    seen: set[str] = set()
    for index, entry in enumerate(group):
        if entry.use in seen:
            report.warning((*place, "pool", index), f"'{entry.use}' is listed before", "add up the weights")
        seen.add(entry.use)


def _when(place: KeyPath, group: tuple[file.WhenEntry, ...], report: Report) -> None:
    seen: set[str] = set()
    for index, entry in enumerate(group):
        at = (*place, "when", index)
        last = index == len(group) - 1
        if entry.if_ is None and not last:
            report.error(at, "has no `if`, so the entries after it are unreachable", "move it to the end")
        if entry.if_ is not None and last:
            report.error(at, "the last entry has an `if`: requests it does not hold for go nowhere", "add {use: NAME}")
        if entry.if_ in seen:
            report.error((*at, "if"), "unreachable: an earlier entry has the same condition", "remove one")
        if entry.if_ is not None:
            seen.add(entry.if_)


def _retry(place: KeyPath, entry: file.RetryEntry | None, report: Report) -> None:
    if entry and entry.backoff is not None and entry.max_backoff is not None and entry.backoff > entry.max_backoff:
        report.error(place, f"backoff {entry.backoff:g} s is over max_backoff {entry.max_backoff:g} s", "swap them")


def model(entry: file.ModelEntry, place: KeyPath, report: Report) -> None:
    """Faults inside one model."""
    for key, names in (("set", entry.set), ("default", entry.default), ("drop", entry.drop)):
        for name in sorted(RESERVED_FIELDS.intersection(names)):
            report.error((*place, key), f"'{name}' belongs to the gateway", "remove it")
    for name in sorted(set(entry.set) & (set(entry.default) | set(entry.drop))):
        report.error((*place, "set"), f"'{name}' is also in default or drop", "set always wins: keep one of them")
    _retry((*place, "retry"), entry.retry, report)


def attempts(route: Route, report: Report) -> None:
    """Targets that the ceiling of attempts keeps from ever being tried."""
    count = _targets_max(route.node)
    if count > route.max_attempts:
        where = ("routes", route.name)
        message = f"{count} targets, but max_attempts is {route.max_attempts}: the last ones would never be tried"
        report.warning(where, message, f"set max_attempts: {count}", at_key=True)


def _targets_max(node: Node) -> int:
    match node:
        case Leaf():
            return 1
        case Fallback(_, entries):
            return sum(_targets_max(entry.node) for entry in entries)
        case Pool(_, members):
            return sum(_targets_max(member.node) for member in members)
        case When(_, branches):
            return max(_targets_max(branch.node) for branch in branches)


def reachable(config: file.ConfigFile, absent: Mapping[str, str], public: Mapping[str, Route], report: Report) -> None:
    """Something must answer, and nothing should be there for nobody."""
    used = {use for name, route in config.routes.items() for _, use in entries(name, route)}
    for section, exposures in (("models", config.models), ("routes", config.routes)):
        for name, entry in exposures.items():
            if entry.expose is False and name not in used:
                report.warning((section, name), "not exposed and used by no route: nobody can reach it", at_key=True)
    if not config.models and not config.routes:
        report.error((), "no models: there is nothing to serve", "add models: {gpt: openai/gpt-4o-mini}")
    elif not public and absent:
        report.error(("models",), "every model has left the graph: no provider has its key", "set one, or add one")


def tests(config: file.ConfigFile, targets: frozenset[str], public: frozenset[str], report: Report) -> None:
    """A test about a name that does not exist would prove nothing."""
    names = {*config.models, *config.routes, *targets}
    patterns = [name for name in names if STAR in name]
    for index, test in enumerate(config.tests):
        place: KeyPath = ("tests", index)
        for target in test.fail:
            if not _is_named(target, names, patterns):
                report.error((*place, "fail", target), f"'{target}' is not a target", did_you_mean(target, names))
        expected = test.expect if isinstance(test.expect, tuple) else ()
        for at, name in enumerate(expected):
            if not _is_named(name, names, patterns):
                report.error((*place, "expect", at), f"'{name}' is not a target or pool", did_you_mean(name, names))
        if isinstance(test.expect, str) and test.expect not in ERROR_CODES:
            hint = did_you_mean(test.expect, ERROR_CODES) or "targets are written as a list: [gpt]"
            report.error((*place, "expect"), f"'{test.expect}' is not an error code", hint)
        asked = test.request.model
        if not _is_named(asked, public, [n for n in public if STAR in n]) and test.expect != UnknownModelError.code:
            hint = did_you_mean(asked, public) or f"or expect: {UnknownModelError.code}"
            report.error((*place, "request", "model"), f"no model or route '{asked}'", hint)


def _is_named(name: str, names: frozenset[str] | set[str], patterns: list[str]) -> bool:
    return name in names or any(_fits(pattern, name) for pattern in patterns)


def _fits(pattern: str, name: str) -> bool:
    prefix, _, suffix = pattern.partition(STAR)
    return len(name) > len(prefix) + len(suffix) and name.startswith(prefix) and name.endswith(suffix)
