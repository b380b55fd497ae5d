"""Where the compiler puts what it finds: every problem with its place in the file, none of them fatal by itself."""

from collections.abc import Iterable
from difflib import get_close_matches

from llmgw.config.load import Loaded
from llmgw.config.problems import KeyPath, Problem, Severity


class Report:
    """Collects problems; a place that was already found broken raises no further one."""

    __slots__ = ("_loaded", "problems")

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.problems: list[Problem] = []

    def error(self, path: KeyPath, message: str, hint: str | None = None, *, at_key: bool = False) -> None:
        if not self._loaded.is_broken(path):
            self.problems.append(self._loaded.problem(path, message, hint, at_key=at_key))

    def warning(self, path: KeyPath, message: str, hint: str | None = None, *, at_key: bool = False) -> None:
        if not self._loaded.is_broken(path):
            self.problems.append(self._loaded.problem(path, message, hint, severity=Severity.WARNING, at_key=at_key))


def did_you_mean(name: str, names: Iterable[str]) -> str | None:
    """A hint with the closest name, if one is close."""
    close = get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else None
