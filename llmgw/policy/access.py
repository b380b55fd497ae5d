"""A key → its principal; may it ask here, and for this model? Pure: digests and times come in.

Keys are looked up by their SHA-256, so no secret is ever compared with another, and none is needed to compare.
"""

from collections.abc import Iterator, Sequence

from llmgw.errors import ForbiddenEndpointError, ForbiddenModelError, UnauthorizedError
from llmgw.graph import globs
from llmgw.graph.model import Graph
from llmgw.graph.principal import Principal

NAMES_TOLD_MAX = 20
HABITS = "Authorization: Bearer KEY, x-api-key, api-key, x-goog-api-key or x-llmgw-key"


def authenticated(principal: Principal | None, place: str, now_s: float) -> Principal:
    """Who calls. `place` is where his key came. Raises UnauthorizedError, the same for unknown and expired keys."""
    if principal is None or is_expired(principal, now_s):
        raise UnauthorizedError(f"the key in {place} is not valid, or not any more: ask whoever runs this gateway")
    return principal


def without_key() -> UnauthorizedError:
    """For a call that shows none."""
    return UnauthorizedError(f"a key is missing: send it as {HABITS}")


def is_expired(principal: Principal, now_s: float) -> bool:
    """Whether its time is over."""
    return principal.expires_s is not None and now_s >= principal.expires_s


def check_endpoint(principal: Principal | None, endpoint: str) -> None:
    """Raises ForbiddenEndpointError. Without a principal nobody is asked for one."""
    if principal is not None and principal.endpoints is not None and endpoint not in principal.endpoints:
        allowed = ", ".join(sorted(principal.endpoints))
        raise ForbiddenEndpointError(
            f"the key '{principal.key}' may not use the endpoint {endpoint}; it may use: {allowed}"
        )


def check_model(principal: Principal | None, name: str, graph: Graph) -> None:
    """Raises ForbiddenModelError, whether or not there is such a model."""
    if may_use(principal, name):
        return
    shown = "".join(char if char.isprintable() else "?" for char in name[:200])
    names = names_shown(principal, graph)
    told = ", ".join(names[:NAMES_TOLD_MAX]) + (", …" if len(names) > NAMES_TOLD_MAX else "")
    key = principal.key if principal is not None else ""
    raise ForbiddenModelError(
        f"the key '{key}' may not use the model '{shown}'; it may use: {told or 'none'}", param="model"
    )


def may_use(principal: Principal | None, name: str) -> bool:
    """Whether the name asked for is among those of the key."""
    if principal is None or principal.models is None:
        return True
    return any(globs.matches(glob, name) for glob in principal.models)


def names(principal: Principal | None, graph: Graph) -> tuple[str, ...]:
    """The names that the key may ask for as they stand, sorted."""
    return tuple(name for name in graph.names() if may_use(principal, name))


def names_shown(principal: Principal | None, graph: Graph) -> tuple[str, ...]:
    """The same and the patterns, for people: the file's, or where the key is narrower, the key's."""
    patterns = [pattern.name for pattern in graph.patterns]
    return tuple(sorted({*names(principal, graph), *_patterns(principal, patterns)}))


def _patterns(principal: Principal | None, patterns: Sequence[str]) -> Iterator[str]:
    if principal is None or principal.models is None:
        yield from patterns
        return
    for glob in principal.models:
        for pattern in patterns:
            if globs.matches(glob, pattern):
                yield pattern
            elif globs.overlap(glob, pattern):
                yield glob


def admitted(graph: Graph, key: str | None, model: str, endpoint: str, now_s: float | None) -> Principal | None:
    """Who would call, for a dry run that names a key of the file; None: access is not checked.

    Raises what the server would. `now_s` None: no key has expired.
    """
    if key is None:
        return None
    principal = graph.principals[key]
    if now_s is not None:
        authenticated(principal, "x-llmgw-key", now_s)
    check_endpoint(principal, endpoint)
    check_model(principal, model, graph)
    return principal
