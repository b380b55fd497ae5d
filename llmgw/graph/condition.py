"""A condition of a `when` or of a rule: CEL (https://cel.dev), checked and compiled at load, run once per request.

Only what the expression names is prepared. The CEL library is imported when the first condition is compiled, so
that files without one do not pay for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from llmgw.graph.cel_library import EVALUATION_ERRORS, compile_program
from llmgw.graph.vocabulary import ITSELF, NAMES, Default, Reference, as_cel, references

# What the library raises when an expression meets values that it cannot handle.


class Facts(Protocol):
    """What is known about a request: a value for every name of the vocabulary."""

    def value(self, name: str) -> Any: ...


class ConditionError(ValueError):
    """The expression is wrong; the text says how."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled expression. Equal sources are equal conditions."""

    source: str
    references: tuple[Reference, ...]
    _program: Any = field(compare=False, repr=False)

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of `facts`. An expression that fails on these values does not hold."""
        try:
            return self._program.execute(prepared(self.references, facts)) is True
        except EVALUATION_ERRORS:
            return False


def prepared(named: tuple[Reference, ...], facts: Facts) -> dict[str, Any]:
    """The values of the names in an expression, nested as it spells them, and of no others."""
    values: dict[str, Any] = {}
    for reference in named:
        value = facts.value(reference.name)
        member = reference.member or ITSELF.get(reference.root)
        if member:
            values.setdefault(reference.root, {})[member] = value
        else:
            values[reference.root] = value
    return values


def compile_condition(source: str, names: Mapping[str, Default] = NAMES) -> Condition:
    """With those names of the vocabulary. Raises ConditionError with what is wrong with the expression."""
    from llmgw.graph import condition_checks as checks

    try:
        compile_program(source)
    except ValueError as error:
        raise ConditionError(checks.syntax_fault(source, str(error))) from None
    named = tuple(sorted(references(source), key=lambda reference: reference.name))
    faults = [*checks.name_faults(source, names)] or [*checks.value_faults(source, prepared(named, checks.ABSENT))]
    if faults:
        raise ConditionError("; ".join(faults))
    return Condition(source, named, compile_program(as_cel(source)))
