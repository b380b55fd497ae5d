"""`--env-file`: KEY=VALUE lines, comments, quotes, `export`. What the environment already says wins over the file.

Nothing is expanded and nothing is guessed: a line that is not understood is a problem with its place, so that a
key with a typo is not silently missing. Values are never printed.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from llmgw.config.problems import Mark, Problem
from llmgw.errors import ConfigError

FILE_BYTES_MAX = 1024 * 1024

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*)", re.ASCII | re.DOTALL)
_SINGLE = re.compile(r"'(?P<value>[^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"(?P<value>(?:\\.|[^"\\])*)"\s*(?:#.*)?')
_COMMENT = re.compile(r"(?:^|\s)#.*")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def environment(env_file: Path | None) -> Mapping[str, str]:
    """The process's environment over the file's variables; one that is empty counts as unset."""
    if env_file is None:
        return os.environ
    return read_env_file(env_file) | {name: value for name, value in os.environ.items() if value}


def read_env_file(path: Path) -> dict[str, str]:
    """Raises ConfigError with every line that is not understood."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError([Problem(Mark(str(path), 1, 1), "", f"cannot be read: {error.strerror}")]) from None
    if len(data) > FILE_BYTES_MAX:
        raise ConfigError([Problem(Mark(str(path), 1, 1), "", f"larger than {FILE_BYTES_MAX} bytes")])
    return parse_env(str(path), data.decode("utf-8-sig", "replace"))


def parse_env(file: str, text: str) -> dict[str, str]:
    """The variables of a text, the last of equal names; `file` names it in problems."""
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        assignment = _ASSIGNMENT.fullmatch(line.rstrip())
        if assignment is None:
            column = len(line) - len(line.lstrip()) + 1
            problems.append(Problem(Mark(file, number, column), "", "not NAME=VALUE", "as in OPENAI_API_KEY=…"))
            continue
        value = _value(assignment["value"])
        if value is None:
            mark = Mark(file, number, assignment.start("value") + 1)
            message = f"the quotes of {assignment['name']} do not match"
            problems.append(Problem(mark, "", message, "a value stands on one line, in one pair of quotes or none"))
            continue
        variables[assignment["name"]] = value
    if problems:
        raise ConfigError(problems)
    return variables


def _value(written: str) -> str | None:
    """What a value means, or None where its quotes are wrong."""
    if written.startswith("'"):
        single = _SINGLE.fullmatch(written)
        return None if single is None else single["value"]
    if written.startswith('"'):
        double = _DOUBLE.fullmatch(written)
        return None if double is None else _ESCAPED.sub(_unescaped, double["value"])
    return _COMMENT.sub("", written, count=1).rstrip()


def _unescaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[1])
