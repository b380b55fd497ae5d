import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgw.config.load import load
from llmgw.graph.compile import _hidden, compile_graph
from tests.graph.files import MODELS, compiled, no_file, problems, sound


def test_equal_files_have_equal_digests_whatever_their_secrets() -> None:
    text = 'providers: {x: {like: openai, api_key: "${K}"}}\nserver: {drain: 3s, max_body: 1MiB}\nmodels: {m: x/y}\n'
    one, other = sound(text, {"K": "a"}), sound(text, {"K": "b"})

    assert one.digest == other.digest
    assert one.digest != sound(text + "# \nroutes: {r: {fallback: [m]}}", {"K": "a"}).digest


def test_equal_files_have_equal_graphs() -> None:
    text = MODELS + "routes: {r: {when: [{if: request.tools, use: gpt}, {use: p}]}, p: {pool: [gpt, local]}}"

    assert sound(text) == sound(text)


def test_only_known_values_have_a_place_in_a_digest() -> None:
    with pytest.raises(TypeError, match="set has no place"):
        _hidden({1})


def test_problems_come_by_place() -> None:
    text = "routes:\n  r: {fallback: [x]}\n  gpt: {fallback: [gpt]}\nmodels:\n  gpt: opnai/x\nserver: {timezone: X}\n"
    lines = [int(line.partition(":")[0]) for line in problems(text)]

    assert lines == sorted(lines)
    assert len(lines) == 5


def test_the_graph_holds_the_time_zone_and_every_target() -> None:
    graph = sound(MODELS + "server: {timezone: Europe/Berlin}\nroutes: {r: {fallback: [simulator/x]}}")

    assert graph.timezone == "Europe/Berlin"
    assert sorted(graph.targets) == ["claude", "gpt", "local", "simulator/x"]


def test_a_route_has_its_own_ceiling_and_deadline_or_the_defaults() -> None:
    graph = sound(
        "defaults: {deadline: 9s, max_attempts: 9}\n"
        + MODELS
        + "routes: {a: {fallback: [gpt]}, b: {fallback: [a], deadline: 3s, max_attempts: 2}}"
    )

    assert {name: (route.deadline_s, route.max_attempts) for name, route in graph.routes.items()} == {
        "gpt": (9, 9),
        "claude": (9, 9),
        "local": (9, 9),
        "a": (9, 9),
        "b": (3, 2),
    }


OPTIONAL = "providers: {openai: {optional: true}}\nmodels: {gpt: openai/x, local: simulator/y}\n"


def test_the_whole_graph_has_what_is_absent_too() -> None:
    loaded = load([("a.yaml", OPTIONAL + "routes: {r: {fallback: [gpt]}}")], {}, no_file)

    assert compile_graph(loaded, {}).graph.names() == ("local",)
    assert compile_graph(loaded, {}, whole=True).graph.names() == ("gpt", "local", "r")
    assert compile_graph(loaded, {}, whole=True).graph.absent == {}


def test_everything_absent_is_no_fault_of_the_file() -> None:
    found = problems("providers: {openai: {optional: true}}\nmodels: {gpt: openai/x}")

    assert found == [
        '1:13: providers.openai: warning: OPENAI_API_KEY is not set: models of "openai" leave the graph',
        "2:1: models: warning: every model has left the graph: nothing would be served (set what is missing)",
    ]


def test_nothing_to_serve_is_an_error_where_it_is_to_be_served() -> None:
    found = problems("providers: {openai: {optional: true}}\nmodels: {gpt: openai/x}", need_secrets=True)

    assert found[-1] == "2:1: models: every model has left the graph: nothing would be served (set what is missing)"


names = st.sampled_from(["gpt", "a", "b", "c", "x-*", "x-1", "*", "simulator/m", "simulator/*", "nobody/m", "zz"])
entries = st.lists(names.map(lambda name: {"use": name}), min_size=1, max_size=3)
routes = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "x-*", "y-*"]),
    st.one_of(
        entries.map(lambda e: {"fallback": e}), entries.map(lambda e: {"pool": e}), entries.map(lambda e: {"when": e})
    ),
    max_size=6,
)


@given(routes=routes, models=st.sets(st.sampled_from(["gpt", "x-*", "*", "c"])))
@settings(max_examples=150, deadline=None)
def test_any_names_end_in_a_graph_or_in_problems(routes: dict[str, object], models: set[str]) -> None:
    import json

    text = json.dumps({"models": dict.fromkeys(sorted(models), "simulator/m"), "routes": routes})
    result = compiled(text)

    for name in result.graph.names_and_patterns():
        assert result.graph.resolve(name.replace("*", "1")) is not None
