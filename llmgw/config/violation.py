"""The words between checker and messages: a violation of the schema, and what is found to say about it.

Values that came from a reference, or stand where secrets stand, are never printed: `written` is safe to show.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from llmgw.config.problems import KeyPath
from llmgw.config.units import duration_hint, rate_hint, size_hint, window_hint


@dataclass(frozen=True, slots=True)
class Unit:
    """A kind of text with a unit in it, known by a sign in the schema's pattern."""

    sign: str
    what: str
    hint: Callable[[str], str]


UNITS = (
    Unit("/(s|m|h|d)", "a rate", rate_hint),
    Unit("hour|day|week|month", "a time for a budget", window_hint),
    Unit("(ms|s|m|h|d)", "a duration", duration_hint),
    Unit("(B|KiB|MiB|GiB)", "a size", size_hint),
)


@dataclass(frozen=True, slots=True)
class Violation:
    """One keyword of the schema that a value does not meet. `written`: the value's text as in the file."""

    path: KeyPath
    keyword: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    written: str
    is_name: bool = False  # the value is a key: `path` ends with it
    is_reference: bool = False
    is_secret: bool = False
    providers: frozenset[str] = frozenset()  # those of the catalogue and of the file

    @property
    def title(self) -> str:
        return str(self.schema.get("title", ""))

    @property
    def unit(self) -> Unit | None:
        pattern = self.schema.get("pattern") or self.schema.get("then", {}).get("pattern", "")
        return next((unit for unit in UNITS if unit.sign in pattern), None)


@dataclass(frozen=True, slots=True)
class Finding:
    """What to say, and where. `at_key`: at the key rather than at its value.

    `is_whole`: the value has no business here, so nothing that stands inside it matters.
    """

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False
    is_whole: bool = False


def not_yet(what: str, meaning: str) -> tuple[str, str]:
    """Message and hint for what the contract has and this version has not: no typo, and no silent no-op."""
    told = what if meaning in (what.strip("`"), f"the {what.strip('`')}") else f"{what} ({meaning})"
    return f"{told} is not in this version yet", "take it out for now: nothing is silently ignored"
