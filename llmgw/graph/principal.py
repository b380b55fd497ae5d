"""Who calls: the owner of a key, and what may be done with it.

Principals come from the file, or from wherever else keys are kept; decisions cannot tell which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Principal:
    """`key` is its name, never the secret. `models` (globs) and `endpoints` None: all. `expires_s` in Unix time."""

    key: str
    team: str = ""
    user: str = ""
    models: tuple[str, ...] | None = None
    endpoints: frozenset[str] | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    expires_s: float | None = None
