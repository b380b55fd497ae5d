"""The pipe from text to a checked, frozen `ConfigFile`, with all problems of the file or files at once.

Read, merge, fill in references, check, spell out shorthands, convert. Pure: texts, environment and the reading of
files come in. It never raises for what stands in a file.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from llmgw.config.check import PROBLEMS_MAX, as_written, check, is_under
from llmgw.config.files import placed, unusable
from llmgw.config.merge import merge
from llmgw.config.model import ConfigFile, Duration, Size
from llmgw.config.problems import KeyPath, Mark, Problem, Severity, path_text
from llmgw.config.secrets import Missing, ReadFile, Secret, fill
from llmgw.config.source import Source, read
from llmgw.config.spelling import spelling_problems
from llmgw.config.units import duration_s, size_bytes
from llmgw.errors import FailureClass


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is sound of a file, and what is not.

    `config` holds everything but the paths in `broken`, which `problems` or `missing` explain; `references` are the
    paths in the file of what comes from the environment or another file. Paths taken by the methods are those of
    `config`.
    """

    config: ConfigFile
    source: Source
    problems: tuple[Problem, ...] = ()
    missing: tuple[Missing, ...] = ()
    broken: frozenset[KeyPath] = frozenset()
    references: frozenset[KeyPath] = frozenset()

    def is_broken(self, path: KeyPath) -> bool:
        """Whether this, or what it stands in, was set aside: nothing more should be said about it."""
        return is_under(as_written(path, self.broken), self.broken)

    def mark(self, path: KeyPath) -> Mark:
        """Where a value stands; for one that only a shorthand implies, the shorthand."""
        return self.source.mark(as_written(path, self.broken))

    def key_mark(self, path: KeyPath) -> Mark:
        """Where a key stands; for an item of a list, the item."""
        return self.source.key_mark(as_written(path, self.broken))

    def problem(
        self,
        path: KeyPath,
        message: str,
        hint: str | None = None,
        *,
        severity: Severity = Severity.ERROR,
        at_key: bool = False,
    ) -> Problem:
        """A further problem, for the checks that follow."""
        mark = self.key_mark(path) if at_key else self.mark(path)
        return Problem(mark, path_text(as_written(path, self.broken)), message, hint, severity)

    def missing_problems(self, *, severity: Severity) -> tuple[Problem, ...]:
        """Each reference that nothing fills; only a warning where the gateway can do without."""
        return tuple(
            item.problem(Severity.WARNING if self._is_dispensable(item.path) else severity) for item in self.missing
        )

    def _is_dispensable(self, path: KeyPath) -> bool:
        """Its provider is `optional`, or has other keys."""
        if len(path) < 2 or path[0] != "providers":
            return False
        provider = self.config.providers.get(str(path[1]))
        return provider is not None and (provider.optional or self._is_spare(path))

    def missing_of(self, provider: str) -> Iterator[Missing]:
        """What a provider cannot do without."""
        of_provider = (item for item in self.missing if item.path[:2] == ("providers", provider))
        return (item for item in of_provider if not self._is_spare(item.path))

    def _is_spare(self, path: KeyPath) -> bool:
        """Whether it is one key of a provider's list, of which others are left."""
        if len(path) != 4 or path[2] != "api_key":
            return False
        provider = self.config.providers.get(str(path[1]))
        return provider is not None and bool(provider.api_key)


def load(texts: Iterable[tuple[str, str | bytes]], env: Mapping[str, str], read_file: ReadFile) -> Loaded:
    """One `ConfigFile` of some texts, each with its file's name as people should read it."""
    reads = [read(name, text) for name, text in texts]
    faults = [problem for _, problems in reads for problem in problems]
    source, twice = merge([source for sources, _ in reads for source in sources])
    filled = fill(source, env, read_file)
    checked = check(filled)
    # Of a file that cannot be read nobody knows what it holds: then no name counts as unknown.
    unread = {()} if any(not sources for sources, _ in reads) else frozenset[KeyPath]()
    missing = tuple(item for item in filled.missing if not is_under(item.path, checked.ignored))[:PROBLEMS_MAX]
    config = placed(_convert(checked.value), filled.source)
    files = list(unusable(config, filled.source, read_file))
    problems = [*faults, *twice, *filled.problems, *checked.problems, *spelling_problems(filled, checked.ignored)]
    return Loaded(
        config,
        filled.source,
        _in_order([*problems, *(fault for fault in files if isinstance(fault, Problem))]),
        (*missing, *(fault for fault in files if isinstance(fault, Missing))),
        checked.broken | unread,
        frozenset(filled.references),
    )


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By place, and not more than anyone would read."""
    ordered = sorted(problems, key=lambda problem: problem.mark)
    if len(ordered) > PROBLEMS_MAX:
        rest = f"{len(ordered) - PROBLEMS_MAX} or more further problems are not shown"
        ordered[PROBLEMS_MAX:] = [Problem(ordered[PROBLEMS_MAX].mark, "", rest)]
    return tuple(ordered)


def _convert(value: dict[str, Any]) -> ConfigFile:
    return msgspec.convert(_spelled_out(value), ConfigFile, dec_hook=_decoded)


def _decoded(kind: type, value: Any) -> Any:
    if kind is Duration:
        return Duration(duration_s(value))
    if kind is Size:
        return Size(size_bytes(value))
    if kind is Secret:
        return Secret(value)
    raise NotImplementedError(kind)


def _spelled_out(value: dict[str, Any]) -> dict[str, Any]:
    """Shorthands become what they stand for; the shape is already checked."""
    providers = {"providers": {name: _listed(entry, "api_key") for name, entry in value.get("providers", {}).items()}}
    models = {name: _model(entry) for name, entry in value.get("models", {}).items()}
    routes = {name: _route(entry) for name, entry in value.get("routes", {}).items()}
    keys = [_key(entry) for entry in value.get("keys", ())]
    rules = {
        section: [_rule(entry) for entry in value[section]] for section in ("limits", "budgets") if section in value
    }
    cache = {"cache": _cache(value["cache"])} if "cache" in value else {}
    return value | providers | {"models": models, "routes": routes, "keys": keys} | rules | cache


def _model(entry: str | dict[str, Any]) -> dict[str, Any]:
    return {"target": entry} if isinstance(entry, str) else _exposed(entry)


def _route(entry: dict[str, Any]) -> dict[str, Any]:
    kinds = {kind: [_entry(item) for item in entry[kind]] for kind in ("fallback", "pool", "when") if kind in entry}
    return _exposed(entry) | kinds


def _key(entry: dict[str, Any]) -> dict[str, Any]:
    if "secret" not in entry:
        return entry
    secrets = entry["secret"] if isinstance(entry["secret"], list) else [entry["secret"]]
    return entry | {"secret": [{"value": item} if isinstance(item, str) else item for item in secrets]}


def _rule(entry: dict[str, Any]) -> dict[str, Any]:
    return _listed(entry, "each")


def _cache(section: dict[str, Any]) -> dict[str, Any]:
    return section | {"rules": [_listed(entry, "scope") for entry in section.get("rules", ())]}


def _listed(entry: dict[str, Any], key: str) -> dict[str, Any]:
    """A bare name is a list of one."""
    told = entry.get(key)
    return entry | {key: [told]} if isinstance(told, str) else entry


def _exposed(entry: dict[str, Any]) -> dict[str, Any]:
    expose = entry.get("expose")
    return entry | {"expose": [expose]} if isinstance(expose, str) else entry


def _entry(item: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(item, str):
        return {"use": item}
    return item | {"on_failure": _ANY} if "any" in item.get("on_failure", ()) else item


_ANY = [failure for failure in FailureClass if failure is not FailureClass.INVALID_REQUEST]  # which never falls back
