"""The JSON Schema over a filled source: every problem at once, and what is left when faulty nodes are set aside.

What is left is sound in every detail, so that the cross-checks run on it. Each path taken out is known, so that
nobody complains that a broken model does not exist.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from llmgw.config.hints import LATER, NAMED_SECTIONS, may_be_secret
from llmgw.config.messages import findings
from llmgw.config.problems import KeyPath, Mark, Problem, path_text
from llmgw.config.schema import JsonSchema, resolved_schema
from llmgw.config.secrets import Filled, literal_key_shape
from llmgw.config.strays import strays
from llmgw.config.violation import Finding, Violation
from llmgw.providers.catalog import catalog

PROBLEMS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Checked:
    """What is sound, what was wrong, and the paths that were taken out because of it.

    `ignored`: those of them whose content has no business in the file, so that nothing more is said about it.
    """

    value: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    broken: frozenset[KeyPath] = frozenset()
    ignored: frozenset[KeyPath] = frozenset()


def check(filled: Filled) -> Checked:
    """All violations of the schema as problems, and the rest of the file."""
    value = _typed(filled)
    found = list(islice(_found(filled, value), PROBLEMS_MAX + 1))
    problems = _problems(filled, found)
    if max(len(found), len(filled.source.faulty)) > PROBLEMS_MAX:  # so much is wrong that nothing is worth keeping
        return Checked({}, problems, frozenset({()}))
    broken = {_removable(path) for path in filled.source.faulty}
    broken |= {_removable(finding.path) for finding in found}
    while stale := list(_violations(filled, rest := _without(value, broken))):
        broken |= {_removable(as_written(f.path, broken)) for violation in stale for f in findings(violation)}
    broken |= _unnamed(value, found)
    ignored = frozenset(finding.path for finding in found if finding.is_whole)
    return Checked(rest, problems, frozenset(broken), ignored)


def as_written(path: KeyPath, broken: Iterable[KeyPath]) -> KeyPath:
    """The path in the file of a path in what is left: items of a section that were taken out count again."""
    if len(path) < 2 or not isinstance(path[1], int):
        return path
    index = path[1]
    for gone in sorted(p[1] for p in broken if len(p) == 2 and p[0] == path[0] and isinstance(p[1], int)):
        index += gone <= index
    return (path[0], index, *path[2:])


def is_under(path: KeyPath, broken: AbstractSet[KeyPath]) -> bool:
    """Whether a path, or anything around it, was taken out."""
    return bool(broken) and any(path[:depth] in broken for depth in range(len(path) + 1))


def _unnamed(value: Any, found: Iterable[Finding]) -> set[KeyPath]:
    """Under an unknown section may stand what a missing one should hold: `rotues`. Its names are then not unknown."""
    if not any(finding.is_whole and len(finding.path) == 1 and finding.path[0] not in LATER for finding in found):
        return set()
    return {(section,) for section in NAMED_SECTIONS if section not in value}


def _found(filled: Filled, value: Any) -> Iterator[Finding]:
    explained = strays(value)
    for violation in _violations(filled, value):
        if not is_under(violation.path, filled.source.faulty):
            stray = explained.get(violation.path[:2])
            yield from [stray] if stray else findings(violation)


def _problems(filled: Filled, found: Iterable[Finding]) -> tuple[Problem, ...]:
    """One for each place and message: an alias brings the same fault to many paths."""
    said: dict[tuple[Mark, str], Problem] = {}
    for finding in found:
        mark = (filled.source.key_mark if finding.at_key else filled.source.mark)(finding.path)
        problem = Problem(mark, path_text(finding.path), finding.message, finding.hint)
        said.setdefault((mark, finding.message), problem)
    return tuple(said.values())


def _violations(filled: Filled, value: Any) -> Iterator[Violation]:
    providers = _providers(filled.source.value)
    for error in _validator()(value):
        is_name = "propertyNames" in error.absolute_schema_path
        path = (*error.absolute_path, error.instance) if is_name else tuple(error.absolute_path)
        reference = filled.references.get(path)
        is_secret = may_be_secret(path, error.instance)
        yield Violation(
            path=path,
            keyword=str(error.validator),
            wanted=error.validator_value,
            value=error.instance,
            schema=error.schema,
            written=reference or ("***" if is_secret and not is_name else _written(filled, path, error.instance)),
            is_name=is_name,
            is_reference=reference is not None,
            is_secret=is_secret,
            providers=providers,
        )


def _providers(value: Any) -> frozenset[str]:
    """All that can stand before the slash of a target."""
    own = value.get("providers") if isinstance(value, dict) else None
    return frozenset(catalog()).union(own if isinstance(own, dict) else ())


def _written(filled: Filled, path: KeyPath, value: Any) -> str:
    """A value's text as in the file; of what looks like a key, wherever it stands, only the shape."""
    if isinstance(value, str):
        return literal_key_shape(value) or value
    return filled.source.written.get(path) or (str(value) if isinstance(value, int | float) else "")


@cache
def _validator() -> Any:
    """A function from a value to its errors. jsonschema takes a while to import, so only a check pays for it."""
    from jsonschema import ValidationError
    from jsonschema.validators import Draft202012Validator, extend

    def pattern(_: Any, wanted: str, value: Any, __: JsonSchema) -> Iterator[ValidationError]:
        if isinstance(value, str) and not re.fullmatch(wanted, value):  # `$` alone would let a last newline pass
            yield ValidationError("")

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    keywords = {"pattern": pattern}
    ours = extend(Draft202012Validator, keywords, type_checker=types)  # type: ignore[no-untyped-call]  # bare stub
    return ours(resolved_schema()).iter_errors


def _typed(filled: Filled) -> Any:
    """Text that came from a reference becomes what its field takes: `port: ${PORT}` is a number."""
    value = filled.source.value
    changes: dict[KeyPath, Any] = {}
    if not filled.references:
        return value
    for violation in _violations(filled, value):
        if violation.keyword == "type" and violation.is_reference and isinstance(violation.value, str):
            changes[violation.path] = _as_kind(violation.value, violation.wanted)
    return _changed(value, changes) if changes else value


def _as_kind(text: str, wanted: str | list[str]) -> str | int | float | bool:
    if "boolean" in wanted and text in ("true", "false"):
        return text == "true"
    if "integer" in wanted and re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text)
    if "number" in wanted and re.fullmatch(r"[-+]?[0-9]{1,18}(\.[0-9]{1,18})?", text):
        return float(text)
    return text


def _removable(path: KeyPath) -> KeyPath:
    """The nearest thing that can be taken out and leave its neighbours where they are: a key, or a section's item.

    Of a provider's keys each can: what is left is known by its number as written.
    """
    while path and isinstance(path[-1], int) and len(path) != 2 and not _is_one_of_keys(path):
        path = path[:-1]
    return path


def _is_one_of_keys(path: KeyPath) -> bool:
    return len(path) == 4 and path[0] == "providers" and path[2] == "api_key"


_GONE = object()


def _without(value: Any, broken: Iterable[KeyPath]) -> Any:
    rest = _changed(value, dict.fromkeys(broken, _GONE))
    return {} if rest is _GONE else rest


def _changed(value: Any, changes: Mapping[KeyPath, Any], path: KeyPath = ()) -> Any:
    """A copy with other values at some paths, or without them."""
    if path in changes:
        return changes[path]
    if isinstance(value, dict):
        items = ((key, _changed(item, changes, (*path, key))) for key, item in value.items())
        return {key: item for key, item in items if item is not _GONE}
    if isinstance(value, list):
        changed = (_changed(item, changes, (*path, index)) for index, item in enumerate(value))
        return [item for item in changed if item is not _GONE]
    return value
