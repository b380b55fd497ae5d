"""YAML that remembers where everything stands: plain Python values, and a place for each value and key.

YAML 1.2 core, and stricter: keys are text as written; of values only true, false, null and decimal numbers are
typed, so that `no`, dates and version numbers stay what people meant. Nothing is dropped without a problem.
"""

import codecs
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmgw.config.nodes import DEPTH_MAX, NODES_MAX, ListNode, MapNode, Node, Refused, Scalar, read_nodes
from llmgw.config.problems import KeyPath, Mark, Problem, path_text, quoted, short

FILE_CHARS_MAX = 1024 * 1024

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_CURLY_QUOTES = "“”„‟‘’‚‛«»"  # noqa: RUF001 - what word processors make of quotes
_JOINED = re.compile(r"([A-Za-z_][\w-]*):(\S.*)")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or several merged, as plain values. Paths lead from a value to its place.

    `written`: the text of values that YAML typed. `faulty`: paths whose value is not to be trusted, because a
    problem names it already; what stands there is a placeholder.
    """

    value: Any
    marks: Mapping[KeyPath, Mark]
    key_marks: Mapping[KeyPath, Mark] = field(default_factory=dict)
    written: Mapping[KeyPath, str] = field(default_factory=dict)
    faulty: frozenset[KeyPath] = frozenset()

    def mark(self, path: KeyPath) -> Mark:
        """The place of a value, or of the nearest thing around it."""
        while path not in self.marks and path:
            path = path[:-1]
        return self.marks[path]

    def key_mark(self, path: KeyPath) -> Mark:
        """The place of a key; for an item of a list, of the item."""
        return self.key_marks.get(path) or self.mark(path)


def read(file: str, text: str | bytes) -> tuple[list[Source], list[Problem]]:
    """The documents of a text (one, if it is right) and what is wrong with them. Never raises."""
    text = text if isinstance(text, str) else _decoded(text)
    text = text.removeprefix("\ufeff")
    if (problem := _unreadable(file, text)) is not None:
        return [], [problem]
    documents = read_nodes(file, text)
    if isinstance(documents, Problem):
        return [], [documents]
    if not documents:  # nothing but comments
        return [Source({}, {(): Mark(file, 1, 1)})], []
    readers = [_Reader(document.root) for document in documents]
    problems = [_second_document(document.mark) for document in documents[1:]]
    return [reader.source() for reader in readers], problems + [p for r in readers for p in r.problems]


class _Reader:
    """Walks one document's nodes and writes down values, places and problems."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._count = 0
        self._is_over = False
        self._marks: dict[KeyPath, Mark] = {}
        self._key_marks: dict[KeyPath, Mark] = {}
        self._written: dict[KeyPath, str] = {}
        self._faulty: set[KeyPath] = set()
        self.problems: list[Problem] = []

    def source(self) -> Source:
        value = self._value(self._root, ())
        return Source(value, self._marks, self._key_marks, self._written, frozenset(self._faulty))

    def _value(self, node: Node, path: KeyPath) -> Any:
        self._count += 1
        if self._count > NODES_MAX or len(path) > DEPTH_MAX:
            return self._over_limit(node, path)
        self._marks[path] = node.mark
        match node:
            case Scalar():
                return self._scalar(node, path)
            case ListNode():
                return [self._value(item, (*path, index)) for index, item in enumerate(node.items)]
            case MapNode():
                return self._map(node, path)
        self._fault(node.mark, path, node.message, node.hint)
        return ""

    def _map(self, node: MapNode, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.pairs:
            if isinstance(key, Refused):
                self._note(key.mark, path, key.message, key.hint)
                self._faulty |= {path} if len(node.pairs) == 1 else set()  # a {{ template }}, not a map
            elif fault := _key_fault(node, key, value, str(path[0]) if path else ""):
                self._note(key.mark, path, fault.message, fault.hint)
                self._stand_in(fault.meant, found, key.mark, path)
            elif self._is_new(key, (*path, key.text)):
                self._key_marks[(*path, key.text)] = key.mark
                found[key.text] = self._value(value, (*path, key.text))
        return found

    def _stand_in(self, name: str | None, found: dict[str, Any], mark: Mark, path: KeyPath) -> None:
        """The key that was meant is there, and faulty: nobody should call it missing, or its name unknown."""
        if name is None or name in found:
            return
        found[name] = ""
        self._marks[(*path, name)] = self._key_marks[(*path, name)] = mark
        self._faulty.add((*path, name))

    def _is_new(self, key: Scalar, path: KeyPath) -> bool:
        if (first := self._key_marks.get(path)) is None:
            return True
        self._note(
            key.mark,
            path,
            f"{quoted(key.text)} is given twice: first in line {first.line}, again in line {key.mark.line}",
            "keep one of them",
        )
        return False

    def _scalar(self, node: Scalar, path: KeyPath) -> Any:
        if not node.is_plain:
            return node.text
        value = _typed(node.text)
        if not isinstance(value, str):
            self._written[path] = node.text
        elif fault := _odd_characters(node):
            self._fault(node.mark, path, *fault)
        return value

    def _over_limit(self, node: Node, path: KeyPath) -> str:
        """Aliases within aliases multiply. It is said once, and the rest of the walk only unwinds."""
        self._faulty.add(path)
        if not self._is_over:
            self._is_over = True
            message = f"with all aliases written out there are over {NODES_MAX} values, or {DEPTH_MAX} levels"
            self._note(node.mark, path, message, "use fewer aliases (`*name`)")
        return ""

    def _fault(self, mark: Mark, path: KeyPath, message: str, hint: str) -> None:
        self._faulty.add(path)
        self._note(mark, path, message, hint)

    def _note(self, mark: Mark, path: KeyPath, message: str, hint: str) -> None:
        self.problems.append(Problem(mark, path_text(path), message, hint))


def _typed(text: str) -> Any:
    """A plain scalar's value. What is no finite decimal number of sane length stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


@dataclass(frozen=True, slots=True)
class _KeyFault:
    """What is wrong with a key, and which key was meant, if one was."""

    message: str
    hint: str
    meant: str | None = None


_UNMERGED = "write the keys out, or put shared ones under `defaults`"
_INSTEAD_OF_MERGING = {
    "models": f"{_UNMERGED}; a model's `like: NAME` takes over price, context_window, max_output and lacks only",
    "providers": "use `like: NAME`, which takes over all but secrets and `optional`",
}


def _key_fault(node: MapNode, key: Scalar, value: Node, section: str) -> _KeyFault | None:
    if not key.is_plain:
        return None
    joined = _JOINED.fullmatch(key.text) if node.is_flow and _is_nothing(value) else None
    if joined:
        message = "a space is missing after the colon"
        return _KeyFault(message, f"write `{short(joined[1])}: {short(joined[2])}`", meant=joined[1])
    if key.text == "<<":
        return _KeyFault("`<<` is not read here", _INSTEAD_OF_MERGING.get(section, _UNMERGED))
    if odd := _odd_characters(key):
        return _KeyFault(*odd, meant=key.text.strip(_CURLY_QUOTES + "\xa0"))
    return None


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_plain and not node.text


def _odd_characters(node: Scalar) -> tuple[str, str] | None:
    """What pages and word processors put in place of quotes and spaces: message and hint."""
    if not node.is_plain or node.text.isascii():
        return None
    if node.text[0] in _CURLY_QUOTES:
        return "these are curly quotes, which mean nothing in YAML", "use straight quotes: \" or '"
    if "\xa0" in node.text:
        return "there is a non-breaking space in this text", "replace it by an ordinary space"
    return None


def _decoded(data: bytes) -> str:
    """UTF-8, or UTF-16 where a mark says so; what is neither shows as characters that are refused by place."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    return data.decode(encoding, errors="surrogateescape" if encoding == "utf-8" else "replace")


def _unreadable(file: str, text: str) -> Problem | None:
    """Why a text is not even given to the YAML parser."""
    if len(text) > FILE_CHARS_MAX:
        return Problem(Mark(file, 1, 1), "", f"the file has over {FILE_CHARS_MAX} characters", "split it")
    if (match := _UNPRINTABLE.search(text)) is None:
        return None
    line = text.count("\n", 0, match.start()) + 1
    mark = Mark(file, line, match.start() - text.rfind("\n", 0, match.start()))
    code = ord(match[0])
    what = (
        f"the byte {code - 0xDC00:#x} is not UTF-8"
        if 0xDC80 <= code <= 0xDCFF
        else f"U+{code:04X} cannot stand in YAML"
    )
    return Problem(mark, "", what, "save the file as UTF-8 text")


def _second_document(mark: Mark) -> Problem:
    return Problem(
        mark,
        "",
        "a second document begins here, and a file holds one",
        "take the `---` out, or make it a file of its own: llmgw validate a.yaml b.yaml",
    )
