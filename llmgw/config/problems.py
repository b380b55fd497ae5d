"""One fault of a config file, with its place and its remedy.

Every stage of loading (reading, secrets, schema, names) only ever adds problems; `load` sorts them by place, so
that a user mends a file in one go, from top to bottom.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath


class Severity(StrEnum):
    """Errors stop `serve`; warnings do not, unless `validate --strict` asks."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file. Lines and columns count from 1, as editors do."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def beside(self, path: str) -> str:
        """Another file's path as this file means it: a relative one starts where this file lies."""
        return str(PurePosixPath(self.file).parent / path)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong (`message`), where (`mark`, and `path` as in `models.gpt.timeout`), and what to write instead."""

    mark: Mark
    path: str
    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.mark}: " + (f"{self.path}: " if self.path else "")
        warning = "warning: " if self.severity is Severity.WARNING else ""
        return f"{place}{warning}{self.message}" + (f" ({self.hint})" if self.hint else "")


KeyPath = tuple[str | int, ...]
"""Where a value stands in the file: `("routes", "smart", "fallback", 0, "use")`."""

_PLAIN_NAME = re.compile(r"[\w*/@:+-]+")
_NAME_CHARS_MAX = 60


def path_text(path: KeyPath) -> str:
    """A path as people read it: `routes.smart.fallback[0].use`; a name with a dot in it stands in quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _PLAIN_NAME.fullmatch(part) else quoted(part))
    return text


def quoted(text: str) -> str:
    """Text of the file in a message: in quotes, on one line, and never endless."""
    cut = text if len(text) <= _NAME_CHARS_MAX else text[: _NAME_CHARS_MAX - 1] + "…"
    return json.dumps(cut, ensure_ascii=False)


def short(text: str) -> str:
    """The same without the quotes, for what stands in backquotes or in a remedy."""
    return quoted(text)[1:-1].replace('\\"', '"')
