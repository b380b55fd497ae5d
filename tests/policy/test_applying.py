"""Which rules a request is under, and in whose bucket."""

from collections.abc import Sequence
from typing import Any

import pytest

from llmgw.config.model import TestRequest as Request
from llmgw.graph.principal import Principal
from llmgw.policy.applying import REMEMBERED_MAX, MissingValueError, OfAttempt, applying, drawing
from llmgw.routing.facts import Facts, pretended
from tests.graph.files import sound

FILE = (
    "models: {gpt: simulator/gpt, claude: simulator/claude}\n"
    "prices: {simulator/gpt: free, simulator/claude: free}\n"
    "keys: [{name: k, team: search, secret: the-secret-of-key-k, metadata: {tier: paid}}]\n"
)


def facts(principal: Principal | None = None, **fields: Any) -> Facts:
    return pretended(Request(model="gpt", **fields), principal=principal)


def found(text: str, of: Facts | OfAttempt, section: str = "limits") -> list[tuple[str, tuple[str, ...]]]:
    amount = "requests: 1/m" if section == "limits" else "limit_usd: 1, per: day"
    rules = sound(f"{FILE}{section}: [{{name: n, {amount}{text}}}]").rules
    told: Sequence[Any] = rules.limits if section == "limits" else rules.budgets
    return [(rule.scope.name, values) for rule, values in applying(told, of)]


@pytest.mark.parametrize("section", ["limits", "budgets"])
def test_a_rule_that_says_nothing_of_that_is_about_everybody_in_one_bucket(section: str) -> None:
    assert found("", facts(), section) == [("n", ())]


@pytest.mark.parametrize(
    ("models", "is_about"), [("[gpt]", True), ("['g*']", True), ("[claude]", False), ("[claude, '*t']", True)]
)
def test_it_may_be_about_some_of_the_names_asked_for(models: str, is_about: bool) -> None:
    assert bool(found(f", models: {models}", facts())) is is_about


@pytest.mark.parametrize(("user", "is_about"), [("ada", True), ("bob", False), (None, False)])
def test_it_may_be_about_those_of_whom_a_condition_holds(user: str | None, is_about: bool) -> None:
    assert bool(found(", match: 'request.user == \"ada\"'", facts(user=user))) is is_about


def test_both_have_to_hold() -> None:
    text = ", models: [claude], match: 'request.user == \"ada\"'"

    assert found(text, facts(user="ada")) == []


def test_whose_bucket_it_is_has_a_value_for_each_name() -> None:
    values = found(", each: [request.user, metadata.project, model]", facts(user="ada", metadata={"project": "x"}))

    assert values == [("n", ("ada", "x", "gpt"))]


def test_what_a_key_says_wins_over_what_its_holder_says() -> None:
    principal = sound(FILE).principals["k"]
    values = found(", each: [key, key.team, metadata.tier]", facts(principal, metadata={"tier": "free"}))

    assert values == [("n", ("k", "search", "paid"))]


def test_who_has_no_value_has_a_bucket_all_the_same() -> None:
    assert found(", each: [request.user, model]", facts()) == [("n", ("", "gpt"))]


def test_who_has_no_value_may_be_passed_over() -> None:
    assert found(", each: [model, request.user], missing: skip", facts()) == []
    assert found(", each: [model, request.user], missing: skip", facts(user="ada")) == [("n", ("gpt", "ada"))]


@pytest.mark.parametrize("section", ["limits", "budgets"])
def test_who_has_no_value_may_be_refused_and_hears_which_it_is(section: str) -> None:
    with pytest.raises(MissingValueError) as caught:
        found(", each: [model, request.user], missing: reject", facts(), section)

    assert (caught.value.rule.scope.name, caught.value.name) == ("n", "request.user")


def test_of_those_who_have_it_nothing_is_missing() -> None:
    assert found(", each: request.user, missing: reject", facts(user="ada")) == [("n", ("ada",))]


def test_whom_a_rule_is_not_about_lacks_nothing() -> None:
    assert found(", each: request.user, missing: reject, models: [claude]", facts()) == []


def test_an_attempt_has_the_facts_of_its_request_and_a_target() -> None:
    attempt = OfAttempt(facts(user="ada"), "gpt", "simulator")
    values = found(", each: [target, provider, request.user]", attempt)

    assert values == [("n", ("gpt", "simulator", "ada"))]
    assert found(', match: \'target == "gpt" && provider == "simulator"\'', attempt) == [("n", ())]
    assert found(", match: 'target == \"claude\"'", attempt) == []


def test_who_comes_again_draws_on_the_same_buckets() -> None:
    drawn = sound(f"{FILE}limits: [{{name: n, requests: 1/m, models: [gpt], each: [request.user]}}]").rules.of_requests
    ada, bob, stranger = facts(user="ada"), facts(user="bob"), pretended(Request(model="claude", user="ada"))

    assert [[values for _, values in drawing(drawn, one)] for one in (ada, bob, ada, stranger)] == [
        [("ada",)],
        [("bob",)],
        [("ada",)],
        [],
    ]


def test_what_a_condition_looks_at_is_looked_at_each_time() -> None:
    drawn = sound(f"{FILE}limits: [{{name: n, requests: 1/m, match: 'request.user == \"ada\"'}}]").rules.of_requests

    assert [len(drawing(drawn, facts(user=user))) for user in ("ada", "bob", "ada")] == [1, 0, 1]
    assert drawn.found == {}


def test_of_callers_only_so_many_are_remembered() -> None:
    drawn = sound(f"{FILE}limits: [{{name: n, requests: 1/m, each: [request.user]}}]").rules.of_requests
    for at in range(REMEMBERED_MAX + 1):
        drawing(drawn, facts(user=f"{at}"))

    assert [*drawn.found] == [(f"{REMEMBERED_MAX}",)]
