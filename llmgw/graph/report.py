"""Where the compiler puts what it finds: every problem with its place in the file, none of them fatal by itself."""

from collections.abc import Iterable
from difflib import get_close_matches

from llmgw.config.check import as_written
from llmgw.config.load import Loaded
from llmgw.config.problems import KeyPath, Problem, Severity, quoted


class Report:
    """Collects problems: one of a kind for each place, and none about what was already found broken."""

    __slots__ = ("_found", "_loaded")

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._found: dict[Problem, None] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them, by place."""
        return tuple(sorted(self._found, key=lambda problem: problem.mark))

    def error(self, path: KeyPath, message: str, hint: str | None = None, *, at_key: bool = False) -> None:
        self._add(path, message, hint, Severity.ERROR, at_key=at_key)

    def warning(self, path: KeyPath, message: str, hint: str | None = None, *, at_key: bool = False) -> None:
        self._add(path, message, hint, Severity.WARNING, at_key=at_key)

    def is_broken(self, path: KeyPath) -> bool:
        """Whether a path of the config was set aside, so that what is missing there is not missing in the file."""
        return self._loaded.is_broken(path)

    def extend(self, problems: Iterable[Problem]) -> None:
        """What others found."""
        self._found.update(dict.fromkeys(problems))

    def _add(self, path: KeyPath, message: str, hint: str | None, severity: Severity, *, at_key: bool) -> None:
        if not self.is_broken(path):
            place = self._written(path)
            problem = self._loaded.problem(place, message, hint, severity=severity, at_key=at_key)
            self._found.setdefault(problem)

    def _written(self, path: KeyPath) -> KeyPath:
        """The part of a path that the file spells: `gpt: openai/x` has no `target`."""
        while path and as_written(path, self._loaded.broken) not in self._loaded.source.marks:
            path = path[:-1]
        return path


def did_you_mean(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """A hint with the closest name, if one is close."""
    close = get_close_matches(name, list(names), n=1, cutoff=cutoff)
    return f"did you mean {quoted(close[0])}?" if close else None
