import pytest
import yaml

from llmgw.config import nodes
from llmgw.config.nodes import read_nodes
from llmgw.config.problems import Mark, Problem
from llmgw.config.syntax import syntax_problem


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def _either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "EventLoader", getattr(yaml, request.param))


MISTAKES = [
    ("server:\n\tport: 4000\n", 2, 1, "a tab indents"),
    ("server:\n  host: a\n\tport: 4000\n", 3, 1, "a tab indents"),
    ("server:\n  \tport: 4000\n", 2, 3, "a tab indents"),
    ("server:\n  host: a\n  port:4000\n  drain: 3s\n", 3, 3, "a space is missing"),
    ("server:\n  port:4000\n  drain: 3s\n", 2, 3, "a space is missing"),
    ("models\n  gpt: openai/x\n", 1, 7, "a colon is missing after `models`"),
    ("a: {}\nmodels\n  gpt: openai/x\nb: {}\n", 2, 7, "a colon is missing after `models`"),
    ("models:\n  gpt\n    target: a/b\n    retry: {}\n", 2, 6, "a colon is missing after `gpt`"),
    ("r:\n  when\n    - if: 'a'\n      use: b\n", 2, 7, "a colon is missing after `when`"),
    ("server:\n  host: a\nmodels:{}\nroutes: {}\n", 3, 1, "a space is missing"),
    ("a:\n  - use: b\n    weight:3\n  - use: c\n", 3, 5, "a space is missing"),
    ("p: {api_key: ${KEY}}\nm: {}\n", 1, 14, "`${KEY}` needs quotes"),
    ("p: {api_key: ${KEY:-x}}\nm: {}\n", 1, 14, "`${KEY:-x}` needs quotes"),
    ('p: {a: "${A}", b: ${B}}\n', 1, 19, "`${B}` needs quotes"),
    ("p: [${A}, ${B}]\n", 1, 5, "`${A}` needs quotes"),
    ('- {if: key in ["a"], use: a}\n', 1, 8, "this condition needs quotes"),
    ('- {if: "free" == metadata.tier, use: a}\n', 1, 8, "this condition needs quotes"),
    ('- if: "free" == metadata.tier\n  use: a\n', 1, 7, "this condition needs quotes"),
    ("- {if: a ? b : c, use: a}\n", 1, 8, "this condition needs quotes"),
    ('- {name: a, match: key in ["a"], requests: 1/s}\n', 1, 20, "this condition needs quotes"),
    ("- {use: 'a' 'b', if: x}\n", 1, 13, "a comma or `}` is missing"),
    ("a: @foo\n", 1, 4, "a text that begins with @"),
    ("a: `foo`\n", 1, 4, "a text that begins with `"),
    ("a: %foo\n", 1, 4, "a text that begins with %"),
    ("models:\n  *: openai/*\n", 2, 3, "a text that begins with *"),
    ('a: "abc\nd: e\n', 1, 4, "this quote is never closed"),
    ("a: {b: c\nd: e\n", 1, 4, "this `{` is not closed"),
    ("a: [b, c\nd: e\n", 1, 4, "this `[` is not closed"),
    ('a: ["b" "c"]\n', 1, 9, "a comma or `]` is missing"),
    ("a: b: c\n", 1, 5, "there is a second `: `"),
    ("a:\n  b: c\n c: d\n", 3, 2, "this line is indented otherwise"),
    ("a:\n  b: c\n    c: d\n", 3, 5, "this line is indented otherwise"),
    ("a:\n  - b\n  c: d\n", 3, 3, "this line is indented otherwise"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), MISTAKES)
def test_each_mistake_of_newcomers_has_its_words_at_its_place(text: str, line: int, column: int, message: str) -> None:
    problem = read_nodes("f", text)

    assert isinstance(problem, Problem)
    assert message in problem.message
    assert problem.mark == Mark("f", line, column)
    assert problem.hint


def test_an_unknown_escape_recommends_single_quotes() -> None:
    problem = read_nodes("f", 'a: "C:\\path"\n')

    assert isinstance(problem, Problem)
    assert problem.hint == "use single quotes, which take everything as it is"


def test_what_nobody_foresaw_still_has_a_place_and_advice() -> None:
    mark = yaml.Mark("f", 0, 1, 2, None, 0)
    odd = syntax_problem("f", "a\nb c\n", yaml.MarkedYAMLError(problem="odd", problem_mark=mark))
    bare = syntax_problem("f", "", yaml.YAMLError())
    brackets = syntax_problem("f", "a\nb c\n", yaml.MarkedYAMLError("in a flow thing", mark, "odd", mark))

    assert odd.mark == Mark("f", 2, 3)
    assert odd.message == "this is not YAML: odd"
    assert bare.mark == Mark("f", 1, 1)
    assert brackets.message == "something is missing or out of place here"
