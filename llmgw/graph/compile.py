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
from llmgw.graph import abilities, caching, checks, keys, limiting, sticking
from llmgw.graph.budgeted import budgeted, writing
from llmgw.graph.expectations import Expectations
from llmgw.graph.exposure import exposed, public_routes
from llmgw.graph.links import Links, entries
from llmgw.graph.model import Graph, Pattern
from llmgw.graph.models import Models
from llmgw.graph.names import Names
from llmgw.graph.patterns import STAR, by_precedence
from llmgw.graph.providers import Providers
from llmgw.graph.report import Report
from llmgw.graph.route import Route
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
    links = Links(loaded, names, report)
    for place, use in limiting.uses(config):
        links.check(use, place)
    trees = Trees(config, models, links, report)
    routes = {name: route for name in (*config.models, *config.routes) if (route := _route(name, config, trees))}
    absent = {**models.absent, **_absent_routes(config, links, models)}
    public = public_routes(config, routes, report)
    absent |= {alias: absent[name] for alias, name, _ in exposed(config) if name in absent and alias not in public}
    closed = {*config.models, *config.routes, *absent} - public.keys()
    cache = caching.rules(loaded, caching.Surroundings(models.targets, names.meaning, public), report)
    rules = limiting.rules(loaded, _surroundings(loaded, models, public, trees, links), report)
    paying = budgeted(rules.budgets, public, cache.rules)
    models.check_prices(paying)
    models.check_writing(writing(rules.budgets, public))
    for place, target in caching.embedding(cache):
        models.check_price_of_vectors(target, place, paying.get(target.id))
    checks.state(config, report)
    checks.server(config.server, report, has_keys=_has_keys(loaded))
    checks.rules(config, report)
    sticking.check(config, report)
    beside = [use for _, use in (*limiting.uses(config), *caching.uses(config))]
    used = {meaning.name for use in beside if (meaning := names.meaning(use)) is not None}
    checks.reach(loaded, links.used() | used, providers.idle(models.providers()), routes, report)
    abilities.check(routes.values(), report)
    checks.whole_requests(loaded, links.leads_to(), report)
    if absent and not routes:
        left = report.error if need_secrets else report.warning
        left(("models",), "every model has left the graph: nothing would be served", "set what is missing", at_key=True)
    Expectations(loaded, models.targets, report).check()
    principals = keys.principals(loaded, report, now_s)
    keys.admin_key(loaded, principals, report)
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
        rules=rules,
        cache=cache,
    )
    checks.asked_names(loaded, [*graph.names_and_patterns(), *graph.absent], report)
    return Compiled(graph, report.problems)


def _has_keys(loaded: Loaded) -> bool:
    """Also where one was set aside: it is meant to be there."""
    return bool(loaded.config.keys) or any(path[:1] == ("keys",) for path in loaded.broken)


def _add_bare(config: file.ConfigFile, names: Names, models: Models) -> None:
    """Targets for every `provider/model` that a route, a budget or the cache names."""
    known = frozenset(names.all())
    of_routes = (((*at, "use"), use) for name, route in config.routes.items() for at, use in entries(name, route))
    for place, use in (*of_routes, *limiting.uses(config), *caching.uses(config)):
        meaning = names.meaning(use)
        if meaning is not None and meaning.name not in known and use.count(STAR) < 2:
            models.add_bare(use, place)


def _route(use: str, config: file.ConfigFile, trees: Trees, path: str = "", name: str = "") -> Route | None:
    """The route behind a name, also of a single model. `name` is what a pattern is called that was meant by it."""
    node = trees.tree(use, path)
    entry = config.routes.get(name or use) or file.RouteEntry()
    if node is None:
        return None
    return Route(
        name=use,
        node=node,
        deadline_s=float(entry.deadline or config.defaults.deadline),
        max_attempts=entry.max_attempts or config.defaults.max_attempts,
    )


def _surroundings(
    loaded: Loaded, models: Models, public: Mapping[str, Route], trees: Trees, links: Links
) -> limiting.Surroundings:
    """What limits and budgets refer to."""

    def lead(use: str, path: str) -> Route | None:
        meaning = links.meaning(use)
        return None if meaning is None else _route(use, loaded.config, trees, path, meaning.name)

    if any(path[:1] in ((), ("models",), ("routes",)) for path in loaded.broken):
        return limiting.Surroundings(lead, {})  # what there is is not known
    known = {"model": [*public, *models.absent], "target": models.targets.keys(), "provider": models.providers()}
    return limiting.Surroundings(lead, known)


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
