from typing import Any

import pytest

from llmgw.config.check import PROBLEMS_MAX, Checked, as_written, check, is_under
from llmgw.config.secrets import fill
from llmgw.config.source import read


def checked(text: str, **env: str) -> Checked:
    (source,), _ = read("f", text)
    return check(fill(source, env, lambda path: path))


def told(text: str, **env: str) -> list[str]:
    return [str(problem) for problem in checked(text, **env).problems]


def test_a_sound_file_stays_as_it_is() -> None:
    result = checked("models: {gpt: openai/x}\n")

    assert result == Checked({"models": {"gpt": "openai/x"}})


def test_all_problems_come_at_once_and_the_rest_is_kept() -> None:
    result = checked("server: {port: x, drain: 5s}\nmodels: {a: openai/x, b: {traget: openai/x}, c: 5}\n")

    paths = {problem.path for problem in result.problems}
    assert paths == {"server.port", "models.b.traget", "models.b", "models.c"}
    assert result.value == {"server": {"drain": "5s"}, "models": {"a": "openai/x"}}
    assert {("server", "port"), ("models", "b"), ("models", "c")} <= result.broken


def test_an_unknown_key_is_taken_out_and_its_neighbours_stay() -> None:
    result = checked("models: {a: {target: openai/x, tmeout: {x: '${UNSET}'}}}\n")

    assert result.value == {"models": {"a": {"target": "openai/x"}}}
    assert result.broken == {("models", "a", "tmeout"), ("models", "a", "tmeout", "x")}
    assert result.ignored == {("models", "a", "tmeout")}


def test_a_fault_in_a_list_takes_out_what_cannot_do_without_it() -> None:
    result = checked("routes: {a: {fallback: [x, 5]}, b: {fallback: [x, {use: y, on_failure: [bad]}]}}\n")

    assert result.value == {"routes": {"b": {"fallback": ["x", {"use": "y"}]}}}
    assert ("routes", "a") in result.broken


def test_an_item_of_a_section_is_taken_out_alone_and_the_others_keep_their_paths() -> None:
    ok = "{name: a, request: {model: m}, expect: [m]}"
    result = checked(f"tests: [{{name: x}}, {ok}, {{name: y, request: {{model: m}}, expect: 5}}, {ok}]\n")

    assert len(result.value["tests"]) == 2
    assert as_written(("tests", 0, "name"), result.broken) == ("tests", 1, "name")
    assert as_written(("tests", 1), result.broken) == ("tests", 3)
    assert as_written(("tests",), result.broken) == ("tests",)
    assert as_written(("models", "a"), result.broken) == ("models", "a")


def test_what_is_unset_is_no_fault_of_its_own_and_takes_along_what_needs_it() -> None:
    result = checked("server: {port: '${P}'}\nmodels: {a: 'openai/${M}', b: {target: '${T}'}, c: openai/x}\n")

    assert result.problems == ()
    assert result.value == {"server": {}, "models": {"c": "openai/x"}}


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("server: {port: '${X}'}", "4001", 4001),
        ("server: {open: '${X}'}", "true", True),
        ("server: {host: '${X}'}", "4001", "4001"),
        ("providers: {sim: {simulate: {tokens_per_s: '${X}'}}}", "2.5", 2.5),
        ("providers: {openai: {api_key: '${X}'}}", "123456", "123456"),
    ],
)
def test_text_from_a_reference_becomes_what_its_field_takes(field: str, text: str, expected: Any) -> None:
    result = checked(field, X=text)

    assert result.problems == ()
    value = result.value
    while isinstance(value, dict):
        (value,) = value.values()
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    "field",
    ["server: {port: '${X}'}", "server: {drain: '${X}'}", "providers: {a: {base_url: '${X}'}}", "models: {a: '${X}'}"],
)
def test_what_a_reference_holds_is_never_shown(field: str) -> None:
    (text,) = told(field, X="hunter2")

    assert "${X}" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "text",
    [
        "providers: {a: {api_key: 987654321}}",
        "providers: {a: {headers: {b: 987654321}}}",
        "providers: {a: {proxy: user:987654321}}",
        "cache: {store: 'redys://user:987654321@localhost'}",
        "cache: {store: sk-987654321987654321}",
        "server: {port: sk-987654321987654321}",
        "models: {a: sk-987654321987654321}",
    ],
)
def test_what_may_be_a_secret_is_never_shown(text: str) -> None:
    assert "987654321" not in " ".join(told(text))


def test_a_store_without_a_password_is_shown() -> None:
    (problem,) = told("cache: {store: cache.db}")

    assert '"cache.db" is not a store (write memory, or sqlite:///cache.db)' in problem


def test_a_misspelled_section_makes_no_name_unknown() -> None:
    assert ("routes",) in checked("rotues: {a: {fallback: [b]}}\n").broken
    assert ("routes",) not in checked("rotues: {}\nroutes: {}\n").broken
    assert ("routes",) not in checked("keys: []\n").broken


def test_an_alias_brings_a_fault_once() -> None:
    assert len(told("models:\n  a: &a {target: openai/x, tmeout: 5}\n  b: *a\n")) == 1


@pytest.mark.parametrize("text", ["- a\n", "text\n", "!x {a: 1}\n"])
def test_a_file_that_is_no_map_leaves_nothing(text: str) -> None:
    result = checked(text)

    assert result.value == {}
    assert is_under(("models", "any"), result.broken)


def test_when_too_much_is_wrong_nothing_is_kept() -> None:
    many = checked("models:\n" + "".join(f"  m{n}: 5\n" for n in range(PROBLEMS_MAX + 1)))
    unset = checked("models:\n" + "".join(f"  m{n}: ${{U{n}}}\n" for n in range(PROBLEMS_MAX + 1)))

    assert many.broken == unset.broken == {()}
    assert many.value == unset.value == {}


def test_a_last_newline_is_part_of_a_text() -> None:
    assert told("server:\n  drain: |\n    5s\n") == ['f:2:10: server.drain: "5s\\n" is not a duration (write 5s)']


def test_true_is_no_number_and_a_whole_number_has_no_point() -> None:
    assert len(told("server: {port: true, max_in_flight: 5.0}\n")) == 2


def test_to_be_under_a_path_is_to_be_it_or_inside_it() -> None:
    broken = frozenset({("models", "a")})

    assert is_under(("models", "a"), broken)
    assert is_under(("models", "a", "target"), broken)
    assert not is_under(("models",), broken)
    assert not is_under(("models", "b"), broken)
    assert is_under(("models",), frozenset({()}))
