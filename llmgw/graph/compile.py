"""ConfigFile → Graph, or every problem that a schema cannot see.

Names are resolved, inheritance is applied and chains are linked here, once. Each public name gets a tree of its
own, so that a request only follows references; what the tree says about limits is what the attempt will get.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType

import msgspec

from llmgw.config import model as file
from llmgw.config.load import Loaded
from llmgw.config.problems import KeyPath, Problem
from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass
from llmgw.graph import checks, targets
from llmgw.graph.condition import Condition, ConditionError, compile_condition
from llmgw.graph.model import (
    STAR,
    Branch,
    Entry,
    Fallback,
    Graph,
    Leaf,
    Member,
    Node,
    Pattern,
    Pool,
    Route,
    Target,
    When,
)
from llmgw.graph.providers import Providers, UsableProvider
from llmgw.graph.report import Report, did_you_mean

LEAVES_MAX = 1000  # of one route: a chain of chains multiplies


@dataclass(frozen=True, slots=True)
class Compiled:
    """`graph` holds what could be built even where there are problems; it serves only if none is an error."""

    graph: Graph
    problems: tuple[Problem, ...]


def compile_graph(loaded: Loaded, env: Mapping[str, str], *, need_secrets: bool = False) -> Compiled:
    """Link everything. `env` holds the providers' usual variables; `need_secrets`: a missing one is an error."""
    return _Compiler(loaded, env, need_secrets=need_secrets).run()


@dataclass(frozen=True, slots=True)
class _Inherited:
    """Rules of the routes on the way down, the outermost first."""

    timeouts: tuple[file.TimeoutEntry, ...] = ()
    retries: tuple[file.RetryEntry, ...] = ()

    def under(self, entry: file.RouteEntry | file.ModelEntry) -> "_Inherited":
        timeouts = (*self.timeouts, entry.timeout) if entry.timeout else self.timeouts
        retries = (*self.retries, entry.retry) if entry.retry else self.retries
        return _Inherited(timeouts, retries)


class _TooManyLeavesError(Exception):
    pass


class _Compiler:
    def __init__(self, loaded: Loaded, env: Mapping[str, str], *, need_secrets: bool) -> None:
        self._loaded = loaded
        self._config = loaded.config
        self._report = Report(loaded)
        self._providers = Providers(loaded, env, self._report, need_secrets=need_secrets)
        self._targets: dict[str, Target] = {}
        self._conditions: dict[KeyPath, Condition | None] = {}
        self._absent: dict[str, str] = {}
        self._leaves = 0
        self._outside: frozenset[str] = frozenset()  # routes that are part of a cycle

    def run(self) -> Compiled:
        self._providers.check_all()
        self._report.problems.extend(self._providers.missing_references())
        for name, entry in self._config.models.items():
            self._target(name, entry, ("models", name))
        self._link_names()
        self._outside = checks.cycles(self._config, self._report)
        checks.rules(self._config, self._report)
        routes = {name: route for name, route in self._roots() if route is not None}
        public = self._public(routes)
        checks.reachable(self._config, self._absent, public, self._report)
        checks.tests(self._config, frozenset(self._targets), frozenset(public), self._report)
        graph = Graph(
            routes=MappingProxyType({name: route for name, route in public.items() if STAR not in name}),
            patterns=_patterns(public),
            targets=MappingProxyType(dict(self._targets)),
            digest=_digest(self._config),
            timezone=self._config.server.timezone,
            absent=MappingProxyType(dict(self._absent)),
        )
        return Compiled(graph, tuple(self._report.problems))

    # Models.

    def _target(self, name: str, entry: file.ModelEntry, place: KeyPath) -> Target | None:
        """Build the target of a model, or say why not; an absent one is noted."""
        target_place = (*place, "target")
        provider_name, slash, upstream_model = entry.target.partition("/")
        if not slash or not upstream_model:
            hint = did_you_mean(entry.target, self._providers.names()) or "as in openai/gpt-4o-mini"
            self._report.error(target_place, f"'{entry.target}' is not provider/model", hint)
            return None
        if entry.target.count(STAR) and STAR not in name:
            self._report.error(target_place, "a star in the target needs one in the name", f'as in "{STAR}": …')
            return None
        provider = self._providers.get(provider_name, target_place)
        if provider is None:
            return None
        if provider.absent is not None:
            self._absent[name] = provider.absent
        checks.model(entry, place, self._report)
        target = targets.build_target(name, upstream_model, self._inherit(entry, place), provider)
        self._targets[name] = target
        return target

    def _inherit(self, entry: file.ModelEntry, place: KeyPath) -> file.ModelEntry:
        """What `like` gives: price, window and abilities of another model of the file."""
        if entry.like is None:
            return entry
        like = self._config.models.get(entry.like)
        if like is None:
            if not self._loaded.is_broken(("models", entry.like)):
                hint = did_you_mean(entry.like, self._config.models)
                message = f"'{entry.like}' is not a model of this file"
                later = "a catalogue of models is not in this version yet" if "/" in entry.like else None
                self._report.error((*place, "like"), message, hint or later)
            return entry
        if like.like is not None:
            self._report.error((*place, "like"), f"'{entry.like}' is itself like '{like.like}'", f"name '{like.like}'")
            return entry
        return msgspec.structs.replace(
            entry,
            price=entry.price if entry.price is not None else like.price,
            context_window=entry.context_window or like.context_window,
            max_output=entry.max_output or like.max_output,
        )

    # Names.

    def _link_names(self) -> None:
        """Every name that an entry uses must mean something, whether or not anybody can reach it."""
        for route_name, entry in self._config.routes.items():
            for place, use in checks.entries(route_name, entry):
                self._check_use(use, route_name, place)

    def _check_use(self, use: str, route_name: str, place: KeyPath) -> None:
        use_place = (*place, "use")
        if STAR in use and STAR not in route_name:
            self._report.error(use_place, f"'{use}' has a star, but the route's name has none to fill it with")
        elif not self._means_something(use, use_place):
            names = [*self._config.models, *self._config.routes]
            hint = did_you_mean(use, names) or f"names: {', '.join(names[:12])}; or provider/model"
            self._report.error(use_place, f"'{use}' is not a model or route", hint)

    def _means_something(self, use: str, place: KeyPath) -> bool:
        if use in self._config.models or use in self._config.routes:
            return True
        if self._is_broken(use) or self._pattern_of(use):
            return True
        provider, slash, upstream_model = use.partition("/")
        if not (slash and upstream_model and self._providers.is_known(provider)):
            return False
        if use not in self._targets:
            self._target(use, file.ModelEntry(target=use), place)
        return True

    def _is_broken(self, use: str) -> bool:
        return self._loaded.is_broken(("models", use)) or self._loaded.is_broken(("routes", use))

    def _pattern_of(self, use: str) -> tuple[str, str] | None:
        """The model or route whose pattern `use` fits, and what the star stands for in it."""
        found = [
            (len(name), name, star)
            for name in (*self._config.models, *self._config.routes)
            if STAR in name and (star := _star(name, use)) is not None
        ]
        return max(found)[1:] if found else None

    # Routes.

    def _roots(self) -> Iterator[tuple[str, Route | None]]:
        for name in (*self._config.models, *self._config.routes):
            self._leaves = 0
            try:
                node = self._node(name, name, _Inherited())
            except _TooManyLeavesError:
                message = f"the chain has more than {LEAVES_MAX} steps"
                self._report.error(("routes", name), message, "use fewer routes inside routes", at_key=True)
                continue
            entry = self._config.routes.get(name) or file.RouteEntry()
            if node is None and checks.only_absent(name, self._config, self._absent):
                self._absent.setdefault(name, "none of its targets has its key")
            yield name, None if node is None else self._route(name, node, entry)

    def _route(self, name: str, node: Node, entry: file.RouteEntry) -> Route:
        defaults = self._config.defaults
        route = Route(
            name=name,
            node=node,
            deadline_s=float(entry.deadline or defaults.deadline),
            max_attempts=entry.max_attempts or defaults.max_attempts,
        )
        checks.attempts(route, self._report)
        return route

    def _node(self, use: str, path: str, inherited: _Inherited) -> Node | None:
        """The tree under a name, or None if it is broken, absent or part of a cycle (said elsewhere)."""
        if use in self._config.routes:
            return None if use in self._outside else self._route_node(use, path, inherited)
        if use in self._targets:
            return self._leaf(use, path, inherited)
        fitting = self._pattern_of(use)
        if fitting is None or fitting[0] in self._outside:
            return None
        node = self._node(fitting[0], path, inherited)
        return None if node is None else _filled(node, fitting[1])

    def _leaf(self, name: str, path: str, inherited: _Inherited) -> Leaf | None:
        if name in self._absent:
            return None
        self._leaves += 1
        if self._leaves > LEAVES_MAX:
            raise _TooManyLeavesError
        target = self._targets[name]
        entry = self._config.models.get(name) or file.ModelEntry(target=name)
        rules = inherited.under(entry)
        defaults = self._config.defaults
        provider = self._providers.get(target.provider, ())
        return Leaf(
            target=target,
            path=path,
            limits=targets.time_limits([*rules.timeouts, defaults.timeout], local=_is_local(provider)),
            retry=targets.retry([*rules.retries, defaults.retry]),
        )

    def _route_node(self, name: str, path: str, inherited: _Inherited) -> Node | None:
        entry = self._config.routes[name]
        rules = inherited.under(entry)
        if entry.fallback is not None:
            return self._fallback(entry.fallback, f"{path}/fallback", rules)
        if entry.pool is not None:
            return self._pool(entry.pool, f"{path}/pool", rules)
        if entry.when is not None:
            return self._when(name, entry.when, f"{path}/when", rules)
        return None

    def _fallback(self, entries: tuple[file.FallbackEntry, ...], path: str, rules: _Inherited) -> Node | None:
        nodes = [
            (self._node(entry.use, f"{path}[{index}]={entry.use}", rules), entry) for index, entry in enumerate(entries)
        ]
        there = [(node, entry) for node, entry in nodes if node is not None]
        # What has become the first entry because others are absent waits for no failure.
        linked = tuple(Entry(node, _failures(entry) if index else None) for index, (node, entry) in enumerate(there))
        return Fallback(path, linked) if linked else None

    def _pool(self, entries: tuple[file.PoolEntry, ...], path: str, rules: _Inherited) -> Node | None:
        members = tuple(
            Member(node, entry.weight)
            for index, entry in enumerate(entries)
            if (node := self._node(entry.use, f"{path}[{index}]={entry.use}", rules)) is not None
        )
        return Pool(path, members) if members else None

    def _when(self, name: str, entries: tuple[file.WhenEntry, ...], path: str, rules: _Inherited) -> Node | None:
        branches = []
        for index, entry in enumerate(entries):
            condition = self._condition(entry, ("routes", name, "when", index))
            node = self._node(entry.use, f"{path}[{index}]={entry.use}", rules)
            if node is not None and (condition is not None or entry.if_ is None):
                branches.append(Branch(node, condition))
        return When(path, tuple(branches)) if branches else None

    def _condition(self, entry: file.WhenEntry, place: KeyPath) -> Condition | None:
        """Compiled once, however many routes lead there."""
        if entry.if_ is None:
            return None
        if place not in self._conditions:
            try:
                self._conditions[place] = compile_condition(entry.if_)
            except ConditionError as error:
                self._conditions[place] = None
                self._report.error((*place, "if"), str(error))
        return self._conditions[place]

    # What callers see.

    def _public(self, routes: Mapping[str, Route]) -> dict[str, Route]:
        """Routes under the names that callers may use (`expose`)."""
        public: dict[str, Route] = {}
        owners: dict[str, str] = {}
        for section, name, expose in self._exposures():
            for public_name in _public_names(name, expose):
                if public_name in owners:
                    message = f"the name '{public_name}' is already exposed by '{owners[public_name]}'"
                    self._report.error((section, name), message, "names that callers use are one namespace")
                elif name in routes:
                    public[public_name] = routes[name]
                owners.setdefault(public_name, name)
        return public

    def _exposures(self) -> Iterator[tuple[str, str, bool | tuple[str, ...]]]:
        for name, model in self._config.models.items():
            yield "models", name, model.expose
        for name, route in self._config.routes.items():
            yield "routes", name, route.expose


def _public_names(name: str, expose: bool | tuple[str, ...]) -> tuple[str, ...]:  # noqa: FBT001 - as in the file
    if isinstance(expose, tuple):
        return expose
    return (name,) if expose else ()


def _failures(entry: file.FallbackEntry) -> frozenset[FailureClass] | None:
    return None if entry.on_failure is None else frozenset(entry.on_failure)


def _is_local(provider: UsableProvider | None) -> bool:
    return provider is not None and provider.row.local


def _star(pattern: str, name: str) -> str | None:
    prefix, _, suffix = pattern.partition(STAR)
    if len(name) > len(prefix) + len(suffix) and name.startswith(prefix) and name.endswith(suffix):
        return name[len(prefix) : len(name) - len(suffix)]
    return None


def _filled(node: Node, star: str) -> Node:
    """A tree of a pattern, with its star filled in at load because an entry named a concrete model."""
    match node:
        case Leaf(target, path, limits, retry):
            return Leaf(target.concrete(star), path, limits, retry)
        case Fallback(path, entries):
            return Fallback(path, tuple(Entry(_filled(e.node, star), e.on_failure) for e in entries))
        case Pool(path, members):
            return Pool(path, tuple(Member(_filled(m.node, star), m.weight) for m in members))
        case When(path, branches):
            return When(path, tuple(Branch(_filled(b.node, star), b.condition) for b in branches))


def _patterns(public: Mapping[str, Route]) -> tuple[Pattern, ...]:
    patterns = []
    for name, route in public.items():
        if STAR in name:
            prefix, _, suffix = name.partition(STAR)
            patterns.append(Pattern(prefix, suffix, route))
    return tuple(sorted(patterns, key=lambda p: (-len(p.prefix) - len(p.suffix), p.prefix, p.suffix)))


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
