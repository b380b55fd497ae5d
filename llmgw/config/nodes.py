"""YAML events become a tree of nodes with places: no types and no paths yet, only shape.

We build the tree ourselves so that it is bounded (depth, number) and so that what YAML would accept silently is
seen: tags, a second document, keys that are not text. Such a node is kept as `Refused` and reading goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from llmgw.config.problems import Mark, Problem
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


def read_nodes(file: str, text: str) -> list[Node] | Problem:
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
        self._events = events
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def documents(self) -> list[Node]:
        found: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if len(found) >= DOCUMENTS_MAX:
                    raise _Unreadable(self._mark(event), f"there are more than {DOCUMENTS_MAX} documents here")
                self._anchors = {}
                found.append(self._node(next(self._events), 0))
        return found

    def _node(self, event: yaml.Event, depth: int) -> Node:
        self._check_limits(event, depth)
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        node = self._built(event, depth)
        if event.tag is not None:
            node = _refused_tag(node.mark, event.tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _built(self, event: yaml.Event, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(self._mark(event), event.value, is_plain=not event.style)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(ListNode(self._mark(event)), depth + 1)
        return self._map(MapNode(self._mark(event), bool(event.flow_style)), depth + 1)

    def _list(self, node: ListNode, depth: int) -> ListNode:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node.items.append(self._node(event, depth))
        return node

    def _map(self, node: MapNode, depth: int) -> MapNode:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth)
            node.pairs.append((_text_key(key), self._node(next(self._events), depth)))
        return node

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        """What the anchor holds. Inside itself an anchor is not yet known, so every tree has an end."""
        unknown = Refused(
            self._mark(event),
            f"`*{event.anchor}` stands for an anchor `&{event.anchor}`, and there is none above",
            "put quotes around it if it is a name or a pattern",
        )
        return self._anchors.get(event.anchor, unknown)

    def _check_limits(self, event: yaml.Event, depth: int) -> None:
        self._count += 1
        if self._count > NODES_MAX:
            raise _Unreadable(self._mark(event), f"there are more than {NODES_MAX} values up to here")
        if depth > DEPTH_MAX:
            raise _Unreadable(self._mark(event), f"this is nested more than {DEPTH_MAX} levels deep")

    def _mark(self, event: yaml.Event) -> Mark:
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
    return Refused(
        mark,
        f"`{tag[:40]}` is a YAML tag, and tags are not used here",
        'put quotes around a text that begins with "!"; for a variable of the environment write "${NAME}"',
    )
