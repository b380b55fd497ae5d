"""What can be said against a CEL expression before any request comes: spelling, names, functions and types.

The library checks no types, so every operand is tried on the values of a request that says nothing: their types
are those of every request.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from llmgw.config.problems import quoted, short
from llmgw.graph.cel_library import EVALUATION_ERRORS, compile_program
from llmgw.graph.vocabulary import (
    CHOSEN,
    EVERY_NAME,
    FUNCTIONS,
    FUNCTIONS_SHOWN,
    NAMES,
    OPEN_ROOTS,
    Default,
    Reference,
    as_cel,
    functions,
    operands,
    references,
    split,
    tokens,
)

# How other languages spell it, in lower case.
_MARKS = {"and": "&&", "&": "&&", "or": "||", "|": "||", "not": "!(…)", "=": "==", "===": "==", "!==": "!=", "<>": "!="}
_SPELLINGS = {**_MARKS, "true": "true", "false": "false", "none": "null"}
_DASHED = re.compile(r"\b(metadata|headers)\.(\w+(?:-\w+)+)")
_TYPES = "metadata and headers are text, token counts and hours are numbers"


def syntax_fault(source: str, complaint: str) -> str:
    """What is not CEL, and what it is probably meant to be. Of the library's first complaint only the place counts."""
    for token in tokens(source):
        if token.kind in ("name", "mark") and (meant := _MARKS.get(token.text.lower())):
            return f"cannot be read at `{token.text}` (write {meant})"
    told = complaint.removeprefix(f"Failed to parse expression '{source}'")
    if missing := re.search(r"missing '([])}])' at", told):
        return f"a `{missing[1]}` is missing"
    rest = source[_offset(source, told) :].strip()
    if rest.startswith(("'", '"')) and not re.match(r"""(["']).*\1""", rest, re.DOTALL):
        return f"the quote before `{short(rest[1:])}` is never closed"
    if not rest:
        return "ends where more should follow" if source.strip() else "is empty"
    return f"cannot be read at `{short(tokens(rest)[0].text)}` ({_GRAMMAR})"


_GRAMMAR = "text stands in straight quotes, lists in [ ], and conditions are joined by && and ||"


def _offset(source: str, told: str) -> int:
    """Where a complaint of the library points to."""
    place = re.search(r"<input>:(\d+):(\d+): Syntax error", told) or re.search(r"<input>:(\d+):(\d+)", told)
    if place is None:
        return 0
    lines = source.splitlines(keepends=True)[: int(place[1]) - 1]
    return sum(map(len, lines)) + int(place[2]) - 1


def name_faults(source: str, names: Mapping[str, Default] = NAMES) -> Iterator[str]:
    """Names and functions that do not exist, or not like this, or not among these names."""
    dashed = _DASHED.search(source)
    if dashed:
        yield f'in `{dashed[0]}` the dash means minus; write {dashed[1]}["{dashed[2]}"]'
        return
    used = sorted(references(source), key=lambda reference: reference.name)
    for reference in used:
        if reference.root not in OPEN_ROOTS and reference.name not in names:
            yield _name_fault(reference, names)
    for root in sorted({reference.root for reference in used} & OPEN_ROOTS):
        members = [reference.name for reference in used if reference.root == root and reference.member]
        if members and Reference(root) in used:
            yield f'`{root}` as a whole and `{members[0]}` do not go together; ask for presence by {members[0]} != ""'
    for name in sorted(functions(source) - FUNCTIONS):
        close = get_close_matches(name, FUNCTIONS, n=1)
        meant = f", did you mean {quoted(close[0])}?" if close else f"; functions: {', '.join(FUNCTIONS_SHOWN)}"
        yield f"unknown function {quoted(name)}{meant}"
    yield from _presence_faults(source)


def _name_fault(reference: Reference, names: Mapping[str, Default]) -> str:
    name, root = reference.name, reference.root
    if root in CHOSEN and root not in names:
        return f"{quoted(root)} is known only after a route has been chosen; use `model`"
    if name in NAMES:
        return f"{quoted(name)} follows from which rules apply, so no rule can ask for it; a route can, in `when`"
    if not reference.member:
        members = [known for known in names if known.startswith(f"{root}.")]
        if members:
            return f"{quoted(root)} alone says nothing; use one of {', '.join(members)}"
    if name.lower() in _SPELLINGS:
        return f"unknown name {quoted(name)}, write {_SPELLINGS[name.lower()]}"
    close = get_close_matches(name[:100], [*names, *OPEN_ROOTS], n=1)
    if close:
        return f"unknown name {quoted(name)}, did you mean {quoted(close[0])}?"
    return f"unknown name {quoted(name)}; names: {', '.join(names)}, metadata.X, headers.X (text goes in quotes)"


def _presence_faults(source: str) -> Iterator[str]:
    """`has(metadata.tier)` would always be true: what is absent reads as empty."""
    pieces = tokens(source)
    for call, _, root in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if call.text == "has" and (
            root.text in OPEN_ROOTS or any(n.partition(".")[0] == root.text for n in EVERY_NAME)
        ):
            yield f'`has` says nothing of `{root.text}`, where all is there and what is absent is empty; write != ""'


class _Absent:
    """Facts of a request that says nothing."""

    def value(self, name: str) -> Any:
        root, _, member = name.partition(".")
        if root in OPEN_ROOTS:
            return "" if member else {}
        default = EVERY_NAME[name]
        return list(default) if isinstance(default, tuple) else default


ABSENT = _Absent()


def value_faults(source: str, values: Mapping[str, Any]) -> Iterator[str]:
    """What goes wrong when it is run, operand by operand; at most one fault, for one often leads to another."""
    for operand in operands(source):
        fault = _operand_fault(operand, values) or _relation_fault(operand, values)
        if fault:
            yield fault
            return
    if not references(source):
        yield "names nothing of the request, so it is the same for all of them"


def _operand_fault(operand: str, values: Mapping[str, Any]) -> str | None:
    try:
        result = _run(operand, values)
    except TypeError:
        return f"`{short(operand)}` compares or combines different types: {_TYPES}"
    except RuntimeError as error:
        return _run_fault(operand, str(error))
    except EVALUATION_ERRORS:
        return None  # depends on the values, or is no expression on its own
    return None if isinstance(result, bool) else f"`{short(operand)}` gives {_kind(result)}, not true or false"


_UNDEFINED = "Undefined variable or function: "


def _run_fault(operand: str, complaint: str) -> str | None:
    """The library's words for what no value would mend."""
    if "not a valid regex" in complaint:
        return f"`{short(operand)}` has a pattern that is no regular expression"
    if complaint.startswith(_UNDEFINED):
        name = complaint.removeprefix(_UNDEFINED).partition(". ")[0].strip("'")
        return f"`{short(operand)}` cannot be run: {quoted(name)} is unknown, or not for these types"
    return None


def _relation_fault(operand: str, values: Mapping[str, Any]) -> str | None:
    """`==` and `in` between different types are no error to the library; they just never hold."""
    parts = list(split(operand, ("==", "!=", "in")))
    if len(parts) != 2:
        return None
    (left, mark), (right, _) = parts
    try:
        one, other = _run(left, values), _run(right, values)
    except EVALUATION_ERRORS:
        return None
    others = {_kind(item) for item in other} if mark == "in" and isinstance(other, list) else {_kind(other)}
    if mark == "in" and (not isinstance(other, list) or not others):
        return None
    if _kind(one) in others:
        return None
    return f"`{short(operand)}` compares {_kind(one)} with {' or '.join(sorted(others))}: {_TYPES}"


def _run(expression: str, values: Mapping[str, Any]) -> Any:
    return compile_program(as_cel(expression)).execute(dict(values))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    for kinds, name in ((str, "text"), ((int, float), "a number"), (list, "a list"), (dict, "a map")):
        if isinstance(value, kinds):
            return name
    return "null" if value is None else f"a {type(value).__name__}"
