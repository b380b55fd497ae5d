"""A `when` condition: CEL (https://cel.dev), checked and compiled at load, run once per request.

Only what the expression names is prepared. The CEL library is imported when the first condition is compiled, so
that files without one do not pay for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Protocol

from llmgw.graph.vocabulary import (
    CHOSEN_ROOTS,
    FUNCTIONS,
    LATER_ROOTS,
    NAMES,
    OPEN_ROOTS,
    Reference,
    functions,
    operands,
    references,
)

# What the library raises when an expression meets values that it cannot handle.
_EVALUATION_ERRORS = (TypeError, ValueError, KeyError, RuntimeError, ArithmeticError, IndexError)


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
            return self._program.execute(self._activation(facts)) is True
        except _EVALUATION_ERRORS:
            return False

    def _activation(self, facts: Facts) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for reference in self.references:
            value = facts.value(reference.name)
            if reference.member:
                values.setdefault(reference.root, {})[reference.member] = value
            else:
                values[reference.root] = value
        return values


def compile_condition(source: str) -> Condition:
    """Raises ConditionError with every fault of the expression."""
    import cel

    used = references(source)
    faults = [*_unknown_names(used), *_unknown_functions(source)]
    if faults:
        raise ConditionError("; ".join(faults))
    try:
        program = cel.compile(source)
    except ValueError as error:
        raise ConditionError(_syntax(str(error))) from None
    # A map used as a whole comes first, so that single members are put into it.
    ordered = tuple(sorted(used, key=lambda reference: reference.name))
    condition = Condition(source, ordered, program)
    _try_out(condition, source)
    return condition


def _unknown_names(used: frozenset[Reference]) -> Iterator[str]:
    roots = {name.partition(".")[0] for name in NAMES}
    for reference in sorted(used, key=lambda reference: reference.name):
        if reference.root in OPEN_ROOTS or reference.name in NAMES:
            continue
        if reference.root in LATER_ROOTS:
            yield f"'{reference.name}' needs {LATER_ROOTS[reference.root]}, which this version does not have yet"
        elif reference.root in CHOSEN_ROOTS:
            yield f"'{reference.root}' is known only after a route has been chosen; use 'model'"
        elif reference.root in roots and not reference.member:
            members = ", ".join(name for name in NAMES if name.startswith(f"{reference.root}."))
            yield f"'{reference.root}' alone says nothing; use one of {members}"
        else:
            yield f"unknown name '{reference.name}'{_suggestion(reference.name)}"


def _suggestion(name: str) -> str:
    close = get_close_matches(name, [*NAMES, "metadata", "headers"], n=1)
    if close:
        return f", did you mean '{close[0]}'?"
    return f"; names: {', '.join(NAMES)}, metadata.X, headers.X (text goes in quotes)"


def _unknown_functions(source: str) -> Iterator[str]:
    for name in sorted(functions(source) - FUNCTIONS - {"in"}):
        close = get_close_matches(name, FUNCTIONS, n=1)
        yield f"unknown function '{name}'" + (f", did you mean '{close[0]}'?" if close else "")


def _syntax(text: str) -> str:
    """The library's first complaint, without its frame."""
    _, _, complaint = text.partition("Syntax error: ")
    return f"not CEL: {(complaint or text).splitlines()[0][:200]}"


class _Absent:
    """Facts of a request that says nothing."""

    def value(self, name: str) -> Any:
        root, _, member = name.partition(".")
        if root in OPEN_ROOTS:
            return "" if member else {}
        default = NAMES[name]
        return list(default) if isinstance(default, tuple) else default


def _try_out(condition: Condition, source: str) -> None:
    """Type faults show when each operand is run on absent values; the whole must be true or false."""
    import cel

    absent = _Absent()
    values = condition._activation(absent)  # noqa: SLF001 - the same module
    for operand in operands(source):
        try:
            cel.compile(operand).execute(values)
        except TypeError:
            raise ConditionError(
                f"'{operand.strip()}' compares or combines different types: metadata and headers are text, "
                "token counts and hours are numbers"
            ) from None
        except _EVALUATION_ERRORS:
            continue  # depends on the value, or is no expression on its own
    try:
        result = condition._program.execute(values)  # noqa: SLF001 - the same module
    except _EVALUATION_ERRORS:
        return
    if not isinstance(result, bool):
        raise ConditionError(f"gives {result!r}, not true or false")
