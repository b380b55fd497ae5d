"""What a schema cannot say about single entries: what can never fire, what nobody can reach, what means nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import assert_never
from zoneinfo import ZoneInfo, available_timezones

from llmgw.config import model as file
from llmgw.config.load import Loaded
from llmgw.config.problems import KeyPath, quoted, short
from llmgw.config.units import LONGEST, LONGEST_S
from llmgw.errors import FailureClass
from llmgw.graph import globs
from llmgw.graph.exposure import exposed
from llmgw.graph.report import Report, did_you_mean
from llmgw.graph.route import Fallback, Leaf, Node, Pool, Route, When, children
from llmgw.wire.hosts import is_loopback

# The gateway's own fields: a file that set them would break the relay or the route.
RESERVED_FIELDS = frozenset({"model", "stream", "stream_options", "messages"})

OF_THE_WHOLE_REQUEST = ("deadline", "max_attempts")  # keys of a route

Leads = Mapping[str, Sequence[str]]


def server(settings: file.ServerSection, report: Report, *, has_keys: bool) -> None:
    """Faults of the front door that would only show once it opens, or never."""
    timezone(settings.timezone, ("server", "timezone"), report)
    for index, proxy in enumerate(settings.trusted_proxies):
        if not _is_network(proxy):
            message = f"{quoted(proxy)} is not an address or network"
            report.error(("server", "trusted_proxies", index), message, "as in 10.0.0.0/8 or 192.168.1.7")
    if has_keys and settings.open:
        report.warning(("server", "open"), "is of no use: there are keys, and nobody calls without one", "take it out")
    # With an admin key the first one can be made from elsewhere; until there is one, the door lets nobody else in.
    is_guarded = has_keys or settings.admin_key is not None
    if settings.host is not None and not is_loopback(settings.host) and not (settings.open or is_guarded):
        message = f"{quoted(settings.host)} is open to other machines, and without keys anyone there may call"
        hint = "leave it out for this machine only, write `keys` or an `admin_key`, or say `open: true`"
        report.error(("server", "host"), message, hint)


def timezone(name: str, place: KeyPath, report: Report) -> None:
    """Whether there is such a zone."""
    if not _is_zone(name):
        hint = did_you_mean(name, available_timezones()) or "as in Europe/Berlin or UTC"
        report.error(place, f"{quoted(name)} is not a time zone", hint)


def state(config: file.ConfigFile, report: Report) -> None:
    """Budgets are counted from what is in the ledger, and that goes back as far as the calendar does."""
    if config.state.keep > LONGEST_S:
        report.error(("state", "keep"), "nothing is kept for so long", f"write {LONGEST} at the most")
    if config.budgets and config.state.ledger == "none":
        message = "budgets have to know what was spent, also after a restart, and `none` keeps nothing"
        report.error(("state", "ledger"), message, "take it out, or write sqlite:///llmgw.db")


def asked_names(loaded: Loaded, known: Sequence[str], report: Report) -> None:
    """Warn of names that nobody can ask for: what lists them was meant to list others."""
    if any(path[:1] in ((), ("models",), ("routes",)) for path in loaded.broken):
        return  # which names there are is not known
    for place, glob in _globs(loaded.config):
        if not any(globs.overlap(glob, name) for name in known):
            hint = did_you_mean(glob, known) or f"names: {', '.join(known[:10])}"
            report.warning(place, f"{quoted(glob)} is no name that a client can ask for", hint)


def _globs(config: file.ConfigFile) -> Iterator[tuple[KeyPath, str]]:
    listed = (
        *(("keys", index, entry.models) for index, entry in enumerate(config.keys)),
        *(("limits", index, entry.models) for index, entry in enumerate(config.limits)),
        *(("budgets", index, entry.models) for index, entry in enumerate(config.budgets)),
    )
    of_cache = ((("cache", "rules", index), entry.models) for index, entry in enumerate(config.cache.rules))
    for place, models in (*(((section, index), models) for section, index, models in listed), *of_cache):
        yield from (((*place, "models", at), glob) for at, glob in enumerate(models or ()))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return name == "UTC"  # also where the machine has no time zone database
    return True


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def model(entry: file.ModelEntry, place: KeyPath, report: Report) -> None:
    """Faults inside one model."""
    for key, names in (("set", entry.set), ("default", entry.default)):
        for name in names:
            if name in RESERVED_FIELDS:
                report.error((*place, key, name), f"{quoted(name)} belongs to the gateway", "remove it", at_key=True)
    for index, name in enumerate(entry.drop):
        if name in RESERVED_FIELDS:
            report.error((*place, "drop", index), f"{quoted(name)} belongs to the gateway", "remove it")
    for name in entry.set:
        others = [key for key, names in (("default", entry.default), ("drop", entry.drop)) if name in names]
        if others:
            message = f"{quoted(name)} is also in {' and '.join(others)}"
            report.error((*place, "set", name), message, "set always wins: keep one of them", at_key=True)
    for name in entry.default:
        if name in entry.drop:
            message = f"{quoted(name)} is also in drop"
            report.error((*place, "default", name), message, "what is dropped gets no default", at_key=True)
    retry((*place, "retry"), entry.retry, report)
    breaker((*place, "breaker"), entry.breaker, report)


def left_out(entry: file.ModelEntry, place: KeyPath, provider: str, dropped: Collection[str], report: Report) -> None:
    """Defaults that no call would ever carry, because the provider does not take them."""
    for name in entry.default:
        if name in dropped:
            message = f"{provider} takes no `{short(name)}`: it is left out"
            report.warning((*place, "default", name), message, "remove it", at_key=True)


def breaker(place: KeyPath, entry: file.BreakerEntry | None, report: Report) -> None:
    """Faults between the keys of one `breaker`."""
    if entry is not None and entry.open_for and entry.max_open and entry.max_open < entry.open_for:
        report.error((*place, "max_open"), "is below open_for", "it is how long a target is left alone at most")


def retry(place: KeyPath, entry: file.RetryEntry | None, report: Report) -> None:
    """Faults between the keys of one `retry`."""
    if entry and entry.backoff is not None and entry.max_backoff is not None and entry.backoff > entry.max_backoff:
        message = f"backoff {entry.backoff:g}s is over max_backoff {entry.max_backoff:g}s"
        report.error((*place, "backoff"), message, "swap them")


def rules(config: file.ConfigFile, report: Report) -> None:
    """Faults inside single routes, and names that clash."""
    for name, route in config.routes.items():
        place: KeyPath = ("routes", name)
        if name in config.models:
            report.error(place, f"{quoted(name)} is also a model", "models and routes share one namespace", at_key=True)
        _fallback(place, route.fallback or (), report)
        _pool(place, route.pool or (), report)
        _when(place, route.when or (), report)
        retry((*place, "retry"), route.retry, report)
    retry(("defaults", "retry"), config.defaults.retry, report)
    breaker(("defaults", "breaker"), config.defaults.breaker, report)


def _fallback(place: KeyPath, group: tuple[file.FallbackEntry, ...], report: Report) -> None:
    seen: set[str] = set()
    for index, entry in enumerate(group):
        at = (*place, "fallback", index)
        if entry.on_failure is not None and index == 0:
            report.error((*at, "on_failure"), "can never fire: nothing has failed before the first entry", "remove it")
        elif entry.on_failure is not None and set(entry.on_failure) == {FailureClass.BLOCKED}:
            message = "can never fire: what would block, the guardrails, is not in this version yet"
            report.error((*at, "on_failure"), message, "remove it")
        if entry.use in seen:
            report.warning(
                at, f"{quoted(entry.use)} is listed before; a target that failed is not tried again", "remove it"
            )
        seen.add(entry.use)


def _pool(place: KeyPath, group: tuple[file.PoolEntry, ...], report: Report) -> None:
    if group and sum(entry.weight for entry in group) == 0:
        report.error((*place, "pool"), "the weights sum to zero: nothing would ever be chosen", "give one a weight")
    seen: set[str] = set()
    for index, entry in enumerate(group):
        if entry.use in seen:
            report.warning((*place, "pool", index), f"{quoted(entry.use)} is listed before", "add up the weights")
        seen.add(entry.use)


def _when(place: KeyPath, group: tuple[file.WhenEntry, ...], report: Report) -> None:
    seen: set[str] = set()
    for index, entry in enumerate(group):
        at = (*place, "when", index)
        is_last = index == len(group) - 1
        if report.is_broken((*at, "if")):
            continue
        if entry.if_ is None and not is_last:
            report.error(at, "has no `if`, so the entries after it are unreachable", "move it to the end")
        if entry.if_ is not None and is_last:
            report.error(at, "the last entry has an `if`: requests it does not hold for go nowhere", "add {use: NAME}")
        if entry.if_ is not None and entry.if_.strip() in seen:
            report.error((*at, "if"), "unreachable: an earlier entry has the same condition", "remove one")
        if entry.if_ is not None:
            seen.add(entry.if_.strip())


def reach(
    loaded: Loaded, used: Collection[str], idle: Iterable[str], routes: Mapping[str, Route], report: Report
) -> None:
    """Something must answer, and nothing should be there for nobody: `used` by routes, `idle` providers."""
    config = loaded.config
    for route in routes.values():
        _attempts(route, report)
    if any(path[:1] in ((), ("models",), ("routes",)) for path in loaded.broken):
        return  # who uses what is not known
    if not config.models and not config.routes:
        report.error((), "no models: there is nothing to serve", "add models: {gpt: openai/gpt-4o-mini}")
    elif not any(exposed(config)):
        report.error((), "nothing is exposed: there is no name that a client could ask for", "take out `expose: false`")
    _unused(config, used, report)
    for name in idle:
        report.warning(("providers", name), "no model uses it", f"as in models: {{NAME: {name}/MODEL}}", at_key=True)


def _unused(config: file.ConfigFile, used: Collection[str], report: Report) -> None:
    for section, entries in (("models", config.models), ("routes", config.routes)):
        for name, entry in entries.items():
            if entry.expose is False and name not in used:
                report.warning((section, name), "not exposed and used by no route: nobody can reach it", at_key=True)


def whole_requests(loaded: Loaded, leads: Leads, report: Report) -> None:
    """A deadline or a ceiling of attempts where it cannot hold. `leads`: which routes each route leads to."""
    if any(path[:1] in ((), ("routes",)) for path in loaded.broken):
        return  # who leads where is not known
    routes = loaded.config.routes
    branches = {inner for name, inners in leads.items() if routes[name].when is not None for inner in inners}
    for name, route in routes.items():
        for key in OF_THE_WHOLE_REQUEST:
            if getattr(route, key) is not None and route.expose is False and name not in branches:
                message = f"is of a whole request, and nobody can ask for {quoted(name)}: it never applies"
                hint = "say it where clients ask, or under defaults"
                report.warning(("routes", name, key), message, hint, at_key=True)
            elif getattr(route, key) is None and route.when is None:
                for inner in _first_to_say(key, name, leads, routes):
                    if routes[inner].expose is not False or inner in branches:
                        message = f"does not hold when it is reached through {quoted(name)}"
                        report.warning(("routes", inner, key), message, "write it there too", at_key=True)


def _first_to_say(key: str, outer: str, leads: Leads, routes: Mapping[str, file.RouteEntry]) -> Iterator[str]:
    """The routes under `outer` that say something, also through a `when`, which says nothing itself."""
    for inner in leads.get(outer, ()):
        if getattr(routes[inner], key) is not None:
            yield inner
        elif routes[inner].when is not None:
            yield from _first_to_say(key, inner, leads, routes)


def _attempts(route: Route, report: Report) -> None:
    """Targets that the ceiling of attempts keeps from ever being tried."""
    count = max((len(_targets(node)) for node in _behind(route.node)), default=0)
    if count > route.max_attempts:
        where = ("routes", route.name)
        message = f"{count} targets, but max_attempts is {route.max_attempts}: the last ones would never be tried"
        report.warning(where, message, f"set max_attempts: {count}", at_key=True)


def _behind(node: Node) -> Iterator[Node]:
    """What a request is left with behind each `when`; of a branch with a ceiling of its own its route is told."""
    if not isinstance(node, When):
        yield node
        return
    for branch in node.branches:
        if branch.max_attempts is None:
            yield from _behind(branch.node)


def _targets(node: Node) -> set[str]:
    """The targets that one request may try; of a `when` the branch with the most."""
    match node:
        case Leaf(target):
            return {target.id}
        case Pool(_, members):
            return set().union(*(_targets(member.node) for member in members if member.weight > 0))
        case Fallback():
            return set().union(*map(_targets, children(node)))
        case When():
            return max(map(_targets, children(node)), key=len)
        case _:
            assert_never(node)
