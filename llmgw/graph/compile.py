"""ConfigFile → Graph, or every problem that a schema cannot see.

Names are resolved, inheritance is applied and chains are linked here, once: providers, models, links, trees, and
what of it callers see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType

import msgspec

from llmgw.config import model as file
from llmgw.config.load import Loaded
from llmgw.config.problems import Problem
from llmgw.config.secrets import Secret
from llmgw.graph import abilities, checks, keys
from llmgw.graph.expectations import Expectations
from llmgw.graph.exposure import exposed, public_routes
from llmgw.graph.links import Links, entries
from llmgw.graph.model import Graph, Pattern, Route
from llmgw.graph.models import Models
from llmgw.graph.names import Names
from llmgw.graph.patterns import STAR, by_precedence
from llmgw.graph.providers import Providers
from llmgw.graph.report import Report
from llmgw.graph.trees import Trees


@dataclass(frozen=True, slots=True)
class Compiled:
    """`graph` holds what could be built even where there are problems; it serves only if none is an error."""

    graph: Graph
    problems: tuple[Problem, ...]


def compile_graph(
    loaded: Loaded,
    env: Mapping[str, str],
    *,
    need_secrets: bool = False,
    whole: bool = False,
    now_s: float | None = None,
) -> Compiled:
    """Link everything. `env` holds the providers' usual variables; `need_secrets`: a missing one is an error.

    `whole` leaves in what is `optional` and has no key: so the file's own tests say the same on every machine. With
    `now_s` (Unix time) keys are told that have expired.
    """
    config = loaded.config
    report = Report(loaded)
    providers = Providers(loaded, env, report, need_secrets=need_secrets, whole=whole)
    providers.check_all()
    models = Models(loaded, providers, report)
    models.add_all()
    names = Names(config.models, config.routes, providers.is_known)
    _add_bare(config, names, models)
    models.check_prices()
    links = Links(loaded, names, report)
    trees = Trees(config, models, links, report)
    routes = _routes(config, trees)
    absent = {**models.absent, **_absent_routes(config, links, models)}
    public = public_routes(config, routes, report)
    absent |= {alias: absent[name] for alias, name, _ in exposed(config) if name in absent and alias not in public}
    closed = {*config.models, *config.routes, *absent} - public.keys()
    checks.server(config.server, report, has_keys=_has_keys(loaded))
    checks.rules(config, report)
    checks.reach(loaded, links.used(), providers.idle(models.providers()), routes, report)
    abilities.check(routes.values(), report)
    checks.whole_requests(loaded, links.leads_to(), report)
    if absent and not routes:
        left = report.error if need_secrets else report.warning
        left(("models",), "every model has left the graph: nothing would be served", "set what is missing", at_key=True)
    Expectations(loaded, models.targets, report).check()
    principals = keys.principals(loaded, report, now_s)
    graph = Graph(
        routes=MappingProxyType({name: route for name, route in public.items() if STAR not in name}),
        patterns=tuple(Pattern(name, public[name]) for name in by_precedence(n for n in public if STAR in n)),
        targets=MappingProxyType(dict(models.targets)),
        digest=_digest(config),
        timezone=config.server.timezone,
        absent=MappingProxyType(absent),
        closed=frozenset(name for name in closed if STAR not in name),
        closed_patterns=tuple(by_precedence(name for name in closed if STAR in name)),
        principals=principals.by_name,
        digests=principals.by_digest,
    )
    keys.check_models(loaded, graph, report)
    return Compiled(graph, report.problems)


def _has_keys(loaded: Loaded) -> bool:
    """Also where one was set aside: it is meant to be there."""
    return bool(loaded.config.keys) or any(path[:1] == ("keys",) for path in loaded.broken)


def _add_bare(config: file.ConfigFile, names: Names, models: Models) -> None:
    """Targets for every `provider/model` that a route names."""
    known = frozenset(names.all())
    for route_name, route in config.routes.items():
        for place, use in entries(route_name, route):
            meaning = names.meaning(use)
            if meaning is not None and meaning.name not in known and use.count(STAR) < 2:
                models.add_bare(use, (*place, "use"))


def _routes(config: file.ConfigFile, trees: Trees) -> dict[str, Route]:
    """A route for every name of the file, also for a single model."""
    found = {}
    for name in (*config.models, *config.routes):
        node = trees.tree(name)
        entry = config.routes.get(name) or file.RouteEntry()
        if node is not None:
            found[name] = Route(
                name=name,
                node=node,
                deadline_s=float(entry.deadline or config.defaults.deadline),
                max_attempts=entry.max_attempts or config.defaults.max_attempts,
            )
    return found


def _absent_routes(config: file.ConfigFile, links: Links, models: Models) -> dict[str, str]:
    """Routes with nothing left for no other reason than missing keys."""
    absent: dict[str, str] = {}
    for name in links.order:
        meanings = [links.meaning(use) for _, use in entries(name, config.routes[name])]
        gone = [meaning is not None and meaning.name in absent.keys() | models.absent.keys() for meaning in meanings]
        if gone and all(gone):
            absent[name] = "none of its targets has its key"
    return absent


def _digest(config: file.ConfigFile) -> str:
    """Equal files (secrets aside) have equal digests."""
    return sha256(msgspec.json.encode(config, enc_hook=_hidden)).hexdigest()[:16]


def _hidden(value: object) -> str | float:
    """What msgspec does not know: secrets stay out of the digest, units are numbers."""
    match value:
        case Secret():
            return "***"
        case file.Duration() | file.Size():
            return float(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a config file")
