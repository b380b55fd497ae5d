"""Several files (or documents) become one source: sections merge, and a name given twice is a problem at both places.

One level deep: an entry such as `models.gpt` comes from one file, whole, so nobody hunts for its other half.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmgw.config.problems import KeyPath, Mark, Problem, path_text, quoted
from llmgw.config.source import Source


def merge(sources: Sequence[Source]) -> tuple[Source, list[Problem]]:
    """All of them as one. One source is itself; none is an empty one."""
    if not sources:
        return Source({}, {(): Mark("", 1, 1)}), []
    if len(sources) == 1:
        return sources[0], []
    merged = _Merged()
    for source in sources:
        merged.add(source)
    return merged.source(), merged.problems


@dataclass(slots=True)
class _Merged:
    """What has come together so far."""

    value: dict[str, Any] = field(default_factory=dict)
    marks: dict[KeyPath, Mark] = field(default_factory=dict)
    key_marks: dict[KeyPath, Mark] = field(default_factory=dict)
    written: dict[KeyPath, str] = field(default_factory=dict)
    faulty: set[KeyPath] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def source(self) -> Source:
        return Source(self.value, self.marks, self.key_marks, self.written, frozenset(self.faulty))

    def add(self, source: Source) -> None:
        self.marks.setdefault((), source.mark(()))
        if not isinstance(source.value, dict):
            return
        moves: dict[KeyPath, KeyPath] = {}
        for section, content in source.value.items():
            moves |= self._section(section, content, source)
        self._take_places(source, moves)

    def _section(self, section: str, content: Any, source: Source) -> dict[KeyPath, KeyPath]:
        """Takes over a section's values; gives where each path taken now leads."""
        here = self.value.get(section)
        if section not in self.value:
            self.value[section] = dict(content) if isinstance(content, dict) else content
            return {(section,): (section,)}
        if isinstance(here, dict) and isinstance(content, dict):
            taken = [key for key in content if self._is_new((section, key), source)]
            here.update((key, content[key]) for key in taken)
            return {(section, key): (section, key) for key in taken}
        if isinstance(here, list) and isinstance(content, list):
            self.value[section] = here + content
            return {(section, index): (section, len(here) + index) for index in range(len(content))}
        self._is_new((section,), source)
        return {}

    def _is_new(self, path: KeyPath, source: Source) -> bool:
        if path not in self.key_marks:
            return True
        first, again = self.key_marks[path], source.key_mark(path)
        self.problems += [_twice(path, first, again), _twice(path, again, first)]
        return False

    def _take_places(self, source: Source, moves: dict[KeyPath, KeyPath]) -> None:
        def moved(paths: Iterable[KeyPath]) -> Iterable[tuple[KeyPath, KeyPath]]:
            for path in paths:
                for depth in (1, 2):
                    if (start := moves.get(path[:depth])) is not None and len(path) >= depth:
                        yield path, (*start, *path[depth:])
                        break

        self.marks.update((new, source.marks[old]) for old, new in moved(source.marks))
        self.key_marks.update((new, source.key_marks[old]) for old, new in moved(source.key_marks))
        self.written.update((new, source.written[old]) for old, new in moved(source.written))
        self.faulty.update(new for _, new in moved(source.faulty))


def _twice(path: KeyPath, here: Mark, there: Mark) -> Problem:
    message = f"{quoted(str(path[-1]))} is given twice: here and at {there}"
    return Problem(here, path_text(path), message, "keep one of them, or give one another name")
