import pytest

from llmgw.config.problems import Problem, Severity
from llmgw.config.secrets import fill
from llmgw.config.source import read
from llmgw.config.spelling import spelling_problems

IGNORED = frozenset({("model_list",)})


def found(text: str) -> list[Problem]:
    (source,), _ = read("f", text)
    return list(spelling_problems(fill(source, {"K": "sk-0123456789abcdef0123"}, lambda path: path), IGNORED))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("os.environ/OPENAI_API_KEY", "OPENAI_API_KEY"),
        ("env.OPENAI_API_KEY", "OPENAI_API_KEY"),
        ("env::KEY", "KEY"),
        ("env:KEY", "KEY"),
        ("$KEY", "KEY"),
        ("%KEY%", "KEY"),
        ("{{ KEY }}", "KEY"),
        ("{{env.KEY}}", "KEY"),
        ("{{ secrets.KEY }}", "KEY"),
    ],
)
def test_other_products_references_are_shown_in_our_spelling(written: str, name: str) -> None:
    (problem,) = found(f"providers: {{a: {{api_key: '{written}'}}}}\n")

    assert problem.hint == f'write "${{{name}}}"'
    assert problem.path == "providers.a.api_key"


def test_elsewhere_only_what_can_be_nothing_else_is_taken_for_a_reference() -> None:
    assert found("models: {a: {target: x/y, set: {price: $PRICE, b: [env.x, '{{ x }}']}}}\n") == []
    assert len(found("models: {a: {target: x/y, set: {key: os.environ/KEY}}}\n")) == 1


def test_a_key_in_the_open_is_a_warning_that_does_not_show_it() -> None:
    (problem,) = found("providers: {a: {headers: {x: Bearer sk-0123456789abcdef0123}}}\n")

    assert problem.severity is Severity.WARNING
    assert problem.message == "a key (sk-…) stands in the file in the open"
    assert "0123456789" not in str(problem)


def test_numbers_are_no_references() -> None:
    assert found("models: {a: {target: x/y, set: {seed: 5, list: [1, true]}}}\n") == []


def test_a_key_from_the_environment_is_as_it_should_be() -> None:
    assert found('providers: {a: {api_key: "${K}"}}\n') == []


def test_what_has_no_business_in_the_file_is_not_looked_at() -> None:
    assert found("model_list: [{api_key: os.environ/KEY}]\n") == []
