"""YAML that does not parse, in words a newcomer can act on.

The parser says where it gave up and what it was reading; the line there says why. Each known mistake is one row:
a sign to look for, a message and a remedy, the most telling first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from llmgw.config.problems import Mark, Problem, short

_Finding = tuple[int, int, str, str]  # line and column from 0, message, hint


@dataclass(frozen=True, slots=True)
class _Scene:
    """Where the parser gave up (`line`, `column`), where the thing it was reading began, and what it was."""

    lines: list[str]
    line: int
    column: int
    start_line: int
    start_column: int
    reading: str

    def text(self, line: int) -> str:
        return self.lines[line] if 0 <= line < len(self.lines) else ""


def syntax_problem(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """The one problem of a text that is not YAML."""
    scene = _scene(text.splitlines(), error)
    for sign in _SIGNS:
        if (found := sign(scene)) is not None:
            line, column, message, hint = found
            return Problem(Mark(file, line + 1, column + 1), "", message, hint)
    message = f"this is not YAML: {getattr(error, 'problem', None) or 'it cannot be read'}"
    hint = "look at the indentation, colons, quotes and brackets of this line and the one above"
    return Problem(Mark(file, scene.line + 1, scene.column + 1), "", message, hint)


def _scene(lines: list[str], error: yaml.YAMLError) -> _Scene:
    problem = getattr(error, "problem_mark", None)
    start = getattr(error, "context_mark", None) or problem
    if problem is None or start is None:
        return _Scene(lines, 0, 0, 0, 0, "")
    reading = getattr(error, "context", None) or ""
    return _Scene(lines, problem.line, problem.column, start.line, start.column, reading)


def _tab(scene: _Scene) -> _Finding | None:
    text = scene.text(scene.line)
    indent = text[: len(text) - len(text.lstrip())]
    if "\t" not in indent:
        return None
    return (
        scene.line,
        indent.index("\t"),
        "a tab indents this line, and YAML allows only spaces",
        "use two spaces for each level",
    )


_REFERENCE = re.compile(r"\$\{[^}\s]*\}?")


def _bare_reference(scene: _Scene) -> _Finding | None:
    text = scene.text(scene.line)
    for match in _REFERENCE.finditer(text):
        if match.start() <= scene.column <= match.end():
            written = short(match[0])
            message = f"`{written}` needs quotes inside {{ }} and [ ]"
            return scene.line, match.start(), message, f'write "{written}"'
    return None


_CONDITION = re.compile(r"""(?:^|[{,\s-])(if|match):\s*(?=[^\s'"]|["'][^"']*["']\s*[^\s,}])""")


def _bare_condition(scene: _Scene) -> _Finding | None:
    """A condition outside quotes: its brackets, quotes and commas are read as YAML."""
    text = scene.text(scene.line)
    for match in _CONDITION.finditer(text):
        if match.end() <= scene.column:
            message = "this condition needs quotes: YAML reads its brackets, quotes and commas as its own"
            return scene.line, match.end(), message, f"put the whole condition in single quotes: {match[1]}: '…'"
    return None


_BARE_WORD = re.compile(r"(\s*(?:- +)*)([A-Za-z_][\w-]*)\s*")


def _missing_colon(scene: _Scene) -> _Finding | None:
    """A word alone and its keys below it are one long key to YAML, and the parser gives up at a colon further on."""
    for line in (scene.start_line, scene.line - 1, scene.line - 2):
        match, below = _BARE_WORD.fullmatch(scene.text(line)), scene.text(line + 1)
        if match and ":" in below and len(below) - len(below.lstrip()) > len(match[1]):
            return line, match.end(2), f"a colon is missing after `{match[2]}`", f"write `{match[2]}:`"
    return None


_JOINED = re.compile(r"\s*(?:- +)*([A-Za-z_][\w-]*):([^\s:/].*)")


def _missing_space(scene: _Scene) -> _Finding | None:
    """`port:4000` is one word to YAML; the parser notices a line or two later."""
    for line in (scene.start_line, scene.line, scene.line - 1):
        if match := _JOINED.fullmatch(scene.text(line)):
            hint = f"write `{short(match[1])}: {short(match[2].rstrip())}`"
            return line, match.start(1), "a space is missing after the colon", hint
    return None


def _special_start(scene: _Scene) -> _Finding | None:
    character = scene.text(scene.start_line)[scene.start_column : scene.start_column + 1]
    if character not in ("@", "`", "%", "*", "&") or scene.line != scene.start_line:
        return None
    message = f"a text that begins with {character} needs quotes: the character has a meaning in YAML"
    return scene.start_line, scene.start_column, message, f'put the whole text in quotes: "{character}…"'


def _open_quote(scene: _Scene) -> _Finding | None:
    if "quoted scalar" not in scene.reading:
        return None
    if scene.text(scene.line)[scene.column - 1 : scene.column + 1].startswith("\\") or "\\" in scene.text(scene.line):
        message = "in double quotes a backslash begins an escape, and this one is unknown"
        return scene.line, scene.column, message, "use single quotes, which take everything as it is"
    return scene.start_line, scene.start_column, "this quote is never closed", "close it with the same quote"


def _open_bracket(scene: _Scene) -> _Finding | None:
    if "flow" not in scene.reading:
        return None
    bracket = scene.text(scene.start_line)[scene.start_column : scene.start_column + 1]
    closing = {"{": "}", "[": "]"}.get(bracket)
    if closing is None:
        return scene.line, scene.column, "something is missing or out of place here", "look at the brackets and commas"
    if scene.line == scene.start_line:
        message = f"a comma or `{closing}` is missing before this"
        return scene.line, scene.column, message, "texts with brackets, braces, commas or quotes in them need quotes"
    message = f"this `{bracket}` is not closed, or a comma is missing in it"
    return scene.start_line, scene.start_column, message, f"close it with `{closing}`"


_TWO_COLONS = re.compile(r"[^:]+: .*\S: ?")


def _second_colon(scene: _Scene) -> _Finding | None:
    text = scene.text(scene.line)
    if scene.reading or text[scene.column : scene.column + 1] != ":":
        return None
    if _TWO_COLONS.match(text[: scene.column + 1]):
        message = "there is a second `: ` in this line"
        return scene.line, scene.column, message, "put the text in quotes, or begin a new line"
    return scene.line, len(text) - len(text.lstrip()), *_INDENT


_INDENT = (
    "this line is indented otherwise than its neighbours",
    "keys of one map begin in the same column; what belongs to a key stands two spaces further in",
)


def _indent(scene: _Scene) -> _Finding | None:
    return (scene.line, scene.column, *_INDENT) if "block" in scene.reading else None


_SIGNS: tuple[Callable[[_Scene], _Finding | None], ...] = (
    _tab,
    _bare_reference,
    _bare_condition,
    _missing_colon,
    _missing_space,
    _special_start,
    _open_quote,
    _open_bracket,
    _second_colon,
    _indent,
)
