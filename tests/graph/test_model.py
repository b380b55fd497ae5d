from dataclasses import FrozenInstanceError

import pytest

from llmgw.graph.model import Graph
from tests.graph.files import MODELS, sound


def graph() -> Graph:
    return sound('models: {gpt-4: simulator/a, "gpt-*": simulator/b, "*": simulator/c, "*-4": simulator/d}')


@pytest.mark.parametrize(
    ("asked", "route", "star"),
    [("gpt-4", "gpt-4", ""), ("gpt-5", "gpt-*", "5"), ("x-4", "*-4", "x"), ("x", "*", "x"), ("gpt-", "*", "gpt-")],
)
def test_exact_names_win_over_patterns_and_longer_literal_parts_over_shorter(asked: str, route: str, star: str) -> None:
    resolved = graph().resolve(asked)

    assert resolved is not None
    assert (resolved.route.name, resolved.star) == (route, star)


def test_a_name_that_nothing_answers_to_is_not_resolved() -> None:
    assert sound(MODELS).resolve("nope") is None


def test_names_are_sorted_and_patterns_are_shown_to_people_only() -> None:
    assert graph().names() == ("gpt-4",)
    assert graph().names_and_patterns() == ("*", "*-4", "gpt-*", "gpt-4")


def test_a_graph_cannot_be_changed() -> None:
    found = graph()

    with pytest.raises(FrozenInstanceError):
        found.digest = "x"  # type: ignore[misc]  # that is the test
    with pytest.raises(TypeError):
        found.routes["x"] = found.routes["gpt-4"]  # type: ignore[index]  # that is the test


def test_an_absent_name_does_not_slip_to_another_provider_through_a_pattern() -> None:
    graph = sound(
        "providers: {eu: {like: azure, base_url: 'https://e.example', optional: true}}\n"
        'models: {gpt-eu: eu/prod, "gpt-eu-*": eu/*, mine: {target: eu/p, expose: gpt-mine}, "gpt-*": openai/gpt-*}',
        {"OPENAI_API_KEY": "k"},
    )

    assert [graph.resolve(name) for name in ("gpt-eu", "gpt-eu-2", "gpt-mine")] == [None, None, None]
    assert graph.absent.keys() == {"gpt-eu", "gpt-eu-*", "mine", "gpt-mine"}
    assert graph.resolve("gpt-5") is not None


def test_a_name_that_is_not_exposed_does_not_slip_through_a_pattern() -> None:
    graph = sound(
        "models:\n"
        "  gpt-in: {target: simulator/a, expose: false}\n"
        "  gpt-old: {target: simulator/b, expose: new}\n"
        '  "gpt-in-*": {target: simulator/in-*, expose: false}\n'
        '  "gpt-*": simulator/c\n'
        "routes: {r: {fallback: [gpt-in, gpt-in-1]}}\n"
    )

    assert [graph.resolve(name) for name in ("gpt-in", "gpt-old", "gpt-in-1")] == [None, None, None]
    assert None not in [graph.resolve(name) for name in ("new", "gpt-i", "gpt-inn", "r")]


def test_a_closed_pattern_closes_nothing_that_a_longer_one_serves() -> None:
    graph = sound(
        'models: {"*": {target: simulator/a, expose: false}, "gpt-*": simulator/b}\nroutes: {r: {fallback: [x]}}'
    )

    assert graph.resolve("gpt-5") is not None
    assert graph.resolve("claude") is None


@pytest.mark.parametrize("asked", ["*", "gpt-*", "gpt-**", "x*"])
def test_a_star_is_not_for_callers(asked: str) -> None:
    assert graph().resolve(asked) is None
