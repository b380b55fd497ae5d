from llmgw.graph.route import Fallback, children, entry_name
from tests.graph.files import MODELS, node, sound


def test_children_come_in_the_order_of_the_file_by_the_names_of_the_entries() -> None:
    text = MODELS + (
        "routes:\n"
        "  f: {fallback: [gpt, p, w]}\n"
        "  p: {pool: [claude, local]}\n"
        "  w: {when: [{if: request.tools, use: 'simulator/a]=b'}, {use: gpt}]}\n"
    )
    top = node(text, "f")
    gpt, pool, when = children(top)

    assert isinstance(top, Fallback)
    assert [entry_name(child, top) for child in (gpt, pool, when)] == ["gpt", "p", "w"]
    assert [entry_name(child, pool) for child in children(pool)] == ["claude", "local"]
    assert [entry_name(child, when) for child in children(when)] == ["simulator/a]=b", "gpt"]
    assert children(gpt) == ()


def test_a_star_is_filled_into_a_target() -> None:
    pattern = sound('models: {"gpt-*": simulator/*}').targets["gpt-*"]

    assert (pattern.concrete("9").id, pattern.concrete("9").provider) == ("gpt-9", pattern.provider)
