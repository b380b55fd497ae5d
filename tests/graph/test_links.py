from llmgw.graph.links import DEPTH_MAX, STEPS_MAX
from tests.graph.files import MODELS, compiled, problems


def test_a_name_that_dangles_is_told_at_its_place_with_the_closest_one() -> None:
    text = MODELS + "routes:\n  chat:\n    fallback: [gpt, {use: cluade}]\n    max_attempts: 4\n"

    assert problems(text) == [
        '4:27: routes.chat.fallback[1].use: "cluade" is not a model or route (did you mean "claude"?)'
    ]


def test_every_entry_of_every_kind_is_looked_up() -> None:
    text = MODELS + (
        "routes:\n"
        "  a: {fallback: [x1]}\n"
        "  b: {pool: [x2, gpt]}\n"
        "  c: {when: [{if: request.tools, use: x3}, {use: x4}]}\n"
    )
    told = [line.partition(" is not")[0] for line in problems(text)]

    assert told == [
        '3:18: routes.a.fallback[0]: "x1"',
        '4:14: routes.b.pool[0]: "x2"',
        '5:39: routes.c.when[0].use: "x3"',
        '5:50: routes.c.when[1].use: "x4"',
    ]


def test_a_dangling_name_without_a_close_one_is_told_all_names() -> None:
    (told,) = problems(MODELS + "routes: {chat: {fallback: [zzzzzz]}}")

    assert told.endswith("(names: gpt, claude, local, chat; or provider/model)")


def test_a_bare_target_of_an_unknown_provider_dangles() -> None:
    (told,) = problems(MODELS + "routes: {chat: {fallback: [opnai/gpt-4o]}}")

    assert '"opnai/gpt-4o" is not a model or route' in told


def test_nothing_dangles_that_may_have_been_set_aside() -> None:
    text = (
        'models: {gpt: {targt: simulator/x}, "my-*": {targt: simulator/x}}\n'
        "routes: {r: {falback: [gpt]}, chat: {fallback: [gpt, my-a, r]}}"
    )

    assert [line for line in problems(text) if "is not a model" in line] == []


def test_nothing_dangles_where_the_whole_section_was_set_aside() -> None:
    assert [line for line in problems("models: 3\nroutes: {chat: {fallback: [gpt]}}") if "is not a model" in line] == []


def test_a_star_needs_one_in_the_name_of_the_route() -> None:
    text = 'models: {"gpt-*": simulator/*}\nroutes:\n  a: {fallback: ["gpt-*"]}\n  "b-*": {fallback: ["gpt-*"]}\n'

    (told,) = problems(text)

    assert told.startswith(
        '3:18: routes.a.fallback[0]: "gpt-*" has a star, but the route\'s name has none to fill it with'
    )


def test_an_entry_has_one_star() -> None:
    (told,) = problems('models: {gpt: simulator/x}\nroutes: {"b-*": {fallback: ["simulator/*-*"]}}')

    assert told.startswith('2:29: routes.b-*.fallback[0]: "simulator/*-*" has more than one star')


def test_a_cycle_is_told_once_with_its_whole_path_from_the_first_route_of_the_file() -> None:
    text = (
        MODELS
        + "routes:\n  out: {fallback: [b]}\n  b: {pool: [gpt, c]}\n  c: {fallback: [d]}\n  d: {fallback: [gpt, b]}\n"
    )

    assert problems(text) == ["4:3: routes.b: cyclic: b → c → d → b (a route cannot lead back to itself)"]


def test_a_route_that_names_itself_is_a_cycle() -> None:
    assert problems(MODELS + "routes: {a: {fallback: [gpt, a]}}") == [
        "2:10: routes.a: cyclic: a → a (a route cannot lead back to itself)"
    ]


def test_a_cycle_through_a_pattern_is_found() -> None:
    text = MODELS + 'routes:\n  "x-*": {fallback: [y]}\n  y: {fallback: [x-1]}\n'

    assert problems(text) == ["3:3: routes.x-*: cyclic: x-* → y → x-* (a route cannot lead back to itself)"]


def test_two_cycles_are_told_both() -> None:
    text = MODELS + "routes: {a: {fallback: [b]}, b: {fallback: [a]}, c: {fallback: [d]}, d: {fallback: [c]}}"

    assert [line.rpartition("(")[0] for line in problems(text)] == [
        "2:10: routes.a: cyclic: a → b → a ",
        "2:50: routes.c: cyclic: c → d → c ",
    ]


def test_what_leads_to_a_cycle_is_still_built_without_it() -> None:
    graph = compiled(MODELS + "routes: {top: {fallback: [gpt, a]}, a: {fallback: [a]}}").graph

    assert graph.resolve("top") is not None
    assert graph.resolve("a") is None


def chain(length: int) -> str:
    links = "".join(f"  r{at}: {{fallback: [r{at + 1}]}}\n" for at in range(length - 1))
    return f"{MODELS}routes:\n{links}  r{length - 1}: {{fallback: [gpt]}}\n"


def test_routes_inside_routes_have_a_limit_that_is_told_once() -> None:
    name = f"r{DEPTH_MAX * 2 - 1}"
    fault = f"leads through more than {DEPTH_MAX} routes inside each other (use fewer)"

    assert problems(chain(DEPTH_MAX)) == []
    assert problems(chain(DEPTH_MAX * 3)) == [f"{DEPTH_MAX * 2 + 2}:3: routes.{name}: {fault}"]


def test_chains_that_multiply_have_a_limit_that_is_told_once() -> None:
    doubling = "".join(f"  r{at}: {{pool: [r{at + 1}, {{use: r{at + 1}, weight: 2}}]}}\n" for at in range(20))
    told = [
        line for line in problems(f"{MODELS}routes:\n{doubling}  r20: {{fallback: [gpt]}}\n") if "warning" not in line
    ]

    assert [line.partition(": ")[2] for line in told] == [
        f"routes.r11: leads through more than {STEPS_MAX} steps (use fewer)"
    ]


def test_both_limits_hold_at_once_without_a_crash() -> None:
    compiled(chain(2000))


def test_a_colon_after_a_provider_should_be_a_slash() -> None:
    assert problems("routes: {a: {fallback: [simulator:x]}}") == [
        '1:25: routes.a.fallback[0]: "simulator:x" is not a model or route (write simulator/x)'
    ]


def test_a_model_alone_is_shown_with_its_maker() -> None:
    assert problems("models: {m: simulator/x}\nroutes: {r: {fallback: [gemini-2.5-pro]}}") == [
        (
            '2:25: routes.r.fallback[0]: "gemini-2.5-pro" is not a model or route '
            "(write gemini/gemini-2.5-pro, or a name of this file)"
        )
    ]
