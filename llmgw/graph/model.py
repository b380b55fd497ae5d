"""The routing graph: all routes of a config, linked, immutable, with everything decided that can be decided.

A request follows references here, never names. What changes over time (health, spend, cache) lives elsewhere,
keyed by `Target.id`. What a route is made of stands in `graph.route`, and can be had from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmgw.graph import patterns
from llmgw.graph.cache_rules import NO_CACHE, CacheRules
from llmgw.graph.patterns import STAR
from llmgw.graph.principal import Principal
from llmgw.graph.route import (
    PATH_SAFE,
    Branch,
    BreakerRule,
    CloudAuth,
    Credential,
    Entry,
    Fallback,
    Leaf,
    Member,
    Node,
    Pool,
    Retry,
    Route,
    Target,
    TimeLimits,
    Transport,
    When,
    Wire,
    children,
    entry_name,
)
from llmgw.graph.rules import NO_RULES, Rules

__all__ = [
    "PATH_SAFE",
    "STAR",
    "Branch",
    "BreakerRule",
    "CloudAuth",
    "Credential",
    "Entry",
    "Fallback",
    "Graph",
    "Leaf",
    "Member",
    "Node",
    "Pattern",
    "Pool",
    "Resolved",
    "Retry",
    "Route",
    "Target",
    "TimeLimits",
    "Transport",
    "When",
    "Wire",
    "children",
    "entry_name",
]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A public name with one star, and the route for any name of that shape."""

    name: str
    route: Route


@dataclass(frozen=True, slots=True)
class Resolved:
    """A route for one name asked for; `star` is what a pattern's star stands for in it."""

    route: Route
    star: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """All routes by public name. `absent` tells which models left because an optional provider has no key.

    `closed` and `closed_patterns` are the names of the file that nobody may ask for, absent ones among them: what
    somebody gave a name of its own must not slip to whatever a pattern leads to.
    """

    routes: Mapping[str, Route]
    patterns: tuple[Pattern, ...]  # the longest literal part first
    targets: Mapping[str, Target]
    digest: str
    timezone: str = "UTC"
    absent: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    closed_patterns: tuple[str, ...] = ()  # the longest literal part first
    principals: Mapping[str, Principal] = field(default_factory=dict)  # by the name of the key
    digests: Mapping[str, Principal] = field(default_factory=dict)  # by the SHA-256 of a secret, in hex
    rules: Rules = NO_RULES
    cache: CacheRules = NO_CACHE

    def resolve(self, name: str) -> Resolved | None:
        """The route that answers to `name`; exact names win over patterns. A star is for the file, not for callers."""
        if STAR in name or name in self.closed:
            return None
        route = self.routes.get(name)
        if route is not None:
            return Resolved(route)
        for pattern in self.patterns:
            star = patterns.star_of(pattern.name, name)
            if star is not None:
                return None if self._is_closed_before(pattern, name) else Resolved(pattern.route, star)
        return None

    def _is_closed_before(self, pattern: Pattern, name: str) -> bool:
        """Whether `name` belongs to a closed pattern rather than to this one."""
        closer = patterns.closest(self.closed_patterns, name)
        return closer is not None and patterns.by_precedence([closer[0], pattern.name])[0] == closer[0]

    def names(self) -> tuple[str, ...]:
        """The names that a caller may ask for as they stand, sorted."""
        return tuple(sorted(self.routes))

    def names_and_patterns(self) -> tuple[str, ...]:
        """The same and the patterns, with their star: for people, who can tell what it stands for."""
        return tuple(sorted([*self.routes, *(pattern.name for pattern in self.patterns)]))
