from llmgw.errors import FailureClass
from llmgw.graph.model import Fallback, Leaf, Node, Pool, Retry, TimeLimits, When, children
from tests.graph.files import MODELS, compiled, node, problems, sound


def leaves(of: Node) -> list[Leaf]:
    return [of] if isinstance(of, Leaf) else [leaf for child in children(of) for leaf in leaves(child)]


def paths(text: str, name: str) -> list[str]:
    return [leaf.path for leaf in leaves(node(text, name))]


def test_a_model_is_a_route_of_one_leaf() -> None:
    leaf = node(MODELS, "gpt")

    assert isinstance(leaf, Leaf)
    assert (leaf.path, leaf.target.id) == ("gpt", "gpt")


def test_each_step_has_the_path_that_leads_to_it() -> None:
    text = MODELS + (
        "routes:\n"
        "  top: {when: [{if: request.tools, use: share}, {use: chain}]}\n"
        "  share: {pool: [gpt, {use: local, weight: 3}]}\n"
        "  chain: {fallback: [claude, share, simulator/x]}\n"
    )

    assert paths(text, "top") == [
        "top/when[0]=share/pool[0]=gpt",
        "top/when[0]=share/pool[1]=local",
        "top/when[1]=chain/fallback[0]=claude",
        "top/when[1]=chain/fallback[1]=share/pool[0]=gpt",
        "top/when[1]=chain/fallback[1]=share/pool[1]=local",
        "top/when[1]=chain/fallback[2]=simulator/x",
    ]


def test_every_kind_of_node_carries_its_rules() -> None:
    text = MODELS + (
        "routes:\n"
        "  f: {fallback: [gpt, {use: claude, on_failure: [timeout]}]}\n"
        "  p: {pool: [gpt, {use: local, weight: 3}]}\n"
        "  w: {when: [{if: request.tools, use: gpt}, {use: local}]}\n"
    )
    fallback, pool, when = node(text, "f"), node(text, "p"), node(text, "w")

    assert isinstance(fallback, Fallback)
    assert [entry.on_failure for entry in fallback.entries] == [None, frozenset({FailureClass.TIMEOUT})]
    assert isinstance(pool, Pool)
    assert [member.weight for member in pool.members] == [1.0, 3.0]
    assert isinstance(when, When)
    assert [branch.condition and branch.condition.source for branch in when.branches] == ["request.tools", None]


LIMITS = (
    "defaults: {timeout: {connect: 1s, first_token: 1s, idle: 1s, total: 1s}, retry: {attempts: 5, backoff: 1s}}\n"
    "models:\n"
    "  gpt:\n"
    "    target: openai/x\n"
    "    timeout: {first_token: 2s, idle: 2s, total: 2s}\n"
    "    retry: {backoff: 2s, max_backoff: 20s}\n"
    "routes:\n"
    "  inner: {fallback: [gpt], timeout: {idle: 3s, total: 3s}, retry: {max_backoff: 30s}}\n"
    "  outer: {fallback: [inner], timeout: {total: 4s}}\n"
)


def limits(name: str) -> tuple[TimeLimits, Retry]:
    (leaf,) = leaves(node(LIMITS, name))
    return leaf.limits, leaf.retry


def test_the_nearest_to_the_caller_wins_key_by_key() -> None:
    assert limits("gpt") == (TimeLimits(1, 2, 2, 2), Retry(5, 2, 20))
    assert limits("inner") == (TimeLimits(1, 2, 3, 3), Retry(5, 2, 30))
    assert limits("outer") == (TimeLimits(1, 2, 3, 4), Retry(5, 2, 30))


def test_a_local_model_may_take_its_time_to_load() -> None:
    text = "models: {a: ollama/a, b: {target: ollama/b, timeout: {first_token: 5s}}}"

    assert [leaf.limits.first_token_s for name in "ab" for leaf in leaves(node(text, name))] == [300.0, 5.0]


OPTIONAL = (
    "providers: {openai: {optional: true}}\n"
    "models: {gone: openai/x, gpt: simulator/gpt, local: simulator/local}\n"
    "routes:\n"
    "  f: {fallback: [gone, {use: gpt, on_failure: [timeout]}, {use: local, on_failure: [timeout]}]}\n"
    "  p: {pool: [gone, gpt]}\n"
    "  w: {when: [{if: request.tools, use: gone}, {use: gpt}]}\n"
    "  nothing: {fallback: [gone]}\n"
    "  nested: {pool: [nothing, gone]}\n"
    "  empty: {when: [{if: request.tools, use: gone}, {use: nothing}]}\n"
)


def test_the_first_entry_that_is_there_waits_for_no_failure() -> None:
    fallback = node(OPTIONAL, "f")

    assert isinstance(fallback, Fallback)
    assert [entry.on_failure for entry in fallback.entries] == [None, frozenset({FailureClass.TIMEOUT})]
    assert paths(OPTIONAL, "f") == ["f/fallback[1]=gpt", "f/fallback[2]=local"]


def test_an_entry_that_waits_for_a_failure_keeps_waiting_where_another_one_can_lead() -> None:
    text = OPTIONAL.partition("routes:")[0] + (
        "routes: {r: {fallback: [gone, {use: gpt, on_failure: [content_filter]}, local]}}"
    )
    fallback = node(text, "r")

    assert isinstance(fallback, Fallback)
    assert [entry.on_failure for entry in fallback.entries] == [frozenset({FailureClass.CONTENT_FILTER}), None]


def test_absent_members_leave_a_pool() -> None:
    assert paths(OPTIONAL, "p") == ["p/pool[1]=gpt"]


def test_requests_for_an_absent_branch_do_not_slip_into_the_next_one() -> None:
    when = node(OPTIONAL, "w")

    assert isinstance(when, When)
    assert when.branches[0].node == Fallback("w/when[0]=gone", ())
    assert paths(OPTIONAL, "w") == ["w/when[1]=gpt"]


def test_a_route_of_which_nothing_is_left_leaves_the_graph_too() -> None:
    graph = sound(OPTIONAL)

    assert graph.names() == ("f", "gpt", "local", "p", "w")
    assert sorted(graph.absent) == ["empty", "gone", "nested", "nothing"]


def test_a_model_reached_through_a_pattern_is_absent_with_it() -> None:
    models = 'providers: {openai: {optional: true}}\nmodels: {"gpt-*": openai/*, x: simulator/x}\n'
    text = models + "routes: {r: {fallback: [gpt-4]}}"

    assert sound(text).absent["r"] == "none of its targets has its key"


STARS = (
    'models: {"gpt-*": simulator/gpt-*, "m-*": simulator/one}\n'
    "routes:\n"
    '  "any-*": {fallback: ["gpt-*", simulator/*, "gpt-4*", fixed]}\n'
    "  fixed: {fallback: [gpt-4o, any2-x, m-1]}\n"
    '  "any2-*": {pool: ["gpt-*", simulator/*-mini]}\n'
    '  "when-*": {when: [{if: model.matches("*.*") == false, use: "gpt-*"}, {use: simulator/*}]}\n'
    "  fixed2: {fallback: [when-7]}\n"
)


def concrete(name: str) -> list[tuple[str, str, str]]:
    resolved = sound(STARS.replace("*.*", ".*")).resolve(name)
    assert resolved is not None
    star = resolved.star or "*"
    found = [(leaf.target.concrete(star), leaf.path.replace("*", star)) for leaf in leaves(resolved.route.node)]
    return [(target.id, target.edits.model, path) for target, path in found]


def test_a_star_is_filled_in_by_the_name_asked_for() -> None:
    assert concrete("any-9") == [
        ("gpt-9", "gpt-9", "any-9/fallback[0]=gpt-9"),
        ("simulator/9", "9", "any-9/fallback[1]=simulator/9"),
        ("gpt-49", "gpt-49", "any-9/fallback[2]=gpt-49"),
        ("gpt-4o", "gpt-4o", "any-9/fallback[3]=fixed/fallback[0]=gpt-4o"),
        ("gpt-x", "gpt-x", "any-9/fallback[3]=fixed/fallback[1]=any2-x/pool[0]=gpt-x"),
        ("simulator/x-mini", "x-mini", "any-9/fallback[3]=fixed/fallback[1]=any2-x/pool[1]=simulator/x-mini"),
        ("m-1", "one", "any-9/fallback[3]=fixed/fallback[2]=m-1"),
    ]


def test_a_star_is_filled_in_at_load_where_an_entry_names_a_concrete_model() -> None:
    graph = sound(STARS.replace("*.*", ".*"))
    resolved = graph.resolve("fixed2")

    assert resolved is not None
    assert [(leaf.target.id, leaf.path) for leaf in leaves(resolved.route.node)] == [
        ("gpt-7", "fixed2/fallback[0]=when-7/when[0]=gpt-7"),
        ("simulator/7", "fixed2/fallback[0]=when-7/when[1]=simulator/7"),
    ]


def test_a_wrong_condition_is_told_once_however_many_routes_lead_there() -> None:
    text = MODELS + (
        "routes:\n"
        "  w: {when: [{if: reqest.tools, use: gpt}, {use: local}]}\n"
        "  a: {fallback: [w]}\n"
        "  b: {fallback: [w]}\n"
    )

    assert problems(text) == ['3:19: routes.w.when[0].if: unknown name "reqest.tools", did you mean "request.tools"?']


def test_a_route_whose_entries_were_set_aside_raises_no_further_problem() -> None:
    told = problems(MODELS + "routes: {a: {fallback: 3}, b: {fallback: [a, gpt]}}")

    assert len(told) == 1
    assert compiled(MODELS + "routes: {a: {fallback: 3}}").graph.resolve("a") is None


def test_a_pool_is_filled_in_too_where_an_entry_names_one_of_its_pattern() -> None:
    text = 'models: {"m-*": simulator/*}\nroutes: {"p-*": {pool: ["m-*", simulator/*]}, one: {fallback: [p-1]}}'

    assert paths(text, "one") == ["one/fallback[0]=p-1/pool[0]=m-1", "one/fallback[0]=p-1/pool[1]=simulator/1"]


def test_a_chain_is_filled_in_too_where_an_entry_names_one_of_its_pattern() -> None:
    text = 'models: {"m-*": simulator/*}\nroutes: {"f-*": {fallback: ["m-*"]}, one: {pool: [f-1]}}'

    assert paths(text, "one") == ["one/pool[0]=f-1/fallback[0]=m-1"]
