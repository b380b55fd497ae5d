"""Limits and budgets of a file as rules, and everything that can be said against them at load."""

import pytest

from llmgw.graph.condition import compile_condition
from llmgw.graph.route import Fallback, Leaf
from llmgw.graph.rules import (
    Alert,
    Amounts,
    BudgetRule,
    Calendar,
    LimitRule,
    Missing,
    Rate,
    Rolling,
    Scope,
    Unit,
)
from llmgw.graph.vocabulary import RULE_NAMES, TEXTS
from tests.graph.files import MODELS, problems, sound

FREE = "prices: {simulator/gpt: free, simulator/claude: free, simulator/local: free}\n"
FILE = MODELS + FREE


def limit(text: str) -> LimitRule:
    (rule,) = sound(f"{FILE}limits: [{{name: n, {text}}}]").rules.limits
    return rule


def budget(text: str, more: str = "") -> BudgetRule:
    (rule,) = sound(f"{FILE}{more}budgets: [{{name: n, {text}}}]").rules.budgets
    return rule


def told(section: str, *entries: str, more: str = "") -> list[str]:
    text = f"{FILE}{more}{section}:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)
    return [problem.partition(f" {section}")[2] for problem in problems(text)]


def test_a_file_without_rules_has_none() -> None:
    rules = sound(FILE).rules

    assert (rules.limits, rules.budgets) == ((), ())


def test_a_limit_says_whom_it_is_about_and_how_much() -> None:
    rule = limit(
        "each: [key, metadata.project], models: [gpt, 'cl*'], match: 'request.stream', missing: skip, "
        "requests: 60/m, tokens: 1.5k/s, concurrent: 20"
    )
    scope = Scope(
        "n",
        ("key", "metadata.project"),
        ("gpt", "cl*"),
        compile_condition("request.stream"),
        Missing.SKIP,
    )

    assert rule == LimitRule(scope, Amounts(Rate(60, 60.0)), tokens=Amounts(Rate(1500, 1.0)), concurrent=Amounts(20))


def test_what_a_limit_does_not_say_is_not_limited() -> None:
    rule = limit("concurrent: 0")

    assert rule == LimitRule(Scope("n"), concurrent=Amounts(0))


def test_amounts_may_be_by_value() -> None:
    rule = limit('each: key.team, requests: {search: 600/m, "": 1/m, "*": 60/m}')
    amounts = rule.requests
    assert amounts is not None
    found = [amounts.of((team,)) for team in ("search", "", "ads")]

    assert found == [Rate(600, 60.0), Rate(1, 60.0), Rate(60, 60.0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("each: key", False),
        ("each: target", True),
        ("each: [key, provider]", True),
        ("match: 'model == \"gpt\"'", False),
        ("match: 'target == \"gpt\"'", True),
        ('match: \'key == "k" && provider == "simulator"\'', True),
        ("match: 'metadata.target == \"gpt\"'", False),
    ],
)
def test_what_asks_for_the_target_or_its_provider_is_of_an_attempt(text: str, expected: bool) -> None:
    assert limit(f"{text}, requests: 60/m").scope.per_attempt is expected


def test_a_budget_is_in_nano_dollars_and_usually_hard() -> None:
    rule = budget("limit_usd: 0.1, per: month")

    assert rule == BudgetRule(rule.id, Scope("n"), Amounts(100_000_000), Calendar(Unit.MONTH))
    assert rule.is_hard
    assert not rule.allows_unbounded


def test_money_is_rounded_down_so_that_nobody_gets_more_than_is_written() -> None:
    amounts = budget('each: key.team, limit_usd: {a: 0.0000000019, b: 0, "*": 12000.3}, per: day').limit_nanousd

    assert [amounts.of((team,)) for team in "abc"] == [1, 0, 12_000_300_000_000]


@pytest.mark.parametrize(
    ("per", "window"),
    [
        ("hour", Calendar(Unit.HOUR, "Europe/Berlin")),
        ("day", Calendar(Unit.DAY, "Europe/Berlin")),
        ("week", Calendar(Unit.WEEK, "Europe/Berlin")),
        ("month", Calendar(Unit.MONTH, "Europe/Berlin")),
        ("month, timezone: Asia/Tokyo", Calendar(Unit.MONTH, "Asia/Tokyo")),
        ("30d", Rolling(2_592_000.0)),
        ("1h", Rolling(3600.0)),
        ("3660d", Rolling(316_224_000.0)),
    ],
)
def test_a_budget_is_for_a_time_of_the_calendar_or_for_the_last_so_many(per: str, window: Calendar | Rolling) -> None:
    assert budget(f"limit_usd: 1, per: {per}", "server: {timezone: Europe/Berlin}\n").window == window


@pytest.mark.parametrize(
    ("per", "message"),
    [
        ("999999d", '"999999d" is not a time for a budget (write 3660d at the most)'),
        ("3661d", "no budget is for so long (write 3660d at the most)"),
        ("999999999s", "no budget is for so long (write 3660d at the most)"),
    ],
)
def test_no_budget_is_for_longer_than_the_calendar_goes_back(per: str, message: str) -> None:
    assert told("budgets", f"name: n, limit_usd: 1, per: {per}") == [f"[0].per: {message}"]


def test_a_budget_may_count_only_and_let_through_what_has_no_bound() -> None:
    rule = budget("limit_usd: 1, per: day, enforce: shadow")

    assert not rule.is_hard
    assert budget("limit_usd: 1, per: day, unbounded: allow").allows_unbounded


def test_an_alert_has_its_fractions_and_its_secrets() -> None:
    written = 'webhook: "${URL}", secret: "${SIGN}"'
    text = f"{FILE}budgets: [{{name: n, limit_usd: 1, per: day, alert: {{at: [0.5, 2], {written}}}}}]"
    url = "https://hooks.example/of-ours"
    graph = sound(text, {"URL": url, "SIGN": "signing-secret"})
    alert = graph.rules.budgets[0].alert

    assert isinstance(alert, Alert)
    assert alert.at == (0.5, 2.0)
    assert alert.webhook.reveal() == url
    assert url not in repr(graph)
    assert "signing-secret" not in repr(graph)


# Identity.


def test_a_budget_is_the_same_while_it_counts_the_same() -> None:
    base = budget("limit_usd: 1, per: month").id
    same = budget("limit_usd: 2, per: month, enforce: shadow, unbounded: refuse").id
    others = [
        budget(text).id
        for text in (
            "limit_usd: 1, per: week",
            "limit_usd: 1, per: 30d",
            "limit_usd: 1, per: month, timezone: Asia/Tokyo",
            "limit_usd: 1, per: month, each: key",
            "limit_usd: 1, per: month, models: [gpt]",
            "limit_usd: 1, per: month, match: request.stream",
        )
    ]

    assert len(base) == 16
    assert same == base
    assert len({base, *others}) == 7


# What answers instead.


def test_what_answers_instead_is_a_route_with_a_path_of_its_own() -> None:
    routes = "routes: {cheap: {fallback: [local, claude], max_attempts: 3, deadline: 5s, expose: false}}\n"
    route = budget("limit_usd: 1, per: day, on_exceeded: {use: cheap}", routes).on_exceeded

    assert route is not None
    assert (route.name, route.max_attempts, route.deadline_s) == ("cheap", 3, 5.0)
    assert isinstance(route.node, Fallback)
    assert route.node.path == "budget:n/on_exceeded=cheap"
    assert [entry.node.path for entry in route.node.entries] == [
        "budget:n/on_exceeded=cheap/fallback[0]=local",
        "budget:n/on_exceeded=cheap/fallback[1]=claude",
    ]


@pytest.mark.parametrize(
    ("use", "target"),
    [("local", "local"), ("simulator/other", "simulator/other"), ("any-7", "any-7")],
)
def test_a_model_a_pattern_or_a_bare_target_answers_too(use: str, target: str) -> None:
    text = (
        'models: {local: simulator/a, "any-*": simulator/*}\nprices: {"simulator/*": free}\n'
        f'budgets: [{{name: n, limit_usd: 1, per: day, on_exceeded: {{use: "{use}"}}}}]'
    )
    route = sound(text).rules.budgets[0].on_exceeded

    assert route is not None
    assert isinstance(route.node, Leaf)
    assert (route.node.target.id, route.node.path) == (target, f"budget:n/on_exceeded={use}")


def test_what_only_a_budget_uses_is_used() -> None:
    text = "models: {gpt: simulator/gpt, spare: {target: simulator/spare, expose: false, price: free}}\n"
    rule = "budgets: [{name: n, models: [other], limit_usd: 1, per: day, on_exceeded: {use: spare}}]"

    assert not [problem for problem in problems(text + rule) if "nobody can reach it" in problem]
    assert [problem for problem in problems(text) if "nobody can reach it" in problem]


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("locl", '[0].on_exceeded.use: "locl" is not a model or route (did you mean "local"?)'),
        ('"any-*"', '[0].on_exceeded.use: "any-*" has a star, but nothing here fills it (name a single model)'),
    ],
)
def test_what_answers_instead_must_be_there(use: str, expected: str) -> None:
    assert told("budgets", f"name: n, limit_usd: 1, per: day, on_exceeded: {{use: {use}}}") == [expected]


# What is wrong.


@pytest.mark.parametrize(
    ("each", "remedy"),
    [
        ("team", "write key.team"),
        ("user", "write key.user, or request.user for the `user` of the body"),
        ("api_key", "write key"),
        ("metadata", "name one of them, as in metadata.project"),
        ("everyone", "leave `each` out: then all share one"),
        ("key.taem", 'did you mean "key.team"?'),
        ("zebra", f"names: {', '.join(TEXTS)}, metadata.X, headers.X"),
    ],
)
def test_each_takes_names_that_have_text(each: str, remedy: str) -> None:
    assert told("limits", f"name: n, each: {each}, requests: 60/m") == [
        f'[0].each: "{each}" is not a name that `each` takes ({remedy})'
    ]


def test_a_number_is_no_value_for_a_bucket_and_twice_is_once_too_often() -> None:
    found = told("limits", "name: n, each: [key, request.max_tokens, key], requests: 60/m")

    assert [text.partition(" (")[0] for text in found] == [
        '[0].each[1]: "request.max_tokens" is not a name that `each` takes',
        '[0].each[2]: "key" is named before',
    ]


def test_names_are_given_once_in_their_section() -> None:
    entries = ("name: n, requests: 60/m", "name: n, tokens: 60/m")
    found = told("limits", *entries, more="budgets: [{name: n, limit_usd: 1, per: day}]\n")

    assert found == ['[1].name: "n" is the name of another limit (choose another)']


def test_a_limit_limits_something() -> None:
    assert told("limits", "name: n, each: key") == [
        '[0]: the limit "n" limits nothing (write requests: 60/m, tokens: 200k/m or concurrent: 20)'
    ]


def test_what_was_set_aside_is_not_missing() -> None:
    assert told("limits", "name: n, each: key, requests: 60") == [
        "[0].requests: a rate needs a unit (60/s, 60/m or 60/h?)"
    ]
    assert told("limits", "name: n, each: 5, requests: {a: 1/s, '*': 2/s}") == [
        '[0].each: must be text or a list, not the number 5 (put it in quotes: "5")'
    ]


@pytest.mark.parametrize("each", ["", "each: [key, model], "])
def test_amounts_by_value_need_one_name_whose_values_they_are(each: str) -> None:
    (found,) = told("budgets", f'name: n, {each}limit_usd: {{a: 1, "*": 2}}, per: day')

    assert found == (
        "[0].limit_usd: amounts by value need `each` with one name, whose values they are "
        "(write each: key.team, or one amount for all)"
    )


def test_who_is_not_named_and_has_no_star_is_not_limited_and_told() -> None:
    (found,) = told("limits", "name: n, each: key.team, requests: {a: 60/m}")

    assert found == (
        "[0].requests: warning: all values of `key.team` that are not named here are not limited "
        '(write "*": … for all others)'
    )


@pytest.mark.parametrize(
    ("each", "value", "expected"),
    [
        ("provider", "simulatr", 'no provider is called "simulatr" (did you mean "simulator"?)'),
        ("target", "gtp", 'no target is called "gtp" (did you mean "gpt"?)'),
        ("model", "locall", 'no model is called "locall" (did you mean "local"?)'),
    ],
)
def test_values_that_nothing_has_are_told(each: str, value: str, expected: str) -> None:
    found = told("limits", f'name: n, each: {each}, requests: {{{value}: 1/s, "*": 2/s}}')

    assert found == [f"[0].requests.{value}: warning: {expected}"]


@pytest.mark.parametrize(("each", "value"), [("model", "gpt-5"), ("target", "gpt-5"), ("key.team", "anything")])
def test_values_that_may_come_are_not_told(each: str, value: str) -> None:
    text = (
        f'models: {{"gpt-*": simulator/*}}\nlimits: [{{name: n, each: {each}, requests: {{{value}: 1/s, "*": 2/s}}}}]'
    )

    assert problems(text) == []


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("budget.used > 0.5", '"budget.used" follows from which rules apply, so no rule can ask for it'),
        ("metadata.tier = 1", "cannot be read at `=` (write ==)"),
        ("target == 5", "compares text with a number"),
        ("taget == 'gpt'", 'unknown name "taget", did you mean "target"?'),
    ],
)
def test_conditions_are_checked(match: str, expected: str) -> None:
    (found,) = told("limits", f'name: n, match: "{match}", requests: 60/m')

    assert found.startswith("[0].match: ")
    assert expected in found


def test_names_that_nobody_can_ask_for_are_told() -> None:
    expected = '[0].models[1]: warning: "clyde*" is no name that a client can ask for (did you mean "claude"?)'

    assert told("limits", "name: n, models: [gpt, 'clyde*'], requests: 60/m") == [expected]
    assert told("budgets", "name: n, models: [gpt, 'clyde*'], limit_usd: 1, per: day") == [expected]


def test_a_time_zone_must_exist_and_be_of_use() -> None:
    assert told("budgets", "name: n, limit_usd: 1, per: day, timezone: Berlin") == [
        '[0].timezone: "Berlin" is not a time zone (did you mean "Europe/Berlin"?)'
    ]
    assert told("budgets", "name: n, limit_usd: 1, per: 30d, timezone: UTC") == [
        "[0].timezone: warning: is of no use: the last 30d are the same everywhere (take it out)"
    ]


@pytest.mark.parametrize(("key", "value"), [("on_exceeded", "{use: local}"), ("unbounded", "allow")])
def test_a_shadow_needs_no_word_on_what_it_never_does(key: str, value: str) -> None:
    assert told("budgets", f"name: n, limit_usd: 1, per: day, enforce: shadow, {key}: {value}") == [
        f"[0].{key}: warning: is of no use: a shadow budget never refuses (take it out, or write enforce: hard)"
    ]


def test_fractions_ascend() -> None:
    alert = 'alert: {at: [1, 0.8, 1], webhook: "https://hooks.example/x"}'

    assert told("budgets", f"name: n, limit_usd: 1, per: day, {alert}") == [
        "[0].alert.at: the fractions must ascend (write [0.8, 1])"
    ]


def test_a_signing_secret_must_be_whole() -> None:
    rule = 'limit_usd: 1, per: day, alert: {webhook: "https://hooks.example/x", secret: "whsec_not base64"}'
    (found,) = told("budgets", f"name: n, {rule}")

    assert found == "[0].alert.secret: the secret is not base64 after whsec_ (copy it again, whole)"


def test_budgets_need_a_ledger() -> None:
    rule = "budgets: [{name: n, limit_usd: 1, per: day}]\n"

    (found,) = problems(f"{FILE}{rule}state: {{ledger: none}}")

    assert found == (
        "4:17: state.ledger: budgets have to know what was spent, also after a restart, and `none` keeps nothing "
        "(take it out, or write sqlite:///llmgw.db)"
    )
    assert problems(f"{FILE}state: {{ledger: none}}\nlimits: [{{name: n, requests: 60/m}}]") == []


def test_each_takes_what_the_vocabulary_has_as_text() -> None:
    expected = {"model", "ip", "key", "key.team", "key.user", "request.endpoint", "request.user", "target", "provider"}

    assert set(TEXTS) == expected


def test_rules_know_all_names_but_one() -> None:
    assert "budget.used" not in RULE_NAMES
    assert {"target", "provider", "key.team"} <= RULE_NAMES.keys()
