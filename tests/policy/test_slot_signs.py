import pytest

from llmgw.policy.slot_signs import signs_apart
from llmgw.policy.slots import difference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("what is 2*(3+4)", "what is (2*3)+4"),
        ("10-(3-2)", "(10-3)-2"),
        ("what is -(3+4)", "what is (3+4)"),
        ("what is -(-3)", "what is -3"),
        ("Simplify -(x+1)^2", "Simplify (x+1)^2"),
        ("what is f'", "what is f"),
        ("what does !isValid(x) mean", "what does isValid(x) mean"),
        ("a && (b || c)", "(a && b) || c"),
        ("how long is 5'", 'how long is 5"'),
        ("plot f(x)=x", "plot f(x)=-x"),
    ],
)
def test_formulas_with_other_signs_are_not_the_same(one: str, other: str) -> None:
    assert signs_apart(one, other) is not None
    assert difference(one, other) is not None
    assert difference(other, one) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the well-known law of gravity?", "what is the well known law of gravity"),
        ("Don't you open on Sundays?", "Do not you open on Sundays"),
        ("Where is Paris (in France)?", "Where is Paris in France?"),
        ("what is 2*(3+4)?", "What is 2*(3+4)"),
    ],
)
def test_prose_may_be_written_with_other_signs(one: str, other: str) -> None:
    assert signs_apart(one, other) is None
