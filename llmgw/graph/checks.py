"""What a schema cannot say about single entries: what can never fire, what nobody can reach, what means nothing."""

from collections.abc import Collection, Mapping
from ipaddress import ip_address, ip_network
from typing import assert_never
from zoneinfo import ZoneInfo, available_timezones

from llmgw.config import model as file
from llmgw.config.load import Loaded
from llmgw.config.problems import KeyPath
from llmgw.errors import FailureClass
from llmgw.graph.exposure import exposed
from llmgw.graph.model import Fallback, Leaf, Node, Pool, Route, When, children
from llmgw.graph.report import Report, did_you_mean

# The gateway's own fields: a file that set them would break the relay or the route.
RESERVED_FIELDS = frozenset({"model", "stream", "stream_options", "messages"})


def server(settings: file.ServerSection, report: Report) -> None:
    """Faults of the front door that would only show once it opens, or never."""
    if not _is_zone(settings.timezone):
        hint = did_you_mean(settings.timezone, available_timezones()) or "as in Europe/Berlin or UTC"
        report.error(("server", "timezone"), f"'{settings.timezone}' is not a time zone", hint)
    for index, proxy in enumerate(settings.trusted_proxies):
        if not _is_network(proxy):
            message = f"'{proxy}' is not an address or network"
            report.error(("server", "trusted_proxies", index), message, "as in 10.0.0.0/8 or 192.168.1.7")
    if settings.host is not None and not _is_loopback(settings.host) and not settings.open:
        message = f"'{settings.host}' is open to other machines, and without keys anyone there may call"
        report.error(("server", "host"), message, "leave it out for this machine only, or say `open: true`")


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


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def model(entry: file.ModelEntry, place: KeyPath, report: Report) -> None:
    """Faults inside one model."""
    for key, names in (("set", entry.set), ("default", entry.default)):
        for name in names:
            if name in RESERVED_FIELDS:
                report.error((*place, key, name), f"'{name}' belongs to the gateway", "remove it", at_key=True)
    for index, name in enumerate(entry.drop):
        if name in RESERVED_FIELDS:
            report.error((*place, "drop", index), f"'{name}' belongs to the gateway", "remove it")
    for name in entry.set:
        others = [key for key, names in (("default", entry.default), ("drop", entry.drop)) if name in names]
        if others:
            message = f"'{name}' is also in {' and '.join(others)}"
            report.error((*place, "set", name), message, "set always wins: keep one of them", at_key=True)
    for name in entry.default:
        if name in entry.drop:
            message = f"'{name}' is also in drop"
            report.error((*place, "default", name), message, "what is dropped gets no default", at_key=True)
    retry((*place, "retry"), entry.retry, report)


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
            report.error(place, f"'{name}' is also a model", "models and routes share one namespace", at_key=True)
        _fallback(place, route.fallback or (), report)
        _pool(place, route.pool or (), report)
        _when(place, route.when or (), report)
        retry((*place, "retry"), route.retry, report)
    retry(("defaults", "retry"), config.defaults.retry, report)


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
            report.warning(at, f"'{entry.use}' is listed before; a target that failed is not tried again", "remove it")
        seen.add(entry.use)


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
        is_last = index == len(group) - 1
        if entry.if_ is None and not is_last:
            report.error(at, "has no `if`, so the entries after it are unreachable", "move it to the end")
        if entry.if_ is not None and is_last:
            report.error(at, "the last entry has an `if`: requests it does not hold for go nowhere", "add {use: NAME}")
        if entry.if_ is not None and entry.if_.strip() in seen:
            report.error((*at, "if"), "unreachable: an earlier entry has the same condition", "remove one")
        if entry.if_ is not None:
            seen.add(entry.if_.strip())


def reach(loaded: Loaded, used: Collection[str], routes: Mapping[str, Route], report: Report) -> None:
    """Something must answer, and nothing should be there for nobody."""
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


def _unused(config: file.ConfigFile, used: Collection[str], report: Report) -> None:
    for section, entries in (("models", config.models), ("routes", config.routes)):
        for name, entry in entries.items():
            if entry.expose is False and name not in used:
                report.warning((section, name), "not exposed and used by no route: nobody can reach it", at_key=True)
    for name, route in config.routes.items():
        for key in ("deadline", "max_attempts"):
            if route.expose is False and getattr(route, key) is not None:
                message = f"is of a whole request, and nobody can ask for '{name}': it never applies"
                report.warning(
                    ("routes", name, key), message, "say it where clients ask, or under defaults", at_key=True
                )


def _attempts(route: Route, report: Report) -> None:
    """Targets that the ceiling of attempts keeps from ever being tried."""
    count = len(_targets(route.node))
    if count > route.max_attempts:
        where = ("routes", route.name)
        message = f"{count} targets, but max_attempts is {route.max_attempts}: the last ones would never be tried"
        report.warning(where, message, f"set max_attempts: {count}", at_key=True)


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
