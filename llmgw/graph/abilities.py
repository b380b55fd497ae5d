"""Routes whose targets cannot all do the same: a request that needs more will find fewer of them."""

from collections.abc import Iterable

from llmgw.graph.report import Report
from llmgw.graph.route import Leaf, Node, Route, Target, When, children


def check(routes: Iterable[Route], report: Report) -> None:
    """Warn of each target that lacks what another one behind the same name has."""
    for route in routes:
        for node in _behind(route.node):
            _compare(route.name, {target.id: target for target in _targets(node)}, report)


def _compare(name: str, targets: dict[str, Target], report: Report) -> None:
    """What none of them can do comes as no surprise."""
    common = frozenset[str].intersection(*(target.lacks for target in targets.values())) if targets else frozenset()
    for target in targets.values():
        if missing := sorted(target.lacks - common):
            what = f"{target.id} lacks {' and '.join(missing)}, which others of this route have"
            report.warning(("routes", name), what, "requests that need it skip that target", at_key=True)


def _behind(node: Node) -> Iterable[Node]:
    """What one request is left with: behind a `when` only one branch."""
    if isinstance(node, When):
        for branch in node.branches:
            yield from _behind(branch.node)
    else:
        yield node


def _targets(node: Node) -> Iterable[Target]:
    if isinstance(node, Leaf):
        yield node.target
    else:
        for child in children(node):
            yield from _targets(child)
