from typing import Any

import pytest
import yaml

from llmgw.config import nodes
from llmgw.config.nodes import DEPTH_MAX, DOCUMENTS_MAX, NODES_MAX, ListNode, MapNode, Refused, Scalar, read_nodes
from llmgw.config.problems import Mark, Problem


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def _either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "EventLoader", getattr(yaml, request.param))


def root(text: str) -> Any:
    documents = read_nodes("f", text)
    assert isinstance(documents, list)
    return documents[0].root


def test_scalars_keep_their_text_their_place_and_whether_they_are_plain() -> None:
    assert root("plain") == Scalar(Mark("f", 1, 1), "plain", is_plain=True)
    assert root(" 'quoted'") == Scalar(Mark("f", 1, 2), "quoted", is_plain=False)
    assert root("|\n block\n") == Scalar(Mark("f", 1, 1), "block\n", is_plain=False)


def test_maps_keep_every_pair_also_doubles() -> None:
    node = root("a: 1\na: 2\n")

    assert isinstance(node, MapNode)
    mark = Mark("f", 2, 1)
    assert node.pairs[1] == (Scalar(mark, "a", is_plain=True), Scalar(Mark("f", 2, 4), "2", is_plain=True))
    assert len(node.pairs) == 2
    assert not node.is_flow


def test_lists_and_braces() -> None:
    node = root("- {a: [1, 2]}")

    assert isinstance(node, ListNode)
    assert isinstance(node.items[0], MapNode)
    assert node.items[0].is_flow
    assert node.items[0].mark == Mark("f", 1, 3)


def test_an_alias_is_what_its_anchor_holds() -> None:
    node = root("a: &x {b: 1}\nc: *x\n")

    assert node.pairs[0][1] is node.pairs[1][1]


@pytest.mark.parametrize("text", ["a: *x\n", "a: &x [*x]\n"])
def test_an_alias_without_an_anchor_above_it_is_refused(text: str) -> None:
    found = root(text).pairs[0][1]
    refused = found.items[0] if isinstance(found, ListNode) else found

    assert isinstance(refused, Refused)
    assert "there is no `&x` above" in refused.message


def test_anchors_end_with_their_document() -> None:
    documents = read_nodes("f", "a: &x 1\n---\nb: *x\n")

    assert isinstance(documents, list)
    second = documents[1]
    assert isinstance(second.root, MapNode)
    assert isinstance(second.root.pairs[0][1], Refused)
    assert second.mark == Mark("f", 2, 1)


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("!request.tools", "'!request.tools'"),
        ("!!str 5", "take it out"),
        ("!env NAME", "${NAME}"),
        ("! x", "exclamation mark"),
        ("!x {a: 1}", "exclamation mark"),
    ],
)
def test_a_tag_is_refused_with_a_remedy(tag: str, hint: str) -> None:
    refused = root(f"a: {tag}\n").pairs[0][1]

    assert isinstance(refused, Refused)
    assert refused.mark == Mark("f", 1, 4)
    assert hint in refused.hint


@pytest.mark.parametrize(("text", "kind"), [("{{ X }}", "map"), ("? [a]\n: b\n", "list")])
def test_a_key_that_is_no_text_is_refused(text: str, kind: str) -> None:
    refused, _ = root(text).pairs[0]

    assert isinstance(refused, Refused)
    assert refused.message == f"a key must be text, and this is a {kind}"


def test_depth_number_and_documents_are_bounded() -> None:
    deep = read_nodes("f", "[" * (DEPTH_MAX + 2) + "]" * (DEPTH_MAX + 2))
    many = read_nodes("f", "- x\n" * (NODES_MAX + 1))
    documents = read_nodes("f", "--- a\n" * (DOCUMENTS_MAX + 1))

    assert isinstance(deep, Problem)
    assert deep.message == f"this is nested more than {DEPTH_MAX} levels deep"
    assert isinstance(many, Problem)
    assert many.mark.line == NODES_MAX
    assert isinstance(documents, Problem)


def test_what_does_not_parse_is_one_problem() -> None:
    assert isinstance(read_nodes("f", "a: ["), Problem)


def test_nothing_but_comments_is_no_document() -> None:
    assert read_nodes("f", "# nothing\n") == []
