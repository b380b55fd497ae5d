"""YAML events become a tree of nodes with places: no types and no paths yet, only shape.

We build the tree ourselves so that it is bounded (depth, number) and so that what YAML would accept silently is
seen: tags, a second document, keys that are not text. Such a node is kept as `Refused` and reading goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from llmgw.config.problems import Mark, Problem, short
from llmgw.config.syntax import syntax_problem

DEPTH_MAX = 64
NODES_MAX = 100_000
DOCUMENTS_MAX = 100

# The parser in C is many times as fast; both give the same events, and a test reads every golden file with both.
EventLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Scalar:
    """Text as written. `is_plain`: without quotes, so it may mean a number, true, false or null."""

    mark: Mark
    text: str
    is_plain: bool = False


@dataclass(slots=True)
class Refused:
    """YAML that we do not read, and what to write instead."""

    mark: Mark
    message: str
    hint: str


@dataclass(slots=True)
class ListNode:
    """Values in order."""

    mark: Mark
    items: "list[Node]" = field(default_factory=list)


@dataclass(slots=True)
class MapNode:
    """Keys and values as written, doubles included. `is_flow`: written in braces."""

    mark: Mark
    is_flow: bool
    pairs: "list[tuple[Scalar | Refused, Node]]" = field(default_factory=list)


Node = Scalar | Refused | ListNode | MapNode


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    """The text cannot be read on from here."""

    def __init__(self, mark: Mark, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(mark, "", message, hint)


@dataclass(slots=True)
class Document:
    """What stands between two `---`, and where it begins."""

    mark: Mark
    root: Node


def read_nodes(file: str, text: str) -> list[Document] | Problem:
    """The documents of a text; or the one problem for which its YAML cannot be read at all."""
    composer = _Composer(file, yaml.parse(text, Loader=EventLoader))
    try:
        return composer.documents()
    except _Unreadable as stop:
        return stop.problem
    except yaml.YAMLError as error:
        return syntax_problem(file, text, error)


class _Composer:
    """Pulls events and builds nodes. One use, one text."""

    def __init__(self, file: str, events: Iterator[yaml.Event]) -> None:
        self._file = file
        self._events: Iterator[Any] = events  # whose classes share no type with what all of them have
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def documents(self) -> list[Document]:
        found: list[Document] = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if len(found) >= DOCUMENTS_MAX:
                    raise _Unreadable(self._mark(event), f"there are more than {DOCUMENTS_MAX} documents here")
                self._anchors = {}
                found.append(Document(self._mark(event), self._node(next(self._events), 0)))
        return found

    def _node(self, event: Any, depth: int) -> Node:
        self._check_limits(event, depth)
        mark = self._mark(event)
        match event:
            case yaml.ScalarEvent():
                return self._kept(Scalar(mark, event.value, is_plain=not event.style), event)
            case yaml.SequenceStartEvent():
                return self._kept(self._list(ListNode(mark), depth + 1), event)
            case yaml.MappingStartEvent():
                return self._kept(self._map(MapNode(mark, bool(event.flow_style)), depth + 1), event)
        return self._aliased(mark, event.anchor)

    def _kept(self, node: Node, event: Any) -> Node:
        if event.tag is not None:
            node = _refused_tag(node.mark, event.tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _list(self, node: ListNode, depth: int) -> ListNode:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node.items.append(self._node(event, depth))
        return node

    def _map(self, node: MapNode, depth: int) -> MapNode:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth)
            node.pairs.append((_text_key(key), self._node(next(self._events), depth)))
        return node

    def _aliased(self, mark: Mark, anchor: str) -> Node:
        """What the anchor holds. Inside itself an anchor is not yet known, so every tree has an end."""
        unknown = Refused(
            mark,
            f"`*{short(anchor)}` stands for an anchor, and there is no `&{short(anchor)}` above",
            "put quotes around it if it is a name or a pattern",
        )
        return self._anchors.get(anchor, unknown)

    def _check_limits(self, event: Any, depth: int) -> None:
        self._count += 1
        if self._count > NODES_MAX:
            raise _Unreadable(self._mark(event), f"there are more than {NODES_MAX} values up to here")
        if depth > DEPTH_MAX:
            raise _Unreadable(self._mark(event), f"this is nested more than {DEPTH_MAX} levels deep")

    def _mark(self, event: Any) -> Mark:
        return Mark(self._file, event.start_mark.line + 1, event.start_mark.column + 1)


def _text_key(key: Node) -> Scalar | Refused:
    if isinstance(key, Scalar | Refused):
        return key
    kind = "map" if isinstance(key, MapNode) else "list"
    return Refused(
        key.mark,
        f"a key must be text, and this is a {kind}",
        'templates in {{ }} are not known here: for a variable write "${NAME}", in quotes',
    )


def _refused_tag(mark: Mark, tag: str) -> Refused:
    name = tag.replace("tag:yaml.org,2002:", "!!")
    if name.startswith("!!"):
        hint = "take it out: what a value is follows from its key"
    elif name.lower().startswith(_REFERENCE_TAGS):
        hint = 'write "${NAME}" for a variable of the environment, or "${file:/path}"'
    else:
        hint = "put quotes around a condition or text that begins with an exclamation mark: '!request.tools'"
    return Refused(mark, f"`{short(name)}` is a YAML tag, and tags are not used here", hint)


_REFERENCE_TAGS = ("!env", "!secret", "!var", "!file", "!vault", "!ref", "!include")
