import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.config.load import Loaded, load
from llmgw.graph.compile import compile_graph
from llmgw.routing.filetests import Result, is_as_expected, run
from llmgw.server.dry_books import Policies
from tests.graph.files import no_file

FILE = (
    "server: {timezone: Europe/Berlin}\n"
    "providers: {openai: {optional: true}}\n"
    "models:\n"
    "  gpt: simulator/gpt\n"
    "  claude: simulator/claude\n"
    "  local: simulator/local\n"
    "  gone: openai/gone\n"
    '  "m-*": simulator/*\n'
    "routes:\n"
    "  chat: {fallback: [gpt, claude, local]}\n"
    "  share: {pool: [gpt, claude]}\n"
    "  inner: {pool: [share, local], expose: false}\n"
    "  safe: {fallback: [share, local]}\n"
    "  cloud: {fallback: [gone, gpt]}\n"
    '  "any-*": {pool: ["m-*", simulator/*]}\n'
    "  tiered: {when: [{if: 'metadata.tier == \"free\"', use: inner}, {if: time.hour >= 22, use: local}, {use: gpt}]}\n"
    "tests:\n"
)


def loaded(*tests: str) -> Loaded:
    found = load([("a.yaml", FILE + "".join(f"  - {test}\n" for test in tests))], {}, no_file)
    assert found.problems == ()
    return found


def results(*tests: str) -> list[Result]:
    of = loaded(*tests)
    return list(run(of.config.tests, compile_graph(of, {}, whole=True).graph, Policies()))


def fault(test: str) -> str | None:
    (result,) = results(test)
    return result.fault


@pytest.mark.parametrize(
    "test",
    [
        "{name: a, request: {model: chat}, expect: [gpt]}",
        "{name: a, request: {model: chat}, fail: {gpt: timeout}, expect: [gpt, claude]}",
        "{name: a, request: {model: chat}, fail: {gpt: overloaded}, expect: [gpt, claude]}",
        "{name: a, request: {model: chat}, fail: {gpt: [overloaded]}, expect: [gpt]}",
        "{name: a, request: {model: chat}, fail: {gpt: invalid_request}, expect: invalid_request}",
        "{name: a, request: {model: chat}, fail: {gpt: invalid_request}, expect: [gpt]}",
        "{name: a, request: {model: nope}, expect: model_not_found}",
        "{name: a, request: {model: inner}, expect: model_not_found}",
        "{name: a, request: {model: m-1}, fail: {m-1: rate_limited}, expect: rate_limited}",
        "{name: a, request: {model: m-1}, fail: {m-1: timeout}, expect: [m-1]}",
        "{name: a, request: {model: safe}, fail: {gpt: timeout, claude: timeout}, expect: [share, local]}",
        "{name: a, request: {model: any-7}, fail: {m-7: timeout, simulator/7: timeout}, expect: [any-7]}",
        "{name: a, request: {model: tiered, metadata: {tier: free}}, expect: [inner]}",
        '{name: a, request: {model: tiered}, at: "2027-01-31T21:59", expect: [gpt]}',
        '{name: a, request: {model: tiered}, at: "2027-01-31T22:00", expect: [local]}',
        '{name: a, request: {model: tiered}, at: "2027-01-31T21:30:00Z", expect: [local]}',
        "{name: a, request: {model: tiered}, expect: [gpt]}",
        "{name: a, request: {model: cloud}, fail: {gone: timeout}, expect: [gone, gpt]}",
    ],
)
def test_what_the_file_expects_is_what_would_happen(test: str) -> None:
    assert fault(test) is None


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("failing", ["{}", "{gpt: timeout}", "{claude: connection}", "{gpt: timeout, claude: timeout}"])
def test_a_pools_name_stands_for_its_members_in_any_order(seed: int, failing: str) -> None:
    assert fault(f"{{name: a, request: {{model: share}}, seed: {seed}, fail: {failing}, expect: [share]}}") is None


def test_the_seed_decides_the_draw() -> None:
    tests = [f"{{name: a, request: {{model: share}}, seed: {seed}, expect: [gpt]}}" for seed in range(20)]

    assert {result.targets for result in results(*tests)} == {("gpt",), ("claude",)}
    assert [result.passed for result in results(*tests)] == [result.targets == ("gpt",) for result in results(*tests)]


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (
            "{name: outage, request: {model: chat}, fail: {gpt: overloaded}, expect: [gpt]}",
            "'outage' expects [gpt], but gpt fails (overloaded), then claude answers",
        ),
        (
            "{name: all, request: {model: m-1}, fail: {m-1: timeout}, expect: [m-1, gpt]}",
            "'all' expects [m-1, gpt], but m-1 fails (timeout); then timeout: no candidate left",
        ),
        (
            "{name: code, request: {model: gpt}, expect: rate_limited}",
            "'code' expects rate_limited, but gpt answers",
        ),
        (
            "{name: gone, request: {model: nope}, expect: [gpt]}",
            "'gone' expects [gpt], but there is no model 'nope': model_not_found",
        ),
        (
            "{name: pool, request: {model: chat}, expect: [share]}",
            "'pool' expects [share], but gpt answers",
        ),
    ],
)
def test_a_test_that_fails_says_what_would_happen(test: str, told: str) -> None:
    assert fault(test) == told


def test_a_request_that_nothing_can_take_says_so() -> None:
    test = "{name: a, request: {model: gpt, max_tokens: 9}, expect: [gpt]}"
    text = f"models: {{gpt: {{target: simulator/x, max_output: 5}}}}\ntests: [{test}]"
    of = load([("a.yaml", text)], {}, no_file)
    (result,) = run(of.config.tests, compile_graph(of, {}).graph, Policies())

    assert result.fault == "'a' expects [gpt], but no target can take it; then invalid_request: no candidate left"


def test_a_fault_has_its_place_in_the_file() -> None:
    of = loaded("{name: a, request: {model: gpt}, expect: [gpt]}", "{name: b, request: {model: gpt}, expect: [claude]}")
    first, second = run(of.config.tests, compile_graph(of, {}).graph, Policies())
    problem = second.problem(of)

    assert first.problem(of) is None
    assert str(problem) == "a.yaml:19:46: tests[1].expect: 'b' expects [claude], but gpt answers"


def brute(targets: tuple[str, ...], expected: list[frozenset[str]]) -> bool:
    if not expected:
        return not targets
    first, *rest = expected
    counts = (count for count in range(1, len(targets) + 1) if set(targets[:count]) <= first)
    return any(brute(targets[count:], rest) for count in counts)


names = st.frozensets(st.sampled_from("abc"), min_size=1)


@given(targets=st.lists(st.sampled_from("abc"), max_size=6).map(tuple), expected=st.lists(names, max_size=4))
def test_a_set_stands_for_one_or_more_of_its_members(targets: tuple[str, ...], expected: list[frozenset[str]]) -> None:
    assert is_as_expected(targets, expected) == brute(targets, expected)


KEYS = """
keys:
  - {name: intern, models: [chat], metadata: {tier: free}, secret: the-secret-of-the-intern}
  - {name: boss, endpoints: [chat], expires: 2027-01-31, secret: the-secret-of-the-boss}
"""


def with_keys(test: str) -> Result:
    of = load([("a.yaml", KEYS + FILE + f"  - {test}\n")], {}, no_file)
    (result,) = run(of.config.tests, compile_graph(of, {}, whole=True).graph, Policies())
    return result


@pytest.mark.parametrize(
    "test",
    [
        "{name: a, request: {model: chat, key: intern}, expect: [gpt]}",
        "{name: a, request: {model: gpt, key: intern}, expect: forbidden_model}",
        "{name: a, request: {model: nope, key: intern}, expect: forbidden_model}",
        "{name: a, request: {model: nope, key: boss}, expect: model_not_found}",
        "{name: a, request: {model: chat, key: boss, endpoint: count_tokens}, expect: forbidden_endpoint}",
        '{name: a, request: {model: chat, key: boss}, at: "2027-01-31T23:59", expect: [gpt]}',
        '{name: a, request: {model: chat, key: boss}, at: "2027-02-01T00:00", expect: invalid_key}',
        "{name: a, request: {model: chat, key: boss}, expect: [gpt]}",
        "{name: a, request: {model: gpt}, expect: [gpt]}",
    ],
)
def test_access_is_checked_where_a_test_names_a_key(test: str) -> None:
    assert with_keys(test).fault is None


def test_a_key_that_may_not_says_so() -> None:
    result = with_keys("{name: a, request: {model: gpt, key: intern}, expect: [gpt]}")

    assert (result.code, result.targets) == ("forbidden_model", ())
    assert result.fault == (
        "'a' expects [gpt], but the key 'intern' may not use the model 'gpt'; it may use: chat: forbidden_model"
    )


MONEY = """
keys: [{name: search-prod, team: search, secret: the-secret-of-search-prod}]
models:
  gpt: {target: simulator/gpt, price: {input_usd_per_mtok: 1, output_usd_per_mtok: 10}, max_output: 1000}
  claude: {target: simulator/claude, price: {input_usd_per_mtok: 0.1, output_usd_per_mtok: 1}, max_output: 1000}
  local: {target: simulator/local, price: free}
routes:
  smart: {fallback: [gpt, claude]}
  tiered: {when: [{if: budget.used > 0.5, use: claude}, {use: gpt}]}
budgets:
  - {name: team-month, each: key.team, limit_usd: 1, per: month, on_exceeded: {use: local}}
  - {name: hard, models: [gpt], limit_usd: 1, per: day}
limits:
  - {name: nobody, match: 'request.user == "mallory"', requests: 0/m}
  - {name: named, models: [claude], each: request.user, missing: reject, requests: 9/m}
  - {name: closed, models: [tiered], match: 'target == "gpt" && request.user == "eve"', concurrent: 0}
tests:
"""


@pytest.mark.parametrize(
    "test",
    [
        "{name: rich, request: {model: smart}, expect: [gpt]}",
        "{name: poor, request: {model: smart}, spent: {team-month: 0.999}, expect: [claude]}",
        "{name: long, request: {model: smart, max_tokens: 1000}, spent: {team-month: 0.995}, expect: [claude]}",
        "{name: broke, request: {model: smart, key: search-prod}, spent: {team-month: 1}, expect: [local]}",
        "{name: overdrawn, request: {model: smart}, spent: {team-month: 12000}, expect: [local]}",
        "{name: refused, request: {model: gpt}, spent: {hard: 1}, expect: budget_exceeded}",
        "{name: the other one, request: {model: gpt}, spent: {team-month: 1}, expect: [local]}",
        "{name: used, request: {model: tiered}, spent: {team-month: 0.6}, expect: [claude]}",
        "{name: not used, request: {model: tiered}, spent: {team-month: 0.5}, expect: [gpt]}",
        "{name: limited, request: {model: smart, user: mallory}, expect: rate_limit_exceeded}",
        "{name: unnamed, request: {model: claude}, expect: invalid_request}",
        "{name: closed, request: {model: tiered, user: eve}, expect: rate_limit_exceeded}",
        "{name: fails, request: {model: smart}, fail: {gpt: timeout}, spent: {team-month: 1}, expect: [local]}",
        '{name: at, request: {model: smart}, spent: {team-month: 1}, at: "2027-01-31T21:59", expect: [local]}',
    ],
)
def test_limits_and_budgets_decide_as_if_so_much_had_been_spent(test: str) -> None:
    of = load([("a.yaml", f"{MONEY}  - {test}\n")], {}, no_file)
    assert of.problems == ()
    (result,) = run(of.config.tests, compile_graph(of, {}, whole=True).graph, Policies())

    assert result.fault is None


def test_who_is_refused_by_a_budget_says_so() -> None:
    of = load(
        [("a.yaml", f"{MONEY}  - {{name: a, request: {{model: gpt}}, spent: {{hard: 1}}, expect: [gpt]}}\n")],
        {},
        no_file,
    )
    (result,) = run(of.config.tests, compile_graph(of, {}, whole=True).graph, Policies())

    assert (result.targets, result.code) == ((), "budget_exceeded")
    assert result.fault is not None
    assert result.fault.startswith("'a' expects [gpt], but the budget 'hard' has $0.000000000 left, and this may cost")
    assert result.fault.endswith("; then budget_exceeded: no candidate left")


def test_who_is_refused_by_a_limit_says_so() -> None:
    test = "{name: a, request: {model: smart, user: mallory}, expect: [gpt]}"
    of = load([("a.yaml", f"{MONEY}  - {test}\n")], {}, no_file)
    (result,) = run(of.config.tests, compile_graph(of, {}, whole=True).graph, Policies())

    assert result.rehearsal is None
    assert result.fault is not None
    assert "the limit 'nobody' has no requests left" in result.fault
