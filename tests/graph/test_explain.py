from pathlib import Path

import pytest

from llmgw.graph.explain import explain
from llmgw.graph.model import Graph, Resolved
from tests.golden.cases import golden, route_cases
from tests.graph.files import MODELS, compiled, sound


def explained(graph: Graph) -> str:
    """Every name of a graph as a tree, and what has left it."""
    routes = {**graph.routes, **{pattern.name: pattern.route for pattern in graph.patterns}}
    trees = [
        f"asked for {name}:\n" + "".join(f"{line}\n" for line in explain(Resolved(route)))
        for name, route in sorted(routes.items())
    ]
    absent = "".join(f"absent: {name}: {reason}\n" for name, reason in graph.absent.items())
    return "\n".join([*trees, absent] if absent else trees)


@pytest.mark.parametrize("case", route_cases(), ids=lambda case: case.name)
def test_every_golden_file_is_explained_as_written_beside_it(case: Path) -> None:
    actual = explained(compiled((case / "config.yaml").read_text(encoding="utf-8")).graph)

    assert golden(case / "explain.txt", actual) == actual


TEXT = MODELS + (
    "routes:\n"
    "  top: {when: [{if: request.tools, use: share}, {use: chain}], deadline: 90s, max_attempts: 5}\n"
    "  share: {pool: [gpt, {use: local, weight: 3}, {use: claude, weight: 0}]}\n"
    "  chain: {fallback: [{use: claude}, {use: gpt, on_failure: [timeout, rate_limited]}]}\n"
)


def lines(text: str, name: str) -> list[str]:
    resolved = sound(text).resolve(name)
    assert resolved is not None
    return [line.branch + " | ".join([line.name, line.kind, *line.notes[:1]]) for line in explain(resolved)]


def test_a_route_is_a_tree_of_lines_with_how_each_is_reached() -> None:
    assert lines(TEXT, "top") == [
        "top | when | deadline 90s",
        "├─ share | pool | if request.tools",
        "│  ├─ gpt | target | weight 1 (25%)",
        "│  ├─ local | target | weight 3 (75%)",
        "│  └─ claude | target | weight 0: drained",
        "└─ chain | fallback | else",
        "   ├─ claude | target | simulator/claude",
        "   └─ gpt | target | on_failure timeout, rate_limited",
    ]


def test_a_pool_tells_what_it_chooses_by_and_what_sticks() -> None:
    text = MODELS + (
        "routes:\n"
        "  quick: {pool: [gpt, {use: local, weight: 3}, {use: claude, weight: 0}], by: latency}\n"
        "  same: {pool: [gpt, local], sticky: key.user}\n"
    )

    assert lines(text, "quick")[1:] == [
        "├─ gpt | target | simulator/gpt",
        "├─ local | target | weight 3",
        "└─ claude | target | weight 0: drained",
    ]
    assert [str(explain(Resolved(sound(text).routes[name]))[0]).split(" · ")[-1] for name in ("quick", "same")] == [
        "pool by latency",
        "pool, sticky key.user",
    ]


def test_a_line_tells_whether_a_candidate_was_reached_through_it() -> None:
    resolved = sound(TEXT).resolve("top")
    assert resolved is not None
    taken = [line.name for line in explain(resolved) if line.leads_to("top/when[0]=share/pool[1]=local")]

    assert taken == ["top", "share", "local"]


def test_a_name_is_not_mistaken_for_a_longer_one() -> None:
    resolved = sound("models: {a: simulator/a, ab: simulator/b}\nroutes: {r: {fallback: [a, ab]}}").resolve("r")
    assert resolved is not None

    assert [line.name for line in explain(resolved) if line.leads_to("r/fallback[0]=ab")] == ["r"]


def test_a_star_is_filled_in_where_a_name_was_asked_for_and_never_in_a_condition() -> None:
    text = (
        'models: {"m-*": simulator/big-*}\n'
        'routes: {"r-*": {when: [{if: \'model.matches("r.*")\', use: "m-*"}, {use: simulator/*}]}}'
    )
    resolved = sound(text).resolve("r-7")
    assert resolved is not None
    top, first, second = explain(resolved)

    assert (top.name, first.name, second.name) == ("r-7", "m-7", "simulator/7")
    assert first.notes[:2] == ('if model.matches("r.*")', "simulator/big-7")
    assert first.leads_to("r-7/when[0]=m-7")


def test_times_are_spelled_as_in_a_file() -> None:
    text = "models: {m: {target: simulator/m, timeout: {connect: 250ms, first_token: 1.5s, idle: 90m, total: 2d}}}"
    resolved = sound(text).resolve("m")
    assert resolved is not None
    (line,) = explain(resolved)

    assert line.notes[-2:] == ("connect 250ms, first_token 1.5s, idle 90m, total 2d", "2 attempts")
    assert line.notes[:2] == ("deadline 10m", "max_attempts 6")


def test_a_branch_that_has_left_the_graph_says_so() -> None:
    models = "providers: {openai: {optional: true}}\nmodels: {g: openai/x, a: simulator/a}\n"
    text = models + "routes: {r: {when: [{if: request.tools, use: g}, {use: a}]}}"
    resolved = sound(text).resolve("r")
    assert resolved is not None
    _, gone, _ = explain(resolved)

    assert str(gone) == "├─ g  if request.tools · nothing left"


def test_a_branch_shows_what_it_says_of_the_whole_request() -> None:
    text = (
        "models: {gpt: simulator/gpt}\nroutes:\n  in: {fallback: [gpt], deadline: 1s, max_attempts: 2}\n"
        "  out: {when: [{if: request.tools, use: in}, {use: gpt}]}\n"
    )
    resolved = sound(text).resolve("out")
    assert resolved is not None
    _, branch, *_ = explain(resolved)

    assert branch.notes == ("if request.tools", "deadline 1s", "max_attempts 2", "fallback")
