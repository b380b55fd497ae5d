"""`llmgw test-route --graph`: the routing graph as trees of text, or for Mermaid and Graphviz."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import typer

from llmgw.cli.render import Line, seconds, show
from llmgw.config.model import DefaultsSection
from llmgw.graph import targets
from llmgw.graph.drawing import NOTHING_LEFT, Arrow, Box, Root, boxes, drawn
from llmgw.graph.model import Graph

# Of Mermaid's label everything that could end it, open a tag, or begin an entity of its own.
_MERMAID = str.maketrans(
    {
        '"': "#quot;",
        "#": "#35;",
        "<": "#lt;",
        ">": "#gt;",
        "*": "#42;",
        "&": "#amp;",
        "`": "#96;",
        "\\": "#92;",
        "\n": " ",
    }
)
_DOT = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": " "})
_MERMAID_SHAPES = MappingProxyType(
    {"fallback": ("[", "]"), "pool": ("([", "])"), "when": ("{", "}"), "target": ("(", ")"), NOTHING_LEFT: ("[", "]")}
)
_DOT_SHAPES = MappingProxyType({"fallback": "box", "pool": "ellipse", "when": "diamond", "target": "cylinder"})


def show_graph(graph: Graph, defaults: DefaultsSection, notation: str, model: str | None) -> int:
    """Print it; `model` None: of all names. Raises BadParameter."""
    roots = drawn(graph, defaults)
    if model is not None:
        roots = _of_name(graph, roots, model)
    show(NOTATIONS[notation](roots, graph, defaults), sys.stdout)
    return 0


def _of_name(graph: Graph, roots: Sequence[Root], model: str) -> tuple[Root, ...]:
    """Its tree, or that of the pattern that it is of."""
    resolved = graph.resolve(model)
    patterns = (pattern.name for pattern in graph.patterns if resolved and pattern.route is resolved.route)
    name = next(patterns, model)
    found = tuple(root for root in roots if root.name == name and not root.when)
    if not found:
        raise typer.BadParameter(f"nobody may ask for {model}", param_hint="--model")
    return found


def _text(roots: Sequence[Root], graph: Graph, defaults: DefaultsSection) -> Iterator[Line]:
    yield (("defaults", "bold"), f"  {' · '.join(_usual(defaults))}")
    own = {root.box for root in roots if not root.when}
    told: set[Box] = set()
    for root in roots:
        if root.box.kind == "target" and root.box in told and not root.when:
            continue  # it stands in a tree, and nothing more is to be said
        yield ()
        label = (f"{root.when}: ", "yellow") if root.when else ("", "")
        refers = bool(root.when) and root.box in told
        yield (label, (root.name, "bold"), *_notes((*root.notes, *_about(root.box, refers=refers))))
        if not refers:
            yield from _branches(root.box, "", own, told)
        told.add(root.box)
    for name, reason in graph.absent.items():
        yield from ((), (name, ("  left the graph: ", "yellow"), reason))


def _branches(box: Box, below: str, own: set[Box], told: set[Box]) -> Iterator[Line]:
    """What stands under a box; a route with a tree of its own, or that was told before, is only named."""
    for place, arrow in enumerate(box.arrows, 1):
        mark, further = ("├─ ", "│  ") if place < len(box.arrows) else ("└─ ", "   ")
        refers = bool(arrow.to.arrows) and (arrow.to in own or arrow.to in told)
        yield (f"{below}{mark}", arrow.to.name, *_notes((*arrow.notes, *_about(arrow.to, refers=refers))))
        told.add(arrow.to)
        if not refers:
            yield from _branches(arrow.to, below + further, own, told)


def _about(box: Box, *, refers: bool) -> tuple[str, ...]:
    if box.kind == "target":
        return box.notes
    return (f"{box.kind}, see {box.name}",) if refers else (box.kind,)


def _notes(notes: tuple[str, ...]) -> Line:
    return (("  " + " · ".join(notes), "dim"),) if notes else ()


def _usual(defaults: DefaultsSection) -> Iterator[str]:
    limits, retry = targets.time_limits([defaults.timeout], local=False), targets.retry([defaults.retry])
    times = ("connect", limits.connect_s), ("first_token", limits.first_token_s), ("idle", limits.idle_s)
    yield ", ".join(f"{name} {seconds(time_s)}" for name, time_s in (*times, ("total", limits.total_s)))
    yield f"attempts {retry.attempts}"
    yield f"deadline {seconds(defaults.deadline)}, max_attempts {defaults.max_attempts}"


def _mermaid(roots: Sequence[Root], _graph: Graph, _defaults: DefaultsSection) -> Iterator[Line]:
    numbers = _numbers(roots)
    yield ("flowchart LR",)
    for box, number in numbers.items():
        opened, closed = _MERMAID_SHAPES[box.kind]
        label = "<br/>".join(text.translate(_MERMAID) for text in _label(box))
        yield (f'  {number}{opened}"{label}"{closed}',)
    for box, number in numbers.items():
        for arrow in box.arrows:
            label = "<br/>".join(text.translate(_MERMAID) for text in _arrow_label(arrow))
            yield (f"  {number} -->" + (f'|"{label}"|' if label else "") + f" {numbers[arrow.to]}",)
    for place, root in enumerate(roots):
        label = "<br/>".join(text.translate(_MERMAID) for text in _root_label(root))
        yield (f'  r{place}>"{label}"] --> {numbers[root.box]}',)


def _dot(roots: Sequence[Root], _graph: Graph, _defaults: DefaultsSection) -> Iterator[Line]:
    numbers = _numbers(roots)
    yield from (("digraph llmgw {",), ("  rankdir=LR;",))
    for box, number in numbers.items():
        yield (f"  {number} [shape={_DOT_SHAPES.get(box.kind, 'box')}, label={_quoted(_label(box))}];",)
    for box, number in numbers.items():
        for arrow in box.arrows:
            yield (f"  {number} -> {numbers[arrow.to]} [label={_quoted(_arrow_label(arrow))}];",)
    for place, root in enumerate(roots):
        yield (f"  r{place} [shape=cds, label={_quoted(_root_label(root))}];",)
        yield (f"  r{place} -> {numbers[root.box]};",)
    yield ("}",)


def _quoted(texts: Iterable[str]) -> str:
    return '"' + "\\n".join(text.translate(_DOT) for text in texts) + '"'


def _numbers(roots: Sequence[Root]) -> dict[Box, str]:
    """Names of their own: those of the file may hold anything."""
    return {box: f"n{place}" for place, box in enumerate(boxes(roots))}


def _label(box: Box) -> tuple[str, ...]:
    return (box.name, *box.notes) if box.kind == "target" else (box.name, box.kind)


def _arrow_label(arrow: Arrow) -> tuple[str, ...]:
    notes = arrow.notes
    return (" · ".join((f"{arrow.place}", *notes[:1])), *notes[1:]) if arrow.place else notes


def _root_label(root: Root) -> tuple[str, ...]:
    return (root.when or root.name, *root.notes)


NOTATIONS: Mapping[str, Callable[[Sequence[Root], Graph, DefaultsSection], Iterator[Line]]] = MappingProxyType(
    {"text": _text, "mermaid": _mermaid, "dot": _dot}
)
