import pytest

from tests.graph.files import MODELS, problems

FILE = (
    'models: {gpt: simulator/gpt, claude: simulator/claude, "m-*": simulator/*}\n'
    "routes: {chat: {fallback: [gpt, claude, simulator/x]}, share: {pool: [gpt, claude]}}\n"
    f"keys: [{{name: intern, sha256: {'a' * 64}}}]\n"
    "tests:\n"
)


def told(*tests: str) -> list[str]:
    return problems(FILE + "".join(f"  - {test}\n" for test in tests))


@pytest.mark.parametrize(
    "test",
    [
        "{name: a, request: {model: chat}, expect: [gpt]}",
        "{name: a, request: {model: chat}, expect: [simulator/x, m-1, share]}",
        "{name: a, request: {model: m-1}, fail: {m-1: timeout, simulator/x: timeout}, expect: timeout}",
        "{name: a, request: {model: nope}, expect: model_not_found}",
        '{name: a, request: {model: chat}, at: "2027-01-31T14:30", expect: [gpt]}',
        '{name: a, request: {model: chat}, at: "2027-01-31T14:30:00+02:00", expect: [gpt]}',
    ],
)
def test_a_sound_test_raises_no_problem(test: str) -> None:
    assert told(test) == []


def test_every_name_of_a_test_is_told_at_its_place() -> None:
    found = told("{name: a, request: {model: chta}, fail: {gtp: timeout, chat: timeout}, expect: [gpt, cloude, chat]}")

    instead = '("chat" is a route: name the targets that it leads to)'

    assert found == [
        '5:32: tests[0].request.model: no model or route "chta" (did you mean "chat"?)',
        '5:46: tests[0].fail.gtp: "gtp" is not a target (did you mean "gpt"?)',
        f'5:60: tests[0].fail.chat: "chat" is not a target {instead}',
        '5:90: tests[0].expect[1]: "cloude" is not a target or pool (did you mean "claude"?)',
        f'5:98: tests[0].expect[2]: "chat" is not a target or pool {instead}',
    ]


def test_a_model_that_is_not_there_may_be_what_is_tested() -> None:
    (found,) = told("{name: a, request: {model: zzz}, expect: [gpt]}")

    assert found.endswith('no model or route "zzz" (or expect: model_not_found)')


def test_an_error_code_is_one_of_those_that_a_request_can_end_with() -> None:
    assert told(
        "{name: a, request: {model: chat}, expect: rate_limitd}", "{name: b, request: {model: chat}, expect: gpt}"
    ) == [
        '5:47: tests[0].expect: "rate_limitd" is not an error code (did you mean "rate_limited"?)',
        '6:47: tests[1].expect: "gpt" is not an error code (targets are written as a list: [gpt])',
    ]


def test_a_time_is_one() -> None:
    assert told('{name: a, request: {model: chat}, at: "14:30", expect: [gpt]}') == [
        '5:43: tests[0].at: "14:30" is not a time (as in 2027-01-31T14:30)'
    ]


def test_names_that_were_set_aside_are_known() -> None:
    text = "models: {gpt: {targt: x}, claude: simulator/x}\nroutes: {chat: {falback: [gpt]}}\n"
    test = "tests: [{name: a, request: {model: chat}, fail: {gpt: timeout}, expect: [gpt]}]"

    assert [line for line in problems(text + test) if line.startswith("3:")] == []


def test_names_are_not_looked_up_where_a_whole_section_was_set_aside() -> None:
    test = "tests: [{name: a, request: {model: chat}, fail: {gpt: timeout}, expect: [gpt]}]"

    assert [line for line in problems(f"models: 3\n{test}") if line.startswith("2:")] == []


def test_a_name_that_is_not_exposed_cannot_be_asked_for() -> None:
    text = "models: {gpt: {target: simulator/x, expose: [a]}}\ntests: [{name: a, request: {model: gpt}, expect: [gpt]}]"

    assert problems(text) == ['2:36: tests[0].request.model: no model or route "gpt" (or expect: model_not_found)']


def test_absent_models_are_still_names() -> None:
    text = "providers: {openai: {optional: true}}\nmodels: {gpt: openai/x, a: simulator/a}\n"
    found = problems(text + "tests: [{name: a, request: {model: gpt}, fail: {gpt: timeout}, expect: [gpt]}]")

    assert found == ['1:13: providers.openai: warning: OPENAI_API_KEY is not set: models of "openai" leave the graph']


def test_a_test_after_a_broken_one_is_checked_at_its_own_place() -> None:
    found = told("{name: a, requst: {model: chat}}", "{name: b, request: {model: chta}, expect: [gpt]}")

    assert found[-1] == '6:32: tests[1].request.model: no model or route "chta" (did you mean "chat"?)'


def test_models_of_a_file_without_tests() -> None:
    assert problems(MODELS) == []


@pytest.mark.parametrize("expect", ["invalid_key", "forbidden_model", "forbidden_endpoint", "[gpt]"])
def test_a_test_names_the_key_that_is_shown(expect: str) -> None:
    assert told(f"{{name: a, request: {{model: chat, key: intern}}, expect: {expect}}}") == []


def test_a_key_that_is_none_is_told() -> None:
    (found,) = told("{name: a, request: {model: chat, key: interm}, expect: [gpt]}")

    assert found.endswith('tests[0].request.key: "interm" is not a key (did you mean "intern"?)')


def test_what_keys_may_not_is_not_asked_without_one() -> None:
    (found,) = told("{name: a, request: {model: chat}, expect: forbidden_model}")

    assert found.endswith(
        '"forbidden_model" needs a key: without one access is not checked (request: {model: NAME, key: NAME})'
    )


def test_keys_that_were_set_aside_are_known() -> None:
    text = "models: {gpt: simulator/gpt}\nkeys: [{nmae: intern}]\n"
    found = problems(f"{text}tests: [{{name: a, request: {{model: gpt, key: intern}}, expect: [gpt]}}]\n")

    assert not [fault for fault in found if "is not a key" in fault]


def test_what_was_spent_is_of_a_budget() -> None:
    prices = "prices: {'simulator/*': free}\nbudgets: [{name: team-month, limit_usd: 5, per: month}]\n"
    test = "{name: a, request: {model: chat}, spent: {team-month: 5, taem-month: 5, zzz: 1}, expect: budget_exceeded}"
    found = [problem.partition("tests[0]")[2] for problem in problems(f"{prices}{FILE}  - {test}\n")]

    assert found == [
        '.spent.taem-month: "taem-month" is not a budget (did you mean "team-month"?)',
        '.spent.zzz: "zzz" is not a budget (as it stands under `budgets`)',
    ]


def test_a_budget_that_was_set_aside_is_not_unknown() -> None:
    budgets = "budgets: [{limit_usd: 5, per: month}]\n"
    test = "{name: a, request: {model: chat}, spent: {team-month: 5}, expect: [gpt]}"

    assert "tests[0]" not in " ".join(problems(f"{budgets}{FILE}  - {test}\n"))


@pytest.mark.parametrize("code", ["budget_exceeded", "unbounded_cost", "rate_limit_exceeded"])
def test_a_request_may_end_for_want_of_room(code: str) -> None:
    assert told(f"{{name: a, request: {{model: chat}}, expect: {code}}}") == []
