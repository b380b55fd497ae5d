"""Are two bodies the same to the cache, and if not, which of their fields say so? For people: `llmgw cache explain`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from llmgw.policy.cache_key import canonical, ignored, read

DIFFERENCES_MAX = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """Paths of fields, as `messages[1].content`: those that differ, and those that do and are of no account."""

    differ: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether one is answered with the answer to the other, if all beside the bodies is the same."""
        return not self.differ


def explain(one: Mapping[str, msgspec.Raw], other: Mapping[str, msgspec.Raw], dialect: str = "") -> Comparison:
    """Of the fields of two bodies, as `ChatRequest.fields` has them. Raises UnkeyableError.

    Of many differences only the first are told.
    """
    mine, theirs = read(one, dialect).fields, read(other, dialect).fields
    names = sorted(name for name in ignored(dialect) if _raw(one.get(name)) != _raw(other.get(name)))
    return Comparison(tuple(islice(_differences(mine, theirs), DIFFERENCES_MAX)), tuple(names))


def _raw(raw: msgspec.Raw | None) -> bytes | None:
    return None if raw is None else bytes(raw)


_MISSING = object()


def _differences(one: Any, other: Any) -> Iterator[str]:
    """In the order of the names. A stack, because a body may be nested as deeply as it can be read."""
    left: list[tuple[str, Any, Any]] = [("", one, other)]
    while left:
        path, mine, theirs = left.pop()
        if isinstance(mine, dict) and isinstance(theirs, dict):
            names = sorted(mine.keys() | theirs.keys(), reverse=True)
            left += ((_below(path, name), mine.get(name, _MISSING), theirs.get(name, _MISSING)) for name in names)
        elif isinstance(mine, list) and isinstance(theirs, list):
            left += (
                (f"{path}[{at}]", *(_at(told, at) for told in (mine, theirs)))
                for at in reversed(range(max(len(mine), len(theirs))))
            )
        elif mine is _MISSING or theirs is _MISSING or canonical(mine) != canonical(theirs):
            yield path


def _at(told: list[Any], at: int) -> Any:
    return told[at] if at < len(told) else _MISSING


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
