import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.graph.vocabulary import functions, operands, references, split


def named(source: str) -> list[str]:
    return sorted(reference.name for reference in references(source))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('metadata.tier == "free"', ["metadata.tier"]),
        ('metadata["x-y"] == "1"', ["metadata.x-y"]),
        ("metadata['x-y'] == \"1\"", ["metadata.x-y"]),
        ('metadata . tier == "free"', ["metadata.tier"]),
        (r'metadata["x\"y"] == "1"', ["metadata"]),
        ('metadata[r"x"] == "1"', ["metadata"]),
        ('metadata[model] == "1"', ["metadata", "model"]),
        ('"tier" in metadata', ["metadata"]),
        ('model.startsWith("metadata.tier")', ["model"]),
        ('metadata.exists(k, k == "a")', ["metadata"]),
        ('request.messages.exists(m, m.role == "system")', ["request.messages"]),
        ("request.messages.map(m, m.content.size()).exists(n, n > 9)", ["request.messages"]),
        ("request.messages.size() > 3 && !request.tools", ["request.messages", "request.tools"]),
        ("true || false || null in [1]", []),
        ("model == '''a \"model.x\" b'''", ["model"]),
        ("model == 'a' // don't look at metadata.x\n", ["model"]),
        ('"//" == model', ["model"]),
        ("model", ["model"]),
        ("a.b.c", ["a.b"]),
        ("", []),
    ],
)
def test_names_are_found_where_they_are_names(source: str, names: list[str]) -> None:
    assert named(source) == names


def test_calls_are_functions_and_nothing_else() -> None:
    found = functions('size(model) > 2 && !(model in ("a")) && model.matches("has(x)") // exists(y)')

    assert found == {"size", "matches"}


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("a", ["a"]),
        ("a && b || c", ["a", "b", "c"]),
        ("(a && b) || !(c && d)", ["a", "b", "!(c && d)"]),
        ("((a))", ["a"]),
        ("(a) + (b)", ["(a) + (b)"]),
        ("a ? b : c", ["a", "b", "c"]),
        ('m.exists(x, x && y) && "a && b" == c', ["m.exists(x, x && y)", '"a && b" == c']),
        ("{1: 2}[1] == 2", ["{1: 2}[1] == 2"]),
        ("()", []),
        ("(", ["("]),
        ("", []),
    ],
)
def test_operands_are_what_must_be_true_or_false_on_its_own(source: str, parts: list[str]) -> None:
    assert list(operands(source)) == parts


def test_a_split_keeps_the_mark_after_each_part() -> None:
    assert list(split("a == b != (c == d)", ("==", "!="))) == [("a ", "=="), (" b ", "!="), (" (c == d)", "")]


@given(st.text(max_size=60))
def test_any_text_has_names_functions_and_operands(source: str) -> None:
    references(source)
    functions(source)

    assert all(part in source for part in operands(source))
