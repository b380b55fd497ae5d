"""Config files from the disk through the whole pipe: read → check → compile. One pipe for every command.

`validate` stops here, `test-route` adds a plan, `serve` adds sockets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time

from llmgw.config.load import Loaded, load
from llmgw.config.problems import Mark, Problem, Severity
from llmgw.errors import ConfigError
from llmgw.graph.compile import compile_graph
from llmgw.graph.model import Graph

FILE_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Built:
    """What came of the files. `graph` is what could be built; it may serve only if no problem is an error."""

    loaded: Loaded
    graph: Graph
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def checked(self) -> Graph:
        """The graph, or ConfigError with every problem."""
        if self.errors:
            raise ConfigError(self.problems)
        return self.graph


@dataclass(frozen=True, slots=True)
class Text:
    """A config that is no file: from flags, or from what was found on the machine."""

    name: str
    text: str


def build(sources: Sequence[Path | Text], env: Mapping[str, str], *, need_secrets: bool) -> Built:
    """Raises ConfigError if a file cannot be read; all other faults are in `problems`, in order of place."""
    loaded = load([_read(source) for source in sources], env, _secret_file)
    compiled = compile_graph(loaded, env, need_secrets=need_secrets, now_s=time())
    problems = sorted([*loaded.problems, *compiled.problems], key=lambda problem: problem.mark)
    return Built(loaded, compiled.graph, tuple(problems))


def _read(source: Path | Text) -> tuple[str, str | bytes]:
    if isinstance(source, Text):
        return source.name, source.text
    try:
        if source.stat().st_size > FILE_BYTES_MAX:
            raise _unreadable(source, f"larger than {FILE_BYTES_MAX} bytes", "a config file is text of some kilobytes")
        return str(source), source.read_bytes()
    except IsADirectoryError:
        raise _unreadable(source, "is a directory", "name a file in it") from None
    except OSError as error:
        hint = "check the path" if isinstance(error, FileNotFoundError) else "check its permissions"
        raise _unreadable(source, f"cannot be read: {error.strerror}", hint) from None


def _unreadable(source: Path, message: str, hint: str) -> ConfigError:
    return ConfigError([Problem(Mark(str(source), 1, 1), "", message, hint)])


def _secret_file(path: str) -> str:
    with Path(path).open(encoding="utf-8") as file:
        return file.read(FILE_BYTES_MAX)
