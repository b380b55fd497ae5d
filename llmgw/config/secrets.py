"""`${NAME}` in values becomes what the environment or a file holds; what may be secret prints as stars.

Replaced after the YAML is parsed, so no value can change the file's shape. Pure: the environment and the reading
of files come in. A condition (`if`, `match`) is left alone: `${` has no business in CEL.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from llmgw.config.problems import KeyPath, Mark, Problem, Severity, path_text, short
from llmgw.config.source import Source

ReadFile = Callable[[str], str]
"""A file's text by its path; OSError or UnicodeError where it cannot be had."""


class Secret:
    """Text that must not be seen: only `reveal` gives it away."""

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Secret does not change")

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not written anywhere")


def digest(secret: str) -> str:
    """The SHA-256 of the whole secret in hex: what a key is known by."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference that nothing fills: a warning in `validate`, an error in `serve`."""

    name: str  # as written: `${OPENAI_API_KEY}`
    mark: Mark
    path: KeyPath
    message: str
    hint: str

    def problem(self, severity: Severity) -> Problem:
        return Problem(self.mark, path_text(self.path), self.message, self.hint, severity)


@dataclass(frozen=True, slots=True)
class Filled:
    """A source without references. `references`: the text as written of every value that came from one."""

    source: Source
    references: Mapping[KeyPath, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    problems: tuple[Problem, ...] = ()


def fill(source: Source, env: Mapping[str, str], read_file: ReadFile) -> Filled:
    """Replaces every reference; what is unset or malformed leaves a placeholder whose path is faulty."""
    filler = _Filler(source, env, read_file)
    value = filler.value(source.value, ())
    filled = replace(source, value=value, faulty=source.faulty | filler.faulty)
    return Filled(filled, filler.references, tuple(filler.missing.values()), tuple(filler.problems.values()))


_REFERENCE = re.compile(r"\$?\$\{[^{}]*\}?")
_LAST_LINE_BREAK = re.compile(r"\r?\n\Z")  # which every editor adds
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Unfilled(Exception):  # noqa: N818 - never leaves this module
    """Why a reference has no text: nothing is there (`is_missing`), or it is written wrongly."""

    def __init__(self, message: str, hint: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.is_missing = is_missing


class _Filler:
    """Walks the values of one source. One use."""

    def __init__(self, source: Source, env: Mapping[str, str], read_file: ReadFile) -> None:
        self._source = source
        self._env = env
        self._read_file = read_file
        self.faulty: set[KeyPath] = set()
        self.references: dict[KeyPath, str] = {}
        self.missing: dict[tuple[KeyPath, str], Missing] = {}
        self.problems: dict[tuple[KeyPath, str], Problem] = {}

    def value(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, str) and "${" in value and not _is_condition(path):
            return self._text(value, path)
        return value

    def _text(self, written: str, path: KeyPath) -> str:
        """Every reference of a text in turn, so that all that are unset are told at once."""
        self.references[path] = written
        return _REFERENCE.sub(lambda match: self._replacement(match[0], path), written)

    def _replacement(self, reference: str, path: KeyPath) -> str:
        if reference.startswith("$$"):
            return reference[1:]
        try:
            return self._looked_up(reference, self._source.mark(path))
        except _Unfilled as reason:
            self.faulty.add(path)
            self._report(reference, path, reason)
            return ""

    def _report(self, reference: str, path: KeyPath, reason: _Unfilled) -> None:
        mark = self._source.mark(path)
        if reason.is_missing:
            self.missing[path, reference] = Missing(reference, mark, path, reason.message, reason.hint)
        else:
            self.problems[path, reference] = Problem(mark, path_text(path), reason.message, reason.hint)

    def _looked_up(self, reference: str, place: Mark) -> str:
        if not reference.endswith("}"):
            raise _Unfilled(
                f"`{short(reference)}` is not closed",
                "write ${NAME}, without braces inside; a literal ${ is written $${",
            )
        inside = reference[2:-1]
        if inside.startswith("file:"):
            return self._from_file(reference, inside.removeprefix("file:"), place)
        name, has_default, default = inside.partition(":-")
        if not _NAME.fullmatch(name):
            raise _Unfilled(f"`{short(reference)}` is not a reference", _spelling(name))
        if text := self._env.get(name, ""):
            return text
        if has_default:
            return default
        shown = short(name)
        hint = f"set it: export {shown}=…, or give a default: ${{{shown}:-…}}"
        raise _Unfilled(f"the variable {shown} is not set", hint, is_missing=True)

    def _from_file(self, reference: str, written: str, place: Mark) -> str:
        if not written or "\0" in written:
            raise _Unfilled(f"`{short(reference)}` names no file", "write ${file:/run/secrets/openai}")
        path = place.beside(written)
        try:
            text = _LAST_LINE_BREAK.sub("", self._read_file(path))
        except OSError as error:
            why = f"the file {short(path)} cannot be read: {error.strerror or 'no reason given'}"
            raise _Unfilled(why, "create it, or name another one", is_missing=True) from None
        except UnicodeError:
            raise _Unfilled(f"the file {short(path)} is not UTF-8 text", "a credential is one line of text") from None
        if not text:
            raise _Unfilled(f"the file {short(path)} is empty", "write the value into it", is_missing=True)
        return text


def _spelling(name: str) -> str:
    sound = re.match(r"(?:env[:.])?([A-Za-z_][A-Za-z0-9_]*)", name.strip())
    example = f"${{{short(sound[1])}}}" if sound else "${OPENAI_API_KEY}"
    return f"write {example}, {example[:-1]}:-default}} or ${{file:/path}}; a literal ${{ is written $${{"


def _is_condition(path: KeyPath) -> bool:
    """`routes.X.when[n].if` is CEL, and so is the `match` of a rule."""
    if len(path) == 3:
        return path[0] in ("limits", "budgets") and path[2] == "match"
    if len(path) == 4:
        return path[:2] == ("cache", "rules") and path[3] == "match"
    return len(path) == 5 and path[0] == "routes" and path[2] == "when" and path[4] == "if"


# Beginning and rest of the keys that providers give out; the longer beginning first.
_KEY_SHAPES = {
    "sk-ant-": r"[\w-]{16,}",
    "sk-": r"[\w-]{16,}",
    "AIza": r"[\w-]{30,}",
    "AKIA": r"[0-9A-Z]{16}",
    "csk-": r"\w{20,}",
    "fw_": r"\w{20,}",
    "ghp_": r"\w{30,}",
    "github_pat_": r"\w{30,}",
    "gsk_": r"\w{20,}",
    "hf_": r"\w{20,}",
    "hooks.slack.com/services/": r"[\w/]{20,}",
    "llmgw-": r"[\w-]{32,}",  # our own
    "nvapi-": r"[\w-]{20,}",
    "pplx-": r"\w{20,}",
    "r8_": r"\w{20,}",
    "tgp_v1_": r"[\w-]{20,}",
    "xai-": r"[\w-]{20,}",
}
_KEY = re.compile(r"(?<![\w-])(?:" + "|".join(f"({start}){rest}" for start, rest in _KEY_SHAPES.items()) + ")")


def literal_key_shape(text: str) -> str | None:
    """The shape of a provider's key that stands in a text, as `sk-…`; never the key."""
    match = _KEY.search(text)
    return f"{match[match.lastindex or 0]}…" if match else None
