"""A model without a price is an error under a budget, and under that one only."""

import pytest

from llmgw.config.problems import Severity
from tests.graph.files import compiled

PROVIDERS = (
    'providers: {mine: {like: openai, base_url: "http://127.0.0.1:9/v1", api_key: k}, '
    'theirs: {like: openai, base_url: "http://127.0.0.1:8/v1", api_key: k}}\n'
)
FILE = PROVIDERS + (
    "models:\n"
    "  known: {target: mine/a, price: free}\n"
    "  big: mine/big\n"
    "  other: {target: theirs/other, expose: false}\n"
    '  "any-*": mine/*\n'
    "routes: {smart: {fallback: [known, other]}}\n"
)


def unpriced(*budgets: str, text: str = FILE) -> list[str]:
    """The models that are said to need a price."""
    rules = "".join(f"  - {{limit_usd: 1, per: day, {entry}}}\n" for entry in budgets)
    found = compiled(f"{text}budgets:\n{rules}").problems
    return [
        problem.path
        for problem in found
        if problem.severity is Severity.ERROR and "no price is known" in problem.message
    ]


def test_without_a_budget_it_is_only_a_warning() -> None:
    (found, *_) = [problem for problem in compiled(FILE).problems if "no price is known" in problem.message]

    assert found.severity is Severity.WARNING
    assert str(found) == (
        'a.yaml:4:3: models.big: warning: no price is known for "mine/big": what it costs is not counted '
        "(give it a price, or say which provider/model it is like)"
    )


def test_under_a_budget_it_is_an_error_that_names_the_budgets_and_the_remedies() -> None:
    rules = "budgets: [{name: a, limit_usd: 1, per: day}, {name: b, limit_usd: 1, per: day, unbounded: allow}]"
    (found,) = [problem for problem in compiled(FILE + rules).problems if problem.path == "models.big"]

    assert str(found) == (
        'a.yaml:4:3: models.big: no price is known for "mine/big", and the budgets "a", "b" must know what it costs '
        "(write price: free, price: {input_usd_per_mtok: …, output_usd_per_mtok: …}, or like: provider/model)"
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("name: n", ["models.big", "models.other"]),
        ("name: n, models: [big]", ["models.big"]),
        ("name: n, models: ['sm*']", ["models.other"]),
        ("name: n, models: [known]", []),
        ("name: n, models: ['any-*', any-7]", []),  # what a star stands for is looked up when somebody asks
        ("name: n, match: request.stream", ["models.big", "models.other"]),
        ("name: n, match: 'provider == \"mine\"'", ["models.big"]),
        ("name: n, match: 'provider == \"theirs\" && request.stream'", ["models.other"]),
        ("name: n, match: 'provider == \"nobody\" || request.stream'", ["models.big", "models.other"]),
        ("name: n, match: 'request.stream ? provider == \"nobody\" : true'", ["models.big", "models.other"]),
        ("name: n, match: 'target == \"known\"'", []),
        ("name: n, match: 'target != \"big\"', enforce: shadow", ["models.other"]),
    ],
)
def test_a_budget_sees_the_targets_behind_the_names_that_it_is_about(rule: str, expected: list[str]) -> None:
    assert unpriced(rule) == expected


def test_what_answers_instead_is_paid_for_too() -> None:
    assert unpriced("name: n, models: [known], on_exceeded: {use: big}") == ["models.big"]
    assert unpriced("name: n, models: [known]", "name: m, models: [known], on_exceeded: {use: big}") == ["models.big"]
    assert unpriced("name: n, models: [known]", "name: m, models: [elsewhere], on_exceeded: {use: big}") == []


def test_a_bare_target_is_told_where_it_is_named() -> None:
    text = (
        f"{PROVIDERS}models: {{known: {{target: mine/a, price: free}}}}\nroutes: {{r: {{fallback: [known, mine/b]}}}}\n"
    )
    (found,) = [
        str(problem)
        for problem in compiled(f"{text}budgets: [{{name: n, limit_usd: 1, per: day}}]").problems
        if "no price is known" in problem.message
    ]

    assert found == (
        'a.yaml:3:32: routes.r.fallback[1]: no price is known for "mine/b", and the budget "n" must know what it costs '
        "(write prices: {mine/b: …}, or make it a model)"
    )


@pytest.mark.parametrize(
    ("budget", "cached", "expected"),
    [
        ("name: n", "", ["cache.rules[0].embed"]),
        ("name: n, models: [known]", "", ["cache.rules[0].embed"]),
        ("name: n, models: [known]", "models: ['k*'], ", ["cache.rules[0].embed"]),
        ("name: n, models: [known]", "models: [smart], ", []),
        ("name: n, models: [known], match: 'provider == \"mine\"'", "", ["cache.rules[0].embed"]),
        ("name: n, models: [known], match: 'provider == \"theirs\"'", "", []),
    ],
)
def test_whoever_asks_pays_for_the_vector_of_his_question(budget: str, cached: str, expected: list[str]) -> None:
    text = (
        f"{PROVIDERS}models: {{known: {{target: mine/a, price: free}}, smart: {{target: mine/b, price: free}}}}\n"
        f"cache: {{rules: [{{name: c, ttl: 1h, {cached}mode: semantic, embed: mine/vectors}}]}}\n"
    )

    assert unpriced(budget, text=text) == expected
    assert not any("mine/vectors" in problem.message for problem in compiled(text).problems)


def test_vectors_of_a_model_of_the_file_without_a_price_are_told_at_the_model() -> None:
    text = f"{FILE}cache: {{rules: [{{name: c, ttl: 1h, mode: semantic, embed: big}}]}}\n"

    assert unpriced("name: n, models: [known]", text=text) == ["models.big"]


def test_of_a_pattern_that_makes_vectors_the_one_name_is_looked_up() -> None:
    text = f"{FILE}cache: {{rules: [{{name: c, ttl: 1h, mode: semantic, embed: any-7}}]}}\n"

    assert unpriced("name: n, models: [known]", text=text) == ["cache.rules[0].embed"]
    assert unpriced("name: n, models: [known]", text=f"{text}prices: {{mine/7: free}}\n") == []
    assert not any('"mine/7"' in problem.message for problem in compiled(text).problems)
