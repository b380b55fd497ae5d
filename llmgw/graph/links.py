"""Which route leads where, and the faults of it: names that dangle, cycles, chains that grow beyond all use.

What is wrong is said once and kept apart, so that building the trees can trust what is left: it ends, soon.
"""

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from llmgw.config.hints import with_provider, with_slash
from llmgw.config.load import Loaded
from llmgw.config.model import ConfigFile, FallbackEntry, PoolEntry, RouteEntry, WhenEntry
from llmgw.config.problems import KeyPath, quoted, short
from llmgw.graph.names import Meaning, Names
from llmgw.graph.patterns import STAR, by_precedence, closest
from llmgw.graph.report import Report, did_you_mean

STEPS_MAX = 1000  # of one route: a chain of chains multiplies
DEPTH_MAX = 50  # routes inside routes

RouteNames = dict[str, list[str]]


def entries(name: str, route: RouteEntry) -> Iterator[tuple[KeyPath, str]]:
    """The place and the name of every entry of a route."""
    groups: dict[str, Sequence[FallbackEntry | PoolEntry | WhenEntry] | None]
    groups = {"fallback": route.fallback, "pool": route.pool, "when": route.when}
    for kind, group in groups.items():
        for index, entry in enumerate(group or ()):
            yield ("routes", name, kind, index), entry.use


class Links:
    """The routes of a file, linked. `order` has every sound route after all that it leads to."""

    def __init__(self, loaded: Loaded, names: Names, report: Report) -> None:
        self._config: ConfigFile = loaded.config
        self._loaded = loaded
        self._names = names
        self._report = report
        self._check_names()
        uses = self._uses()
        self.order = self._bounded(_without(uses, self._cycles(uses)))
        self._sound = frozenset(self.order)

    def meaning(self, use: str) -> Meaning | None:
        """What the name leads to; None if that is broken, which has been said."""
        meaning = self._names.meaning(use)
        if meaning is not None and meaning.name in self._config.routes and meaning.name not in self._sound:
            return None
        return meaning

    def used(self) -> frozenset[str]:
        """Every model and route that some other one leads to."""
        found: set[str] = set()
        for name, route in self._config.routes.items():
            meanings = (self._names.meaning(use) for _, use in entries(name, route))
            found.update(meaning.name for meaning in meanings if meaning is not None and meaning.name != name)
        return frozenset(found)

    def leads_to(self) -> RouteNames:
        """The routes that each sound route leads to."""
        return {name: uses for name, uses in self._uses().items() if name in self._sound}

    def check(self, use: str, place: KeyPath) -> None:
        """The same for a name that no route uses: it must mean something."""
        self._check_use(use, "", place)

    # Names.

    def _check_names(self) -> None:
        """Every name that an entry uses must mean something, whether or not anybody can reach it."""
        for route_name, route in self._config.routes.items():
            for place, use in entries(route_name, route):
                self._check_use(use, route_name, (*place, "use"))

    def _check_use(self, use: str, route_name: str, place: KeyPath) -> None:
        if use.count(STAR) > 1:
            self._report.error(place, f"{quoted(use)} has more than one star", "a name may hold one")
        elif STAR in use and STAR not in route_name:
            unfilled = "the route's name has none to fill it with" if route_name else "nothing here fills it"
            hint = "write one into the name, or name a single model" if route_name else "name a single model"
            self._report.error(place, f"{quoted(use)} has a star, but {unfilled}", hint)
        elif self._names.meaning(use) is None and not self._may_be_broken(use):
            names = [*self._names.all()]
            ours = with_slash(use, self._names.is_provider)
            meant = f"write {short(ours)}" if ours else did_you_mean(use, names) or _of_maker(use)
            hint = meant or f"names: {', '.join(names[:12])}; or provider/model"
            self._report.error(place, f"{quoted(use)} is not a model or route", hint)

    def _may_be_broken(self, use: str) -> bool:
        """Whether the name, or a pattern that it fits, belongs to something that was set aside."""
        if any(self._loaded.is_broken((section, use)) for section in ("models", "routes")):
            return True
        broken = (str(path[1]) for path in self._loaded.broken if len(path) == 2 and path[0] in ("models", "routes"))
        return closest(by_precedence(name for name in broken if STAR in name), use) is not None

    # Cycles and size.

    def _uses(self) -> RouteNames:
        """Which routes each route leads to, in the file's order: through names and through patterns."""
        routes = self._config.routes
        found: RouteNames = {}
        for name, route in routes.items():
            meanings = (self._names.meaning(use) for _, use in entries(name, route))
            found[name] = [meaning.name for meaning in meanings if meaning is not None and meaning.name in routes]
        return found

    def _cycles(self, uses: RouteNames) -> set[str]:
        """Report each cycle with its path; gives the routes that are part of one."""
        inside: set[str] = set()
        while cycle := _cycle(_without(uses, inside)):
            first = min(cycle, key=list(uses).index)
            start = cycle.index(first)
            path = [*cycle[start:], *cycle[:start], first]
            message = f"cyclic: {' → '.join(path)}"
            self._report.error(("routes", first), message, "a route cannot lead back to itself", at_key=True)
            inside.update(cycle)
        return inside

    def _bounded(self, uses: RouteNames) -> list[str]:
        """The routes of sane size, those that others lead to first; the others are reported."""
        steps: dict[str, int] = {}
        depths: dict[str, int] = {}
        for name in TopologicalSorter(uses).static_order():
            if any(use not in steps for use in uses[name]):
                continue  # a part of it has been reported
            count = sum(1 for _ in entries(name, self._config.routes[name])) + sum(steps[use] for use in uses[name])
            depth = 1 + max((depths[use] for use in uses[name]), default=0)
            if count <= STEPS_MAX and depth <= DEPTH_MAX:
                steps[name], depths[name] = count, depth
            else:
                limit = f"{STEPS_MAX} steps" if count > STEPS_MAX else f"{DEPTH_MAX} routes inside each other"
                self._report.error(("routes", name), f"leads through more than {limit}", "use fewer", at_key=True)
        return list(steps)


def _of_maker(use: str) -> str | None:
    ours = with_provider(use) if "/" not in use else None
    return f"write {short(ours)}, or a name of this file" if ours else None


def _without(uses: RouteNames, left_out: set[str]) -> RouteNames:
    return {name: [use for use in used if use not in left_out] for name, used in uses.items() if name not in left_out}


def _cycle(uses: RouteNames) -> list[str]:
    """One cycle, each name leading to the next, or nothing."""
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        return list(reversed(error.args[1][:-1]))
    return []
