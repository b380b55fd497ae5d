"""Are two bodies the same to the cache, and if not, which of their fields say so? For people: `llmgw cache explain`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import msgspec

from llmgw.policy import slots
from llmgw.policy.cache_key import canonical, ignored, read
from llmgw.policy.cache_question import cut
from llmgw.policy.caching import Decision

DIFFERENCES_MAX = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """Paths of fields, as `messages[1].content`: those that differ, and those that do and are of no account.

    `context`: those of the former in which nothing may differ, though a question be alike; None: not both have one.
    """

    differ: tuple[str, ...]
    ignored: tuple[str, ...]
    context: tuple[str, ...] | None = None

    @property
    def same(self) -> bool:
        """Whether one is answered with the answer to the other, if all beside the bodies is the same."""
        return not self.differ


@dataclass(frozen=True, slots=True)
class Alike:
    """Whether one of two that are not the same may be answered with the answer to the other, by a semantic rule.

    `barrier` says what no likeness helps against, in words; `difference` what their questions do not agree in, where
    slots are looked at. Where neither is there, the vectors decide, which are not made here.
    """

    threshold: float
    slots: bool
    barrier: str = ""
    context: tuple[str, ...] = ()
    difference: str | None = None

    @property
    def possible(self) -> bool:
        return not self.barrier and self.difference is None


def explain(one: Mapping[str, msgspec.Raw], other: Mapping[str, msgspec.Raw], dialect: str = "") -> Comparison:
    """Of the fields of two bodies, as `ChatRequest.fields` has them. Raises UnkeyableError.

    Of many differences only the first are told.
    """
    mine, theirs = read(one, dialect).fields, read(other, dialect).fields
    names = sorted(name for name in ignored(dialect) if _raw(one.get(name)) != _raw(other.get(name)))
    asked, others = cut(dialect, mine), cut(dialect, theirs)
    context = None if asked is None or others is None else _first_of(asked.context, others.context)
    return Comparison(_first_of(mine, theirs), tuple(names), context)


def alike(one: Decision, other: Decision, compared: Comparison) -> Alike | None:
    """Of two that are not the same. None: no semantic rule is about both of them, or it does not look for one."""
    rule = one.rule
    if rule.name != other.rule.name or rule.embedding is None or not (one.key and other.key):
        return None
    found = Alike(rule.threshold, rule.slots)
    if not (one.question and other.question):
        return replace(found, barrier="not both end with a question of the user that is text alone, and not too long")
    if compared.context:
        return replace(found, barrier="their contexts differ", context=compared.context)
    if one.context != other.context:
        return replace(found, barrier="what is beside the bodies keeps them apart")
    return replace(found, difference=slots.difference(one.question, other.question) if rule.slots else None)


def _raw(raw: msgspec.Raw | None) -> bytes | None:
    return None if raw is None else bytes(raw)


def _first_of(one: Any, other: Any) -> tuple[str, ...]:
    return tuple(islice(_differences(one, other), DIFFERENCES_MAX))


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
