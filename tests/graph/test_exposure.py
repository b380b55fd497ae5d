from tests.graph.files import MODELS, compiled, problems, sound


def test_a_model_answers_to_its_own_name_to_others_or_to_none() -> None:
    graph = sound(
        "models: {a: simulator/a, b: {target: simulator/b, expose: false}, c: {target: simulator/c, expose: [x, y]}}\n"
        "routes: {r: {fallback: [b], expose: z}}"
    )

    assert graph.names() == ("a", "x", "y", "z")
    assert {name: route.name for name, route in graph.routes.items()} == {"a": "a", "x": "c", "y": "c", "z": "r"}


def test_a_pattern_may_be_exposed_under_another_pattern() -> None:
    graph = sound(
        'models: {"gpt-*": {target: simulator/gpt-*, expose: "my-*"}, one: {target: simulator/o, expose: "any-*"}}'
    )
    resolved = graph.resolve("my-4")

    assert graph.names_and_patterns() == ("any-*", "my-*")
    assert resolved is not None
    assert (resolved.route.name, resolved.star) == ("gpt-*", "4")
    assert graph.resolve("gpt-4") is None


def test_a_pattern_is_not_exposed_under_a_name_without_a_star() -> None:
    told = problems('models: {"gpt-*": {target: simulator/gpt-*, expose: x}}')

    assert told == ['1:53: models.gpt-*.expose: "x" has no star to fill that of "gpt-*" with (give it one)']


def test_two_that_claim_a_name_are_told_at_the_second() -> None:
    told = problems(
        MODELS + "routes:\n  r: {fallback: [gpt], expose: [r, claude]}\n  s: {fallback: [gpt], expose: r}\n"
    )

    assert told == [
        '3:36: routes.r.expose[1]: the name "claude" is exposed by "claude" already (choose another)',
        '4:24: routes.s.expose: the name "r" is exposed by "r" already (choose another)',
    ]


def test_a_name_of_both_sections_is_told_once() -> None:
    text = MODELS + "routes: {gpt: {fallback: [claude]}}"

    assert problems(text) == ['2:10: routes.gpt: "gpt" is also a model (models and routes share one namespace)']


def test_of_two_that_claim_a_name_the_first_has_it() -> None:
    graph = compiled(MODELS + "routes: {r: {fallback: [gpt], expose: claude}}").graph

    assert graph.routes["claude"].name == "claude"


def test_what_could_not_be_built_is_not_served_under_any_name() -> None:
    assert compiled("models: {a: simulator/a, b: opnai/b}").graph.names() == ("a",)
