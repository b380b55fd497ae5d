"""What the names of a file mean: models, routes and bare `provider/model` share one namespace.

Exact names win over patterns, longer literal parts over shorter. A bare `provider/model` belongs to a pattern only
if that spells the provider out: `"*": openai/*` must not swallow `anthropic/claude`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llmgw.graph.patterns import STAR, by_precedence, closest


@dataclass(frozen=True, slots=True)
class Meaning:
    """A name of the file (or a bare `provider/model`), and what its star stands for where a pattern was meant."""

    name: str
    star: str = ""


class Names:
    """Looks names up. `is_provider` tells which first parts of `a/b` are providers."""

    def __init__(
        self, models: Mapping[str, Any], routes: Mapping[str, Any], is_provider: Callable[[str], bool]
    ) -> None:
        self._named = {**models, **routes}
        self._patterns = by_precedence(name for name in self._named if STAR in name)
        self.is_provider = is_provider

    def meaning(self, use: str) -> Meaning | None:
        """What an entry's name leads to, or None if it dangles."""
        if use in self._named:
            return Meaning(use)
        pattern = closest(self._patterns, use)
        if self._is_bare(use) and (pattern is None or "/" in pattern[1]):
            return Meaning(use)
        return Meaning(*pattern) if pattern else None

    def all(self) -> Iterable[str]:
        """Every name that the file gives."""
        return self._named

    def _is_bare(self, use: str) -> bool:
        provider, slash, upstream_model = use.partition("/")
        return bool(slash and upstream_model) and self.is_provider(provider)
